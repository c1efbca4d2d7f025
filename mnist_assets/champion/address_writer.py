"""Changing an archive of champions at an address.

Versions are objects that are never changed again. The pointer is one small object: it is replaced
only if it is still the one that was there when the change began, where the store can see to that
(S3 and what speaks its language); elsewhere the lock of the run alone keeps two changes apart.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mnist_assets.champion.archive import (
    LOG,
    REMOTE_POINTER,
    VERSIONS,
    describe,
    log_lines,
)
from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage.addresses import ChangedMeanwhileError, look, put, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from upath import UPath


class AddressWriter:
    """Writes versions object by object, and points by an object."""

    def __init__(self, folder: UPath) -> None:
        """Write to the archive at an address."""
        self._folder = folder
        self._pointer = folder / REMOTE_POINTER
        self._before: str | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Remember the pointer as it is: `point` replaces no other."""
        try:
            self._before = look(self._pointer).stamp
        except FileNotFoundError:
            self._before = None
        yield

    def add(self, version: str, files: Mapping[str, bytes]) -> None:
        """Write a version, which nothing points to yet."""
        for name, content in files.items():
            put(content, self._folder / VERSIONS / version / name)

    def log(self, line: bytes) -> None:
        """Write the log anew, with a line more."""
        lines = [f"{earlier}\n".encode() for earlier in log_lines(self._folder)]
        put(b"".join([*lines, line]), self._folder / LOG)

    def point(self, version: str) -> None:
        """Make a version the champion.

        Raises:
            InputError: Another was made the champion meanwhile.
        """
        content = json.dumps(describe(self._folder, version), indent=2, ensure_ascii=False)
        try:
            replace(f"{content}\n".encode(), self._pointer, self._before)
        except ChangedMeanwhileError as error:
            raise InputError(
                self._pointer,
                seen="another champion, by now",
                expected="the one that was there when this change began",
                remedy="Decide again, against the present champion.",
            ) from error
