"""Printed lines of ruled and squared paper, taken out of the ink.

A line runs from edge to edge, is thin, and may be turned by a few degrees. The turn is found as the
skew of scanned text is: the rows, sheared, in which the ink is most concentrated (Postl, 1986).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

LEAST_SIDE = 64  # pixels of the shorter side: in smaller pictures a stroke may be a line
MOST_SLOPE, SLOPES = 0.06, 49  # 3.4 degrees either way, and how many are tried
SAMPLES = 96  # columns that a line is looked for in
LEAST_SHARE = 0.6  # of them that are inked along a line
THICKEST = 0.025  # of the longer side
MOST_LOST = 0.95  # of the ink: so much is no paper, but what was drawn


def remove_lines(ink: Picture) -> Picture:
    """Take thin lines that run from edge to edge out, but not the strokes across them.

    Args:
        ink: uint8 (height, width), as from `background.find_ink`.

    Returns:
        The same, 0 where there are lines alone.
    """
    if min(ink.shape) < LEAST_SIDE:
        return ink
    inked = ink > 0
    without = inked.copy()
    _remove_horizontal(without)
    _remove_horizontal(without.T)
    if without.sum() < (1 - MOST_LOST) * inked.sum():
        return ink
    return np.where(without, ink, 0).astype(np.uint8)


def _remove_horizontal(inked: NDArray[np.bool_]) -> None:
    """Take out the lines along rows, in place."""
    height, width = inked.shape
    tenth = width // 10
    sides = inked[:, :tenth], inked[:, -tenth:]
    if any(side.any(axis=0).mean() < LEAST_SHARE for side in sides):
        return  # nothing runs from edge to edge
    columns = np.unique(np.linspace(0, width - 1, SAMPLES).round().astype(np.int64))
    reach = int(np.ceil(MOST_SLOPE * width / 2)) + 1
    slope = _find_slope(inked[:, columns], columns - width / 2, reach)
    padded = np.pad(inked, ((reach, reach), (0, 0)))
    inside = np.pad(np.ones(inked.shape, np.bool_), ((reach, reach), (0, 0)))
    rows = _sheared(height, np.arange(width), width, slope, reach)
    everywhere = np.arange(width)
    found, there = (values[rows[:, columns], columns] for values in (padded, inside))
    share = found.sum(axis=1) / np.maximum(there.sum(axis=1), len(columns) / 2)
    reaching = _reaches_edges(found, there)
    # Of one column more before and after, so that each line has a start and an end.
    steps = np.diff((share >= LEAST_SHARE).astype(np.int8), prepend=0, append=0)
    original = padded.copy()
    starts, ends = (np.flatnonzero(steps == step).tolist() for step in (1, -1))
    for start, end in zip(starts, ends, strict=True):
        if end - start > THICKEST * max(inked.shape) or not reaching[start:end].any():
            continue
        margin = 1 + (end - start) // 2
        first, last = max(start - margin, 0), min(end + margin, height)
        crossed = np.zeros(width, np.bool_)
        for beyond in (first - 1, last):
            if 0 <= beyond < height:
                crossed |= original[rows[beyond], everywhere]
        band = rows[first:last][:, ~crossed]
        padded[band, everywhere[~crossed]] = False
    inked[:] = padded[reach : reach + height]


def _find_slope(sampled: NDArray[np.bool_], places: NDArray[np.float64], reach: int) -> float:
    """Find the slope along which the ink is in the fewest rows.

    Args:
        sampled: Whether there is ink, (height, columns).
        places: Of the columns, from the middle of the picture, in pixels.
        reach: More rows than any slope shifts a column by.
    """
    at_row, at_column = np.nonzero(sampled)
    at_row, at_place = at_row + reach, places[at_column]
    slopes = np.linspace(-MOST_SLOPE, MOST_SLOPE, SLOPES)
    counts = (np.bincount(at_row - np.round(s * at_place).astype(np.int64)) for s in slopes)
    return float(slopes[np.argmax([(count.astype(np.float64) ** 2).sum() for count in counts])])


def _sheared(
    height: int, columns: NDArray[np.int64], width: int, slope: float, reach: int
) -> NDArray[np.int64]:
    """Rows of the padded picture that each line of a slope runs through, (height, columns)."""
    shifts = np.round(slope * (columns - width / 2)).astype(np.int64) + reach
    return np.arange(height)[:, None] + shifts


def _reaches_edges(found: NDArray[np.bool_], there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which lines are inked at the left and at the right, or leave the picture there."""
    tenth = max(1, found.shape[1] // 10)
    ends = [
        (found | ~there)[:, part].mean(axis=1) >= LEAST_SHARE
        for part in (slice(tenth), slice(-tenth, None))
    ]
    reaching: NDArray[np.bool_] = ends[0] & ends[1]
    return reaching
