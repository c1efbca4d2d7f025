"""Files dropped into the inbox: which are ready, which must wait, which go to quarantine and how.

What there is, `entries.py` tells; which of those that are ready were scored before, `scored.py`;
reading them is `scoring.py`; when to look is the sensor's affair.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnist_assets.errors import InputError
from mnist_assets.inference.entries import LONGEST_NAME
from mnist_assets.orchestration.storage.addresses import file_system
from mnist_assets.orchestration.storage.changes import (
    ChangedMeanwhileError,
    create,
    make_folder,
    move,
    remove,
)
from mnist_assets.orchestration.storage.patience import patiently

if TYPE_CHECKING:
    from upath import UPath

    from mnist_assets.inference.entries import Entry

# What browsers, editors and copying programs call a file that they are still writing.
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".download", "~")
REASON_ENDING = ".reason.txt"


@dataclass(frozen=True)
class Verdict:
    """What a file in the inbox is.

    Attributes:
        state: "ready" to be read, "waiting" to be looked at again, or due for "quarantine".
        reason: Why, as a sentence; empty when ready.
    """

    state: Literal["ready", "waiting", "quarantine"]
    reason: str = ""


def look_at(entry: Entry, *, settled_seconds: float, now: float) -> Verdict:
    """Say what to do with something in the inbox, without reading or changing anything.

    Args:
        entry: A file, or whatever else is there.
        settled_seconds: How long it must not have changed before it is taken to be finished.
        now: Seconds since the epoch, on the clock of the inbox's file system.
    """
    if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
        return Verdict("waiting", "Its name says that it is hidden or not finished.")
    # Either way, since a time in the future, from another clock, would otherwise never settle.
    if entry.modified is not None and abs(now - entry.modified / 1e9) < settled_seconds:
        return Verdict("waiting", f"It changed less than {settled_seconds:g} seconds ago.")
    return Verdict("quarantine", entry.fault) if entry.fault else Verdict("ready")


def file_key(name: str, sha256: str) -> str:
    """Tell a file from all others: the same content under the same name is the same file.

    Args:
        name: Of the file; its ending does not matter, nor does upper or lower case.
        sha256: Of its content.
    """
    return f"{Path(name).stem.lower()}-{sha256}"


def quarantine(path: UPath, folder: UPath, reason: str) -> UPath:
    """Move a file out of the inbox, and write beside it why.

    It is renamed, so that it is always in one place or the other; across file systems, and in
    stores that cannot rename, it is copied whole and only then removed. A link is moved, not what
    it points to.

    Args:
        path: The file, link or folder.
        folder: Where to; made if need be. An earlier file of that name stays, and this one is
            numbered: `7.png`, `7-2.png`, `7-3.png`.
        reason: What to write to `<name>.reason.txt`.

    Returns:
        Where it is now.

    Raises:
        InputError: It cannot be moved, since it is gone, or one of the folders cannot be written.
    """
    try:
        make_folder(folder)
        target = _reserve(path.name, folder, reason)
        try:
            _move(path, target)
        except OSError:
            remove(_reason_path(target))
            raise
    except OSError as error:
        raise InputError(
            path,
            seen=error.strerror or "no such file",
            expected=f"a file that can be moved to {folder}",
            remedy="Correct the permissions of both folders, or free space.",
        ) from error
    return target


def _reserve(name: str, folder: UPath, reason: str) -> UPath:
    """Choose a free name by creating its reason, which no other process can then do."""
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, and all of its bytes
    number = 1
    while True:
        mark = "" if number == 1 else f"-{number}"
        room = LONGEST_NAME - len(os.fsencode(mark + ending + REASON_ENDING))
        target = folder / (os.fsdecode(os.fsencode(stem)[:room]) + mark + ending)
        number += 1
        if _exists(target):
            continue
        with suppress(ChangedMeanwhileError):
            create(f"{reason}\n".encode(errors="replace"), _reason_path(target))
            return target


def _exists(path: UPath) -> bool:
    if isinstance(path, Path):
        return os.path.lexists(path)
    return bool(patiently(path, lambda: file_system(path).exists(path.path)))


def _reason_path(target: UPath) -> UPath:
    return target.with_name(target.name + REASON_ENDING)


def _move(path: UPath, target: UPath) -> None:
    if not isinstance(path, Path) or not isinstance(target, Path):
        move(path, target)
        return
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_across(path, target)


def _move_across(path: Path, target: Path) -> None:
    # The same for every attempt, so that the next one clears what a killed one left.
    copy = target.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()}")
    _remove(copy)
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, copy, symlinks=True)
    else:
        shutil.copy2(path, copy, follow_symlinks=False)
    copy.replace(target)
    _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
