"""Files dropped into the inbox: which are ready, which must wait, which go to quarantine and how.

Decoding a file's pictures is `picture_files.py`; reading what is ready is `readings.py` and
`evaluation/predictions.py`; when to look is the sensor's affair.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_assets.errors import InputError
from mnist_assets.inference.picture_files import decode_pictures

# What browsers, editors and copying programs call a file that they are still writing.
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".download", "~")
REASON_ENDING = ".reason.txt"

_LONGEST_NAME = 255  # bytes, of the usual file systems
_LONGEST_STEM = 40  # characters of a partition key that come from the file's name


@dataclass(frozen=True)
class Verdict:
    """What a file in the inbox is.

    Attributes:
        state: "ready" to be scored, "waiting" to be looked at again, or due for "quarantine".
        reason: Why, as a sentence; empty when ready.
        sha256: Of the content that was inspected, as 64 hexadecimal digits; empty unless ready.
    """

    state: Literal["ready", "waiting", "quarantine"]
    reason: str = ""
    sha256: str = ""


def inspect_file(
    path: Path, *, largest_file: int, largest_picture: int, settled_seconds: float, now: float
) -> Verdict:
    """Say what to do with a file in the inbox, without changing anything.

    Its pictures are decoded, so one that is ready can be read; whether there is ink on them shows
    only when they are prepared.

    Args:
        path: A file, or whatever else is there, directly in the inbox.
        largest_file: As for `picture_files.read_pictures`, in bytes.
        largest_picture: As for `picture_files.read_pictures`, in pixels.
        settled_seconds: How long a file must not have changed before it is taken to be finished.
        now: Seconds since the epoch, on the clock of the inbox's file system.
    """
    if path.name.startswith(".") or path.name.lower().endswith(UNFINISHED):
        return Verdict("waiting", "Its name says that it is hidden or not finished.")
    try:
        data = _read_settled(path, largest_file, settled_seconds, now)
    except OSError as error:
        if not os.path.lexists(path):
            return Verdict("waiting", "It is no longer there.")
        return Verdict("quarantine", f"It cannot be read: {error.strerror}.")
    if isinstance(data, Verdict):
        return data
    try:
        decode_pictures(data, path.name, largest_file=largest_file, largest_picture=largest_picture)
    except InputError as error:
        return Verdict("quarantine", str(error))
    return Verdict("ready", sha256=hashlib.sha256(data).hexdigest())


def partition_key(path: Path, sha256: str) -> str:
    """Name a file for good: the same content under the same name is the same partition.

    Args:
        path: The file; its folder and its ending do not matter, nor does upper or lower case.
        sha256: Of its content, as from `inspect_file`.

    Returns:
        The name without its ending, in a to z, 0 to 9, "-" and "_" (any other run of characters
        becomes "-"), at most 40 characters, then "-" and the first 12 digits of the SHA-256: safe
        as a key of a dynamic partition, in an address, and as a file's name on any system.
    """
    stem = re.sub(r"[^a-z0-9_]+", "-", path.stem.lower())[:_LONGEST_STEM].strip("-")
    return f"{stem or 'digits'}-{sha256[:12]}"


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


def _read_settled(
    path: Path, largest_file: int, settled_seconds: float, now: float
) -> bytes | Verdict:
    """Read a file that nobody is writing, up to one byte over the limit."""
    before = path.lstat()
    # Either way, since a time in the future, from another clock, would otherwise never settle.
    if abs(now - before.st_mtime) < settled_seconds:
        return Verdict("waiting", f"It changed less than {settled_seconds:g} seconds ago.")
    if not stat.S_ISREG(before.st_mode):  # opening a named pipe, say, would wait for ever
        return Verdict("quarantine", _describe_irregular(path, before.st_mode))
    with path.open("rb") as file:
        data = file.read(largest_file + 1)
    after = path.lstat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return Verdict("waiting", "It changed while it was read.")
    return data


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
