"""Pictures of the preparation: the fitted normalisation and what it makes of the digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from mnist_assets.figures.style import DIGITS, DIVERGING, styled

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Few pixels are further from 0 than this; colours over the whole range would leave the rest pale.
COLOUR_LIMIT = 3.0


@styled
def normalized_digits(images: NDArray[np.float32]) -> Figure:
    """Draw the first nine normalised images (fewer if there are fewer), zero in the middle.

    Args:
        images: float32 (n, h, w), in standard deviations from the pixel's training mean.
    """
    shown = images[:9]
    rows = -(-len(shown) // 3)
    figure = Figure(figsize=(6.6, max(1.9 * rows + 0.6, 3.6)))
    grid = [figure.add_subplot(rows, 3, place + 1) for place in range(len(shown))]
    for axes, image in zip(grid, shown, strict=True):
        drawn = axes.imshow(image, cmap=DIVERGING, vmin=-COLOUR_LIMIT, vmax=COLOUR_LIMIT)
        axes.set_axis_off()
    figure.colorbar(
        drawn,
        ax=grid,
        label="standard deviations from the pixel's mean",
        shrink=0.8,
        extend="both",
    )
    figure.suptitle(
        f"Normalised, the first {len(shown)} images lie in {shown.min():.1f} to {shown.max():.1f}",
        fontweight="bold",
    )
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
    figure = Figure(figsize=(9, 4.3))
    left, right = figure.subplots(1, 2)
    for axes, values, colours, label in (
        (left, mean, DIGITS, "mean grey level"),
        (right, std, "viridis", "standard deviation (grey levels)"),
    ):
        drawn = axes.imshow(values, cmap=colours, vmin=0)
        axes.set_xlabel("column (pixel)")
        axes.set_ylabel("row (pixel)")
        figure.colorbar(drawn, cax=axes.inset_axes((1.03, 0, 0.05, 1)), label=label)
    rows, columns = np.nonzero(floored)
    right.scatter(columns, rows, s=3, color="white", linewidths=0)
    left.set_title(f"Training means reach grey level {mean.max():.0f}")
    right.set_title(
        f"Dots: {len(rows)} of {std.size} pixels at the floor of {std.min():g}"
        if len(rows)
        else f"No pixel is at the floor: the least is {std.min():.1f}"
    )
    return figure
