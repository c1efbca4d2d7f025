"""Changing an archive of champions at an address.

Versions are objects that are never changed again, nor written twice. The pointer is one small
object. It and the log are replaced only if they are what they were when the change began, so that
of two changes at once one is refused: by the store itself, where it can see to that (S3 and what
speaks its language); elsewhere the lock of the run keeps two changes apart.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mnist_assets.champion.archive import (
    LOG,
    REMOTE_POINTER,
    VERSIONS,
    describe,
    log_lines,
)
from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage.addresses import look
from mnist_assets.orchestration.storage.changes import ChangedMeanwhileError, create, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from upath import UPath


class AddressWriter:
    """Writes versions object by object, and points by an object."""

    def __init__(self, folder: UPath) -> None:
        """Write to the archive at an address."""
        self._folder = folder
        self._before: dict[str, str | None] = {}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Remember the pointer and the log as they are: others are not replaced.

        Raises:
            InputError: Another has changed the champion meanwhile, or is at it.
        """
        self._remember(REMOTE_POINTER)
        self._remember(LOG)
        try:
            yield
        except ChangedMeanwhileError as error:
            raise InputError(
                self._folder,
                seen="another process that has changed the champion meanwhile, or is at it",
                expected="one at a time",
                remedy="See who is champion now, and decide again, against the present one.",
            ) from error

    def add(self, version: str, files: Mapping[str, bytes]) -> None:
        """Write a version, which nothing points to yet."""
        for name, content in files.items():
            create(content, self._folder / VERSIONS / version / name)

    def log(self, line: bytes) -> None:
        """Write the log anew, with a line more."""
        lines = [f"{earlier}\n".encode() for earlier in log_lines(self._folder)]
        replace(b"".join([*lines, line]), self._folder / LOG, self._before[LOG])

    def point(self, version: str) -> None:
        """Make a version the champion; if another is by now, take the log's line of it back."""
        content = json.dumps(describe(self._folder, version), indent=2, ensure_ascii=False)
        pointer = self._folder / REMOTE_POINTER
        try:
            replace(f"{content}\n".encode(), pointer, self._before[REMOTE_POINTER])
        except ChangedMeanwhileError:
            self._take_back(version)
            raise

    def _remember(self, name: str) -> None:
        try:
            self._before[name] = look(self._folder / name).stamp
        except FileNotFoundError:
            self._before[name] = None

    def _take_back(self, version: str) -> None:
        log = self._folder / LOG
        written = look(log).stamp
        *lines, last = log_lines(self._folder)
        if json.loads(last)["to"] == version:
            with suppress(ChangedMeanwhileError):
                replace("".join(f"{line}\n" for line in lines).encode(), log, written)
