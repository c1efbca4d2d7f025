"""The classes of a dataset: the labels found in training, their indices and their names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.readers.reader import Part
from mnist_assets.errors import InputError

MOST = 256  # a class index is an unsigned byte


@dataclass(frozen=True)
class Classes:
    """The classes of a dataset; the position is the class index, 0 to k - 1.

    Attributes:
        labels: (k,), as the source has them, in their order.
        names: (k,), what a person calls them.
        notices: What there is to say of them, each in a sentence.
    """

    labels: NDArray[np.generic]
    names: tuple[str, ...]
    notices: tuple[str, ...] = ()

    def indices_of(self, labels: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Give the index of each label, all of which are known: uint8 (n,)."""
        if labels.dtype == np.uint8 and self._as_indices:
            return labels.view(np.uint8)
        return np.searchsorted(self.labels, labels).astype(np.uint8)

    def labels_of(self, indices: NDArray[np.uint8]) -> NDArray[np.generic]:
        """Give the label of each index, in the source's type."""
        if indices.dtype == self.labels.dtype == np.uint8 and self._as_indices:
            return indices
        return self.labels.take(indices, mode="clip")  # checks tell of an index out of range

    @property
    def _as_indices(self) -> bool:
        return bool(self.labels.tolist() == list(range(len(self.labels))))


def find_classes(train: Part, test: Part, names: Sequence[str] | None, where: str) -> Classes:
    """Find the classes: those that the training part has.

    Args:
        train: The training part.
        test: The test part, which may lack classes.
        names: The names of the classes in the order of their labels, None for the labels.
        where: What to call the dataset in an error.

    Raises:
        InputError: There are fewer than two or more than 256, not as many as names, or a test label
            is none of them.
    """
    labels = np.unique(train.labels)
    told = [str(label) for label in labels.tolist()]
    if not 2 <= len(labels) <= MOST:
        raise InputError(
            train.labels_from,
            seen=f"{len(labels)} different labels ({few(told)})",
            expected=f"2 to {MOST}, one for each class",
            remedy="See that these are the classes: one alone cannot be told from another.",
        )
    comparable = (test.labels.dtype.kind == "U") == (labels.dtype.kind == "U")
    known = np.isin(test.labels, labels) if comparable else np.zeros(len(test.labels), bool)
    strange = np.flatnonzero(~known)
    if strange.size:
        raise InputError(
            test.labels_from,
            seen=f"the label {test.labels[strange[0]]} at index {strange[0]}",
            expected=f"one of {few(told)}, the labels of the training part",
            remedy="Correct the label, or add images of that class to the training part.",
        )
    if names is not None and len(names) != len(labels):
        raise InputError(
            f"class names of {where}",
            seen=f"{len(names)} names ({few(names)})",
            expected=f"{len(labels)}, one for each of the labels {few(told)}",
            remedy="Give one name for each label, in the order of the labels.",
        )
    classes = Classes(labels, tuple(names or told))
    if labels.dtype.kind in "iu" and told != [str(index) for index in range(len(labels))]:
        notice = f"The labels {few(told)} are the classes 0 to {len(labels) - 1} in stored arrays."
        return Classes(labels, classes.names, (notice,))
    return classes


def few(labels: Sequence[object]) -> str:
    """Write the first ten of some labels."""
    return ", ".join(map(str, labels[:10])) + (", ..." if len(labels) > 10 else "")
