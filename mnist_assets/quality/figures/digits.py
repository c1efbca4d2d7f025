"""Digits that a person should look at: confident mistakes, and labels that look wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnist_assets.formatting import class_name
from mnist_assets.plots.classes import shorten
from mnist_assets.plots.layout import EDGE, TITLE, page, set_title
from mnist_assets.plots.style import DIGITS, MUTED, ORANGE, styled
from mnist_assets.plots.tiles import lay_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

COLUMNS = 6
TILE, IMAGE, CAPTION = 1.16, 0.84, 0.46  # inches: from image to image, an image, what is above it
NAME, LINE = 9, 0.15  # points of a class's name, and inches of one more line of it
NOTE = 0.2  # inches: a line below the images
# Sixteen greys are enough to read a digit by, and make the PNG a quarter smaller.
GREYS = mpl.colormaps[DIGITS].resampled(16)


@styled
def mistakes(
    images: NDArray[np.uint8],
    table: pd.DataFrame,
    name: str,
    total: int,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw a network's most confident mistakes, those with a known wrong label framed.

    Args:
        images: uint8 (m, height, width), those of the table's rows.
        table: What `steps.mistakes.most_confident_mistakes` returned.
        name: What to call the network.
        total: How many mistakes there are in all.
        names: Of the classes; their numbers if None.
    """
    rows = table.to_dict("records")
    title = f"{name} makes no mistake on the test part"
    notes = []
    if rows:
        least = _percent(min(row["confidence"] for row in rows))
        title = (
            f"The {len(rows)} most confident of {name}'s {total:,} mistakes: at least {least} sure"
        )
        notes = ["Label → prediction; the network's confidence, image number"]
    if wrong := sum(row["wrong_label"] for row in rows):
        notes += [f"Framed: {wrong} whose label human raters found wrong (Northcutt et al. 2021)"]
    return _draw_tiles(
        images,
        [_change(row["true"], row["predicted"], names) for row in rows],
        [f"{_percent(row['confidence'])}, no. {row['index']}" for row in rows],
        framed=[bool(row["wrong_label"]) for row in rows],
        title=title,
        notes=notes,
    )


@styled
def label_errors(
    images: NDArray[np.uint8],
    table: pd.DataFrame,
    *,
    candidates: int,
    labels: int,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw the labels that look least believable.

    Args:
        images: uint8 (m, height, width), those of the table's rows.
        table: The first rows of what `steps.label_errors.find_label_errors` returned.
        candidates: How many labels look wrong in all.
        labels: How many labels there are.
        names: Of the classes; their numbers if None.
    """
    rows = table.to_dict("records")
    title = f"{candidates:,} of {labels:,} training labels look wrong"
    notes = []
    if rows:
        title += f"; the {len(rows)} least believable, to be judged"
        notes = ["Label → what it looks like to networks that have not seen it; image number"]
    return _draw_tiles(
        images,
        [f"{_change(row['label'], row['suggested'], names)}?" for row in rows],
        [f"no. {row['index']}" for row in rows],
        framed=[False for _ in rows],
        title=title,
        notes=notes,
    )


def _change(before: int, after: int, names: Sequence[str] | None) -> str:
    """From one class to another: on one line their numbers, on two lines their names."""
    between = " → " if names is None else "\n→ "
    return f"{class_name(before, names)}{between}{class_name(after, names)}"


def _draw_tiles(
    images: NDArray[np.uint8],
    captions: Sequence[str],
    details: Sequence[str],
    *,
    framed: Sequence[bool],
    title: str,
    notes: Sequence[str],
) -> Figure:
    named = any("\n" in caption for caption in captions)
    above = CAPTION + LINE * named
    top = TITLE + above
    figure = Figure(figsize=(COLUMNS * TILE, TITLE + NOTE * (len(notes) + 1)))
    if captions:
        gap, left = (above, TILE - IMAGE), (TILE - IMAGE) / 2
        tiles = lay_tiles(images, COLUMNS, side=IMAGE, gap=gap, pitch=TILE, left=left, top=top)
        figure.set_figwidth(max(tiles.right + left, COLUMNS * TILE))
        figure.set_figheight(tiles.bottom + NOTE * (len(notes) + 1))
    axes = page(figure)
    set_title(figure, title)
    for line, note in enumerate(reversed(notes)):
        below = figure.get_figheight() - NOTE * (line + 0.5)
        axes.text(EDGE, below, note, size=9, color=MUTED)
    if captions:
        tiles.draw(axes, images, GREYS)
    for place, (caption, detail) in enumerate(zip(captions, details, strict=True)):
        left, top, width, height = tiles.box(place)
        middle = left + width / 2
        size = NAME if named else 10
        told = "\n".join(
            shorten(figure, line, TILE - LINE, size, "bold") if named else line
            for line in caption.split("\n")
        )
        axes.text(middle, top - 0.21, told, ha="center", weight="bold", size=size)
        axes.text(middle, top - 0.06, detail, ha="center", size=7.5, color=MUTED)
        if framed[place]:
            axes.add_patch(
                Rectangle((left, top), width, height, fill=False, edgecolor=ORANGE, linewidth=3)
            )
    return figure


def _percent(share: float) -> str:
    """Round down, so that only certainty reads as 100 %."""
    return f"{np.floor(1000 * share) / 10:.1f} %"
