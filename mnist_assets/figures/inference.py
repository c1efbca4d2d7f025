"""What the champion makes of new pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from mnist_assets.figures.style import DIGITS, INK, MUTED, VERMILLION, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

MOST, COLUMNS = 16, 8


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
    rows = -(-len(drawn) // COLUMNS)
    figure = Figure(figsize=(8.5, 0.6 + 1.6 * rows))
    cells = figure.subplots(rows, COLUMNS, squeeze=False).reshape(-1)
    for axes in cells[len(drawn) :]:
        axes.set_axis_off()
    records = scores.iloc[drawn].to_dict("records")
    for axes, index, scored in zip(cells, drawn, records, strict=False):
        axes.imshow(pictures[index], cmap=DIGITS, vmin=0, vmax=255)
        _mark(axes, doubtful=bool(doubtful[index]))
        first = f"{scored['digit']}{'?' if doubtful[index] else ''}"
        axes.set_title(
            f"{first}  {_percent(scored['probability'])}",
            loc="center",
            color=VERMILLION if doubtful[index] else INK,
        )
        second = f"or {scored['second_digit']}  {_percent(scored['second_probability'])}"
        axes.set_xlabel(f"{second}\npicture {index}", fontsize=8, color=MUTED)
    figure.suptitle(
        _title(len(pictures), int(doubtful.sum()), doubtful_below),
        x=0.01,
        ha="left",
        fontsize=11,
        weight="bold",
    )
    return figure


def _mark(axes: Axes, *, doubtful: bool) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(doubtful)
    axes.spines[:].set_color(VERMILLION)
    axes.spines[:].set_linewidth(3)


def _title(count: int, doubtful: int, doubtful_below: float) -> str:
    level = f"{100 * doubtful_below:.4g} %"
    said = f"{doubtful:,} doubtful (below {level})" if doubtful else f"none below {level}"
    title = f"{count:,} digit{'s' if count > 1 else ''}, {said}"
    return f"{title}; the {MOST} least certain" if count > MOST else title


def _percent(probability: float) -> str:
    """Round down, so that only certainty reads as 100 %."""
    return f"{np.floor(1000 * probability) / 10:.1f} %"
