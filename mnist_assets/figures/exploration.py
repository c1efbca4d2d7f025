"""Pictures of the dataset: its digits and its classes.

Images are uint8 (n, h, w), grey levels 0 to 255; tables are those of `steps/exploration.py`. How
many images and pixels have which grey level is drawn in `grey.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from mnist_assets.figures.style import BLUE, DIGITS, INK, MUTED, ORANGE, VERMILLION, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray


@styled
def sample_digits(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Figure:
    """Draw the first nine images (fewer if there are fewer), each with its label."""
    count = min(9, len(images))
    figure = Figure(figsize=(5.4, 1.9 * -(-count // 3) + 0.4))
    for place in range(count):
        axes = figure.add_subplot(-(-count // 3), 3, place + 1)
        axes.imshow(images[place], cmap=DIGITS, vmin=0, vmax=255)
        axes.set_axis_off()
        axes.set_title(f"label {labels[place]}", loc="center", fontsize=10, fontweight="normal")
    kinds = len(np.unique(labels[:count]))
    figure.suptitle(f"The first {count} images show {kinds} different classes", fontweight="bold")
    return figure


@styled
def pixel_range(image: NDArray[np.uint8]) -> Figure:
    """Draw one image, (h, w), with a colour bar in grey levels."""
    figure = Figure(figsize=(5.2, 4.4))
    axes = figure.add_subplot()
    shown = axes.imshow(image, cmap=DIGITS, vmin=0, vmax=255)
    axes.set_title(f"The first image uses grey levels {image.min()} to {image.max()}")
    axes.set_xlabel("column (pixel)")
    axes.set_ylabel("row (pixel)")
    bar = figure.colorbar(shown, ax=axes, label="grey level (0 black, 255 white)")
    bar.set_ticks([0, 64, 128, 192, 255])
    return figure


@styled
def class_distribution(table: pd.DataFrame) -> Figure:
    """Draw each class's share of both parts as bars side by side, with the counts on them."""
    figure = Figure(figsize=(10, 4.6))
    axes = figure.add_subplot()
    classes = table["class"].to_numpy()
    rotation = 0 if len(classes) <= 10 else 90
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
        axes.bar_label(
            bars, [f"{count:,}" for count in counts], padding=2, fontsize=8, rotation=rotation
        )
    difference = 100 * (table["train_share"] - table["test_share"]).abs().max()
    axes.set_title(f"The parts' class shares differ by at most {difference:.2f} percentage points")
    axes.set_xlabel("class")
    axes.set_ylabel("share of the part's images")
    axes.set_xticks(classes)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="y")
    axes.margins(x=0.02, y=0.1)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


@styled
def average_digits(averages: NDArray[np.float32]) -> Figure:
    """Draw the average image of each class, (classes, h, w), on one scale of grey levels."""
    columns = min(5, len(averages))
    rows = -(-len(averages) // columns)
    height = averages.shape[1] / averages.shape[2]
    pitch = height + 0.25  # room for the title above each image
    figure = Figure(figsize=(9.2, 1.6 * pitch * rows + 0.5))
    axes = figure.add_subplot()
    peaks = averages.reshape(len(averages), -1).max(axis=1)
    for digit, peak in enumerate(peaks):
        row, column = divmod(digit, columns)
        shown = _place_digit(axes, averages[digit], column, row * pitch, height)
        above = row * pitch - 0.5 * height
        axes.text(column, above, f"class {digit}, peak {peak:.0f}", ha="center", va="bottom")
    axes.set(
        xlim=(-0.5, columns - 0.5), ylim=((rows - 1) * pitch + 0.5 * height, -0.25 - 0.5 * height)
    )
    figure.colorbar(shown, ax=axes, label="average grey level", shrink=0.8, ticks=[0, 85, 170, 255])
    figure.suptitle(
        f"Class {peaks.argmax()} is written most alike: its average peaks at grey level "
        f"{peaks.max():.0f}, class {peaks.argmin()}'s at {peaks.min():.0f}",
        fontweight="bold",
    )
    return figure


@styled
def extreme_digits(
    images: NDArray[np.uint8], averages: NDArray[np.float32], table: pd.DataFrame
) -> Figure:
    """Draw per class its average and the images nearest to and least like it, true and notebook's.

    Args:
        images: The training part that the table's indices point into; only those are read.
        averages: float32 (classes, h, w).
        table: As from `steps.exploration.extreme_digits`.
    """
    choices = {
        "nearest": ("nearest", INK),
        "notebook_nearest": ('notebook\'s\n"nearest"', VERMILLION),
        "least_similar": ("least similar", INK),
        "notebook_least_similar": ('notebook\'s\n"least similar"', VERMILLION),
    }
    height = images.shape[1] / images.shape[2]
    pitch = height + 0.3  # room for the distance under each image
    inches = min(0.62, 8.2 / len(averages))  # of each column, so that many classes stay on the page
    small = min(8.0, 13 * inches)
    figure = Figure(figsize=(max(8.4, inches * len(averages) + 1.6), inches * pitch * 5 + 0.9))
    axes = figure.add_subplot()
    for digit in range(len(averages)):
        _place_digit(axes, averages[digit], digit, 0, height)
        axes.text(digit, -0.62 * height, str(digit), ha="center", va="bottom", fontweight="bold")
    axes.text(-0.65, 0, "average", ha="right", va="center")
    for row, (choice, (name, colour)) in enumerate(choices.items(), start=1):
        axes.text(-0.65, row * pitch, name, ha="right", va="center", color=colour)
        for place, index in enumerate(table[f"{choice}_index"]):
            _place_digit(axes, images[index], place, row * pitch, height)
            distance = f"{table[f'{choice}_distance'].iloc[place]:.0f}"
            below = row * pitch + 0.5 * height
            axes.text(place, below, distance, ha="center", va="top", fontsize=small, color=colour)
    axes.set(xlim=(-0.5, len(averages) - 0.5), ylim=(4.5 * pitch + 0.1, -height))
    wrong = [
        int((table[f"{choice}_index"] != table[f"notebook_{choice}_index"]).sum())
        for choice in ("nearest", "least_similar")
    ]
    figure.suptitle(
        f"The notebook misses the nearest image in {wrong[0]} of {len(table)} classes, "
        f"the least similar in {wrong[1]}",
        fontweight="bold",
    )
    figure.supxlabel(
        "Under each image: its Euclidean distance to the class average, in grey levels",
        fontsize=9,
        color=MUTED,
    )
    return figure


def _place_digit(axes: Axes, image: NDArray[Any], x: float, y: float, height: float) -> AxesImage:
    """Draw an image 0.92 wide around (x, y): a subplot for each of fifty would be slow."""
    box = (x - 0.46, x + 0.46, y + 0.46 * height, y - 0.46 * height)
    axes.set_axis_off()
    return axes.imshow(image, cmap=DIGITS, vmin=0, vmax=255, extent=box)
