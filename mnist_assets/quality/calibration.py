"""Whether a network's probabilities mean what they say: of images it is 90 % sure of, 90 % right.

Confidence is the probability of the predicted class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CHANCE = 2  # times its mean that an error by chance may have before it counts


def calibration(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], bins: int
) -> dict[str, Any]:
    """Compare confidence with accuracy, in bins of equal width.

    Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger (2017), "On calibration of modern neural
    networks", ICML, sections 2 and 3; a bin includes its upper bound, not its lower one.
    scikit-learn's `calibration_curve` has the same bins, but tells neither their images, by which
    the expected error weights them, nor the empty ones.

    Args:
        probabilities: float32 (n, classes) in [0, 1], n at least 1.
        labels: uint8 (n,), the true classes.
        bins: Number of bins that [0, 1] is divided into, at least 1.

    Returns:
        Plain values: `mean_confidence` and `accuracy` over all images;
        `expected_calibration_error`, the mean distance of a bin's accuracy from its mean
        confidence, each bin counting by its images; `calibration_error_by_chance`, what that would
        be on average, by the luck of the draw, if every probability were right;
        `maximum_calibration_error`, the largest such distance, with the number of images of that
        bin as `maximum_calibration_error_images`; and `bins`, each with `low`, `high`, `images` and
        `mean_confidence`, `accuracy` (None without images).
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    of_bin = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    images, confidences, hits, variances = (
        np.bincount(of_bin, weights=values, minlength=bins)
        for values in (np.ones(len(labels)), confidence, right, confidence * (1 - confidence))
    )
    gaps = np.abs(hits - confidences)  # times the bin's images
    # The sum of n independent hits is nearly normal: its mean distance from its mean is
    # sqrt(2 / pi) standard deviations.
    by_chance = np.sqrt(2 / np.pi * variances)
    worst = int(np.argmax(np.where(images, gaps / np.maximum(images, 1), -1)))
    return {
        "mean_confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "expected_calibration_error": float(gaps.sum() / len(labels)),
        "calibration_error_by_chance": float(by_chance.sum() / len(labels)),
        "maximum_calibration_error": float(gaps[worst] / images[worst]),
        "maximum_calibration_error_images": int(images[worst]),
        "bins": [
            {
                "low": at / bins,
                "high": (at + 1) / bins,
                "images": int(count),
                "mean_confidence": float(confidences[at] / count) if count else None,
                "accuracy": float(hits[at] / count) if count else None,
            }
            for at, count in enumerate(images)
        ],
    }


def check_calibrated(calibrated: Mapping[str, Any], ceiling: float) -> Finding:
    """Check that confidence and accuracy are no further apart than `ceiling` and bad luck allow.

    Args:
        calibrated: What `calibration` returned.
        ceiling: Largest expected calibration error, in [0, 1], beyond twice what chance alone makes
            on average, which on a small test part is more than a good network's own error.
    """
    error = calibrated["expected_calibration_error"]
    by_chance = calibrated["calibration_error_by_chance"]
    confidence, accuracy = calibrated["mean_confidence"], calibrated["accuracy"]
    direction = "overconfident" if confidence > accuracy else "underconfident"
    allowed = ceiling + CHANCE * by_chance
    return Finding.of(
        error <= allowed,
        f"Confidence and accuracy are {error:.4f} apart, on average over the bins.",
        f"Confidence and accuracy are {error:.4f} apart, of which chance explains {by_chance:.4f}: "
        f"the network is {direction}, {confidence:.4f} sure and {accuracy:.4f} right on average. "
        "Do not take its probabilities at their word: train it for fewer epochs, or with dropout.",
        seen={"expected_calibration_error": error},
        expected={"at_most": allowed, "by_chance_alone": by_chance},
    )
