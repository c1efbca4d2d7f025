"""Are the test images drawn and labelled like the training images?

What was done to one part and not to the other shows in the average image of each class, without
anything known of the dataset. What was done to both alike cannot show here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.dataset.agreement import (
    LEAST_SHARE,
    find_disagreement,
    measure_agreement,
)
from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    Averages = NDArray[np.float64]

CHUNK = 500  # images widened at a time, so that they stay in the processor's cache
MOST_BLOCKS = 40  # of images, each left out once, that a standard error is told from

# What may have happened to one part, and how its class averages, (classes, height, width), are put
# right again.
CHANGES: Mapping[str, Callable[[Averages], Averages]] = {
    "moved up by one pixel": lambda averages: np.roll(averages, 1, axis=1),
    "moved down by one pixel": lambda averages: np.roll(averages, -1, axis=1),
    "moved left by one pixel": lambda averages: np.roll(averages, 1, axis=2),
    "moved right by one pixel": lambda averages: np.roll(averages, -1, axis=2),
    "mirrored left to right": lambda averages: averages[:, :, ::-1],
    "upside down": lambda averages: averages[:, ::-1],
    "turned by 180 degrees": lambda averages: averages[:, ::-1, ::-1],
    "transposed": lambda averages: averages.transpose(0, 2, 1),
    "inverted": lambda averages: 255 - averages,
    "labelled one too low": lambda averages: np.roll(averages, 1, axis=0),
    "labelled one too high": lambda averages: np.roll(averages, -1, axis=0),
}


def compare_parts(
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.uint8],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.uint8],
    least_images: int,
) -> dict[str, Any]:
    """Compare the average image of each class between the parts.

    Two average images are compared by Pearson's correlation over their pixels, -1 to 1; one without
    any contrast correlates with nothing, 0.

    Args:
        train_images: uint8 (n, height, width).
        train_labels: uint8 (n,).
        test_images: uint8 (m, height, width).
        test_labels: uint8 (m,).
        least_images: Images that a class needs in either part, at least 2; the average of fewer
            shows their own shapes more than that of the class.

    Returns:
        `classes`: those that have enough images, and the only ones to be compared; `as_they_are`:
        the correlation of a class's two averages, the mean over the classes; `if_changed`: the same
        once the test averages are changed back, for each of `CHANGES` that the images' size
        allows; `gain_error`: the standard error of by how much the best change betters it, where
        one does, with its `degrees_of_freedom`; `agreement`: as from `measure_agreement`.
    """
    counts = [np.bincount(labels, minlength=256) for labels in (train_labels, test_labels)]
    fewest = np.minimum(*counts)
    classes = np.flatnonzero(fewest >= least_images)
    compared: dict[str, Any] = {"classes": classes.tolist(), "as_they_are": 0.0, "if_changed": {}}
    if not len(classes):
        return compared
    train = class_averages(train_images, train_labels, classes)
    test = class_averages(test_images, test_labels, classes)
    changes = {name: of for name, of in CHANGES.items() if of(test).shape == test.shape}
    compared["as_they_are"] = _likeness(train, test)
    compared["if_changed"] = {name: _likeness(train, of(test)) for name, of in changes.items()}
    parts = (train_images, train_labels), (test_images, test_labels)
    compared["agreement"] = measure_agreement(*parts[0], *parts[1], classes.tolist())
    best = max(changes, key=compared["if_changed"].__getitem__)
    if compared["if_changed"][best] > compared["as_they_are"]:
        blocks = min(MOST_BLOCKS, int(fewest[classes].min()))
        without = zip(*(_averages_without(*part, classes, blocks) for part in parts), strict=True)
        gains = [
            _likeness(one, changes[best](other)) - _likeness(one, other) for one, other in without
        ]
        compared["gain_error"] = float(np.std(gains) * np.sqrt(blocks - 1))
        compared["degrees_of_freedom"] = blocks - 1
    return compared


def check_parts_alike(
    compared: Mapping[str, Any], margin: float, false_alarm_rate: float
) -> Finding:
    """Check that both parts are drawn and labelled alike.

    The check fails if a change betters the correlation by more than the margin beyond doubt, which
    is judged by Student's t with the jackknife's standard error and Bonferroni's correction for the
    changes tried; or if the averages of one part read the other much worse than its own.

    Args:
        compared: What `compare_parts` returned.
        margin: By how much the correlation may be better once the test part is changed, so that
            images that are nearly symmetrical do not fail.
        false_alarm_rate: Of parts that are drawn and labelled alike, at most this share may fail.
    """
    as_they_are, if_changed = compared["as_they_are"], compared["if_changed"]
    if not if_changed:
        message = "No class has enough images in both parts to be compared."
        return Finding(passed=True, message=message, seen={"classes": []})
    change = max(if_changed, key=if_changed.__getitem__)
    gain, allowed, rate = if_changed[change] - as_they_are, margin, false_alarm_rate / 2
    if gain > 0:
        from scipy import stats

        reach = stats.t.isf(rate / len(if_changed), compared["degrees_of_freedom"])
        allowed += float(reach) * compared["gain_error"]
    problems = []
    if not gain <= allowed:
        problems.append(
            f"the test part fits the training part better if taken to be {change}: the class "
            f"averages of the parts then correlate by {if_changed[change]:.3f}, as they are by "
            f"{as_they_are:.3f}"
        )
    if part := find_disagreement(compared["agreement"], rate):
        counts = compared["agreement"][part]
        own, other = (100 * counts[whose] / counts["images"] for whose in ("own", "other"))
        problems.append(
            f"by the nearest class average, {own:.0f} % of the {part} images are read as labelled "
            f"if the averages are of the same part, {other:.0f} % if they are of the other: images "
            "and labels may not belong together"
        )
    told = (
        f"the averages of {len(compared['classes'])} classes in both parts correlate by "
        f"{as_they_are:.3f}, each with its own"
    )
    message = "; ".join(problems) or told
    return Finding(
        passed=not problems,
        message=f"{message[0].upper()}{message[1:]}.",
        seen={
            "classes": compared["classes"],
            "correlation": as_they_are,
            "correlation_if_changed": if_changed[change],
            "change": change,
            "agreement": compared["agreement"],
        },
        expected={
            "correlation_at_least": if_changed[change] - allowed,
            "share_of_own_agreement_at_least": LEAST_SHARE,
            "false_alarm_rate": false_alarm_rate,
        },
    )


def _averages_without(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], classes: NDArray[np.intp], blocks: int
) -> Averages:
    """The class averages without one block of images, for each block: (blocks, classes, h, w)."""
    of_blocks = np.empty((blocks, len(classes), *images.shape[1:]))
    for place, label in enumerate(classes):
        members = np.flatnonzero(labels == label)
        sums = np.array(
            [images[members[at::blocks]].sum(axis=0, dtype=np.int64) for at in range(blocks)]
        )
        left = len(members) - np.array([len(members[at::blocks]) for at in range(blocks)])
        of_blocks[:, place] = (sums.sum(axis=0) - sums) / left[:, None, None]
    return of_blocks


def class_averages(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], classes: Iterable[int]
) -> Averages:
    """Average the images of each class.

    Args:
        images: uint8 (n, height, width).
        labels: uint8 (n,).
        classes: Those to average, each of which has images.

    Returns:
        float64 (classes, height, width), grey levels 0 to 255: exact sums, divided once.
    """
    averages = []
    for label in classes:
        members = np.flatnonzero(labels == label)
        sums = np.zeros(images.shape[1:], np.int64)
        for start in range(0, len(members), CHUNK):
            sums += images[members[start : start + CHUNK]].sum(axis=0, dtype=np.int64)
        averages.append(sums / len(members))
    return np.array(averages)


def _likeness(train: Averages, test: Averages) -> float:
    """Pearson's correlation of each class's two averages, the mean over the classes."""
    one, other = (
        averages.reshape(len(averages), -1) - averages.mean(axis=(1, 2))[:, None]
        for averages in (train, test)
    )
    products = np.einsum("ij,ij->i", one, other)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(np.divide(products, lengths, out=np.zeros(len(one)), where=lengths > 0).mean())
