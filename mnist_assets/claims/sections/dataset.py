"""What the notebook says of the dataset: its size, classes, averages and extreme images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.claims import notebook
from mnist_assets.claims.claim import Comparison, Evidence, Section, here, own, read_as, run
from mnist_assets.claims.graph import Graph
from mnist_assets.claims.rules import AT_LEAST, BELOW, written

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

basics = Section("Basic dataset analysis")


@basics.text("we have in total 70000 examples in our dataset", 70_000)
def examples(graph: Graph) -> Evidence:
    yield here("counted", graph.summary["train_images"] + graph.summary["test_images"])


@basics.text("60000 training examples and 10000 testing examples", [60_000, 10_000])
def examples_of_each_part(graph: Graph) -> Evidence:
    yield here("counted", [graph.summary["train_images"], graph.summary["test_images"]])


@basics.text(
    "similar testing set and training set with respect to the size of the images",
    True,
    "the same size",
)
def same_image_size(graph: Graph) -> Evidence:
    train, test = graph.train_images.shape[1:], graph.test_images.shape[1:]
    yield here("height and width compared", train == test, detail=f"{train} and {test}")


@basics.text("their grayscale", 0.2, "similar")
@read_as("the images' mean grey levels differ by less than a small effect (Cohen's d of 0.2)")
def similar_greyscale(graph: Graph) -> Evidence:
    compared = graph.summary["test_like_train"]["grey_levels"]
    train, test = (compared[part]["image_mean"]["mean"] for part in ("train", "test"))
    apart = abs(compared["cohens_d"] or 0.0)
    text, p_value = f"{apart:.3f} standard deviations", compared["kolmogorov_smirnov_p_value"]
    detail = (
        f"means {train:.1f} and {test:.1f}; that chance alone parts them as far has p = "
        f"{p_value:.2g} (Kolmogorov-Smirnov)"
    )
    yield here("Cohen's d of the images' mean grey levels", apart, BELOW, text, detail)


@basics.text(
    "the number of testing examples and training examples are different", True, "different"
)
def parts_differ_in_number(graph: Graph) -> Evidence:
    train, test = graph.summary["train_images"], graph.summary["test_images"]
    yield here("counted", train != test, detail=f"{train:,} and {test:,}")


@basics.text(
    "we have 10 classes which are the numbers between 0 and 9", DIGITS, "10 classes, 0 to 9"
)
def ten_classes(graph: Graph) -> Evidence:
    yield here("the labels that occur", list(graph.summary["classes"]))


@basics.text("the shape of the images is 28 by 28 pixels", [28, 28])
def image_shape(graph: Graph) -> Evidence:
    shape = graph.train_images.shape[1:]
    yield here("height and width of the training images", list(shape))


@basics.output("Number of training examples: 60000", 60_000)
def printed_training_examples(graph: Graph) -> Evidence:
    yield own("its class distribution summed", sum(notebook.CLASS_DISTRIBUTION))
    yield here("counted", graph.summary["train_images"])


@basics.output("Number of testing examples: 10000", 10_000)
def printed_testing_examples(graph: Graph) -> Evidence:
    yield here("counted", graph.summary["test_images"])


@basics.output("Number of classes: 10", 10)
def printed_number_of_classes(graph: Graph) -> Evidence:
    yield own("its class distribution", len(notebook.CLASS_DISTRIBUTION))
    yield _classes_counted(graph)


basics.output("Which are: [0 1 2 3 4 5 6 7 8 9]", DIGITS)(ten_classes, "printed-classes")


@basics.output(
    "Class distribution: [5923 6742 5958 6131 5842 5421 5918 6265 5851 5949]",
    notebook.CLASS_DISTRIBUTION,
)
def printed_class_distribution(graph: Graph) -> Evidence:
    yield here("training labels counted", np.bincount(graph.train_labels).tolist())


basics.output("Image shape: (28, 28)", [28, 28])(image_shape, "printed-image-shape")


@basics.output("Image data type: uint8", "uint8")
def printed_data_type(graph: Graph) -> Evidence:
    yield here("type of the training images", str(graph.train_images.dtype))


first_images = Section("The first 9 numbers of MNIST dataset")


@first_images.text(
    "it can be interesting to have a look at our first 9 images",
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
    "images 0 to 8",
)
def first_nine(_: Graph) -> Evidence:
    rows, columns = notebook.GRID
    places = [row * columns + column + 1 for row in range(rows) for column in range(columns)]
    yield run("its loop run", [place - 1 for place in places])


@first_images.output("<Container object of 10 artists>", 10)
def ten_bars(graph: Graph) -> Evidence:
    yield _classes_counted(graph)


def _classes_counted(graph: Graph) -> Comparison:
    count = len(np.unique(graph.train_labels))
    return here("the training labels that occur, counted", count)


averages = Section("What does an average of each digit look like?")


@averages.text(
    "the lighter the pixel is, the more people has used this space to draw the given digit",
    0.9,
    "the lighter, the more used",
)
@read_as("for every digit, a correlation of at least 0.9 over the pixels")
def lighter_is_used_more(graph: Graph) -> Evidence:
    found = []
    for digit, average in enumerate(graph.average_digits):
        used = np.count_nonzero(_members(graph, digit), axis=0)
        found.append(float(np.corrcoef(used, average.ravel())[0, 1]))
    text = f"{min(found):.3f} to {max(found):.3f}"
    yield here("averages against the share of images lit", found, AT_LEAST, text)


least_similar = Section("Least similar")


@least_similar.text(
    "Here we can see which images are the least similar to our average images",
    10,
    "for all 10 digits",
)
def least_similar_images(graph: Graph) -> Evidence:
    table = graph.extreme_digits
    hits = int((table["notebook_least_similar_index"] == table["least_similar_index"]).sum())
    nearer = table["notebook_least_similar_distance"] < table["notebook_nearest_distance"]
    yield run(
        "its loop's choice against the furthest",
        hits,
        text=f"for {hits} of {len(table)}",
        detail="its loop keeps the image with the least ink, since a mean of differences lets "
        f"lighter and darker pixels cancel out; for {int(nearer.sum())} digits that image is "
        "nearer to the average than the one it shows as nearest",
    )


@least_similar.text("the six and the seven are far from the shape they should have", 0.9, "far")
@read_as(
    "less like the digit's average than 9 of 10 images of the digit, by the correlation of their "
    "pixels, which does not depend on how thick the strokes are"
)
def six_and_seven_far(graph: Graph) -> Evidence:
    shares = {digit: _share_more_alike(graph, digit) for digit in (6, 7)}
    yield here(
        "correlations with the digit's average",
        list(shares.values()),
        AT_LEAST,
        ", ".join(f"{digit}: {share:.0%}" for digit, share in shares.items()),
        "half of a digit's images would be more alike if the one shown were an ordinary one",
    )


def _share_more_alike(graph: Graph, digit: int) -> float:
    """The share of a digit's images more like its average than the notebook's least similar one."""
    members, average = _members(graph, digit), graph.average_digits[digit].ravel()
    shown = graph.train_images[graph.extreme_digits["notebook_least_similar_index"][digit]].ravel()
    centred = average - average.mean()

    def likeness(images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Correlations but for a factor that is the same for all images of the digit."""
        likeness: NDArray[np.float32] = images @ centred / np.maximum(images.std(axis=-1), 1e-9)
        return likeness

    least = likeness(shown.astype(np.float32))
    return float((likeness(members.astype(np.float32)) > least + 1e-6 * abs(least)).mean())


nearest = Section("Nearest to average")


@nearest.heading("Nearest to average", 10, "for all 10 digits")
def nearest_images(graph: Graph) -> Evidence:
    base, exponent = notebook.NEARER_THAN
    limit, hits, moved, lowest = base ^ exponent, 0, 0, float("inf")
    for digit, index in enumerate(graph.extreme_digits["nearest_index"]):
        chosen, lowest_here = _run_nearest_loop(_members(graph, digit), limit)
        hits += int(np.flatnonzero(graph.train_labels == digit)[chosen] == index)
        moved += int(chosen > 0)
        lowest = min(lowest, lowest_here)
    count = len(graph.extreme_digits)
    yield run(
        "its loop run on all training images",
        hits,
        text=f"for {hits} of {count}",
        detail=f"its loop moves on from the first image for {moved} of {count} digits: the "
        f"difference of uint8 images wraps around, its lowest mean is {written(lowest)}, and "
        f"10^-5 is {written(limit)}",
    )


def _run_nearest_loop(members: NDArray[np.uint8], limit: float) -> tuple[int, float]:
    """Run `if (best - img).mean() < limit: best = img` over uint8 images, flat (n, pixels).

    Returns:
        The position of the image it ends with, and the lowest mean it met.
    """
    best, start, lowest = 0, 0, float("inf")
    while start < len(members):
        means = (members[best] - members[start:]).mean(axis=1)
        taken = np.flatnonzero(means < limit)
        seen = taken[0] + 1 if len(taken) else len(means)
        lowest = min(lowest, float(means[:seen].min()))
        best, start = (start + int(taken[0]) if len(taken) else best), start + int(seen)
    return best, lowest


@nearest.code("if (best - img).mean() < 10^-5", 1e-5, "10⁻⁵")
def nearest_threshold(_: Graph) -> Evidence:
    base, exponent = notebook.NEARER_THAN
    value = base ^ exponent
    yield run(
        "its expression evaluated",
        value,
        detail=f"in Python `^` is exclusive-or, and {base} ^ {exponent} is {value}; "
        f"{base} ** {exponent} is {float(base) ** exponent:g}",
    )


def _members(graph: Graph, digit: int) -> NDArray[np.uint8]:
    """The training images of a digit, uint8 (n, pixels)."""
    members: NDArray[np.uint8] = graph.train_images[graph.train_labels == digit]
    return members.reshape(len(members), -1)
