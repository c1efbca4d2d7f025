"""All that is checked of a dataset before it is used, array by array."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mnist_assets.dataset import alignment, checks, duplicates, orientation
from mnist_assets.dataset.loading import DatasetFacts, Loaded, class_count
from mnist_assets.findings import Finding


def verify(
    loaded: Loaded, name: str, facts: DatasetFacts | None, bounds: Mapping[str, Any]
) -> dict[str, Finding]:
    """Verify one of the four arrays.

    Args:
        loaded: The dataset.
        name: Of the array.
        facts: What is published of the dataset, None if nothing is.
        bounds: The settings of section `dataset`, by name.

    Returns:
        What was found, by the name of the check; a finding that is not binding can only warn.
    """
    reference = facts.sha256 if facts else loaded.sha256
    checksum = checks.check_checksum(loaded.as_in_source(name), name, reference[name])
    found = {"checksum": checksum}
    if name.endswith("images"):
        return found | _verify_images(loaded, name, facts, bounds)
    return found | _verify_labels(loaded, name, facts, bounds)


def _verify_images(
    loaded: Loaded, name: str, facts: DatasetFacts | None, bounds: Mapping[str, Any]
) -> dict[str, Finding]:
    dataset, images = loaded.dataset, getattr(loaded.dataset, name)
    prints, share = duplicates.fingerprints(images), bounds["repeated_share"]
    binds = loaded.description.binds("dataset.repeated_share")
    once = duplicates.check_no_image_twice(prints, name, share)
    found = {
        "shape_and_range": checks.check_images(images, name, facts),
        "no_image_twice": replace(once, binding=binds),  # which may be natural elsewhere
    }
    if name == "train_images":
        found["upright"] = orientation.check_upright(
            orientation.compare_extents(images, dataset.train_labels),
            bounds["upright_significance"],
            transposed=loaded.transposed,
        )
    else:
        train_prints = duplicates.fingerprints(dataset.train_images)
        unseen = duplicates.check_not_in_training_part(
            prints, train_prints, share, bounds["false_alarm_rate"]
        )
        found["not_in_training_part"] = replace(unseen, binding=binds or unseen.binding)
    return found


def _verify_labels(
    loaded: Loaded, name: str, facts: DatasetFacts | None, bounds: Mapping[str, Any]
) -> dict[str, Finding]:
    dataset, rate = loaded.dataset, bounds["false_alarm_rate"]
    labels, images = getattr(dataset, name), getattr(dataset, name.replace("labels", "images"))
    classes = checks.check_labels(labels, name, class_count(dataset.train_labels), facts)
    lengths = checks.check_lengths(images, labels)
    if name == "test_labels":
        classes = checks.excuse_rare_classes(classes, dataset.train_labels, labels, rate)
        return {"classes": classes, "as_many_labels_as_images": lengths}
    compared = alignment.compare_parts(*dataset, bounds["alike_images"])
    alike = alignment.check_parts_alike(compared, bounds["alike_margin"], rate)
    return {
        "classes": classes,
        "as_many_labels_as_images": lengths,
        "alike_in_both_parts": alike,
    }
