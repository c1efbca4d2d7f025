"""Readers: one module for each layout in which a dataset may come, all with one interface."""

from collections.abc import Mapping
from pathlib import Path

from mnist_assets.dataset.readers.idx_files import IdxFiles
from mnist_assets.dataset.readers.npz_file import NpzFile
from mnist_assets.dataset.readers.picture_folder import PictureFolder
from mnist_assets.dataset.readers.reader import Reader
from mnist_assets.errors import InputError

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".7z", ".rar")


def find_reader(location: Path, sha256: Mapping[str, str] | None = None) -> Reader:
    """Find the reader for what is at a place.

    Args:
        location: An `.npz` file, a folder of IDX files, or one of pictures by class.
        sha256: By array name, what the content of four IDX files has to hash to.

    Raises:
        InputError: There is nothing, or nothing that any reader knows.
    """
    if sha256 is not None:
        return IdxFiles(location, sha256)
    if location.is_file():
        if location.suffix.lower() == ".npz":
            return NpzFile(location)
        if location.name.lower().endswith(ARCHIVES):
            raise _packed(location, "an archive")
        raise _unknown(location, "a file that is no .npz")
    try:
        names = [path.name for path in location.iterdir()]
    except OSError as error:
        raise _unknown(location, str(error.strerror)) from error
    if IdxFiles.is_at(location):
        return IdxFiles(location)
    if PictureFolder.is_at(location):
        return PictureFolder(location)
    arrays = next((name for name in sorted(names) if name.lower().endswith(".npz")), None)
    archive = next((name for name in sorted(names) if name.lower().endswith(ARCHIVES)), None)
    if archive and not arrays:
        raise _packed(location, f"a folder with the archive {archive}")
    seen = f"a folder with {arrays}: give the path of that file" if arrays else "no dataset"
    raise _unknown(location, seen)


def _packed(location: Path, seen: str) -> InputError:
    return InputError(
        location,
        seen=seen,
        expected="what is in it, in a folder",
        remedy="Unpack it (`unzip FILE -d FOLDER`, `tar -xf FILE -C FOLDER`), and give the folder.",
    )


def _unknown(location: Path, seen: str) -> InputError:
    return InputError(
        location,
        seen=seen,
        expected="the IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte and so on, an "
        ".npz file with x_train and y_train, or a folder for each class with its pictures",
        remedy="docs/datasets.md has an example of each.",
    )
