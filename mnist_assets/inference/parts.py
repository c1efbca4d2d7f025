"""The digits of a picture: connected ink, broken strokes joined, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.inference.background import ink_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

FAINT = 0.15  # of the ink's grey level: what is fainter joins nothing and widens no box
SPECK = 0.02  # of the largest part's pixels: a smaller one is dust, not ink
LEAST_CONTRAST = 24  # grey levels between ink and paper
LEAST_SIDE = 4  # pixels of the digit's longer side, below which nobody can read it
MOST_PIECES = 300  # connected ones, the largest, that are looked at
SMALLER = 0.5  # of the longer side of another piece: a smaller one may be a stroke of it
BESIDE, ABOVE, NEAR = 0.2, 0.3, 0.1  # of that side, how far away strokes of one digit may be
SHARED = 0.5  # of the narrower or lower piece, what makes one stand above or beside another
SAME_LINE = 0.5  # of the lower part's height, what parts of one line have in common
NEXT_NUMBER = 1.0  # of the line's height: a wider gap parts two numbers


@dataclass(frozen=True)
class Part:
    """One digit, as far as can be told from its ink.

    Attributes:
        ink: uint8 (height, width), 0 where there is none: what is in the box, and nothing of other
            parts.
        left: The first column of the box, in pixels of the picture, from 0.
        top: The first row of it.
        number: Which number the digit is of, from 0, in reading order.
    """

    ink: Picture
    left: int
    top: int
    number: int = 0

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Its left, top, right and bottom edge."""
        height, width = self.ink.shape
        return self.left, self.top, self.left + width, self.top + height


def whole(ink: Picture) -> list[Part]:
    """Take all ink for one digit; as `find_parts` otherwise."""
    return _find(ink, joined=True)


def find_parts(ink: Picture) -> list[Part]:
    """Find the digits of a picture.

    Args:
        ink: uint8 (height, width), as from `background.find_ink`.

    Returns:
        Line by line from the top, each from the left; none where there is no ink that is dark and
        large enough to be read.
    """
    return _find(ink, joined=False)


def _find(ink: Picture, *, joined: bool) -> list[Part]:
    from scipy import ndimage

    level = ink_level(ink)
    if level < LEAST_CONTRAST:
        return []
    labels, count = ndimage.label(ink > FAINT * level, np.ones((3, 3)))
    boxes = _Boxes.of(labels, count)
    groups = np.zeros(len(boxes.labels), np.int64) if joined else _join(boxes)
    parts = []
    for group in np.unique(groups):
        part = _cut(ink, labels, boxes, groups == group)
        if max(part.ink.shape) >= LEAST_SIDE:
            parts.append(part)
    return _in_reading_order(parts)


@dataclass(frozen=True)
class _Boxes:
    """Connected pieces that are more than dust: their labels, and where they begin and end."""

    labels: NDArray[np.int64]
    starts: NDArray[np.int64]  # (pieces, 2): row, column
    stops: NDArray[np.int64]

    @classmethod
    def of(cls, labels: NDArray[np.int32], count: int) -> _Boxes:
        from scipy import ndimage

        sizes = np.bincount(labels.reshape(-1), minlength=count + 1)[1:]
        kept = np.flatnonzero(sizes >= SPECK * sizes.max())
        kept = np.sort(kept[np.argsort(-sizes[kept], kind="stable")[:MOST_PIECES]])
        found = ndimage.find_objects(labels)
        edges = np.array([[[s.start, s.stop] for s in found[index]] for index in kept])
        return cls(kept + 1, edges[:, :, 0], edges[:, :, 1])


def _join(boxes: _Boxes) -> NDArray[np.int64]:
    """Number the digits that pieces are strokes of."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    starts, stops = boxes.starts, boxes.stops
    # Of two pieces, by axis: pixels free between them, less than 0 where they overlap.
    gaps = np.maximum(starts[:, None], starts[None]) - np.minimum(stops[:, None], stops[None])
    sides = (stops - starts).max(axis=1)
    larger, smaller = np.maximum.outer(sides, sides), np.minimum.outer(sides, sides)
    height, width = np.moveaxis(stops - starts, 1, 0)
    down, right = gaps[..., 0] / larger, gaps[..., 1] / larger
    above = -gaps[..., 1] >= SHARED * np.minimum.outer(width, width)
    beside = -gaps[..., 0] >= SHARED * np.minimum.outer(height, height)
    small = smaller < SMALLER * larger
    stroke = small & (((right <= BESIDE) & (down <= NEAR)) | (above & (down <= ABOVE)))
    broken = ~beside & (right <= NEAR) & (down <= NEAR)
    joined = stroke | broken
    groups: NDArray[np.int64] = connected_components(coo_array(joined), directed=False)[1]
    return groups


def _cut(
    ink: Picture, labels: NDArray[np.int32], boxes: _Boxes, members: NDArray[np.bool_]
) -> Part:
    top, left = boxes.starts[members].min(axis=0)
    bottom, right = boxes.stops[members].max(axis=0)
    box = np.s_[top:bottom, left:right]
    # Edges too faint to have a label stay.
    others = ~np.isin(labels[box], [0, *boxes.labels[members]])
    return Part(np.where(others, 0, ink[box]).astype(np.uint8), int(left), int(top))


def _in_reading_order(parts: list[Part]) -> list[Part]:
    """Sort parts into lines and number what stands together in them."""
    lines: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: part.top + part.ink.shape[0] / 2):
        if lines and _overlap(lines[-1], part) >= SAME_LINE:
            lines[-1].append(part)
        else:
            lines.append([part])
    ordered: list[Part] = []
    number = -1
    for line in lines:
        height = max(part.ink.shape[0] for part in line)
        end = -np.inf
        for part in sorted(line, key=lambda part: part.left):
            number += part.left - end > NEXT_NUMBER * height
            ordered.append(Part(part.ink, part.left, part.top, int(number)))
            end = max(end, part.left + part.ink.shape[1])
    return ordered


def _overlap(line: list[Part], part: Part) -> float:
    """Return what a part and the last of a line have in common, of the lower one's height."""
    last, height = line[-1], part.ink.shape[0]
    common = min(last.top + last.ink.shape[0], part.top + height) - max(last.top, part.top)
    return float(common / min(last.ink.shape[0], height))
