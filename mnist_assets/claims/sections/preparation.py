"""What the notebook says of normalising, encoding, reshaping and splitting the data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.claims import networks, notebook, sweeps
from mnist_assets.claims.claim import Evidence, Section, here, own, read_as, run
from mnist_assets.claims.graph import Graph
from mnist_assets.claims.rules import BELOW, Within, ahead, by_chance, inside, written
from mnist_assets.networks.layers import BatchNormalization
from mnist_assets.preparation.one_hot import network_input, one_hot

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENCODED, SHAPE = "all training labels encoded", "shape of the tensor"

normalization = Section("Normalization of the data")


@normalization.figure(
    "By observing the first image we can see that the pixels' values range between 0 and 255",
    [0, 255],
)
def first_image_range(graph: Graph) -> Evidence:
    first = graph.train_images[0]
    yield here("the first training image", [int(first.min()), int(first.max())])


@normalization.text(
    "We want to have values between 0 and 1. That is why we have to normalize them", [0, 1]
)
def values_between_0_and_1(graph: Graph) -> Evidence:
    first = graph.train_images[:9]
    normalised = _as_the_notebook(graph, first)
    low, high = float(normalised.min()), float(normalised.max())
    within = float(((normalised >= 0) & (normalised <= 1)).mean())
    yield run(
        "its normalisation run on the first images",
        [low, high],
        inside,
        f"{written(round(low, 2))} to {written(round(high, 2))}",
        f"standardised pixels have mean 0 and standard deviation 1; {within:.0%} of those in the "
        f"first {len(first)} images are between 0 and 1",
    )


@normalization.text("This normalization aims to help the convergence rate", "better", "helps")
@read_as(
    "a higher validation accuracy after one epoch than with grey levels as they are, in networks "
    "that do not normalise each batch themselves"
)
def normalisation_helps_convergence(graph: Graph) -> Evidence:
    first = partial(sweeps.after_first_epoch, graph, "normalization")
    found = {
        name: sweeps.paired(first(name, "notebook_guard"), first(name, "raw_pixels"))
        for name in notebook.NETWORKS
    }
    themselves = [
        name
        for name, network in notebook.NETWORKS.items()
        if any(isinstance(layer, BatchNormalization) for layer in network.layers)
    ]
    others = {name: found.pop(name) for name in themselves}
    detail = f"where batches are normalised: {sweeps.in_points(others)}"
    how = "trained with its normalisation and without"
    yield here(how, [*found.values()], ahead, sweeps.in_points(found), detail)


@normalization.text("also zero-centers our input data", 0)
@read_as("the mean of all pixels is within 0.1 of 0, in both parts that it normalises")
def zero_centred(graph: Graph) -> Evidence:
    train, test = (
        float(_as_the_notebook(graph, part.mean(axis=0)).mean())
        for part in (graph.train_images, graph.test_images)
    )
    blown_up = graph.notebook_normalization
    yield run(
        "its normalisation run on both parts",
        [train, test],
        Within(0.1),
        f"training {written(round(train, 3))}, test {written(round(test, 3))}",
        f"{blown_up['constant_pixels']} pixels never vary in training; "
        f"{blown_up['test_pixels_lit']} of them are lit in a test image, and dividing by "
        f"{notebook.GUARD:g} makes up to {blown_up['largest_absolute']:.2g} of that",
    )


@normalization.code("# Prevent division-by-zero errors", 0, "none")
def no_division_by_zero(graph: Graph) -> Evidence:
    failures = 0
    for part in (graph.train_images, graph.test_images):
        for extreme in (part.min(axis=0), part.max(axis=0)):
            failures += int(np.count_nonzero(~np.isfinite(_as_the_notebook(graph, extreme))))
    blown_up = graph.notebook_normalization
    yield run(
        "its normalisation run on both parts, results that are no numbers counted",
        failures,
        detail="but of test pixels that never vary in training it makes up to "
        f"{blown_up['largest_absolute']:.2g}: finite, and useless",
    )


normalization.code("#we want the input to have values between 0 and 1", [0, 1])(
    values_between_0_and_1, "values-between-0-and-1-in-code"
)

encoding = Section("One-hot encoding")


@encoding.text("returns a binary matrix of its input", [0, 1], "0 and 1 alone")
def binary_matrix(graph: Graph) -> Evidence:
    yield here(ENCODED, np.unique(_encoded(graph)).astype(int).tolist())


@encoding.text("which have integers between 0 and 9", [0, 9])
def integers_0_to_9(graph: Graph) -> Evidence:
    parts = (graph.train_labels, graph.test_labels)
    lowest, highest = min(int(p.min()) for p in parts), max(int(p.max()) for p in parts)
    yield here("labels of both parts", [lowest, highest])


@encoding.code("#1-dimensional class arrays are converted to 10-dimensional class matrices", 10)
@read_as("a row of ten for each label; a matrix has two dimensions")
def ten_dimensional(graph: Graph) -> Evidence:
    yield here(ENCODED, _encoded(graph).shape[1])


@encoding.output("(60000,) (60000, 10)", [[60000], [60000, 10]])
def printed_label_shapes(graph: Graph) -> Evidence:
    yield here(ENCODED, [list(graph.train_labels.shape), list(_encoded(graph).shape)])


reshaping = Section("Change data shape")


@reshaping.text("the required shape of tensor, which is (28, 28, 1)", True, "required")
@read_as("without the third axis the first layer would get other inputs")
def required_shape(graph: Graph) -> Evidence:
    first = graph.train_images[:1]
    with_axis, without = network_input(first).reshape(1, -1), first.reshape(1, -1)
    yield run(
        "an image flattened with the axis and without",
        not np.array_equal(with_axis, without),
        detail=f"the first layer flattens either shape to the same {without.size} inputs",
    )


@reshaping.text("MNIST images have a depth of 1", 1)
def depth_of_one(graph: Graph) -> Evidence:
    images = graph.train_images
    yield here("values a pixel", images[0].size // (images.shape[1] * images.shape[2]))


@reshaping.text("we convert here our data type to float32 to reduce memory requirements", 1, "less")
@read_as("bytes a pixel after, in those before")
def float32_reduces_memory(graph: Graph) -> Evidence:
    first = graph.train_images[:1]
    before = _as_the_notebook(graph, first).itemsize
    after = np.dtype(np.float32).itemsize
    yield run(
        "its normalisation run, bytes a pixel counted",
        after / before,
        BELOW,
        f"{after} bytes instead of {before}",
        f"but the images came with {first.itemsize} byte a pixel",
    )


@reshaping.code("X_train[:,:,:,: np.newaxis]", [60000, 28, 28, 1])
def new_shape_by_code(_: Graph) -> Evidence:
    images = np.broadcast_to(np.uint8(0), (60000, 28, 28))
    index = tuple(slice(None) if ":" in axis else None for axis in notebook.NEW_SHAPE)
    try:
        yield run("its index applied", list(images[index].shape))
    except IndexError as error:
        detail = "as it is printed, the index slices an axis that is not there"
        alone = "`np.newaxis` alone would add it"
        yield run("its index applied", f"IndexError: {error}", detail=f"{detail}; {alone}")


@reshaping.output("Old shape: (60000, 28, 28)", [60000, 28, 28])
def printed_old_shape(graph: Graph) -> Evidence:
    yield here(SHAPE, list(graph.train_images.shape))


@reshaping.output("New shape: (60000, 28, 28, 1)", [60000, 28, 28, 1])
def printed_new_shape(graph: Graph) -> Evidence:
    yield here(SHAPE, _tensor_shape(graph.train_images, len(graph.train_images)))


splitting = Section("Split training set into training and validation")


@splitting.text(
    "The test set will be used for testing purpose only, for our final evaluation",
    10_000,
    "10,000 test images",
)
@read_as("its evaluation counts the images of the test part")
def test_for_final_evaluation(_: Graph) -> Evidence:  # noqa: PT019 - a claim, no test
    yield networks.images_in_matrix()


@splitting.code("train_val_split = 0.9", 0.9)
def share_of_training(graph: Graph) -> Evidence:
    train, validation = len(graph.split["train"]), len(graph.split["validation"])
    yield here("images counted", train / (train + validation))


@splitting.code("# Select random indexes for train/val set", "alike", "random")
@read_as("the shares of the digits in validation are those of the training part")
def random_validation_set(graph: Graph) -> Evidence:
    supports = np.array(notebook.REPORT["support"])
    p_value, text, detail = _compared(np.array(notebook.CLASS_DISTRIBUTION) - supports, supports)
    how = "chi-squared test of the supports it prints"
    yield own(how, p_value, by_chance, text, detail)
    train, validation = (
        np.bincount(graph.train_labels[graph.split[part]], minlength=len(graph.average_digits))
        for part in ("train", "validation")
    )
    p_value, text, detail = _compared(train, validation)
    yield here("chi-squared test of the class counts", p_value, by_chance, text, detail)


@splitting.output("Training set shape: (54000, 28, 28, 1)", [54000, 28, 28, 1])
def printed_training_shape(graph: Graph) -> Evidence:
    yield here(SHAPE, _tensor_shape(graph.train_images, len(graph.split["train"])))


@splitting.output("Validation set shape: (6000, 28, 28, 1)", [6000, 28, 28, 1])
def printed_validation_shape(graph: Graph) -> Evidence:
    yield here(SHAPE, _tensor_shape(graph.train_images, len(graph.split["validation"])))


@splitting.output("Testing set shape: (10000, 28, 28, 1)", [10000, 28, 28, 1])
def printed_testing_shape(graph: Graph) -> Evidence:
    yield here(SHAPE, _tensor_shape(graph.test_images, len(graph.test_images)))


def _as_the_notebook(graph: Graph, images: NDArray[Any]) -> NDArray[np.float64]:
    """Normalise by mean and standard deviation of the whole training part, plus the guard."""
    mean, std = graph.notebook_moments
    normalised: NDArray[np.float64] = (images - mean) / (std + notebook.GUARD)
    return normalised


def _encoded(graph: Graph) -> NDArray[np.float32]:
    return one_hot(graph.train_labels, len(graph.average_digits))


def _tensor_shape(images: NDArray[np.uint8], count: int) -> list[int]:
    """The shape of so many images as a network takes them."""
    return [count, *network_input(images[:1]).shape[1:]]


def _compared(train: NDArray[np.int64], validation: NDArray[np.int64]) -> tuple[float, str, str]:
    """A chi-squared test of class counts: its p-value, how to write it, and what else is known."""
    from scipy.stats import chi2_contingency

    counts = np.stack([train, validation])
    tested = chi2_contingency(counts[:, counts.any(axis=0)], correction=False)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return (
        float(tested.pvalue),
        f"chi-squared {tested.statistic:.1f}, p = {tested.pvalue:.2f}",
        f"shares differ by up to {np.abs(shares[0] - shares[1]).max():.4f}",
    )
