"""The dataset: four arrays loaded from any source, and what is published of MNIST.

What is true of MNIST alone stands in `MNIST` and is checked only where it is passed. The layouts
that a source may have are in `readers/`, what it says of itself in `declaration.py`, fetching the
files in `download.py`, what is checked in `checks.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.classes import Classes, find_classes
from mnist_assets.dataset.declaration import Declaration
from mnist_assets.dataset.description import Description
from mnist_assets.dataset.held_out import HeldOut, hold_out
from mnist_assets.dataset.idx import idx_sha256
from mnist_assets.dataset.readers import find_reader
from mnist_assets.dataset.readers.reader import Part
from mnist_assets.errors import InputError


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


@dataclass(frozen=True)
class Loaded:
    """A dataset with what it is called and with what its source has.

    Attributes:
        dataset: The four arrays.
        description: The dataset in words.
        classes: Its classes, as the source has them.
        transposed: Whether the images were transposed.
        sha256: By array name, the checksum of what was read, as `idx_sha256` has it.
    """

    dataset: Dataset
    description: Description
    classes: Classes
    transposed: bool
    sha256: Mapping[str, str]

    def as_in_source(self, name: str) -> NDArray[np.generic]:
        """Give an array back as its source has it: with its labels, and its rows for rows."""
        array: NDArray[np.uint8] = getattr(self.dataset, name)
        if name.endswith("labels"):
            return self.classes.labels_of(array)
        return array.transpose(0, 2, 1) if self.transposed else array


def load_dataset(
    location: Path,
    facts: DatasetFacts | None,
    declared: Declaration | None = None,
    held_out: HeldOut | None = None,
) -> Loaded:
    """Load a dataset and see that its parts fit together.

    Args:
        location: Where it is; `find_reader` says what may be there.
        facts: The dataset that it has to be, None for any. Each checksum is verified before the
            file is parsed.
        declared: What the dataset says of itself, None for nothing.
        held_out: What of the training part becomes the test part, where there is none; None to
            refuse that. A share that the dataset declares goes first.

    Raises:
        InputError: As `find_reader` and its readers; a part has not as many labels as images; the
            parts differ in image size; there is no test part; there are not two to 256 classes, or
            not as many names; a test label is none of training.
    """
    source = find_reader(location, facts.sha256 if facts else None).read()
    declared, notices = declared or Declaration(), list(source.notices)
    train, test = source.train, source.test
    _require_equal_lengths(train)
    if test is None:
        if held_out is None:
            raise InputError(
                location,
                seen="no test part",
                expected="a training and a test part",
                remedy="Give both, or say what of the training part becomes the test part.",
            )
        share = declared.test_share or held_out.share
        train, test = hold_out(train, HeldOut(share, held_out.seed))
        notices.append(
            f"There is no test part: {len(test.labels):,} images, {100 * share:.3g} % of each "
            f"class, were taken from the training part by the seed {held_out.seed}."
        )
    _require_equal_lengths(test)
    _require_equal_sizes(train, test)
    classes = find_classes(train, test, declared.class_names, str(location))
    notices += classes.notices
    if declared.transposed:
        notices.append("Rows and columns of the images were swapped, as the dataset declares.")
    dataset = Dataset(
        _oriented(train.images, declared.transposed),
        classes.indices_of(train.labels),
        _oriented(test.images, declared.transposed),
        classes.indices_of(test.labels),
    )
    for array in dataset:
        array.flags.writeable = False
    mnist = is_mnist(dataset)
    return Loaded(
        dataset,
        Description(
            title=declared.title or ("MNIST" if mnist else _name_of(location)),
            mnist=mnist,
            labels=classes.labels.tolist(),
            class_names=list(classes.names),
            own_bounds=sorted(_dotted(declared.bounds)),
            notices=notices,
        ),
        classes,
        declared.transposed,
        {
            f"{name}_{kind}": _checksum(part, kind, classes)
            for name, part in (("train", train), ("test", test))
            for kind in ("images", "labels")
        },
    )


def is_mnist(dataset: Dataset) -> bool:
    """Tell whether the four arrays have the checksums published for MNIST."""
    # The labels first: they are few, and tell most other datasets apart.
    arrays = sorted(dataset._asdict().items(), key=lambda item: item[1].nbytes)
    return all(idx_sha256(array) == MNIST.sha256[name] for name, array in arrays)


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


def _name_of(location: Path) -> str:
    path = location.resolve()
    return (path.name if path.is_dir() else path.stem) or str(path)


def _checksum(part: Part, kind: str, classes: Classes) -> str:
    """The checksum of what was read: the file's, where `as_in_source` gives back what it holds."""
    array: NDArray[np.generic] = getattr(part, kind)
    if kind == "labels":
        array = array.astype(classes.labels.dtype, copy=False)
    of_file = part.sha256.get(kind) if array.dtype == np.uint8 else None
    return of_file or idx_sha256(array)


def _oriented(images: NDArray[np.uint8], transposed: bool) -> NDArray[np.uint8]:
    return np.ascontiguousarray(images.transpose(0, 2, 1)) if transposed else images


def _dotted(bounds: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The settings in nested sections, such as `champion.floor`."""
    for name, value in bounds.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _require_equal_lengths(part: Part) -> None:
    if len(part.images) != len(part.labels):
        raise InputError(
            part.labels_from,
            seen=f"{len(part.labels)} labels",
            expected=f"{len(part.images)}, as many as there are images",
            remedy="Take images and labels of the same part of the same dataset.",
        )


def _require_equal_sizes(train: Part, test: Part) -> None:
    expected, seen = train.images.shape[1:], test.images.shape[1:]
    if expected != seen:
        raise InputError(
            test.images_from,
            seen=f"images of {seen[0]} x {seen[1]} pixels",
            expected=f"{expected[0]} x {expected[1]} pixels, as in the training part",
            remedy="Take both parts from the same dataset.",
        )
