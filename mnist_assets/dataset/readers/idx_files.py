"""A folder with MNIST's four files under their standard names, or with the two for training."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.idx import (
    FILE_NAMES,
    IMAGES,
    LABELS,
    find_idx,
    has_idx,
    load_idx,
    read_idx_bytes,
)
from mnist_assets.dataset.readers.grey_levels import to_grey_levels
from mnist_assets.dataset.readers.reader import Part, Source, to_labels


class IdxFiles:
    """The dataset in a folder of IDX files, gzipped or not, of any type of number."""

    layout = "IDX files"

    def __init__(self, folder: Path, sha256: Mapping[str, str] | None = None) -> None:
        """Read from a folder.

        Args:
            folder: Where the files are.
            sha256: By array name, what the content of all four has to hash to, None for any.
        """
        self._folder, self._sha256 = folder, sha256

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Tell whether there is any of the files."""
        return any(has_idx(folder, name) for name in FILE_NAMES.values())

    def files(self) -> list[Path]:
        """List the files of both parts, or of training alone where there is none of test."""
        return [find_idx(self._folder, FILE_NAMES[name]) for name in self._names()]

    def read(self) -> Source:
        """Read the files; labels of unsigned bytes stay as they are."""
        arrays, notices = {}, []
        for name, path in zip(self._names(), self.files(), strict=True):
            checksum = self._sha256[name] if self._sha256 else None
            dimensions = IMAGES if name.endswith("images") else LABELS
            values = load_idx(path, dimensions=dimensions, sha256=checksum)
            checksums = {}
            if values.dtype == np.uint8:
                of_file = checksum or hashlib.sha256(read_idx_bytes(path)).hexdigest()
                checksums = {name.partition("_")[2]: of_file}
            converted: NDArray[np.generic]
            if name.endswith("images"):
                converted, rounded = to_grey_levels(values, str(path))
                notices += rounded
            else:
                converted = to_labels(values, str(path))
            arrays[name] = converted, str(path), checksums
        parts = [_part(arrays, part) for part in ("train", "test") if f"{part}_images" in arrays]
        return Source(parts[0], parts[1] if len(parts) > 1 else None, tuple(notices))

    def _names(self) -> list[str]:
        tested = self._sha256 or any(
            has_idx(self._folder, FILE_NAMES[name]) for name in ("test_images", "test_labels")
        )
        return [name for name in FILE_NAMES if tested or name.startswith("train")]


def _part(
    arrays: Mapping[str, tuple[NDArray[np.generic], str, Mapping[str, str]]], part: str
) -> Part:
    images, images_from, images_sha256 = arrays[f"{part}_images"]
    labels, labels_from, labels_sha256 = arrays[f"{part}_labels"]
    return Part(
        images.view(np.uint8), labels, images_from, labels_from, {**images_sha256, **labels_sha256}
    )
