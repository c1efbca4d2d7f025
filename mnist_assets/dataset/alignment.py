"""Are the test images drawn and labelled like the training images?

What was done to one part and not to the other shows in the average image of each class, without
anything known of the dataset. What was done to both alike cannot show here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    Averages = NDArray[np.float64]

CHUNK = 500  # images widened at a time, so that they stay in the processor's cache

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
        least_images: Images that a class needs in either part; the average of fewer shows their
            own shapes more than that of the class.

    Returns:
        `classes`: those that have enough images, and the only ones to be compared; `as_they_are`:
        the correlation of a class's two averages, the mean over the classes; `if_changed`: the same
        once the test averages are changed back, for each of `CHANGES` that the images' size
        allows; `misplaced`: the classes whose test average is most like another class's training
        average.
    """
    counts = [np.bincount(labels, minlength=256) for labels in (train_labels, test_labels)]
    classes = np.flatnonzero(np.minimum(*counts) >= least_images)
    if not len(classes):
        return {"classes": [], "as_they_are": 0.0, "if_changed": {}, "misplaced": []}
    train = class_averages(train_images, train_labels, classes)
    test = class_averages(test_images, test_labels, classes)
    changed = {name: change(test) for name, change in CHANGES.items()}
    alike = _correlations(train, test)
    return {
        "classes": classes.tolist(),
        "as_they_are": float(np.diag(alike).mean()),
        "if_changed": {
            name: float(np.diag(_correlations(train, averages)).mean())
            for name, averages in changed.items()
            if averages.shape == test.shape
        },
        "misplaced": classes[alike.argmax(axis=0) != np.arange(len(classes))].tolist(),
    }


def check_parts_alike(compared: Mapping[str, Any], margin: float, misplaced: int) -> Finding:
    """Check that both parts are drawn and labelled alike.

    Args:
        compared: What `compare_parts` returned.
        margin: By how much the correlation may be better once the test part is changed, so that
            symmetrical or noisy images do not fail.
        misplaced: Classes that may resemble another class more than themselves.
    """
    as_they_are, if_changed = compared["as_they_are"], compared["if_changed"]
    if not if_changed:
        message = "No class has enough images in both parts to be compared."
        return Finding(passed=True, message=message, seen={"classes": []})
    change = max(if_changed, key=if_changed.__getitem__)
    problems = []
    if not as_they_are >= if_changed[change] - margin:
        problems.append(
            f"the test part fits the training part better if taken to be {change}: the class "
            f"averages of the parts then correlate by {if_changed[change]:.3f}, as they are by "
            f"{as_they_are:.3f}"
        )
    if len(compared["misplaced"]) > misplaced:
        problems.append(
            f"the test averages of the classes {compared['misplaced']} look most like another "
            "class's training average: images and labels may not belong together"
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
            "misplaced_classes": compared["misplaced"],
        },
        expected={
            "correlation_at_least": if_changed[change] - margin,
            "misplaced_classes_at_most": misplaced,
        },
    )


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


def _correlations(train: Averages, test: Averages) -> NDArray[np.float64]:
    """Pearson's correlation of each training average (rows) with each test average (columns)."""
    flat = np.concatenate([train, test]).reshape(len(train) + len(test), -1)
    with np.errstate(invalid="ignore"):  # without contrast there is no correlation: NaN
        correlations: NDArray[np.float64] = np.corrcoef(flat)[: len(train), len(train) :]
    correlations[np.isnan(correlations)] = 0
    return correlations
