"""The images that all runs of a study share, which go to other processes as paths if they can."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Digits:
    """What all runs learn from and are judged on: uint8 (n, height, width), and labels (n,).

    Sent to another process, what is mapped from a file goes as the file's path.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as paths, where that is all it takes."""
        return _open, tuple(map(_path_or_array, vars(self).values()))


def _path_or_array(array: NDArray[np.uint8]) -> Path | NDArray[np.uint8]:
    if isinstance(array, np.memmap) and isinstance(array.filename, Path | str):
        path = Path(array.filename)
        if path.suffix == ".npy" and np.load(path, mmap_mode="r").shape == array.shape:
            return path
    return np.asarray(array)


def _open(*items: Path | NDArray[np.uint8]) -> Digits:
    return Digits(
        *(np.load(item, mmap_mode="r") if isinstance(item, Path) else item for item in items)
    )
