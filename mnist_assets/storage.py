"""Where values live: one file an asset, in a format that needs no Dagster to open.

A value is written under a temporary name and then renamed, so that whatever interrupts the writing
(a full disk, SIGKILL) leaves the old value or the new one. Arrays are memory-mapped on reading.
Nothing is ever pickled.
"""

import atexit
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import dagster as dg
import numpy as np
from numpy.typing import NDArray
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.fingerprints import fingerprint
from mnist_assets.steps.networks import (
    HISTORY_MEMBER,
    TRAINING_MEMBER,
    StoredNetwork,
    TrainedNetwork,
)

if TYPE_CHECKING:
    import pandas as pd

_Value = TypeVar("_Value")

# What NumPy, pandas, json and zipfile raise for content that they cannot make sense of.
_DAMAGED = (ValueError, EOFError, TokenError, zipfile.BadZipFile, zlib.error)


class FileStorage(dg.UPathIOManager, Generic[_Value]):
    """One file format: how a value is written to a local file and read from one."""

    extension: str

    @abstractmethod
    def write(self, value: _Value, path: Path) -> None:
        """Write a value to a local file."""

    @abstractmethod
    def read(self, path: Path) -> Any:
        """Read a value from a local file, or raise one of `_DAMAGED`."""

    def dump_to_path(self, context: dg.OutputContext, obj: _Value, path: UPath) -> None:
        """Replace the asset's file in one step.

        Raises:
            InputError: The file cannot be written. What was there before is still there.
        """
        del context
        try:
            if isinstance(path, Path):
                self._replace(obj, Path(path))
            else:
                self._upload(obj, path)
        except OSError as error:
            raise _not_written(path, error) from error

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:
        """Read the asset's file, through a local copy if it is remote.

        Raises:
            InputError: There is no file, or it cannot be read, or it is damaged.
        """
        del context
        try:
            return self.read(Path(path) if isinstance(path, Path) else self._local_copy(path))
        except FileNotFoundError as error:
            raise InputError(
                path,
                seen="no file",
                expected=f"a materialised value ({self.extension})",
                remedy="Materialise the asset again (`make run` does so by itself).",
            ) from error
        except (OSError, *_DAMAGED) as error:
            raise InputError(
                path,
                seen=f"a file that cannot be read ({error})",
                expected=f"a whole {self.extension} file",
                remedy="Correct its permissions if that is what is wrong; otherwise delete it and "
                "materialise the asset again (`make run` does so by itself once it is gone).",
            ) from error

    def make_directory(self, path: UPath) -> None:
        """Create the asset's folder.

        Raises:
            InputError: The folder cannot be made.
        """
        try:
            super().make_directory(path)
        except OSError as error:
            raise _not_written(path, error) from error

    def get_metadata(self, context: dg.OutputContext, obj: _Value) -> dict[str, Any]:
        """The fingerprint of a local file, or a remote one's size; Dagster adds the path."""
        del obj
        if context.has_asset_partitions:
            (path,) = self._get_paths_for_partitions(context).values()
        else:
            path = self._get_path(context)
        if isinstance(path, Path):
            return dict(fingerprint(Path(path)))
        return {"bytes": path.stat().st_size}

    def _replace(self, value: _Value, path: Path) -> None:
        _sweep(path)
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}.{os.getpid()}.", dir=path.parent
        ) as folder:
            written = Path(folder) / path.name
            self.write(value, written)
            written.replace(path)

    def _upload(self, value: _Value, path: UPath) -> None:
        with tempfile.TemporaryDirectory(prefix="mnist-assets-") as folder:
            written = Path(folder) / path.name
            self.write(value, written)
            path.fs.put_file(str(written), path.path)

    def _local_copy(self, path: UPath) -> Path:
        copy = Path(tempfile.mkdtemp(dir=_copies())) / path.name
        path.fs.get_file(path.path, str(copy))
        return copy


@cache
def _copies() -> str:
    """Where copies of remote files are until the process ends, since arrays stay mapped to them."""
    folder = tempfile.mkdtemp(prefix="mnist-assets-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _sweep(path: Path) -> None:
    """Remove what writers of the same file left behind when they were killed."""
    for folder in path.parent.glob(f".{path.name}.*.*"):
        process = folder.name.removeprefix(f".{path.name}.").partition(".")[0]
        if process.isdecimal() and not _is_another_running(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_another_running(process: int) -> bool:
    """Whether the number is that of a running process other than this one."""
    try:
        os.kill(process, 0)  # signal 0 does nothing but look
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def _not_written(path: UPath, error: OSError) -> InputError:
    return InputError(
        path,
        seen=error.strerror or str(error),
        expected="a folder that can be written to, with enough free space",
        remedy="Free some space or correct the permissions, or point MNIST_ASSETS_DATA elsewhere. "
        "The value stored before is untouched.",
    )


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
        _members(path)
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)


def _members(path: Path) -> list[str]:
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


class NetworkStorage(FileStorage[TrainedNetwork]):
    """`.keras`: a trained network with its history, read only as far as is asked for."""

    extension = ".keras"

    def write(self, value: TrainedNetwork, path: Path) -> None:
        """Write the model and its history."""
        value.save(path)

    def read(self, path: Path) -> StoredNetwork:
        """See that the archive is whole, and read no more of it yet."""
        if missing := {HISTORY_MEMBER, TRAINING_MEMBER} - set(_members(path)):
            raise ValueError(f"it has no member {', '.join(sorted(missing))}")
        return StoredNetwork(path)


def file_storages(base: str) -> dict[str, FileStorage[Any]]:
    """One I/O manager a format, keyed as assets name it, all under one folder or fsspec address."""
    root = UPath(base)
    if root.protocol in {"file", "local"}:
        root = UPath(root.path)  # so that it is written to as any other folder
    formats: dict[str, type[FileStorage[Any]]] = {
        "npy": ArrayStorage,
        "npz": ArraysStorage,
        "csv": TableStorage,
        "json": JsonStorage,
        "png": PictureStorage,
        "html": PageStorage,
        "keras": NetworkStorage,
    }
    return {key: storage(root) for key, storage in formats.items()}
