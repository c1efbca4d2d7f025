"""What the champion makes of new pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_assets.plots.layout import EDGE, TITLE, Box, page, set_title
from mnist_assets.plots.style import BLUE, INK, MUTED, VERMILLION, styled
from mnist_assets.plots.tiles import lay_tiles

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

MOST, COLUMNS = 16, 8
PITCH, MARGIN = 1.06, 0.2  # inches: from picture to picture, and at the left and the right
ABOVE, BELOW = 0.3, 0.4  # inches: for what is said of a picture
SOURCES, SOURCE = 4, 1.95  # pictures shown whole, and inches of each, of its longer side
SHARPNESS = 300  # pixels of it that are drawn


@styled
def batch(
    images: NDArray[np.uint8], scores: pd.DataFrame, pictures: Sequence[NDArray[np.uint8]] = ()
) -> Figure:
    """Draw up to 16 prepared digits with the champion's first and second guess.

    Of more than 16 those that it is least sure of are drawn, in the order of the file. Above them
    are up to four of the pictures that they come from, with the boxes of all their digits: pictures
    larger than the images, beginning with those of the digits drawn.

    Args:
        images: uint8 (n, height, width), as from `readings.find_all`.
        scores: One row an image, as from `readings.read`.
        pictures: uint8 (height, width) each, those that the scores count.
    """
    doubtful = scores["doubtful"].to_numpy()
    certainty = scores["probability"].to_numpy() - doubtful
    drawn = np.sort(np.argsort(certainty, kind="stable")[:MOST])
    shown = images[drawn]
    sources = _sources(scores["picture"].iloc[drawn], pictures, images.shape[1:])
    heights = [
        SOURCE * height / max(height, width)
        for height, width in (pictures[index].shape for index in sources)
    ]
    room = max(heights, default=-MARGIN) + MARGIN
    gap = ABOVE + BELOW, 0.1
    top = TITLE + room + ABOVE
    tiles = lay_tiles(shown, COLUMNS, side=0.85, gap=gap, pitch=PITCH, left=MARGIN, top=top)
    size = max(tiles.right + MARGIN, COLUMNS * PITCH), tiles.bottom + BELOW
    figure = Figure(figsize=size)
    axes = page(figure)
    tiles.draw(axes, shown)
    for place, index in enumerate(sources):
        corner = MARGIN + place * (SOURCE + EDGE), TITLE
        _draw_source(axes, pictures[index], scores[scores["picture"] == index], corner)
    for place, scored in enumerate(scores.iloc[drawn].to_dict("records")):
        _draw_guesses(axes, scored, tiles.box(place))
    set_title(figure, _title(len(images), int(doubtful.sum())))
    return figure


def _sources(
    first: pd.Series[int], pictures: Sequence[NDArray[np.uint8]], shape: tuple[int, ...]
) -> list[int]:
    """Choose the pictures that are shown whole: larger than what is prepared of them."""
    return [
        index
        for index in first.unique().tolist()
        if index < len(pictures)
        and (pictures[index].shape[0] > shape[0] or pictures[index].shape[1] > shape[1])
    ][:SOURCES]


def _draw_source(
    axes: Axes, picture: NDArray[np.uint8], scores: pd.DataFrame, corner: tuple[float, float]
) -> None:
    """Draw a picture with its boxes, each with its digit."""
    from PIL import Image as Pillow

    height, width = picture.shape
    inches = SOURCE / max(height, width)
    left, top = corner
    reduced = Pillow.fromarray(picture)
    reduced.thumbnail((SHARPNESS, SHARPNESS), Pillow.Resampling.BOX)
    extent = (left, left + width * inches, top + height * inches, top)
    axes.imshow(np.asarray(reduced), cmap="grey", vmin=0, vmax=255, extent=extent, aspect="auto")
    for row in scores.to_dict("records"):
        colour = VERMILLION if row["doubtful"] else BLUE
        x, y = left + row["left"] * inches, top + row["top"] * inches
        sides = (row["right"] - row["left"]) * inches, (row["bottom"] - row["top"]) * inches
        axes.add_patch(Rectangle((x, y), *sides, fill=False, edgecolor=colour, linewidth=1.2))
        look: dict[str, Any] = {"fontsize": 8, "color": colour, "weight": "bold", "va": "bottom"}
        axes.text(x, y - 0.01, f"{row['digit']}{'?' if row['doubtful'] else ''}", **look)


def _draw_guesses(axes: Axes, scored: Mapping[Hashable, Any], box: Box) -> None:
    """Write the first guess above a tile and the second below it, and frame what is doubtful."""
    doubtful = scored["doubtful"]
    left, top, width, height = box
    middle = left + width / 2
    first = f"{scored['digit']}{'?' if doubtful else ''}  {_percent(scored['probability'])}"
    second = f"or {scored['second_digit']}  {_percent(scored['second_probability'])}"
    axes.text(
        middle,
        top - 0.08,
        first,
        ha="center",
        fontsize=11,
        weight="bold",
        color=VERMILLION if doubtful else INK,
    )
    axes.text(
        middle,
        top + height + 0.06,
        f"{second}\npicture {scored['picture']}"
        + f", part {scored['part']}" * bool(scored["part"]),
        ha="center",
        va="top",
        fontsize=8,
        color=MUTED,
    )
    if doubtful:
        frame = Rectangle((left, top), width, height, fill=False)
        frame.set(edgecolor=VERMILLION, linewidth=3)
        axes.add_patch(frame)


def _title(count: int, doubtful: int) -> str:
    said = f"{doubtful:,} doubtful" if doubtful else "none doubtful"
    title = f"{count:,} digit{'s' if count > 1 else ''}, {said}"
    return f"{title}; the {MOST} least certain" if count > MOST else title


def _percent(probability: float) -> str:
    """Round down, so that only certainty reads as 100 %."""
    return f"{np.floor(1000 * probability) / 10:.1f} %"
