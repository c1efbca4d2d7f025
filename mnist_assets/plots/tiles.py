"""Images in rows and columns, drawn as one: an Axes for each takes ten times as long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.plots.style import DIGITS, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

    from mnist_assets.plots.layout import Box

DOTS: int = STYLE["figure.dpi"]


@dataclass(frozen=True)
class Tiles:
    """Where equal images stand, which are read row by row.

    Attributes:
        count: How many images there are.
        columns: How many stand side by side.
        shape: Height and width of an image in pixels of its own.
        scale: Inches of such a pixel: whole dots of the picture, unless the image is too large.
        gap: Between images, downwards and sidewards, in the same pixels.
        left: Inches from the left of the page to the first image.
        top: Inches from the top of the page to the first image.
    """

    count: int
    columns: int
    shape: tuple[int, int]
    scale: float
    gap: tuple[int, int]
    left: float
    top: float

    @property
    def rows(self) -> int:
        """How many stand one below the other."""
        return -(-self.count // self.columns)

    @property
    def right(self) -> float:
        """Inches from the left of the page to the right of the last column."""
        return self.left + self.scale * self._pixels()[1]

    @property
    def bottom(self) -> float:
        """Inches from the top of the page to the bottom of the last row."""
        return self.top + self.scale * self._pixels()[0]

    def box(self, place: int) -> Box:
        """The box of one image."""
        rows, columns = self._corner(place)
        height, width = self.shape
        top, left = self.top + self.scale * rows, self.left + self.scale * columns
        return left, top, self.scale * width, self.scale * height

    def draw(
        self,
        axes: Axes,
        images: NDArray[Any],
        colours: str | Colormap = DIGITS,
        limits: tuple[float, float] = (0, 255),
    ) -> None:
        """Draw images, (count, *shape), on a page (`layout.page`), in colours between limits."""
        canvas = np.full(self._pixels(), np.nan, np.float32)
        height, width = self.shape
        for place, image in enumerate(images):
            top, left = self._corner(place)
            canvas[top : top + height, left : left + width] = image
        extent = (self.left, self.right, self.bottom, self.top)
        low, high = limits
        axes.imshow(canvas, cmap=colours, vmin=low, vmax=high, extent=extent, aspect="auto")

    def _corner(self, place: int) -> tuple[int, int]:
        row, column = divmod(place, self.columns)
        return row * (self.shape[0] + self.gap[0]), column * (self.shape[1] + self.gap[1])

    def _pixels(self) -> tuple[int, int]:
        """Height and width of all images together, with the gaps between them."""
        down, right = (size + gap for size, gap in zip(self.shape, self.gap, strict=True))
        return self.rows * down - self.gap[0], min(self.count, self.columns) * right - self.gap[1]


def lay_tiles(
    images: NDArray[Any],
    columns: int,
    *,
    side: float,
    gap: tuple[float, float],
    pitch: float = 0.0,
    **corner: float,
) -> Tiles:
    """Find out where images stand.

    Args:
        images: (n, height, width), at least one.
        columns: How many may stand side by side.
        side: Inches that an image may be high and wide.
        gap: Inches between images, downwards and sidewards, at least.
        pitch: Inches from the left of an image to that of the next, at least.
        corner: `left` and `top` of `Tiles`.
    """
    height, width = images.shape[1:]
    dots = DOTS * side / max(height, width)
    dots = np.floor(dots) if dots >= 1 else dots
    sidewards = max(gap[1], pitch - width * dots / DOTS)
    down, right = (int(np.ceil(DOTS * inches / dots)) for inches in (gap[0], sidewards))
    return Tiles(len(images), columns, (height, width), dots / DOTS, (down, right), **corner)
