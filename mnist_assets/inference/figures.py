"""What the champion makes of new pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_assets.plots.layout import TITLE, page, set_title
from mnist_assets.plots.style import INK, MUTED, VERMILLION, styled
from mnist_assets.plots.tiles import lay_tiles

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MOST, COLUMNS = 16, 8
PITCH, MARGIN = 1.06, 0.2  # inches: from picture to picture, and at the left and the right
ABOVE, BELOW = 0.3, 0.4  # inches: for what is said of a picture


@styled
def batch(pictures: NDArray[np.uint8], scores: pd.DataFrame, doubtful_below: float) -> Figure:
    """Draw up to 16 prepared digits with the champion's first and second guess.

    Of more than 16 those that it is least sure of are drawn, in the order of the file.

    Args:
        pictures: uint8 (n, height, width), as from `digits.prepare_digits`.
        scores: One row a picture: digit, probability, second_digit, second_probability.
        doubtful_below: A less probable digit is marked as doubtful.
    """
    probability = scores["probability"].to_numpy()
    doubtful = probability < doubtful_below
    drawn = np.sort(np.argsort(probability, kind="stable")[:MOST])
    shown = pictures[drawn]
    gap = ABOVE + BELOW, 0.1
    tiles = lay_tiles(
        shown, COLUMNS, side=0.85, gap=gap, pitch=PITCH, left=MARGIN, top=TITLE + ABOVE
    )
    size = max(tiles.right + MARGIN, COLUMNS * PITCH), tiles.bottom + BELOW
    figure = Figure(figsize=size)
    axes = page(figure)
    tiles.draw(axes, shown)
    for place, scored in enumerate(scores.iloc[drawn].to_dict("records")):
        is_doubtful = bool(doubtful[drawn[place]])
        left, top, width, height = tiles.box(place)
        middle = left + width / 2
        first = f"{scored['digit']}{'?' if is_doubtful else ''}  {_percent(scored['probability'])}"
        second = f"or {scored['second_digit']}  {_percent(scored['second_probability'])}"
        axes.text(
            middle,
            top - 0.08,
            first,
            ha="center",
            fontsize=11,
            weight="bold",
            color=VERMILLION if is_doubtful else INK,
        )
        axes.text(
            middle,
            top + height + 0.06,
            f"{second}\npicture {drawn[place]}",
            ha="center",
            va="top",
            fontsize=8,
            color=MUTED,
        )
        if is_doubtful:
            frame = Rectangle((left, top), width, height, fill=False)
            frame.set(edgecolor=VERMILLION, linewidth=3)
            axes.add_patch(frame)
    set_title(figure, _title(len(pictures), int(doubtful.sum()), doubtful_below))
    return figure


def _title(count: int, doubtful: int, doubtful_below: float) -> str:
    level = f"{100 * doubtful_below:.4g} %"
    said = f"{doubtful:,} doubtful (below {level})" if doubtful else f"none below {level}"
    title = f"{count:,} digit{'s' if count > 1 else ''}, {said}"
    return f"{title}; the {MOST} least certain" if count > MOST else title


def _percent(probability: float) -> str:
    """Round down, so that only certainty reads as 100 %."""
    return f"{np.floor(1000 * probability) / 10:.1f} %"
