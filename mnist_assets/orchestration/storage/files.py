"""Where values live: one file an asset, replaced as a whole or not at all, pictures beside it.

A value is written under a temporary name and then renamed, so that whatever interrupts the writing
(a full disk, SIGKILL) leaves the old value or the new one. What is in such a file, format by
format, is `formats.py`; how its pictures are named, `pictures.py`; how it gets to an address,
`changes.py`.
"""

import os
import shutil
import tempfile
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any, Generic, TypeVar

import dagster as dg
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage.addresses import FileState, look
from mnist_assets.orchestration.storage.changes import make_folder, remove, send
from mnist_assets.orchestration.storage.copies import local_copy
from mnist_assets.orchestration.storage.fingerprints import (
    PICTURE_FILES,
    fingerprint,
    sha256_of,
)
from mnist_assets.orchestration.storage.pictures import Illustrated, find_others, picture_file
from mnist_assets.orchestration.versions.libraries import installed_versions

_Value = TypeVar("_Value")

LIBRARIES = "libraries"  # in an asset's definition: their names; when it is made: their versions

# What NumPy, pandas, json and zipfile raise for content that they cannot make sense of.
_DAMAGED = (ValueError, EOFError, TokenError, zipfile.BadZipFile, zlib.error)


class FileStorage(dg.UPathIOManager, Generic[_Value]):
    """One file format: how a value is written to a local file and read from one.

    Attributes:
        extension: The ending of its files, with the dot.
        key: Of the I/O manager, if it is not the ending.
    """

    extension: str
    key: str | None = None

    def __init__(self, root: UPath | None = None) -> None:
        """Keep values below a folder or address; the working folder, if none is given."""
        self.root = root or UPath()
        super().__init__(base_path=self.root)

    @abstractmethod
    def write(self, value: _Value, path: Path) -> None:
        """Write a value to a local file."""

    @abstractmethod
    def read(self, path: Path) -> Any:
        """Read a value from a local file, or raise one of `_DAMAGED`."""

    def dump_to_path(
        self, context: dg.OutputContext, obj: _Value | Illustrated, path: UPath
    ) -> None:
        """Replace the asset's file in one step, and the pictures beside it; remember them.

        Raises:
            InputError: A file cannot be written. What was there before is still there.
        """
        value: _Value = obj.value if isinstance(obj, Illustrated) else obj
        pictures = self._picture_files(obj, path)
        try:
            told: dict[str, Any] = self._store(value, pictures, path)
            for other in find_others(path, self.extension, {path.name, *pictures}):
                remove(other)
            if libraries := (context.definition_metadata or {}).get(LIBRARIES):
                told[LIBRARIES] = installed_versions(libraries)
        except OSError as error:
            raise _not_written(path, error) from error
        context.add_output_metadata(told)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:
        """Read the asset's file; see `load`."""
        del context
        return self.load(path)

    def load(self, path: UPath) -> Any:
        """Read a file, through a local copy if it is remote.

        Raises:
            InputError: There is no file, or it cannot be read, or it is damaged.
        """
        try:
            return self.read(local_copy(path))
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
            make_folder(path)
        except OSError as error:
            raise _not_written(path, error) from error

    def file_of(self, key: dg.AssetKey) -> UPath:
        """Where the value of an asset without partitions is."""
        path = self.root.joinpath(*key.path)
        return path.with_name(path.name + self.extension)

    def _picture_files(self, obj: _Value | Illustrated, path: UPath) -> dict[str, bytes]:
        """The pictures of what is to be stored in a file, by the names of theirs."""
        pictures = obj.pictures if isinstance(obj, Illustrated) else {}
        of_value = path.name.removesuffix(self.extension)
        return {picture_file(of_value, name): png for name, png in pictures.items()}

    def _store(self, value: _Value, pictures: Mapping[str, bytes], path: UPath) -> dict[str, Any]:
        """Replace a value's file and those of its pictures; what to remember of them."""
        here = isinstance(path, Path)
        if isinstance(path, Path):
            _sweep(path)
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}.{os.getpid()}.", dir=str(path.parent) if here else None
        ) as folder:
            kept: dict[str, dict[str, Any]] = {}
            for written in self._write_all(value, pictures, Path(folder) / path.name):
                to = path.with_name(written.name)
                content = sha256_of(written)
                kept[to.name] = fingerprint(self.place(written, to), content)
        told = kept.pop(path.name)
        return told | ({PICTURE_FILES: kept} if kept else {})

    def place(self, written: Path, to: UPath) -> FileState:
        """Put a local file where it belongs, and look at it there."""
        if isinstance(to, Path):
            written.replace(to)
        else:
            send(written, to)
        return look(to)

    def _write_all(self, value: _Value, pictures: Mapping[str, bytes], path: Path) -> list[Path]:
        """Write a value and, beside it, its pictures; the value is the last of the files."""
        self.write(value, path)
        for name, png in pictures.items():
            path.with_name(name).write_bytes(png)
        return [*map(path.with_name, pictures), path]


def _sweep(path: Path) -> None:
    """Remove what writers of the same file left behind when they were killed."""
    for folder in path.parent.glob(f".{path.name}.*.*"):
        process = folder.name.removeprefix(f".{path.name}.").partition(".")[0]
        if process.isdecimal() and is_writer_gone(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def is_writer_gone(process: int) -> bool:
    """Whether the number is that of no running process, or of this one, which writes nothing."""
    try:
        os.kill(process, 0)  # signal 0 does nothing but look
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return process == os.getpid()


def _not_written(path: UPath, error: OSError) -> InputError:
    return InputError(
        path,
        seen=error.strerror or str(error),
        expected="a folder that can be written to, with enough free space",
        remedy="Free some space or correct the permissions, or point MNIST_ASSETS_DATA elsewhere. "
        "The value stored before is untouched.",
    )
