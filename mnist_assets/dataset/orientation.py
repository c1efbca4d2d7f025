"""Are the images upright? The evidence is the shape of what is drawn on them.

Letters and digits are taller than wide, most of them in most hands, so that in a set of characters
whose images are transposed nearly every class is wider than tall. That is told by a sign test over
the classes: if each were as likely wide as tall, which is what there is to expect of things in
general, it would be rare that nearly all are wide. MNIST has ten of ten classes taller than wide.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_assets.findings import Finding

INK = 64  # grey levels from the background, a quarter of the range
CHUNK = 1000  # images widened at a time, so that they stay in the processor's cache


def compare_extents(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict[str, Any]:
    """Compare the height and the width of what is drawn, class by class.

    The median of all border pixels is the background; what differs from it by more than a quarter
    of the range is drawn.

    Args:
        images: uint8 (n, height, width).
        labels: uint8 (n,).

    Returns:
        `tall` and `wide`, the classes in which more images are taller than wide, and wider than
        tall; those of which neither is true are in neither.
    """
    counts = np.zeros(256, np.int64)
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        for edge in (chunk[:, 0], chunk[:, -1], chunk[:, 1:-1, 0], chunk[:, 1:-1, -1]):
            counts += np.bincount(edge.reshape(-1), minlength=256)
    background = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    taller = np.empty(len(images))
    for start in range(0, len(images), CHUNK):
        levels = images[start : start + CHUNK].astype(np.int16)
        drawn: NDArray[np.bool_] = np.abs(levels - background) > INK
        taller[start : start + CHUNK] = np.sign(_extent(drawn, 2) - _extent(drawn, 1))
    balance = np.bincount(labels, weights=taller)
    return {
        "tall": np.flatnonzero(balance > 0).tolist(),
        "wide": np.flatnonzero(balance < 0).tolist(),
    }


def check_upright(compared: dict[str, Any], significance: float, *, transposed: bool) -> Finding:
    """Check that the images do not look transposed.

    Args:
        compared: What `compare_extents` returned.
        significance: The share of datasets that may fail though each of their classes is as likely
            wide as tall.
        transposed: Whether the images were transposed when they were read.
    """
    from scipy.stats import binomtest

    wide, classes = len(compared["wide"]), len(compared["wide"]) + len(compared["tall"])
    p_value = float(binomtest(wide, classes, 0.5, "greater").pvalue) if classes else 1.0
    shape = f"{wide} of {classes} classes are wider than tall"
    declared = "false" if transposed else "true"
    return Finding.of(
        p_value >= significance,
        f"{shape} (p = {p_value:.2g} by chance): no sign that the images are transposed.",
        f"{shape}, as if rows and columns were swapped (p = {p_value:.2g} by chance). If letters "
        f"or digits lie on their side, set `transposed: {declared}` in the dataset's dataset.yaml.",
        seen={"wide_classes": wide, "tall_classes": classes - wide, "p_value": p_value},
        expected={"p_value_at_least": significance},
    )


def _extent(drawn: NDArray[np.bool_], across: int) -> NDArray[np.int64]:
    """From the first to the last line, along an axis, with something on it: (n,), 0 for none."""
    lines = np.asarray(drawn.any(axis=across))
    first, last = lines.argmax(axis=1), lines[:, ::-1].argmax(axis=1)
    return np.where(lines.any(axis=1), lines.shape[1] - first - last, 0).astype(np.int64)
