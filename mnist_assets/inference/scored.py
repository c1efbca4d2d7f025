"""Which files of the inbox have been scored: told by the tables of their predictions alone.

So no file is lost and none is scored twice, whatever dies in between: a table is there as a whole
or not at all.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

from mnist_assets.errors import InputError
from mnist_assets.inference.inbox import file_key
from mnist_assets.orchestration.storage.addresses import look_inside, read_bytes
from mnist_assets.orchestration.storage.copies import local_copy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd
    from upath import UPath

    from mnist_assets.inference.entries import Entry, Fetched

COLUMNS = ("file", "bytes", "modified", "sha256")  # of a table, after what was read
# The keys of files at addresses that were fetched: of a copy that was put there again no look after
# the first needs more than its size and time.
_READ: dict[tuple[str, str, int, int], str] = {}


@dataclass(frozen=True)
class ScoredFiles:
    """The files that tables of predictions tell of.

    Attributes:
        seen: Name, size in bytes and time of change, in nanoseconds, of each.
        keys: The `file_key` of each.
    """

    seen: frozenset[tuple[str, int, int]]
    keys: frozenset[str]

    @classmethod
    def read(cls, folder: UPath) -> ScoredFiles:
        """Read the names from all tables in a folder; none, if there is no such folder."""
        seen, keys = set(), set()
        for path, state in look_inside(folder):
            if path.suffix != ".csv":
                continue
            with local_copy(path, state).open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if COLUMNS[0] in row:  # else it is no table of predictions
                        seen.add((row["file"], int(row["bytes"]), int(row["modified"])))
                        keys.add(file_key(row["file"], row["sha256"]))
        return cls(frozenset(seen), frozenset(keys))


def name_file(table: pd.DataFrame, file: Fetched) -> pd.DataFrame:
    """Give a file's table with the columns that tell which file it is of.

    Raises:
        OSError: The file is gone.
    """
    told: tuple[Any, ...] = (*file.entry.stamp, _sha256(file.path))
    named = table.copy()
    for column, value in zip(COLUMNS, told, strict=True):
        named[column] = value
    return named


def read_table(path: UPath) -> pd.DataFrame | None:
    """Read a table of predictions that more is to be added to; None, if there is none yet.

    Everything is text as it stands there, so that it is written again as it was.

    Raises:
        InputError: It is cut short or no table: nothing must be written over it.
    """
    import pandas as pd

    try:
        text = read_bytes(path).decode()
    except FileNotFoundError:
        return None
    if not text.endswith("\n"):
        raise _damaged(path, "its last line has no end")
    try:
        return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
    except ValueError as error:  # pandas's own errors are of this kind
        raise _damaged(path, str(error)) from error


def without_scored(entries: Iterable[Entry], scored: ScoredFiles) -> list[Entry]:
    """Leave out the files that need not be read to know that they were scored."""
    return [
        entry
        for entry in entries
        if entry.modified is None
        or (entry.stamp not in scored.seen and _READ.get(_version(entry)) not in scored.keys)
    ]


def first_unknown(files: Iterable[Fetched], scored: ScoredFiles, most: int) -> list[Fetched]:
    """Choose the first files that were not scored, of one content under one name only one.

    Args:
        files: Files that are ready; no more of them are asked for than it takes. A copy of one
            that was scored is removed.
        scored: Those that were.
        most: How many at most.
    """
    chosen: dict[str, Fetched] = {}
    for file in files:
        try:
            key = file_key(file.entry.name, _sha256(file.path))
        except OSError:  # it is gone by now; if it cannot be read, whoever reads it says so
            if file.path.exists():
                chosen.setdefault(str(file.path), file)
            continue
        if key not in scored.keys:
            chosen.setdefault(key, file)
        if file.is_copy:
            _READ[_version(file.entry)] = key
            if chosen.get(key) is not file:
                file.path.unlink()
        if len(chosen) == most:
            break
    return list(chosen.values())


def _version(entry: Entry) -> tuple[str, str, int, int]:
    return str(entry.folder), *entry.stamp


def _damaged(path: UPath, why: str) -> InputError:
    return InputError(
        path,
        seen=f"a damaged table ({why})",
        expected="the predictions made before",
        remedy="Restore it, or delete it to have its files scored again.",
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
