"""The dataset: four arrays loaded from IDX files, and what is published of MNIST.

Any folder with the four files makes a dataset, whatever its image size and number of classes. What
is true of MNIST alone stands in `MNIST` and is checked only where it is passed. The file format is
in `idx.py`, fetching the files in `download.py`, what is checked in `checks.py`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.idx import IMAGES, LABELS, find_idx, load_idx, read_idx_bytes
from mnist_assets.errors import InputError

FILE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "train_images": "train-images-idx3-ubyte",
        "train_labels": "train-labels-idx1-ubyte",
        "test_images": "t10k-images-idx3-ubyte",
        "test_labels": "t10k-labels-idx1-ubyte",
    }
)


class Dataset(NamedTuple):
    """Four read-only arrays: uint8 images (n, height, width), uint8 labels (n,) from 0 to k - 1."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


@dataclass(frozen=True)
class DatasetFacts:
    """What is published of one particular dataset.

    Attributes:
        sha256: By array name, the SHA-256 of the uncompressed IDX file, as hexadecimal digits.
        image_shape: Height and width of every image, in pixels.
        grey_range: Lowest and highest grey level in each part.
        train_counts: Number of training images of class 0, 1, ...
        test_counts: Number of test images of class 0, 1, ...
    """

    sha256: Mapping[str, str]
    image_shape: tuple[int, int]
    grey_range: tuple[int, int]
    train_counts: tuple[int, ...]
    test_counts: tuple[int, ...]

    def counts_for(self, name: str) -> tuple[int, ...]:
        """Give the class counts of the part that the array `name` belongs to."""
        return self.train_counts if name.startswith("train") else self.test_counts


# The checksums are those of the gunzipped files of http://yann.lecun.com/exdb/mnist/; the training
# counts are printed in the notebook, the test counts are of the file with that checksum.
MNIST = DatasetFacts(
    sha256=MappingProxyType(
        {
            "train_images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train_labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "test_images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "test_labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        }
    ),
    image_shape=(28, 28),
    grey_range=(0, 255),
    train_counts=(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    test_counts=(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
)


def load_dataset(folder: Path, facts: DatasetFacts | None) -> Dataset:
    """Load the four files and see that they fit together.

    Args:
        folder: Where the files are; `find_idx` says which names they may have.
        facts: The dataset that it has to be, None for any. Each checksum is verified before the
            file is parsed.

    Raises:
        InputError: The folder or a file is missing, unreadable, no sound IDX file or has another
            checksum; a part has not as many labels as images; the parts differ in image size; the
            training labels skip a class or know only one; a test label is out of range.
    """
    files = {name: find_idx(folder, file_name) for name, file_name in FILE_NAMES.items()}
    arrays = {
        name: load_idx(
            path,
            dimensions=IMAGES if name.endswith("images") else LABELS,
            sha256=None if facts is None else facts.sha256[name],
        )
        for name, path in files.items()
    }
    for part in ("train", "test"):
        labels = f"{part}_labels"
        _require_equal_lengths(arrays[f"{part}_images"], arrays[labels], files[labels])
    dataset = Dataset(**arrays)
    _require_equal_sizes(dataset, files["test_images"])
    _require_every_class(dataset.train_labels, files["train_labels"])
    _require_labels_in_range(dataset, files["test_labels"])
    return dataset


def class_count(train_labels: NDArray[np.uint8]) -> int:
    """Count the classes of a dataset: they are 0 to k - 1, and the training part has them all.

    Args:
        train_labels: uint8 (n,), at least one.
    """
    return int(train_labels.max()) + 1


def commonest_share(train_labels: NDArray[np.uint8]) -> float:
    """Give the share of the commonest class: the accuracy of always guessing it, in (0, 1].

    Args:
        train_labels: uint8 (n,), at least one.
    """
    return float(np.bincount(train_labels).max() / len(train_labels))


def reference_sha256(name: str, folder: Path, facts: DatasetFacts | None) -> str:
    """Give the checksum to hold a stored array against: the published one, or its source file's.

    Args:
        name: The array, a key of `FILE_NAMES`.
        folder: Where the dataset was loaded from.
        facts: What is published of the dataset, None if nothing is.

    Returns:
        The SHA-256 of the uncompressed IDX file, as hexadecimal digits.

    Raises:
        InputError: Without facts, the source file is missing or unreadable.
    """
    if facts is not None:
        return facts.sha256[name]
    return hashlib.sha256(read_idx_bytes(find_idx(folder, FILE_NAMES[name]))).hexdigest()


def _require_equal_lengths(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], path: Path
) -> None:
    if len(images) != len(labels):
        raise InputError(
            path,
            seen=f"{len(labels)} labels",
            expected=f"{len(images)}, as many as there are images",
            remedy="Take images and labels of the same part of the same dataset.",
        )


def _require_equal_sizes(dataset: Dataset, path: Path) -> None:
    train, test = dataset.train_images.shape[1:], dataset.test_images.shape[1:]
    if train != test:
        raise InputError(
            path,
            seen=f"images of {test[0]} x {test[1]} pixels",
            expected=f"{train[0]} x {train[1]} pixels, as in the training part",
            remedy="Take both parts from the same dataset.",
        )


def _require_every_class(train_labels: NDArray[np.uint8], path: Path) -> None:
    counts = np.bincount(train_labels, minlength=2)  # one class alone cannot be told from another
    if not counts.all():
        raise InputError(
            path,
            seen=f"no label {few(np.flatnonzero(counts == 0).tolist())}",
            expected=f"every class from 0 to {len(counts) - 1}",
            remedy="Number the classes from 0 without a gap, and mend stray labels.",
        )


def _require_labels_in_range(dataset: Dataset, path: Path) -> None:
    labels, classes = dataset.test_labels, class_count(dataset.train_labels)
    outside = np.flatnonzero(labels >= classes)
    if outside.size:
        raise InputError(
            path,
            seen=f"label out of range: {labels[outside[0]]} at index {outside[0]}",
            expected=f"0 to {classes - 1}, the classes of the training labels",
            remedy="Correct the label, or add images of that class to the training part.",
        )


def few(labels: list[int]) -> str:
    """Write the first ten of some labels."""
    return ", ".join(map(str, labels[:10])) + (", ..." if len(labels) > 10 else "")
