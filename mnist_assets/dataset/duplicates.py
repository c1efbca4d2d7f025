"""Images that are there more than once: what was learnt by heart must not be asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 1000  # images handled at a time, so that they stay in the processor's cache
SHOWN = 10  # indices that a finding names


def fingerprints(images: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Give each image a number that equal images share.

    Pixels are taken eight at a time as whole numbers, which are weighed by odd random numbers and
    added up modulo 2^64. That two different ones among 70,000 images get the same number has a
    probability of about 70,000^2 / 2^65, one in ten thousand million; nobody tries to bring it
    about.

    Args:
        images: (n, height, width), all fingerprints to be compared being of images of one size.

    Returns:
        uint64 (n,).
    """
    pixels = images.reshape(len(images), -1)
    words = -(-pixels.shape[1] // 8)
    weights = np.random.default_rng(0).integers(2**64, size=words, dtype=np.uint64) | np.uint64(1)
    numbers = np.empty(len(images), np.uint64)
    for start in range(0, len(images), CHUNK):
        chunk = slice(start, start + CHUNK)
        padded = np.zeros((len(pixels[chunk]), 8 * words), np.uint8)
        padded[:, : pixels.shape[1]] = pixels[chunk]
        eights = padded.view(np.uint64)
        # Without folding, pixels at the upper end of a word would reach the upper bits alone.
        numbers[chunk] = (eights ^ (eights >> np.uint64(32))) @ weights
    return numbers


def check_no_image_twice(prints: NDArray[np.uint64], name: str, allowed_share: float) -> Finding:
    """Check that no image of a part is the same, pixel for pixel, as an earlier one.

    Args:
        prints: The part's `fingerprints`.
        name: What to call the part.
        allowed_share: Share of the part's images that may repeat an earlier one, 0 to 1.
    """
    _, first = np.unique(prints, return_index=True)
    repeats = np.setdiff1d(np.arange(len(prints)), first)
    return _finding(
        repeats, len(prints), allowed_share, f"of {name} repeat an earlier one, pixel for pixel"
    )


def check_not_in_training_part(
    test_prints: NDArray[np.uint64],
    train_prints: NDArray[np.uint64],
    allowed_share: float,
    false_alarm_rate: float,
) -> Finding:
    """Check that no test image is also a training image, pixel for pixel.

    Small or simple images may be equal by nature. More than the allowed share therefore stops what
    follows only if so many equal images would hardly be on both sides, were all images divided
    between the parts at random.

    Args:
        test_prints: `fingerprints` of the test part.
        train_prints: Those of the training part.
        allowed_share: Share of the test images that may be, 0 to 1.
        false_alarm_rate: Of such random divisions, at most this share may be stopped, 0 to 1.
    """
    shared = np.flatnonzero(np.isin(test_prints, train_prints))
    what = "of the test part are training images, too"
    beyond_chance = shared_p_value(test_prints, train_prints) < false_alarm_rate
    return _finding(shared, len(test_prints), allowed_share, what, binding=beyond_chance)


def shared_p_value(test_prints: NDArray[np.uint64], train_prints: NDArray[np.uint64]) -> float:
    """Bound the probability that a random division leaves so many equal images on both sides.

    Of images that are all equal, it puts some into either part with a probability that follows from
    their number. How many such groups are divided is a sum of independent hits, to whose upper tail
    W. Hoeffding (1963), "Probability inequalities for sums of bounded random variables", Journal of
    the American Statistical Association 58, 13-30, gives a bound, theorem 1.
    """
    prints, sizes = np.unique(np.concatenate([test_prints, train_prints]), return_counts=True)
    in_test = np.isin(prints, test_prints)
    groups = sizes > 1
    if not groups.any():
        return 1.0
    share = len(test_prints) / (len(test_prints) + len(train_prints))
    probable = (1 - share ** sizes[groups] - (1 - share) ** sizes[groups]).mean()
    divided = (in_test & np.isin(prints, train_prints))[groups].mean()
    if divided <= probable:
        return 1.0
    distance = divided * np.log(divided / probable)
    if divided < 1:
        distance += (1 - divided) * np.log((1 - divided) / (1 - probable))
    return float(np.exp(-groups.sum() * distance))


def _finding(
    found: NDArray[np.int64],
    images: int,
    allowed_share: float,
    what: str,
    *,
    binding: bool = True,
) -> Finding:
    passed = len(found) <= allowed_share * images
    message = f"{len(found)} of the {images} images {what}."
    if not passed:
        message += (
            f" The first is number {found[0]}. Take them out, or raise the allowed share, "
            f"{allowed_share:g}, if so many are meant to be equal."
        )
    return Finding(
        passed=passed,
        message=message,
        seen={"images": len(found), "indices": found[:SHOWN].tolist()},
        expected={"images_at_most": int(allowed_share * images)},
        binding=binding,
    )
