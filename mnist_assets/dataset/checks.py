"""Checks on each of the dataset's four arrays.

How the two parts fit each other is checked in `duplicates.py` and `alignment.py`.
"""

from dataclasses import replace
from math import exp, lgamma
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.classes import few
from mnist_assets.dataset.idx import IMAGES, LABELS, idx_sha256
from mnist_assets.dataset.loading import DatasetFacts
from mnist_assets.findings import Finding


def check_checksum(array: NDArray[Any], name: str, expected_sha256: str) -> Finding:
    """Check that an array, as its source has it and as an IDX file, has the SHA-256 it should."""
    seen = idx_sha256(array)
    problems = [] if seen == expected_sha256 else [f"SHA-256 {seen}, not {expected_sha256}"]
    told = f"written back as an IDX file it has the expected SHA-256 {seen}"
    return _finding(name, told, problems, {"sha256": seen}, {"sha256": expected_sha256})


def check_images(images: NDArray[Any], name: str, facts: DatasetFacts | None) -> Finding:
    """Check dtype, shape and grey levels of one part's images.

    They must be uint8 (n, height, width), not empty, of more than one grey level; with facts, also
    of the published number, size, and lowest and highest grey level.
    """
    low, high = (images.min().item(), images.max().item()) if images.size else (None, None)
    seen = {
        "dtype": str(images.dtype),
        "dimensions": images.ndim,
        "shape": list(images.shape),
        "lowest": low,
        "highest": high,
    }
    expected: dict[str, Any] = {"dtype": "uint8", "dimensions": IMAGES}
    if facts is not None:
        expected["shape"] = [sum(facts.counts_for(name)), *facts.image_shape]
        expected["lowest"], expected["highest"] = facts.grey_range
    problems = [
        f"{field} {seen[field]}, not {value}"
        for field, value in expected.items()
        if seen[field] != value
    ]
    if not images.size:
        problems.append("no pixels")
    elif low == high:
        problems.append(f"every pixel has the grey level {low}")
    told = f"shape {images.shape}, {images.dtype}, grey levels {low} to {high}"
    return _finding(name, told, problems, seen, expected)


def check_labels(
    labels: NDArray[Any], name: str, classes: int, facts: DatasetFacts | None
) -> Finding:
    """Check dtype and classes of one part's labels.

    They must be uint8 (n,), each from 0 to classes - 1, with every class present; with facts, also
    as many in each class as published.
    """
    seen: dict[str, Any] = {"dtype": str(labels.dtype), "dimensions": labels.ndim}
    expected: dict[str, Any] = {"dtype": "uint8", "dimensions": LABELS}
    if seen != expected:
        problem = f"{labels.ndim}-dimensional {labels.dtype}, not 1-dimensional uint8"
        return _finding(name, "", [problem], seen, expected)
    counts: list[int] = np.bincount(labels, minlength=classes).tolist()
    absent = [label for label in range(classes) if not counts[label]]
    outside = sum(counts[classes:])
    seen |= {"classes": classes - len(absent), "out_of_range": outside, "class_counts": counts}
    expected |= {"classes": classes, "out_of_range": 0}
    problems = []
    if absent:
        problems.append(f"no label {few(absent)} among the {classes} classes")
    if outside:
        problems.append(f"{outside} out of range 0 to {classes - 1}, up to {labels.max()}")
    if facts is not None:
        expected["class_counts"] = list(facts.counts_for(name))
        if counts != expected["class_counts"]:
            problems.append(f"class counts {counts}, not {expected['class_counts']}")
    told = f"{len(labels)} labels, {min(counts)} to {max(counts)} in each of {classes} classes"
    return _finding(name, told, problems, seen, expected)


def excuse_rare_classes(
    finding: Finding,
    train_labels: NDArray[Any],
    test_labels: NDArray[Any],
    false_alarm_rate: float,
) -> Finding:
    """Let a finding on the test labels only warn, if all that is wrong is a class so rare.

    Were all images divided at random, the test part would have none of a class with a probability
    that follows from its images in the training part (hypergeometric). If for some class that is
    less than the false-alarm rate, shared among all classes, chance has not left it out.
    """
    absent = [label for label in np.unique(train_labels) if label not in test_labels]
    if not absent or "class_counts" in finding.expected or finding.seen.get("out_of_range"):
        return finding
    train, test = len(train_labels), len(test_labels)
    classes = len(np.unique(train_labels))

    def chance(images: int) -> float:
        """That all of so many images are among those of the training part."""
        choices = [lgamma(train + 1), -lgamma(train - images + 1)]
        choices += [-lgamma(train + test + 1), lgamma(train + test - images + 1)]
        return exp(sum(choices))

    least = min(chance(int((train_labels == label).sum())) for label in absent)
    return replace(finding, binding=classes * least < false_alarm_rate)


def check_lengths(images: NDArray[Any], labels: NDArray[Any]) -> Finding:
    """Check that one part has as many labels as images."""
    return Finding(
        passed=len(images) == len(labels),
        message=f"{len(images)} images, {len(labels)} labels.",
        seen={"labels": len(labels)},
        expected={"labels": len(images)},
    )


def _finding(
    name: str, told: str, problems: list[str], seen: dict[str, Any], expected: dict[str, Any]
) -> Finding:
    message = f"{name}: {'; '.join(problems) or told}."
    return Finding(passed=not problems, message=message, seen=seen, expected=expected)
