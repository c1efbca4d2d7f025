"""How the champion is changed: a network is promoted, or the champion rolled back.

A version is written under a temporary name, renamed, logged, and only then pointed at, each step
brought to the disk before the next. So a reader sees the old champion or the new one, whole, and
the pointer is the truth; how the log is to be read is `history.py`. Writers exclude each
other by a lock, which the operating system lifts when its holder dies.

Whether to promote is decided in `decision.py`; how versions are kept is `archive.py`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_assets.champion.archive import (
    DAMAGED,
    EXPLANATION,
    LINK,
    LOG,
    MODEL,
    POINTER,
    VERSIONS,
    number_of,
    pointed,
    version_folders,
    whole_versions,
)
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_NO_LINKS_HERE = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def promote(
    folder: Path,
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
        f"{name}.json": json.dumps(explanation[name], indent=2, allow_nan=False) + "\n"
        for name in EXPLANATION
    }
    with _locked(folder):
        if pointed(folder) != replaces:
            raise InputError(
                "champion to replace",
                seen=f"{pointed(folder)}, by now",
                expected=replaces,
                remedy="Decide again, against the present champion.",
            )
        last = max(map(number_of, version_folders(folder)), default=0)
        version = f"{last + 1:04d}-{network}"
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder / VERSIONS) as temporary:
            written = Path(temporary) / version
            written.mkdir()
            _copy_model(model_path, written / MODEL)
            for name, text in files.items():
                _write(written / name, text)
            _sync(written)
            written.rename(folder / VERSIONS / version)
        _sync(folder / VERSIONS)
        _switch(folder, version, entry)
    return version


def rollback(folder: Path, version: str, *, who: str, why: str, when: datetime) -> None:
    """Make an earlier champion, one of `history.list_versions`, the champion again; see `promote`.

    Raises:
        InputError: There is no such version, it is the champion, who or why is empty, or somebody
            else is changing the champion.
    """
    entry = _entry("rollback", who, why, when)
    with _locked(folder):
        known = [champion.version for champion in whole_versions(folder)]
        if version not in known or version == pointed(folder):
            raise InputError(
                "version to roll back to",
                seen=version if version not in known else f"{version}, the champion",
                expected=f"another of {', '.join(known) or 'none, as none was ever promoted'}",
                remedy="Give an earlier champion's version.",
            )
        _switch(folder, version, entry)


def _entry(action: str, who: str, why: str, when: datetime) -> dict[str, str]:
    if not who.strip() or not why.strip():
        raise InputError(
            f"{action} of a champion",
            seen=f"who {who!r}, why {why!r}",
            expected="a name and a reason",
            remedy="Say who decides, and why.",
        )
    return {"when": when.isoformat(), "action": action, "who": who, "why": why}


def _copy_model(source: Path, target: Path) -> None:
    """Copy a `.keras` archive, and see that the copy is whole."""
    try:
        shutil.copyfile(source, target)
        with zipfile.ZipFile(target) as archive:
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"its member {damaged} is damaged")
    except (FileNotFoundError, IsADirectoryError, *DAMAGED) as error:
        raise InputError(
            source,
            seen=error,
            expected="a whole .keras archive",
            remedy="Train the network again, or give another file. The champion is unchanged.",
        ) from error
    _sync(target)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other writers out, and remove what a killed one left behind."""
    versions = folder / VERSIONS
    versions.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                folder,
                seen="another process that is changing the champion",
                expected="one at a time",
                remedy="Wait until it is done, which takes a moment, and see who is champion then.",
            ) from error
        for left in versions.glob(".new-*"):
            shutil.rmtree(left)
        yield


def _switch(folder: Path, version: str, entry: Mapping[str, str]) -> None:
    """Log the change, then make it: an entry too many can be told, a missing one cannot."""
    _append(folder / LOG, {**entry, "from": pointed(folder), "to": version})
    _point(folder, version)


def _append(log: Path, entry: Mapping[str, str | None]) -> None:
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    with log.open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)  # a line cut short led to nothing
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def _point(folder: Path, version: str) -> None:
    link, temporary = folder / LINK, folder / f".{LINK}.new"
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(Path(VERSIONS) / version, target_is_directory=True)
    except OSError as error:
        if link.is_symlink() or error.errno not in _NO_LINKS_HERE:
            raise
        _write(temporary, json.dumps({"version": version}) + "\n")
        temporary.replace(folder / POINTER)
    else:
        temporary.replace(link)
    _sync(folder)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    _sync(path)


def _sync(path: Path) -> None:
    """Bring a file or a folder's list of files to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
