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

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd
    from upath import UPath

COLUMNS = ("file", "bytes", "modified", "sha256")  # of a table, after what was read


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
        for path in folder.glob("*.csv") if folder.is_dir() else ():
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if COLUMNS[0] in row:  # not in a table of the time when each file had its own
                        seen.add((row["file"], int(row["bytes"]), int(row["modified"])))
                        keys.add(file_key(row["file"], row["sha256"]))
        return cls(frozenset(seen), frozenset(keys))


def stamp(path: Path) -> tuple[str, int, int]:
    """Give a file's name, its size in bytes and its time of change in nanoseconds.

    Raises:
        OSError: It is gone.
    """
    status = path.stat()
    return path.name, status.st_size, status.st_mtime_ns


def name_file(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Give a file's table with the columns that tell which file it is of.

    Raises:
        OSError: The file is gone.
    """
    told: tuple[Any, ...] = (*stamp(path), _sha256(path))
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

    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    if not text.endswith("\n"):
        raise _damaged(path, "its last line has no end")
    try:
        return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
    except ValueError as error:  # pandas's own errors are of this kind
        raise _damaged(path, str(error)) from error


def is_as_before(path: Path, before: tuple[str, int, int]) -> bool:
    """Tell whether nothing has written to a file since its `stamp` was this."""
    try:
        return stamp(path) == before
    except OSError:
        return False


def first_unknown(paths: Iterable[Path], scored: ScoredFiles, most: int) -> list[Path]:
    """Choose the first files that were not scored, of one content under one name only one.

    Args:
        paths: Files that are ready.
        scored: Those that were.
        most: How many at most.
    """
    chosen: dict[str, Path] = {}
    for path in paths:
        if len(chosen) == most:
            break
        try:
            if stamp(path) not in scored.seen:  # else it need not be read
                key = file_key(path.name, _sha256(path))
                if key not in scored.keys:
                    chosen.setdefault(key, path)
        except OSError:  # it is gone by now; if it cannot be read, whoever reads it says so
            if path.exists():
                chosen.setdefault(str(path), path)
    return list(chosen.values())


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
