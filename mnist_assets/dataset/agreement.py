"""Do images and labels of the two parts belong together, as a model of either part sees it?

The model is the nearest average: an image is of the class whose average image it correlates with
best. It needs nothing known of the dataset, and reads the other part as well as its own, but for
chance, if both are drawn and labelled alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MOST = 250  # images of a class that an average is made of
LEAST_SHARE = 0.5  # of what the part's own averages tell, which the other part's have to


def measure_agreement(
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.uint8],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.uint8],
    classes: Sequence[int],
) -> dict[str, dict[str, int | float]]:
    """Count how many images of each part the averages of both parts read as they are labelled.

    Of each class as many images are taken from either part, and divided into two halves. A half is
    read by the averages of the part's other half, and by those of a half of the other part, so that
    all averages are made of equally many images.

    Args:
        train_images: uint8 (n, height, width).
        train_labels: uint8 (n,).
        test_images: uint8 (m, height, width).
        test_labels: uint8 (m,).
        classes: Those to compare, with at least two images in either part.

    Returns:
        For `train` and `test`: `images`, how many were read; `own` and `other`, how many of them
        right by the averages of the same and of the other part; and `guessed`, the share that
        labels drawn at random would agree.
    """
    halves = {
        "train": _halves(train_labels, test_labels, classes),
        "test": _halves(test_labels, train_labels, classes),
    }
    images = {"train": train_images, "test": test_images}
    averages = {
        part: [_directions(images[part], members) for members in of] for part, of in halves.items()
    }
    others = {"train": "test", "test": "train"}
    measured = {}
    for part, other in others.items():
        sizes = np.array([2 * len(members) for members in halves[part][0]])
        right = {"own": 0, "other": 0}
        for half in (0, 1):
            given = {"own": averages[part][1 - half], "other": averages[other][half]}
            for label, members in enumerate(halves[part][half]):
                pixels = images[part][members].reshape(len(members), -1).astype(np.float32)
                for whose, directions in given.items():
                    right[whose] += int(((pixels @ directions).argmax(axis=1) == label).sum())
        guessed = float((sizes / sizes.sum()) @ (sizes / sizes.sum()))
        measured[part] = {"images": int(sizes.sum()), **right, "guessed": guessed}
    return measured


def find_disagreement(
    measured: Mapping[str, Mapping[str, Any]], false_alarm_rate: float
) -> str | None:
    """Name a part that the other one's averages read much worse than its own, if there is any.

    Beyond what guessing gives, they have to read at least half as many images right. Both numbers
    are bounded by Clopper and Pearson's exact limits, so that of datasets with parts drawn and
    labelled alike at most the share `false_alarm_rate` has one named.
    """
    each = false_alarm_rate / (2 * len(measured))
    for part, counts in measured.items():
        images, own, other = counts["images"], counts["own"], counts["other"]
        guessed = counts["guessed"]
        if other / images - guessed >= LEAST_SHARE * (own / images - guessed):
            continue  # the usual case, which needs no limits, nor SciPy for them
        from scipy import stats

        least = stats.beta.ppf(each, own, images - own + 1) if own else 0.0
        most = stats.beta.ppf(1 - each, other + 1, images - other) if other < images else 1.0
        if least > guessed and most - guessed < LEAST_SHARE * (least - guessed):
            return part
    return None


def _halves(
    labels: NDArray[np.uint8], other_labels: NDArray[np.uint8], classes: Sequence[int]
) -> tuple[list[NDArray[np.intp]], list[NDArray[np.intp]]]:
    """Two halves of some images of each class, as many as both parts have."""
    first, second = [], []
    for label in classes:
        members = np.flatnonzero(labels == label)
        count = min(len(members), int((other_labels == label).sum()), 2 * MOST) // 2 * 2
        taken = members[np.linspace(0, len(members) - 1, count).astype(np.intp)]
        first.append(taken[::2])
        second.append(taken[1::2])
    return first, second


def _directions(
    images: NDArray[np.uint8], members: Sequence[NDArray[np.intp]]
) -> NDArray[np.float32]:
    """The average of each class, centred and of length 1: float32 (pixels, classes)."""
    averages = np.array([images[of].mean(axis=0, dtype=np.float64).ravel() for of in members])
    averages -= averages.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(averages, axis=1, keepdims=True)
    averages /= np.where(lengths, lengths, 1)  # without contrast it correlates with nothing
    return averages.T.astype(np.float32)
