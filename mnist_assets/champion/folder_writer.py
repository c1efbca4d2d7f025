"""Changing an archive of champions in a local folder.

What is written is brought to the disk before it is renamed or pointed at. Writers exclude each
other by a lock, which the operating system lifts when its holder dies.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_assets.champion.archive import LINK, LOG, POINTER, VERSIONS
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NO_LINKS_HERE = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class FolderWriter:
    """Writes versions under temporary names, and points by a symbolic link where there are any."""

    def __init__(self, folder: Path) -> None:
        """Write to the archive's folder, made if there is none."""
        self._folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other writers out, and remove what a killed one left behind.

        Raises:
            InputError: Another is at it.
        """
        versions = self._folder / VERSIONS
        versions.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    self._folder,
                    seen="another process that is changing the champion",
                    expected="one at a time",
                    remedy="Wait until it is done, which takes a moment, and see who is champion "
                    "then.",
                ) from error
            for left in versions.glob(".new-*"):
                shutil.rmtree(left)
            yield

    def add(self, version: str, files: Mapping[str, bytes]) -> None:
        """Write a version, which nothing points to yet."""
        versions = self._folder / VERSIONS
        with tempfile.TemporaryDirectory(prefix=".new-", dir=versions) as temporary:
            written = Path(temporary) / version
            written.mkdir()
            for name, content in files.items():
                _write(written / name, content)
            _sync(written)
            written.rename(versions / version)
        _sync(versions)

    def log(self, line: bytes) -> None:
        """Add a line to the log."""
        with (self._folder / LOG).open("a+b") as file:
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)  # a line cut short led to nothing
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def point(self, version: str) -> None:
        """Make a version the champion."""
        link, temporary = self._folder / LINK, self._folder / f".{LINK}.new"
        temporary.unlink(missing_ok=True)
        try:
            temporary.symlink_to(Path(VERSIONS) / version, target_is_directory=True)
        except OSError as error:
            if link.is_symlink() or error.errno not in _NO_LINKS_HERE:
                raise
            _write(temporary, (json.dumps({"version": version}) + "\n").encode())
            temporary.replace(self._folder / POINTER)
        else:
            temporary.replace(link)
        _sync(self._folder)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _sync(path)


def _sync(path: Path) -> None:
    """Bring a file or a folder's list of files to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
