"""Files dropped into the inbox: which are ready, which must wait, which go to quarantine and how.

Which of those that are ready were scored before is `scored.py`; reading them, `scoring.py`; when to
look is the sensor's affair.
"""

import errno
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_assets.errors import InputError

# What browsers, editors and copying programs call a file that they are still writing.
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".download", "~")
REASON_ENDING = ".reason.txt"

_LONGEST_NAME = 255  # bytes, of the usual file systems


@dataclass(frozen=True)
class Verdict:
    """What a file in the inbox is.

    Attributes:
        state: "ready" to be read, "waiting" to be looked at again, or due for "quarantine".
        reason: Why, as a sentence; empty when ready.
    """

    state: Literal["ready", "waiting", "quarantine"]
    reason: str = ""


def look_at(path: Path, *, settled_seconds: float, now: float) -> Verdict:
    """Say what to do with a file in the inbox, without reading or changing anything.

    Args:
        path: A file, or whatever else is there, directly in the inbox.
        settled_seconds: How long a file must not have changed before it is taken to be finished.
        now: Seconds since the epoch, on the clock of the inbox's file system.
    """
    if path.name.startswith(".") or path.name.lower().endswith(UNFINISHED):
        return Verdict("waiting", "Its name says that it is hidden or not finished.")
    try:
        status = path.lstat()
        # Either way, since a time in the future, from another clock, would otherwise never settle.
        if abs(now - status.st_mtime) < settled_seconds:
            return Verdict("waiting", f"It changed less than {settled_seconds:g} seconds ago.")
        if not stat.S_ISREG(status.st_mode):  # opening a named pipe, say, would wait for ever
            return Verdict("quarantine", _describe_irregular(path, status.st_mode))
    except OSError as error:
        if not os.path.lexists(path):
            return Verdict("waiting", "It is no longer there.")
        return Verdict("quarantine", f"It cannot be read: {error.strerror}.")
    return Verdict("ready")


def file_key(name: str, sha256: str) -> str:
    """Tell a file from all others: the same content under the same name is the same file.

    Args:
        name: Of the file; its ending does not matter, nor does upper or lower case.
        sha256: Of its content.
    """
    return f"{Path(name).stem.lower()}-{sha256}"


def quarantine(path: Path, folder: Path, reason: str) -> Path:
    """Move a file out of the inbox, and write beside it why.

    It is renamed, so that it is always in one place or the other; across file systems it is copied
    under a hidden name, renamed, and only then removed. A link is moved, not what it points to.

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
        folder.mkdir(parents=True, exist_ok=True)
        target = _reserve(path.name, folder, reason)
        try:
            _move(path, target)
        except OSError:
            _reason_path(target).unlink()
            raise
    except OSError as error:
        raise InputError(
            path,
            seen=error.strerror,
            expected=f"a file that can be moved to {folder}",
            remedy="Correct the permissions of both folders, or free space.",
        ) from error
    return target


def _describe_irregular(path: Path, mode: int) -> str:
    if stat.S_ISLNK(mode):
        return f"It is a link, to {path.readlink()}; put the file itself into the inbox."
    if stat.S_ISDIR(mode):
        return "It is a folder; put its files into the inbox one by one."
    return "It is not a regular file."


def _reserve(name: str, folder: Path, reason: str) -> Path:
    """Choose a free name by creating its reason, which no other process can then do."""
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, and all of its bytes
    number = 1
    while True:
        mark = "" if number == 1 else f"-{number}"
        room = _LONGEST_NAME - len(os.fsencode(mark + ending + REASON_ENDING))
        target = folder / (os.fsdecode(os.fsencode(stem)[:room]) + mark + ending)
        number += 1
        if os.path.lexists(target):
            continue
        try:
            with _reason_path(target).open("x", encoding="utf-8", errors="replace") as file:
                file.write(f"{reason}\n")
        except FileExistsError:
            continue
        return target


def _reason_path(target: Path) -> Path:
    return target.with_name(target.name + REASON_ENDING)


def _move(path: Path, target: Path) -> None:
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
