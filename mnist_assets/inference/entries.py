"""What is in the inbox, in a folder or at an address: listed, compared and brought here to be read.

What is to be done with it is `inbox.py`. At an address, one listing tells of everything; a file is
asked for only to be read.
"""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upath import UPath

from mnist_assets.orchestration.storage.addresses import file_system, find_objects, list_address
from mnist_assets.orchestration.storage.patience import patiently

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

AT_ONCE = 16  # files on their way at a time
LONGEST_NAME = 255  # bytes, of the usual file systems
# What listings call the time of change; object stores never change an object, but replace it.
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")
_FOLDER = "It is a folder; put its files into the inbox one by one."


@dataclass(frozen=True)
class Entry:
    """What is known of something in the inbox without reading it.

    Attributes:
        folder: The inbox.
        name: Its name there.
        bytes: Its size.
        modified: When it changed last, in nanoseconds since the epoch; None where that is not told.
        fault: Why it is no file that can be read, as a sentence; empty where it is one.
    """

    folder: UPath
    name: str
    bytes: int
    modified: int | None
    fault: str = ""

    @property
    def path(self) -> UPath:
        """Where it is."""
        return self.folder / self.name

    @property
    def stamp(self) -> tuple[str, int, int]:
        """Its name, its size and its time of change, 0 where that is not told."""
        return self.name, self.bytes, self.modified or 0


@dataclass(frozen=True)
class Fetched:
    """A file of the inbox that can be read here.

    Attributes:
        entry: What it is.
        path: The file itself, or a copy of it under the same name.
    """

    entry: Entry
    path: Path

    @property
    def is_copy(self) -> bool:
        """Whether it is at an address, and this is a copy."""
        return not isinstance(self.entry.folder, Path)

    @property
    def is_as_listed(self) -> bool:
        """Whether nothing has written to it, or to its copy, since it was listed."""
        return self.is_copy or look(self.entry.folder, self.entry.name) == self.entry


def list_entries(folder: UPath) -> list[Entry]:
    """Everything directly in a folder or at an address, by name; nothing if there is no such.

    Raises:
        InputError: Its store refuses or is not available.
    """
    if isinstance(folder, Path):
        names = sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: PTH208 - half the time
        return [entry for entry in (look(folder, name) for name in names) if entry]
    entries = [_entry_at(folder, name, info) for name, info in list_address(folder).items()]
    return sorted(filter(None, entries), key=lambda entry: entry.name)


def look(folder: UPath, name: str) -> Entry | None:
    """Look at what is in a local folder, without following a link; None if it is not there."""
    path = os.path.join(str(folder), name)  # noqa: PTH118 - a path for each file takes long
    try:
        status = os.lstat(path)
        fault = _local_fault(path, status.st_mode)
        return Entry(folder, name, status.st_size, status.st_mtime_ns, fault)
    except OSError as error:
        if not os.path.lexists(path):
            return None
        return Entry(folder, name, 0, None, f"It cannot be read: {error.strerror}.")


def fetch(
    entries: Sequence[Entry], folder: Path, largest_file: int
) -> Generator[Fetched, None, None]:
    """Bring files here, in their order and no earlier than they are asked for, several at once.

    Nothing is on its way any more once it is closed.

    Args:
        entries: The files; local ones stay where they are.
        folder: What copies are put into, under their names. What is not needed may be removed.
        largest_file: In bytes; of a larger file only one more comes.

    Returns:
        Those that are still there, and of the size that was listed.

    Raises:
        InputError: Their store refuses or is not available.
    """
    if not entries or isinstance(entries[0].folder, Path):
        yield from (Fetched(entry, Path(str(entry.path))) for entry in entries)
        return
    # One for all threads: fsspec would make each one of its own, with a connection of its own.
    store = file_system(entries[0].folder)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for start in range(0, len(entries), AT_ONCE):
            some = entries[start : start + AT_ONCE]
            yield from filter(None, threads.map(partial(_fetch, store, folder, largest_file), some))


def _fetch(store: Any, folder: Path, largest_file: int, entry: Entry) -> Fetched | None:
    path, size = entry.path, min(entry.bytes, largest_file + 1)
    end = size if entry.bytes > size else None  # an empty file has no part that could be asked for
    try:
        content = patiently(path, lambda: store.cat_file(path.path, end=end))
    except FileNotFoundError:
        return None
    if len(content) != size:
        return None
    copy = folder / entry.name
    copy.write_bytes(content)
    return Fetched(entry, copy)


def _entry_at(folder: UPath, name: str, info: Mapping[str, Any]) -> Entry | None:
    """What is at an address; None for an empty folder, which stores keep or not as they like."""
    if info["type"] == "file":
        is_long = len(os.fsencode(name)) > LONGEST_NAME
        fault = f"Its name is longer than {LONGEST_NAME} bytes." if is_long else ""
        return Entry(folder, name, int(info["size"]), _time(info), fault)
    inside = find_objects(folder / name).values()
    times = [time for of in inside if (time := _time(of)) is not None]
    return Entry(folder, name, 0, max(times, default=None), _FOLDER) if inside else None


def _time(info: Mapping[str, Any]) -> int | None:
    """When a file changed last, in nanoseconds since the epoch, as its store's library tells."""
    told = next((info[name] for name in _TIMES if info.get(name) is not None), None)
    if isinstance(told, str):
        try:
            told = datetime.fromisoformat(told)
        except ValueError:
            return None
    if isinstance(told, datetime):
        told = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    return round(told * 1e9) if isinstance(told, int | float) else None


def _local_fault(path: str, mode: int) -> str:
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISLNK(mode):
        return f"It is a link, to {Path(path).readlink()}; put the file itself into the inbox."
    # Opening a named pipe, say, would wait for ever.
    return _FOLDER if stat.S_ISDIR(mode) else "It is not a regular file."
