"""An `.npz` file with the arrays `x_train`, `y_train`, `x_test` and `y_test`, as Keras ships MNIST.

Source of the names: https://keras.io/api/datasets/mnist/.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.readers.grey_levels import from_colour, to_grey_levels
from mnist_assets.dataset.readers.reader import Part, Source, to_labels
from mnist_assets.errors import InputError

TRAIN, TEST = ("x_train", "y_train"), ("x_test", "y_test")


class NpzFile:
    """The dataset in an `.npz` file; nothing in it is ever unpickled."""

    layout = "arrays in an .npz file"

    def __init__(self, path: Path) -> None:
        """Read from the file at a path."""
        self._path = path

    def files(self) -> list[Path]:
        """Give the one file."""
        return [self._path]

    def read(self) -> Source:
        """Read the arrays; the test part may be missing."""
        arrays = self._arrays()
        wanted = TRAIN + (TEST if arrays.keys() & set(TEST) else ())
        missing = [name for name in wanted if name not in arrays]
        if missing:
            raise InputError(
                self._path,
                seen=f"the arrays {', '.join(self._names()) or '(none)'}",
                expected=f"{', '.join(wanted)}",
                remedy="Save the images and the labels of a part under these names.",
            )
        train, notices = self._part(arrays, TRAIN)
        test, more = self._part(arrays, TEST) if len(wanted) > len(TRAIN) else (None, [])
        return Source(train, test, (*notices, *more))

    def _names(self) -> list[str]:
        with zipfile.ZipFile(self._path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]

    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        try:
            with self._path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files if name in TRAIN + TEST}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                self._path,
                seen=f"what NumPy cannot read without unpickling ({error})",
                expected="an .npz file of arrays of numbers",
                remedy="Save plain arrays with numpy.savez, or replace the file with a fresh copy.",
            ) from error

    def _part(
        self, arrays: Mapping[str, NDArray[np.generic]], names: tuple[str, str]
    ) -> tuple[Part, list[str]]:
        images_from, labels_from = (f"{self._path}, {name}" for name in names)
        grey, coloured = from_colour(arrays[names[0]], images_from)
        images, rounded = to_grey_levels(grey, images_from)
        labels = to_labels(arrays[names[1]], labels_from)
        return Part(images, labels, images_from, labels_from), [*coloured, *rounded]
