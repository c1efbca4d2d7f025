"""A folder with MNIST's four files under their standard names, or with the two for training."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mnist_assets.dataset.gzip_files import read_unpacked
from mnist_assets.dataset.idx import IMAGES, LABELS, load_idx
from mnist_assets.dataset.idx_names import FILE_NAMES, find_idx, find_variants, has_idx
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
        train, notices = self._read_part("train")
        test, more = self._read_part("test") if "test_images" in self._names() else (None, [])
        return Source(train, test, (*notices, *more))

    def _others(self, name: str, path: Path) -> list[str]:
        """Say so where the same file is there a second time, with another content."""
        others = [other for other in find_variants(self._folder, FILE_NAMES[name]) if other != path]
        content = _content_sha256(path) if others else ""
        return [
            f"{other.relative_to(self._folder)} is there, too, with another content: "
            f"{path.relative_to(self._folder)} was read."
            for other in others
            if _content_sha256(other) != content
        ]

    def _names(self) -> list[str]:
        tested = self._sha256 or any(
            has_idx(self._folder, FILE_NAMES[name]) for name in ("test_images", "test_labels")
        )
        return [name for name in FILE_NAMES if tested or name.startswith("train")]

    def _read_part(self, part: str) -> tuple[Part, list[str]]:
        values, places, checksums, notices = {}, {}, {}, []
        for kind, dimensions in (("images", IMAGES), ("labels", LABELS)):
            path = find_idx(self._folder, FILE_NAMES[f"{part}_{kind}"])
            checksum = self._sha256[f"{part}_{kind}"] if self._sha256 else None
            values[kind], seen = load_idx(path, dimensions=dimensions, sha256=checksum)
            places[kind] = str(path)
            notices += self._others(f"{part}_{kind}", path)
            if values[kind].dtype == np.uint8:
                checksums[kind] = seen
        images, rounded = to_grey_levels(values["images"], places["images"])
        labels = to_labels(values["labels"], places["labels"])
        return Part(
            images, labels, places["images"], places["labels"], checksums
        ), notices + rounded


def _content_sha256(path: Path) -> str:
    return hashlib.sha256(read_unpacked(path)).hexdigest()
