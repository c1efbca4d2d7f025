"""Whether a batch of digits is like those the network was trained on, and what moved if not.

Three figures are held against a reference: the mean grey level, the shares of the classes and the
mean confidence (a digit's highest probability). Each test is exact or simulated, so that it holds
for batches of any size, and asks for more than chance: the batch has to be further away than
chance explains from every distribution within the smallest difference that matters.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.exploration.grey import mean_grey
from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

POINTS = 256  # that a distribution is kept at: for grey levels, one a level
MOST_EXACT = 2000  # digits; the mean of more is taken for normal
SIMULATIONS = 10_000  # batches drawn at random for the shares of the classes
LEVELS, CONFIDENCES = 255.0, 1.0  # the highest value of either


def training_reference(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    confidences: NDArray[np.float32],
    classes: int,
) -> dict[str, Any]:
    """Describe what batches are held against.

    Args:
        images: uint8 (n, height, width), the training part.
        labels: uint8 (n,), its classes.
        confidences: float32 (m,), in [0, 1]: the champion's highest probability for each image of
            the validation part, which it was not trained on.
        classes: The number of classes.

    Returns:
        JSON-able: `images`; `class_shares`; and `grey_level` and `confidence`, each with `mean`,
        `std` (population) and `distribution`, the shares at 256 evenly spaced values, 0 to 255 and
        0 to 1: a value between two of them counts for both by nearness, which keeps the mean.

    Raises:
        InputError: There are no images, not as many labels, or no confidences.
    """
    if not len(images) or len(images) != len(labels) or not len(confidences):
        raise InputError(
            "reference for drift",
            seen=f"{len(images)} images, {len(labels)} labels, {len(confidences)} confidences",
            expected="at least one of each, and as many labels as images",
            remedy="Give the training part and the champion's confidences on the validation part.",
        )
    return {
        "images": len(images),
        "class_shares": (np.bincount(labels, minlength=classes) / len(labels)).tolist(),
        "grey_level": _describe(mean_grey(images), LEVELS),
        "confidence": _describe(confidences.astype(np.float64), CONFIDENCES),
    }


def check_drift(
    batch_images: NDArray[np.uint8],
    digits: NDArray[np.int64],
    confidences: NDArray[np.float32],
    reference: Mapping[str, Any],
    *,
    false_alarm_rate: float,
    smallest_effect: float,
    seed: int = 0,
) -> Finding:
    """Check that a batch could have been drawn from what the reference describes.

    A figure has moved if its p-value is at most a third of the false-alarm rate (Bonferroni). The
    mean grey level and the mean confidence are tested on both sides, with the exact distribution of
    the mean of n draws from the reference (a convolution; normal for n above 2,000); the classes by
    Pearson's chi-squared against simulated batches. A test of whether a difference is more than
    the smallest that matters is a minimum-effect test (Murphy and Myors, 1999).

    Args:
        batch_images: uint8 (n, height, width), prepared as the network is given them.
        digits: int (n,), the classes that the champion predicts.
        confidences: float32 (n,), in [0, 1], its probabilities for them.
        reference: As from `training_reference`.
        false_alarm_rate: At most this share of batches without drift may fail, from 0.001 (a
            third of it has to show in 10,000 simulated batches) to below 1.
        smallest_effect: The smallest difference that matters, at least 0: of a mean in standard
            deviations of the reference (Cohen's d), of the shares as Cohen's w, the root of
            sum((share - reference)^2 / reference). A smaller one counts as none.
        seed: Of the simulated batches.

    Raises:
        InputError: The batch is empty, or its parts are not of one length.
    """
    count = len(batch_images)
    if not count or len(digits) != count or len(confidences) != count:
        raise InputError(
            "batch to check for drift",
            seen=f"{count} images, {len(digits)} digits, {len(confidences)} confidences",
            expected="at least one of each, all equally many",
            remedy="Give the prepared images and their scores, one each.",
        )
    shares = np.bincount(digits, minlength=len(reference["class_shares"])) / count
    figures = {
        "grey_level": float(mean_grey(batch_images).mean()),
        "class_shares": shares.tolist(),
        "confidence": float(confidences.mean(dtype=np.float64)),
    }
    p_values = {
        "grey_level": _mean_p_value(
            figures["grey_level"], count, reference["grey_level"], LEVELS, smallest_effect
        ),
        "class_shares": _shares_p_value(shares, count, reference, smallest_effect, seed),
        "confidence": _mean_p_value(
            figures["confidence"], count, reference["confidence"], CONFIDENCES, smallest_effect
        ),
    }
    least = false_alarm_rate / len(p_values)
    moved = [figure for figure, p_value in p_values.items() if p_value <= least]
    return Finding(
        passed=not moved,
        message=_message(moved, figures, reference, count),
        seen={"images": count, "moved": moved, **figures, "p_values": p_values},
        expected={
            "grey_level": reference["grey_level"]["mean"],
            "class_shares": reference["class_shares"],
            "confidence": reference["confidence"]["mean"],
            "p_values_above": least,
            "smallest_effect": smallest_effect,
        },
    )


def _describe(values: NDArray[np.float64], highest: float) -> dict[str, Any]:
    positions = values * ((POINTS - 1) / highest)
    below = np.floor(positions).astype(np.int64)
    nearness = positions - below
    # The highest value is on the last point, and counts nothing for the one beyond it.
    distribution = np.bincount(below, weights=1 - nearness, minlength=POINTS + 1)
    distribution += np.bincount(below + 1, weights=nearness, minlength=POINTS + 1)
    return {
        "mean": float(values.mean()),
        "std": float(values.std()),
        "distribution": (distribution[:POINTS] / len(values)).tolist(),
    }


def _mean_p_value(
    mean: float, count: int, reference: Mapping[str, Any], highest: float, smallest_effect: float
) -> float:
    """Return how probable a mean at least this far out is, on either side."""
    from scipy import stats

    margin = smallest_effect * reference["std"]
    low, high = mean + margin, mean - margin
    if count > MOST_EXACT:
        # The floor is for a reference without any spread.
        means = stats.norm(reference["mean"], max(reference["std"] / math.sqrt(count), 1e-9))
        at_most, at_least = float(means.cdf(low)), float(means.sf(high))
    else:
        sums = _sum_distribution(np.array(reference["distribution"]), count)
        scale = count * (POINTS - 1) / highest
        # A hair of tolerance, so that rounding never leaves out the value itself.
        at_most = float(sums[: math.floor(low * scale + 1e-6) + 1].sum())
        at_least = float(sums[max(math.ceil(high * scale - 1e-6), 0) :].sum())
    return min(1.0, 2 * min(at_most, at_least))


def _sum_distribution(distribution: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Convolve a distribution over 0, 1, ... with itself: the sum of `count` draws from it."""
    length = count * (len(distribution) - 1) + 1
    transform_length = 1 << (length - 1).bit_length()
    spectrum = np.fft.rfft(distribution, transform_length)
    return np.fft.irfft(spectrum**count, transform_length)[:length].clip(0)


def _shares_p_value(
    shares: NDArray[np.float64],
    count: int,
    reference: Mapping[str, Any],
    smallest_effect: float,
    seed: int,
) -> float:
    """Return how probable shares at least this far out are, beyond the smallest effect."""
    images = reference["images"]
    # Half an image more of each class, so that none is impossible (Jeffreys' prior).
    probable = np.array(reference["class_shares"]) * images + 0.5
    probable /= probable.sum()
    # Cohen's w is a distance, so sampling from shares within the smallest effect adds at most that.
    threshold = _cohens_w(shares, probable) - smallest_effect
    simulated = _simulated_distances(count, tuple(probable.tolist()), seed)
    reached = np.count_nonzero(simulated >= threshold - 1e-9)
    return (1 + int(reached)) / (1 + SIMULATIONS)


@lru_cache(maxsize=16)  # of an inbox full of files, most have as many digits as the one before
def _simulated_distances(count: int, probable: tuple[float, ...], seed: int) -> NDArray[np.float64]:
    """How far batches that are drawn at random are from what they are drawn from."""
    drawn = np.random.default_rng(seed).multinomial(count, probable, size=SIMULATIONS) / count
    return _cohens_w(drawn, np.array(probable))


def _cohens_w(shares: NDArray[np.float64], probable: NDArray[np.float64]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.sqrt(((shares - probable) ** 2 / probable).sum(axis=-1))
    return distances


def _message(
    moved: list[str], figures: Mapping[str, Any], reference: Mapping[str, Any], count: int
) -> str:
    digits = f"{count} digit{'s' if count > 1 else ''}"
    if not moved:
        return f"{digits} like those of training: no more than chance apart."
    shares, usual = np.array(figures["class_shares"]), np.array(reference["class_shares"])
    furthest = int(np.abs(shares - usual).argmax())
    sentences = {
        "grey_level": f"the mean grey level moved from {reference['grey_level']['mean']:.1f} "
        f"to {figures['grey_level']:.1f}",
        "class_shares": f"the share of class {furthest} moved from {100 * usual[furthest]:.1f} % "
        f"to {100 * shares[furthest]:.1f} %",
        "confidence": f"the mean confidence moved from {reference['confidence']['mean']:.3f} "
        f"to {figures['confidence']:.3f}",
    }
    return (
        f"Of {digits}, {', '.join(sentences[figure] for figure in moved)}. Chance alone hardly "
        "explains that: look at the pictures before relying on the predictions."
    )
