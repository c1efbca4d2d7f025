"""What every reader gives: the parts of a dataset as its source has them, and which files it reads.

Images are grey levels already; labels are whatever the source calls the classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_assets.errors import InputError


@dataclass(frozen=True)
class Part:
    """The training or the test part.

    Attributes:
        images: uint8 (n, height, width), n at least 1, grey levels 0 to 255.
        labels: Whole numbers or strings, (n,).
        images_from: Where the images come from, for errors.
        labels_from: Where the labels come from, for errors.
        sha256: By `images` or `labels`, that of the IDX file of unsigned bytes which they are in,
            if they are in one.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.generic]
    images_from: str
    labels_from: str
    sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A dataset as its source has it.

    Attributes:
        train: The training part.
        test: The test part, None if there is none.
        notices: What was done to read it, each in a sentence.
    """

    train: Part
    test: Part | None
    notices: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one layout at one place."""

    layout: str  # what it is, in a few words

    def files(self) -> list[Path]:
        """List the files that the dataset is read from, in an order that is always the same.

        Raises:
            InputError: One that must be there is missing, or a folder cannot be read.
        """

    def read(self) -> Source:
        """Read the dataset.

        Raises:
            InputError: A file is missing, unreadable or damaged, or holds something else than
                images of one size or labels.
        """


def to_labels(values: NDArray[np.generic], name: str) -> NDArray[np.generic]:
    """Take an array for labels: whole numbers, of whatever type, or strings.

    Args:
        values: (n,) or (n, 1).
        name: What to call them in an error.

    Returns:
        (n,), int64 for numbers of another type than unsigned bytes.

    Raises:
        InputError: They are something else, or of another shape.
    """
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    kind = flat.dtype.kind
    whole = kind in "iuU" or (kind == "f" and bool((flat == np.rint(flat)).all()))
    if flat.ndim == 1 and flat.size and whole:
        return flat if kind == "U" or flat.dtype == np.uint8 else flat.astype(np.int64)
    raise InputError(
        name,
        seen=f"an array of shape {values.shape} and type {values.dtype}"
        + (", not all whole numbers" if kind == "f" else ""),
        expected="one label for each image, (n,): whole numbers or strings",
        remedy="Give the class of each image, not encoded in several columns.",
    )
