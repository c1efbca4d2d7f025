"""Measures of normalising, encoding, reshaping and splitting, here and as the notebook does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from mnist_assets.exploration.similarity import compare_classes
from mnist_assets.preparation.one_hot import network_input, one_hot
from mnist_assets.steps.claim_evidence import Evidence, Measure, Measured, written

if TYPE_CHECKING:
    from numpy.typing import NDArray

TensorPart: TypeAlias = Literal["train", "validation", "both", "test"]


def first_image_range(evidence: Evidence) -> Measured:
    """The lowest and the highest grey level of the first training image."""
    first = evidence.graph.train_images[0]
    return Measured([int(first.min()), int(first.max())])


def standardised_range(evidence: Evidence, count: int) -> Measured:
    """The extremes of the first images, normalised as the notebook does."""
    normalised = _as_the_notebook(evidence, evidence.graph.train_images[:count])
    low, high = float(normalised.min()), float(normalised.max())
    inside = float(((normalised >= 0) & (normalised <= 1)).mean())
    return Measured(
        [low, high],
        f"{written(round(low, 2))} to {written(round(high, 2))}",
        f"standardised pixels have mean 0 and standard deviation 1; {inside:.0%} of those in the "
        f"first {count} images are between 0 and 1",
    )


def standardised_means(evidence: Evidence) -> Measured:
    """The mean of all pixels of each part, normalised as the notebook does."""
    graph = evidence.graph
    means = [
        float(_as_the_notebook(evidence, part.mean(axis=0)).mean())
        for part in (graph.train_images, graph.test_images)
    ]
    blown_up = graph.notebook_normalization
    return Measured(
        means,
        f"training {written(round(means[0], 3))}, test {written(round(means[1], 3))}",
        f"{blown_up['constant_pixels']} pixels never vary in training; "
        f"{blown_up['test_pixels_lit']} of them are lit in a test image, and dividing by "
        f"{evidence.records.guard.value:g} makes up to {blown_up['largest_absolute']:.2g} of that",
    )


def divisions_by_zero(evidence: Evidence) -> Measured:
    """How many normalised pixels are no finite numbers, over the extremes of both parts."""
    graph, failures = evidence.graph, 0
    for part in (graph.train_images, graph.test_images):
        for extreme in (part.min(axis=0), part.max(axis=0)):
            normalised = _as_the_notebook(evidence, extreme)
            failures += int(np.count_nonzero(~np.isfinite(normalised)))
    blown_up = graph.notebook_normalization
    return Measured(
        failures,
        detail="but of test pixels that never vary in training it makes up to "
        f"{blown_up['largest_absolute']:.2g}: finite, and useless",
    )


def _as_the_notebook(evidence: Evidence, images: NDArray[Any]) -> NDArray[np.float64]:
    """Normalise by mean and standard deviation of the whole training part, plus the guard."""
    mean, std = evidence.graph.notebook_moments
    normalised: NDArray[np.float64] = (images - mean) / (std + evidence.records.guard.value)
    return normalised


def leak(evidence: Evidence) -> Measured:
    """How far fitting on the whole training part, as the notebook does, moves a pixel's mean."""
    graph = evidence.graph
    moved = np.abs(graph.notebook_moments[0] - graph.normalization["mean"])
    largest = float(moved.max())
    return Measured(
        largest,
        f"up to {largest:.2f} grey levels",
        f"it fits mean and standard deviation on all {len(graph.train_images):,} images before it "
        f"sets {len(graph.split['validation']):,} aside: a small leak, but one",
    )


def one_hot_values(evidence: Evidence) -> Measured:
    """The values in the encoded training labels."""
    return Measured(np.unique(_encoded(evidence)).astype(int).tolist())


def one_hot_columns(evidence: Evidence) -> Measured:
    """The columns of the encoded training labels."""
    return Measured(_encoded(evidence).shape[1])


def label_range(evidence: Evidence) -> Measured:
    """The lowest and the highest label of both parts."""
    parts = (evidence.graph.train_labels, evidence.graph.test_labels)
    return Measured([min(int(p.min()) for p in parts), max(int(p.max()) for p in parts)])


def label_shapes(evidence: Evidence) -> Measured:
    """The shapes of the training labels, before and after encoding."""
    return Measured([list(evidence.graph.train_labels.shape), list(_encoded(evidence).shape)])


def _encoded(evidence: Evidence) -> NDArray[np.float32]:
    labels = evidence.graph.train_labels
    return one_hot(labels, len(evidence.graph.average_digits))


def image_depth(evidence: Evidence) -> Measured:
    """The values that a pixel of a training image has."""
    images = evidence.graph.train_images
    return Measured(images[0].size // (images.shape[1] * images.shape[2]))


def channel_matters(evidence: Evidence) -> Measured:
    """Whether a flattened image has other values with the axis that the notebook adds."""
    first = evidence.graph.train_images[:1]
    with_axis, without = network_input(first).reshape(1, -1), first.reshape(1, -1)
    return Measured(
        not np.array_equal(with_axis, without),
        detail=f"the first layer flattens either shape to the same {without.size} inputs",
    )


def memory_ratio(evidence: Evidence) -> Measured:
    """Bytes of a float32 in those of a pixel as the notebook's normalisation leaves it."""
    first = evidence.graph.train_images[:1]
    before = _as_the_notebook(evidence, first).itemsize
    after = np.dtype(np.float32).itemsize
    return Measured(
        after / before,
        f"{after} bytes instead of {before}",
        f"but the images came with {first.itemsize} byte a pixel",
    )


def reshaped(evidence: Evidence, shape: list[int]) -> Measured:
    """The shape that the notebook's index makes of an array, or the error it raises."""
    index = tuple(_axis(axis) for axis in evidence.records.new_shape.value)
    try:
        return Measured(list(np.broadcast_to(np.uint8(0), shape)[index].shape))
    except IndexError as error:
        return Measured(
            f"IndexError: {error}",
            detail="as it is printed, the index slices an axis that is not there; "
            "`np.newaxis` alone would add it",
        )


def _axis(written_index: str) -> slice | None:
    """An axis of an index: `np.newaxis`, or a slice with no bound but that."""
    return slice(None) if ":" in written_index else None


def tensor_shape(evidence: Evidence, part: TensorPart, channel: bool) -> Measured:
    """The shape of a part's images, `both` being the training part before the split."""
    graph = evidence.graph
    images = graph.test_images if part == "test" else graph.train_images
    count = len(images) if part in {"test", "both"} else len(graph.split[part])
    shape = network_input(images[:1]).shape if channel else images.shape
    return Measured([count, *shape[1:]])


def training_share(evidence: Evidence) -> Measured:
    """The share of the training part that trains."""
    split = evidence.graph.split
    return Measured(len(split["train"]) / (len(split["train"]) + len(split["validation"])))


def split_sizes(evidence: Evidence) -> Measured:
    """The numbers of images that train and that validate."""
    return Measured([len(evidence.graph.split[part]) for part in ("train", "validation")])


def validation_like_training(evidence: Evidence) -> Measured:
    """A chi-squared test of the split's class counts, validation against training."""
    graph = evidence.graph
    classes = len(graph.average_digits)
    train, validation = (
        np.bincount(graph.train_labels[graph.split[part]], minlength=classes)
        for part in ("train", "validation")
    )
    return _alike(train, validation)


def printed_supports_like_classes(evidence: Evidence) -> Measured:
    """A chi-squared test of the supports the notebook prints against the rest of its classes."""
    supports = np.array(evidence.records.report.support)
    return _alike(np.array(evidence.records.class_distribution.value) - supports, supports)


def _alike(train: NDArray[np.int64], validation: NDArray[np.int64]) -> Measured:
    compared = compare_classes(train, validation)
    return Measured(
        compared["p_value"],
        f"chi-squared {compared['chi_squared']:.1f}, p = {compared['p_value']:.2f}",
        f"shares differ by up to {compared['largest_share_difference']:.4f}",
    )


MEASURES: Mapping[str, Measure] = {
    "first_image_range": Measure("the first training image", first_image_range),
    "standardised_range": Measure("its normalisation run on the first images", standardised_range),
    "standardised_means": Measure("its normalisation run on both parts", standardised_means),
    "divisions_by_zero": Measure(
        "its normalisation run on both parts, results that are no numbers counted",
        divisions_by_zero,
    ),
    "leak": Measure("pixel means of all training images against those that train", leak),
    "one_hot_values": Measure("all training labels encoded", one_hot_values),
    "one_hot_columns": Measure("all training labels encoded", one_hot_columns),
    "label_range": Measure("labels of both parts", label_range),
    "label_shapes": Measure("all training labels encoded", label_shapes),
    "image_depth": Measure("values a pixel", image_depth),
    "channel_matters": Measure("an image flattened with the axis and without", channel_matters),
    "memory_ratio": Measure("its normalisation run, bytes a pixel counted", memory_ratio),
    "reshaped": Measure("its index applied", reshaped),
    "tensor_shape": Measure("shape of the tensor", tensor_shape),
    "training_share": Measure("images counted", training_share),
    "split_sizes": Measure("images counted", split_sizes),
    "validation_like_training": Measure(
        "chi-squared test of the class counts", validation_like_training, "probability"
    ),
    "printed_supports_like_classes": Measure(
        "chi-squared test of the supports it prints", printed_supports_like_classes, "probability"
    ),
}
