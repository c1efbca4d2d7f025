"""How the champion is stored: what tells which it is, and a `.zip` archive of what is handed on."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from upath import UPath

from mnist_assets.champion.archive import told_version
from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage.addresses import FileState, look, read_bytes
from mnist_assets.orchestration.storage.changes import ChangedMeanwhileError, replace
from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.formats import JsonStorage, archive_members


class PointerStorage(JsonStorage):
    """`.json` that tells which champion serves: at an address it is what decides it, too.

    There the step has written it already. It is written here only where it is lost or damaged, so
    that a process that was overtaken undoes no other's change.
    """

    key = "pointer"

    def place(self, written: Path, to: UPath) -> FileState:
        """Put the file where it belongs, unless it is there.

        Raises:
            InputError: Another was made the champion meanwhile.
        """
        if isinstance(to, Path):
            return super().place(written, to)
        content = written.read_bytes()
        state = _look_if_there(to)
        there = read_bytes(to) if state else b""
        if state and there == content:
            return state
        if _tells_another(there, content):
            raise _overtaken(to, content)
        try:
            replace(content, to, state.stamp if state else None)
        except ChangedMeanwhileError as error:
            raise _overtaken(to, content) from error
        return look(to)


def _tells_another(there: bytes, content: bytes) -> bool:
    """Whether what is there is a pointer, to another version."""
    try:
        return told_version(there) != told_version(content)
    except ValueError:
        return False


def _overtaken(path: UPath, content: bytes) -> InputError:
    return InputError(
        path,
        seen="another champion, by now",
        expected=told_version(content),
        remedy="Run again: what follows from the present champion is made then.",
    )


def _look_if_there(path: UPath) -> FileState | None:
    try:
        return look(path)
    except FileNotFoundError:
        return None


class BundleStorage(FileStorage[Mapping[str, bytes]]):
    """`.zip`: a few files by their names, to be handed on together."""

    extension = ".zip"

    def write(self, value: Mapping[str, bytes], path: Path) -> None:
        """Write the files; equal ones make an equal archive, which holds no date."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in value.items():
                entry = zipfile.ZipInfo(name)  # of 1980
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)

    def read(self, path: Path) -> dict[str, bytes]:
        """Read the files, in the order they were written in."""
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive_members(path)}
