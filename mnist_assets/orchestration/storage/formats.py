"""File formats: how each kind of value is written to a local file, and read from one.

None needs Dagster to be opened, and nothing is ever pickled. Arrays are memory-mapped on reading.
How a file gets to its place, here or at an address, is `changes.py`.
"""

import json
import zipfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_assets.orchestration.storage.addresses import open_address
from mnist_assets.orchestration.storage.files import FileStorage

if TYPE_CHECKING:
    import pandas as pd


class ArrayStorage(FileStorage[NDArray[Any]]):
    """`.npy`: one array, memory-mapped on reading."""

    extension = ".npy"

    def write(self, value: NDArray[Any], path: Path) -> None:
        """Write an array of any dtype but object."""
        np.save(path, value, allow_pickle=False)

    def read(self, path: Path) -> NDArray[Any]:
        """Map an array, read-only."""
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
        return array


class ArraysStorage(FileStorage[Mapping[str, NDArray[Any]]]):
    """`.npz`: a few named arrays."""

    extension = ".npz"

    def write(self, value: Mapping[str, NDArray[Any]], path: Path) -> None:
        """Write arrays of any dtype but object."""
        np.savez(path, allow_pickle=False, **dict(value))

    def read(self, path: Path) -> dict[str, NDArray[Any]]:
        """Read the arrays, in the order they were written in."""
        archive_members(path)
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)


def archive_members(path: Path) -> list[str]:
    """The names of an archive's members, once all of them have proved whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise ValueError(f"its member {damaged} is damaged")
            return archive.namelist()
    except RuntimeError as error:  # a damaged header may ask for a later zip version, or a password
        raise ValueError(str(error)) from error


class TableStorage(FileStorage["pd.DataFrame"]):
    """`.csv`: a table with a header and no index, numbers in full precision."""

    extension = ".csv"

    def write(self, value: "pd.DataFrame", path: Path) -> None:
        """Write a table without its index."""
        value.to_csv(path, index=False)

    def read(self, path: Path) -> "pd.DataFrame":
        """Read a table, the types of its columns told from their content."""
        import pandas as pd

        text = path.read_text(encoding="utf-8")
        if not text.endswith("\n"):
            raise ValueError("it is cut short: its last line has no end")
        # Of pandas's own list, "nan" and "null" may well be the name of a network.
        return pd.read_csv(StringIO(text), keep_default_na=False, na_values=[""])


class JsonStorage(FileStorage[Any]):
    """`.json`: nested mappings and lists of plain values."""

    extension = ".json"

    def write(self, value: Any, path: Path) -> None:
        """Write plain values; NaN and infinity are none."""
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")

    def read(self, path: Path) -> Any:
        """Read plain values."""
        return json.loads(path.read_text(encoding="utf-8"))


class PictureStorage(FileStorage[bytes]):
    """`.png`: a picture, as bytes."""

    extension = ".png"

    def write(self, value: bytes, path: Path) -> None:
        """Write the bytes as they are."""
        path.write_bytes(value)

    def read(self, path: Path) -> bytes:
        """Read the bytes as they are."""
        return path.read_bytes()


class PageStorage(FileStorage[str]):
    """`.html`: a self-contained page."""

    extension = ".html"

    def write(self, value: str, path: Path) -> None:
        """Write the text in UTF-8."""
        path.write_text(value, encoding="utf-8")

    def read(self, path: Path) -> str:
        """Read the text."""
        return path.read_text(encoding="utf-8")


FORMATS: tuple[type[FileStorage[Any]], ...] = (
    ArrayStorage,
    ArraysStorage,
    TableStorage,
    JsonStorage,
    PictureStorage,
    PageStorage,
)


def file_storages(base: str, *further: type[FileStorage[Any]]) -> dict[str, FileStorage[Any]]:
    """One I/O manager a format, all under one folder or fsspec address.

    Each is found by its own key or, if it has none, by its extension.

    Args:
        base: The folder or address.
        further: Formats of a stage's own, beside those of `FORMATS`.
    """
    root = open_address(base)
    return {of.key or of.extension.removeprefix("."): of(root) for of in (*FORMATS, *further)}
