"""Pictures of the dataset: its digits and its classes.

Images are uint8 (n, h, w), grey levels 0 to 255; tables are those of `exploration/summary.py`. How
many images and pixels have which grey level is drawn in `grey.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from mnist_assets.plots.classes import FEW, LONGEST, name_along, names_of, shorten
from mnist_assets.plots.layout import (
    BELOW,
    EDGE,
    HEADING,
    NOTE,
    TITLE,
    colour_bar,
    move,
    page,
    place,
    set_note,
    set_title,
    text_width,
)
from mnist_assets.plots.style import BLUE, DIGITS, INK, MUTED, ORANGE, VERMILLION, styled
from mnist_assets.plots.tiles import lay_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray


@styled
def sample_digits(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], names: Sequence[str] | None = None
) -> Figure:
    """Draw the first nine images (fewer if there are fewer), each with its label.

    `names` are those of the classes; their numbers if None.
    """
    shown = images[:9]
    caption, widest = 0.25, 0.8  # inches: its height, and the width of the longest
    tiles = lay_tiles(
        shown, 3, side=1.69, gap=(caption, 0.1), pitch=widest, left=0.1, top=TITLE + caption
    )
    figure = Figure(figsize=(max(tiles.right + EDGE, 4.6), tiles.bottom + EDGE))
    axes = page(figure)
    tiles.draw(axes, shown)
    for number, label in enumerate(labels[:9]):
        left, top, width, _ = tiles.box(number)
        told = f"label {label}" if names is None else names[label]
        axes.text(left + width / 2, top - 0.06, told, ha="center")
    kinds = len(np.unique(labels[:9]))
    set_title(figure, f"The first {len(shown)} images show {kinds} different classes")
    return figure


@styled
def pixel_range(image: NDArray[np.uint8]) -> Figure:
    """Draw one image, (h, w), with a colour bar in grey levels."""
    figure = Figure(figsize=(5.2, 4.4))
    axes = figure.add_subplot()
    axes.imshow(image, cmap=DIGITS, vmin=0, vmax=255)
    axes.set_anchor("W")
    axes.set_title(f"The first image uses grey levels {image.min()} to {image.max()}")
    axes.set_xlabel("column (pixel)")
    axes.set_ylabel("row (pixel)")
    place(axes, top=HEADING, bottom=BELOW, right=1)
    bar = axes.inset_axes((1.05, 0, 0.05, 1))
    label = "grey level (0 black, 255 white)"
    colour_bar(bar, DIGITS, (0, 255), label, [0, 64, 128, 192, 255])
    return figure


@styled
def class_distribution(table: pd.DataFrame, names: Sequence[str] | None = None) -> Figure:
    """Draw each class's share of both parts as bars side by side, with the counts if they fit.

    Args:
        table: One row a class.
        names: Of the classes; their numbers if None.
    """
    figure = Figure(figsize=(10, 4.6))
    axes = figure.add_subplot()
    named = names_of(len(table), names)
    classes = np.arange(len(table))
    few = len(table) <= FEW
    for side, part, colour in ((-1, "train", BLUE), (1, "test", ORANGE)):
        counts, shares = table[f"{part}_count"], table[f"{part}_share"]
        name = {"train": "training part", "test": "test part"}[part]
        bars = axes.bar(
            classes + 0.21 * side,
            shares,
            0.4,
            color=colour,
            label=f"{name}: {counts.sum():,} images",
        )
        if few:
            axes.bar_label(
                bars,
                [f"{count:,}" for count in counts],
                padding=2,
                fontsize=8,
                rotation=0 if len(table) <= 10 else 90,
            )
    difference = 100 * (table["train_share"] - table["test_share"]).abs().max()
    axes.set_title(f"The parts' class shares differ by at most {difference:.2f} percentage points")
    axes.set_xlabel("class")
    axes.set_ylabel("share of the part's images")
    turned = name_along(axes, named, 9)
    decimals = 0 if axes.get_ylim()[1] > 0.05 else 1
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=decimals))
    axes.grid(axis="y")
    axes.margins(x=0.02, y=0.1)
    figure.legend(loc="lower center", ncols=2)
    place(axes, top=HEADING, bottom=BELOW + 0.3 + turned)
    axes.xaxis.set_label_coords(0.5, -(0.32 + turned) / (axes.get_position().height * 4.6))
    return figure


@styled
def average_digits(averages: NDArray[np.float32], names: Sequence[str] | None = None) -> Figure:
    """Draw the average image of each class, (classes, h, w), on one scale of grey levels.

    Many classes are drawn smaller, with their names alone under them; `names` are their numbers if
    None.
    """
    named = names_of(len(averages), names)
    peaks = averages.reshape(len(averages), -1).max(axis=1)
    few = len(averages) <= FEW
    caption = 0.25 if few else 0.17  # inches: its height
    columns, side, widest = (5, 1.42, 1.46) if few else (10, 0.71, 0.76)
    if len(averages) > 60:
        columns, side, widest = 12, 0.57, 0.66
    left = 0.1 if few else 0.2  # a name may be wider than its image
    tiles = lay_tiles(
        averages, columns, side=side, gap=(caption + 0.1, 0.1), pitch=widest, left=left, top=0.65
    )
    figure = Figure(figsize=(max(tiles.right + 1.25, 8.2), tiles.bottom + 0.15))
    axes = page(figure)
    tiles.draw(axes, averages)
    size = 10 if few else 7
    for number, peak in enumerate(peaks):
        left, top, width, _ = tiles.box(number)
        text = named[number]
        if few:
            text = f"{'class ' if names is None else ''}{text}, peak {peak:.0f}"
        text = shorten(figure, text, widest - 0.04, size)
        axes.text(left + width / 2, top - 0.06, text, ha="center", fontsize=size)
    bar = figure.add_axes((0, 0, 1, 1))
    move(bar, (tiles.right + 0.35, tiles.top, 0.2, min(tiles.bottom - tiles.top, 4)))
    colour_bar(bar, DIGITS, (0, 255), "average grey level", [0, 85, 170, 255])
    alike, unlike = named[peaks.argmax()], named[peaks.argmin()]
    title = (
        f"Class {alike} is most alike: its average peaks at grey level "
        f"{peaks.max():.0f}, class {unlike}'s at {peaks.min():.0f}"
    )
    set_title(figure, shorten(figure, title, figure.get_figwidth() - 2 * EDGE, 11, "bold"))
    return figure


@styled
def extreme_digits(
    images: NDArray[np.uint8],
    averages: NDArray[np.float32],
    table: pd.DataFrame,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw per class its average and the images nearest to and least like it, true and notebook's.

    The notebook's are drawn where the table has them. Of many classes only the first are drawn,
    which the note says.

    Args:
        images: The training part that the table's indices point into; only those are read.
        averages: float32 (classes, h, w).
        table: As from `summary.extreme_digits`.
        names: Of the classes; their numbers if None.
    """
    choices = {
        "nearest": ("nearest", INK),
        "notebook_nearest": ('notebook\'s\n"nearest"', VERMILLION),
        "least_similar": ("least similar", INK),
        "notebook_least_similar": ('notebook\'s\n"least similar"', VERMILLION),
    }
    choices = {name: told for name, told in choices.items() if f"{name}_index" in table}
    classes = min(len(averages), FEW)
    shown = table.head(classes)
    drawn = np.concatenate(
        [averages[:classes], *(images[shown[f"{choice}_index"].to_numpy()] for choice in choices)]
    )
    inches = min(0.62, 8.2 / classes)  # a column, so that many classes stay on the page
    figure = Figure(figsize=(1, 1))
    named = names_of(len(averages), names)[:classes]
    widths = [text_width(figure, name, weight="bold") for name in named]
    turned = max(widths) > inches
    heading = min(max(widths), LONGEST) if turned else 0.15
    tiles = lay_tiles(
        drawn, classes, side=inches - 0.05, gap=(0.24, 0.05), left=1.35, top=TITLE + 0.15 + heading
    )
    figure.set_size_inches(max(7.6, tiles.right + EDGE), tiles.bottom + 0.2 + NOTE)
    axes = page(figure)
    tiles.draw(axes, drawn)
    for row, (name, colour) in enumerate([("average", INK), *choices.values()]):
        _, top, _, height = tiles.box(row * classes)
        axes.text(1.25, top + height / 2, name, ha="right", va="center", color=colour)
    small = min(8.0, 13 * inches)
    for row, choice in enumerate(choices, start=1):
        for digit, distance in enumerate(shown[f"{choice}_distance"]):
            left, top, width, height = tiles.box(row * classes + digit)
            middle, below = left + width / 2, top + height + 0.03
            axes.text(
                middle,
                below,
                f"{distance:.0f}",
                ha="center",
                va="top",
                fontsize=small,
                color=choices[choice][1],
            )
    for digit in range(classes):
        left, top, width, _ = tiles.box(digit)
        axes.text(
            left + width / 2,
            top - 0.06,
            shorten(figure, named[digit], LONGEST) if turned else named[digit],
            ha="center",
            va="bottom" if turned else "baseline",
            rotation=90 if turned else 0,
            fontweight="bold",
        )
    title = "The image nearest to the average of its class, and the one least like it"
    if "notebook_nearest" in choices:
        wrong = [
            int((table[f"{choice}_index"] != table[f"notebook_{choice}_index"]).sum())
            for choice in ("nearest", "least_similar")
        ]
        title = (
            f"The notebook misses the nearest image in {wrong[0]} of {len(table)} classes, "
            f"the least similar in {wrong[1]}"
        )
    set_title(figure, title)
    remark = "Under each image: its Euclidean distance to the class average, in grey levels"
    if classes < len(averages):
        remark += f"; the first {classes} of {len(averages)} classes"
    set_note(figure, remark, color=MUTED)
    return figure
