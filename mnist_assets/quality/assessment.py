"""How good a network is beyond its accuracy on the whole test part.

Calibration is `calibration.py`, robustness `robustness.py`, single images `mistakes.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.evaluation.metrics import accuracy_of
from mnist_assets.findings import Finding
from mnist_assets.quality.calibration import calibration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# Indices into MNIST's test part whose label fewer than three of five human raters confirmed.
# Source: C. G. Northcutt, A. Athalye, J. Mueller (2021), "Pervasive label errors in test sets
# destabilize machine learning benchmarks", NeurIPS; https://github.com/cleanlab/label-errors,
# mturk/mnist_mturk.json.
WRONG_TEST_LABELS = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
)  # fmt: skip

# Who wrote the first and the last 5,000 test images. MNIST's own page, yann.lecun.com/exdb/mnist,
# says it the other way round ("the first 5000 are cleaner and easier"). C. Yadav and L. Bottou
# (2019), "Cold case: the lost MNIST digits", NeurIPS, traced every image to its writer: the first
# 5,001 are from NIST's SD-1, by students, the other 4,999 consecutive ones from SD-3, by employees
# (https://github.com/facebookresearch/qmnist, making_qmnist/hungarian_match_test.py). The network's
# accuracies agree with them.
WRITERS = ("high-school students", "Census Bureau employees")


def assess(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.uint8],
    *,
    bins: int,
    confidence: float,
    mnist: bool,
) -> dict[str, Any]:
    """Assess a network's predictions of the test part.

    Args:
        probabilities: float32 (n, classes).
        labels: uint8 (n,), the true classes.
        bins: Of confidence, for the calibration.
        confidence: Of every interval.
        mnist: Whether this is MNIST's test part: only then is it known which labels are wrong and
            who wrote the images.

    Returns:
        Plain values: `images`, `correct`, `accuracy`, `accuracy_interval` (low, high, confidence;
        Wilson's); `calibration`, see there; `without_wrong_labels`, see there, and `halves`, what
        `compare_halves` returned; both None where they are unknown.
    """
    right = probabilities.argmax(axis=1) == labels
    return {
        **accuracy_of(right, confidence),
        "calibration": calibration(probabilities, labels, bins),
        "without_wrong_labels": without_wrong_labels(right, confidence) if mnist else None,
        "halves": compare_halves(right, confidence) if mnist else None,
    }


def without_wrong_labels(right: NDArray[np.bool_], confidence: float) -> dict[str, Any]:
    """The accuracy over the test images whose labels are not known to be wrong.

    Takes bool (10000,), for MNIST's test images, and gives what `accuracy_of` does, and
    `wrong_labels`, their number, of which the network predicts `wrong_labels_predicted` as they are
    labelled.
    """
    wrong = list(WRONG_TEST_LABELS)
    return {
        **accuracy_of(np.delete(right, wrong), confidence),
        "wrong_labels": len(wrong),
        "wrong_labels_predicted": int(np.count_nonzero(right[wrong])),
    }


def compare_halves(right: NDArray[np.bool_], confidence: float) -> dict[str, Any]:
    """Compare the accuracies on the first and the last half of MNIST's test images.

    Args:
        right: bool (n,), whether each image was classified as labelled, n even.
        confidence: Of the intervals.

    Returns:
        `first` and `last`, each what `accuracy_of` gives and who it is `written_by`; `difference`,
        last minus first; `difference_interval` (low, high, confidence), Newcombe's; `p_value` of
        Fisher's exact test, two-sided, that both are equally accurate.
    """
    from scipy.stats import fisher_exact

    first, last = (accuracy_of(half, confidence) for half in np.split(right, 2))
    table = [[part["correct"], part["images"] - part["correct"]] for part in (first, last)]
    low, high = difference_interval(first, last)
    return {
        "first": {**first, "written_by": WRITERS[0]},
        "last": {**last, "written_by": WRITERS[1]},
        "difference": last["accuracy"] - first["accuracy"],
        "difference_interval": {"low": low, "high": high, "confidence": confidence},
        "p_value": float(fisher_exact(table).pvalue),
    }


def difference_interval(first: Mapping[str, Any], last: Mapping[str, Any]) -> tuple[float, float]:
    """Bound by how much one true accuracy exceeds another.

    SciPy has intervals of a ratio of proportions, none of their difference.

    Source: R. G. Newcombe (1998), "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, 873-890, method 10.

    Args:
        first: The accuracy subtracted: what `accuracy_of` gave for some images.
        last: The same for other images.

    Returns:
        The lower and the upper bound, each in [-1, 1].
    """

    def reaches(of: Mapping[str, Any]) -> tuple[float, float]:
        interval = of["accuracy_interval"]
        return of["accuracy"] - interval["low"], interval["high"] - of["accuracy"]

    difference = last["accuracy"] - first["accuracy"]
    (first_down, first_up), (last_down, last_up) = reaches(first), reaches(last)
    low = difference - math.hypot(last_down, first_up)
    return low, difference + math.hypot(last_up, first_down)


def check_as_promoted(assessed: Mapping[str, Any], promoted: Mapping[str, Any]) -> Finding:
    """Check that the champion is as accurate as at its promotion, by its evaluation of then."""
    seen = {name: assessed[name] for name in ("images", "correct")}
    expected = {name: promoted[name] for name in ("images", "correct")}
    return Finding.of(
        seen == expected,
        f"The champion is as accurate as at its promotion, {assessed['accuracy']:.4f}.",
        f"The champion's accuracy on the test part is {assessed['accuracy']:.4f}, at its promotion "
        f"it was {promoted['accuracy']:.4f}: the test part has changed since, or its file is not "
        "the network that was promoted.",
        seen=seen,
        expected=expected,
    )
