"""Pictures of the preparation: the fitted normalisation and what it makes of the digits."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist_assets.plots.layout import (
    BELOW,
    EDGE,
    HEADING,
    TITLE,
    colour_bar,
    move,
    page,
    place,
    set_title,
)
from mnist_assets.plots.style import DIGITS, DIVERGING, styled
from mnist_assets.plots.tiles import lay_tiles

# Few pixels are further from 0 than this; colours over the whole range would leave the rest pale.
COLOUR_LIMITS = (-3.0, 3.0)


@styled
def normalized_digits(images: NDArray[np.float32]) -> Figure:
    """Draw the first nine normalised images (fewer if there are fewer), zero in the middle.

    Args:
        images: float32 (n, h, w), in standard deviations from the pixel's training mean.
    """
    shown = images[:9]
    tiles = lay_tiles(shown, 3, side=1.69, gap=(0.1, 0.1), left=0.1, top=TITLE + EDGE)
    height = max(tiles.bottom - tiles.top, 3)
    figure = Figure(figsize=(max(tiles.right + 1.2, 5.2), tiles.top + height + 0.1))
    tiles.draw(page(figure), shown, DIVERGING, COLOUR_LIMITS)
    bar = figure.add_axes((0, 0, 1, 1))
    move(bar, (tiles.right + 0.3, tiles.top + 0.3, 0.2, height - 0.6))
    label = "standard deviations from the pixel's mean"
    colour_bar(bar, DIVERGING, COLOUR_LIMITS, label, beyond=True)
    low, high = shown.min(), shown.max()
    set_title(figure, f"Normalised, the first {len(shown)} images lie in {low:.1f} to {high:.1f}")
    return figure


@styled
def normalization(
    mean: NDArray[np.float32], std: NDArray[np.float32], floored: NDArray[np.bool_]
) -> Figure:
    """Draw the pixel-wise mean and standard deviation, and which pixels stand at the floor.

    Args:
        mean: float32 (h, w), grey levels.
        std: float32 (h, w), grey levels, floored.
        floored: bool (h, w): where `std` is the floor and not the pixel's own.
    """
    figure = Figure(figsize=(9, 3.9))
    left, right = figure.subplots(1, 2)
    for axes, values, colours, label in (
        (left, mean, DIGITS, "mean grey level"),
        (right, std, "viridis", "standard deviation (grey levels)"),
    ):
        highest = float(values.max()) or 1.0
        axes.imshow(values, cmap=colours, vmin=0, vmax=highest)
        axes.set_xlabel("column (pixel)")
        axes.set_ylabel("row (pixel)")
        axes.set_anchor("W")
        bar = axes.inset_axes((1.03, 0, 0.05, 1))
        colour_bar(bar, colours, (0, highest), label)
    rows, columns = np.nonzero(floored)
    right.scatter(columns, rows, s=3, color="white", linewidths=0)
    left.set_title(f"Training means reach grey level {mean.max():.0f}")
    right.set_title(
        f"Dots: {len(rows)} of {std.size} pixels at the floor of {std.min():g}"
        if len(rows)
        else f"No pixel is at the floor: the least is {std.min():.1f}"
    )
    place([left, right], top=HEADING, bottom=BELOW, right=0.95)
    return figure
