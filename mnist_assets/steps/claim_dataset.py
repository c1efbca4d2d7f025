"""Measures of the dataset: its size, classes and pictures, and what the notebook's loops find.

How grey it is stands in `claim_grey.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from mnist_assets.steps.claim_evidence import Evidence, Graph, Measure, Measured, written

if TYPE_CHECKING:
    from numpy.typing import NDArray


def images(evidence: Evidence, parts: list[Literal["train", "test"]]) -> Measured:
    """The number of images in some of the parts."""
    return Measured(sum(evidence.graph.summary[f"{part}_images"] for part in parts))


def images_of_each_part(evidence: Evidence) -> Measured:
    """The numbers of training and test images."""
    summary = evidence.graph.summary
    return Measured([summary["train_images"], summary["test_images"]])


def parts_differ_in_number(evidence: Evidence) -> Measured:
    """Whether the parts have different numbers of images."""
    train, test = images_of_each_part(evidence).value
    return Measured(train != test, detail=f"{train:,} and {test:,}")


def same_image_size(evidence: Evidence) -> Measured:
    """Whether images of both parts have one size."""
    train, test = evidence.graph.train_images.shape[1:], evidence.graph.test_images.shape[1:]
    return Measured(train == test, detail=f"{train} and {test}")


def grey_difference(evidence: Evidence) -> Measured:
    """Cohen's d between the parts' mean grey levels, without its sign."""
    compared = evidence.graph.summary["test_like_train"]["grey_levels"]
    train, test = (compared[part]["image_mean"]["mean"] for part in ("train", "test"))
    apart = abs(compared["cohens_d"] or 0.0)
    return Measured(
        apart,
        f"{apart:.3f} standard deviations",
        f"means {train:.1f} and {test:.1f}; that chance alone parts them as far has p = "
        f"{compared['kolmogorov_smirnov_p_value']:.2g} (Kolmogorov-Smirnov)",
    )


def classes(evidence: Evidence) -> Measured:
    """The labels that occur."""
    return Measured(list(evidence.graph.summary["classes"]))


def class_count(evidence: Evidence) -> Measured:
    """The number of labels that occur in the training part."""
    return Measured(len(np.unique(evidence.graph.train_labels)))


def class_distribution(evidence: Evidence) -> Measured:
    """The number of training images of each class."""
    return Measured(np.bincount(evidence.graph.train_labels).tolist())


def image_shape(evidence: Evidence) -> Measured:
    """Height and width of an image."""
    return Measured(list(evidence.graph.train_images.shape[1:]))


def data_type(evidence: Evidence) -> Measured:
    """The type of a pixel."""
    return Measured(str(evidence.graph.train_images.dtype))


def class_distribution_total(evidence: Evidence) -> Measured:
    """The sum of the printed class distribution."""
    return Measured(sum(evidence.records.class_distribution.value))


def class_distribution_length(evidence: Evidence) -> Measured:
    """The number of figures in the printed class distribution."""
    return Measured(len(evidence.records.class_distribution.value))


def images_in_grid(evidence: Evidence) -> Measured:
    """The images that the notebook's loop over rows and columns draws."""
    rows, columns = evidence.records.grid.value
    places = [row * columns + column + 1 for row in range(rows) for column in range(columns)]
    return Measured([place - 1 for place in places])


def ink_correlation(evidence: Evidence) -> Measured:
    """The correlation, over pixels, of a digit's average with the share of images lit there."""
    found = []
    for digit, average in enumerate(evidence.graph.average_digits):
        used = np.count_nonzero(_members(evidence.graph, digit), axis=0)
        found.append(float(np.corrcoef(used, average.ravel())[0, 1]))
    return Measured(found, f"{min(found):.3f} to {max(found):.3f}")


def least_similar_hits(evidence: Evidence) -> Measured:
    """For how many digits the notebook's search finds the image furthest from the average."""
    table = evidence.graph.extreme_digits
    hits = int((table["notebook_least_similar_index"] == table["least_similar_index"]).sum())
    nearer = table["notebook_least_similar_distance"] < table["notebook_nearest_distance"]
    return Measured(
        hits,
        f"for {hits} of {len(table)}",
        "its loop keeps the image with the least ink, since a mean of differences lets lighter and "
        f"darker pixels cancel out; for {int(nearer.sum())} digits that image is nearer to the "
        "average than the one it shows as nearest",
    )


def nearest_hits(evidence: Evidence) -> Measured:
    """For how many digits the notebook's loop, run on all images, ends with the nearest one."""
    graph, limit = evidence.graph, _threshold(evidence)
    hits, moved, lowest = 0, 0, float("inf")
    for digit, nearest in enumerate(graph.extreme_digits["nearest_index"]):
        members = np.flatnonzero(graph.train_labels == digit)
        chosen, lowest_here = _run_nearest_loop(_members(graph, digit), limit)
        hits += int(members[chosen] == nearest)
        moved += int(chosen > 0)
        lowest = min(lowest, lowest_here)
    count = len(graph.extreme_digits)
    return Measured(
        hits,
        f"for {hits} of {count}",
        f"its loop moves on from the first image for {moved} of {count} digits: the difference of "
        f"uint8 images wraps around, its lowest mean is {written(lowest)}, and 10^-5 is "
        f"{written(limit)}",
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


def threshold(evidence: Evidence) -> Measured:
    """What Python makes of the base, `^` and the exponent."""
    base, exponent = evidence.records.nearer_than.value
    value = _threshold(evidence)
    return Measured(
        value,
        detail=f"in Python `^` is exclusive-or, and {base} ^ {exponent} is {value}; "
        f"{base} ** {exponent} is {float(base) ** exponent:g}",
    )


def _threshold(evidence: Evidence) -> int:
    base, exponent = evidence.records.nearer_than.value
    return base ^ exponent


def share_nearer_than_shown(evidence: Evidence, digits: list[int]) -> Measured:
    """The share of a digit's images nearer to its average than the notebook's least similar one."""
    graph = evidence.graph
    shares = []
    for digit in digits:
        shown = graph.extreme_digits["notebook_least_similar_distance"][digit]
        differences = _members(graph, digit) - graph.average_digits[digit].ravel()
        distances = np.sqrt(np.einsum("ij,ij->i", differences, differences))
        shares.append(float((distances < shown * (1 - 1e-6)).mean()))  # float32: not the one shown
    return Measured(
        shares,
        ", ".join(f"{digit}: {share:.0%}" for digit, share in zip(digits, shares, strict=True)),
        "half of a digit's images would be further if the one shown were an ordinary one",
    )


def least_varied_digit(evidence: Evidence) -> Measured:
    """The digit with the least root mean square distance of its images to their average."""
    graph = evidence.graph
    spreads = []
    for digit, average in enumerate(graph.average_digits):
        # The mean square of a sum of squares of uint8 needs no wider copy of the images: it is
        # the variance, pixel by pixel, that distances to the average add up to.
        members = _members(graph, digit)
        squares = sum(
            float(np.square(members[start : start + 500], dtype=np.int32).sum(dtype=np.int64))
            for start in range(0, len(members), 500)
        )
        spreads.append(
            float(np.sqrt(squares / len(members) - np.square(average, dtype=np.float64).sum()))
        )
    least = int(np.argmin(spreads))
    others = spreads[:least] + spreads[least + 1 :]
    return Measured(
        least,
        detail=f"its images are {spreads[least]:,.0f} from their average, in grey levels, those of "
        f"the others {min(others):,.0f} to {max(others):,.0f}: less variation, but not none",
    )


def _members(graph: Graph, digit: int) -> NDArray[np.uint8]:
    """The training images of a digit, uint8 (n, pixels)."""
    members: NDArray[np.uint8] = graph.train_images[graph.train_labels == digit]
    return members.reshape(len(members), -1)


MEASURES: Mapping[str, Measure] = {
    "images": Measure("counted", images),
    "images_of_each_part": Measure("counted", images_of_each_part),
    "parts_differ_in_number": Measure("counted", parts_differ_in_number),
    "same_image_size": Measure("height and width compared", same_image_size),
    "grey_difference": Measure("Cohen's d of the images' mean grey levels", grey_difference),
    "classes": Measure("the labels that occur", classes),
    "class_count": Measure("the training labels that occur, counted", class_count),
    "class_distribution": Measure("training labels counted", class_distribution),
    "image_shape": Measure("height and width of the training images", image_shape),
    "data_type": Measure("type of the training images", data_type),
    "class_distribution_total": Measure("its class distribution summed", class_distribution_total),
    "class_distribution_length": Measure("its class distribution", class_distribution_length),
    "images_in_grid": Measure("its loop run", images_in_grid),
    "ink_correlation": Measure("averages against the share of images lit", ink_correlation),
    "least_similar_hits": Measure("its loop's choice against the furthest", least_similar_hits),
    "nearest_hits": Measure("its loop run on all training images", nearest_hits),
    "threshold": Measure("its expression evaluated", threshold),
    "share_nearer_than_shown": Measure(
        "Euclidean distances to the digit's average", share_nearer_than_shown
    ),
    "least_varied_digit": Measure("Euclidean distances to the digit's average", least_varied_digit),
}
