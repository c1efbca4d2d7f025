"""How the champion is changed: a network is promoted, or the champion rolled back.

A version is written, whole, then logged, and only then pointed at. So a reader sees the old
champion or the new one, whole, and the pointer is the truth; how the log is to be read is
`history.py`. How each step is done in a folder is `folder_writer.py`, and at an address
`address_writer.py`.

Whether to promote is decided in `decision.py`; how versions are kept is `archive.py`.
"""

from __future__ import annotations

import json
import zipfile
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mnist_assets.champion.address_writer import AddressWriter
from mnist_assets.champion.archive import (
    DAMAGED,
    EXPLANATION,
    MODEL,
    number_of,
    pointed,
    version_folders,
    whole_versions,
)
from mnist_assets.champion.folder_writer import FolderWriter
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from upath import UPath


class Writer(Protocol):
    """What changes an archive, each step whole before the next begins."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep other writers out while the context lasts, and notice their changes."""

    def add(self, version: str, files: Mapping[str, bytes]) -> None:
        """Write a version, which nothing points to yet."""

    def log(self, line: bytes) -> None:
        """Add a line to the log."""

    def point(self, version: str) -> None:
        """Make a version the champion."""


def promote(
    folder: UPath,
    model_path: Path,
    explanation: Mapping[str, Any],
    *,
    network: str,
    replaces: str | None,
    who: str,
    why: str,
    when: datetime,
    forced: bool = False,
) -> str:
    """Make a network the champion.

    Args:
        folder: The archive, made if there is none.
        model_path: The `.keras` file of the network, which is copied.
        explanation: Plain values under each name in `EXPLANATION`.
        network: Its declared name.
        replaces: The version that was champion when this was decided, None if there was none.
        who: Who decides: a person, or the run that carries out a decision.
        why: The reason, in words.
        when: The time to log, with a time zone.
        forced: Whether it is promoted against the decision, which the log then says.

    Returns:
        The name of the new version.

    Raises:
        InputError: The model is missing or damaged, who or why is empty, another is champion by
            now, or somebody else is just changing it. The champion is the same as before.
    """
    entry = _entry("forced promotion" if forced else "promotion", who, why, when)
    files = {
        f"{name}.json": (json.dumps(explanation[name], indent=2, allow_nan=False) + "\n").encode()
        for name in EXPLANATION
    }
    writer = _writer(folder)
    with writer.alone():
        if pointed(folder) != replaces:
            raise InputError(
                "champion to replace",
                seen=f"{pointed(folder)}, by now",
                expected=replaces,
                remedy="Decide again, against the present champion.",
            )
        last = max(map(number_of, version_folders(folder)), default=0)
        version = f"{last + 1:04d}-{network}"
        writer.add(version, {MODEL: _read_model(model_path), **files})
        _switch(writer, folder, version, entry)
    return version


def rollback(folder: UPath, version: str, *, who: str, why: str, when: datetime) -> None:
    """Make an earlier champion, one of `history.list_versions`, the champion again; see `promote`.

    Raises:
        InputError: There is no such version, it is the champion, who or why is empty, or somebody
            else is changing the champion.
    """
    entry = _entry("rollback", who, why, when)
    writer = _writer(folder)
    with writer.alone():
        known = [champion.version for champion in whole_versions(folder)]
        if version not in known or version == pointed(folder):
            raise InputError(
                "version to roll back to",
                seen=version if version not in known else f"{version}, the champion",
                expected=f"another of {', '.join(known) or 'none, as none was ever promoted'}",
                remedy="Give an earlier champion's version.",
            )
        _switch(writer, folder, version, entry)


def _entry(action: str, who: str, why: str, when: datetime) -> dict[str, str]:
    if not who.strip() or not why.strip():
        raise InputError(
            f"{action} of a champion",
            seen=f"who {who!r}, why {why!r}",
            expected="a name and a reason",
            remedy="Say who decides, and why.",
        )
    return {"when": when.isoformat(), "action": action, "who": who, "why": why}


def _read_model(source: Path) -> bytes:
    """Read a `.keras` archive, and see that it is whole."""
    try:
        content = source.read_bytes()
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"its member {damaged} is damaged")
    except (FileNotFoundError, IsADirectoryError, *DAMAGED) as error:
        raise InputError(
            source,
            seen=error,
            expected="a whole .keras archive",
            remedy="Train the network again, or give another file. The champion is unchanged.",
        ) from error
    return content


def _writer(folder: UPath) -> Writer:
    return FolderWriter(Path(folder)) if isinstance(folder, Path) else AddressWriter(folder)


def _switch(writer: Writer, folder: UPath, version: str, entry: Mapping[str, str]) -> None:
    """Log the change, then make it: an entry too many can be told, a missing one cannot."""
    line = json.dumps({**entry, "from": pointed(folder), "to": version}, ensure_ascii=False)
    writer.log(f"{line}\n".encode())
    writer.point(version)
