"""Noticing a file that was changed or lost behind Dagster's back, without reading it each time."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from upath import UPath

PICTURE_FILES = "picture_files"  # in an asset's metadata: their fingerprints by name


def fingerprint(path: UPath) -> dict[str, str | int]:
    """What to remember of a file.

    Returns:
        `bytes`; of a local file also `modified` (in nanoseconds, as text) and `sha256`.
    """
    status = path.stat()
    if not isinstance(path, Path):
        return {"bytes": status.st_size}
    return {
        "bytes": status.st_size,
        "modified": str(status.st_mtime_ns),
        "sha256": _sha256(path),
    }


def find_any_fault(path: UPath, remembered: Mapping[str, Any]) -> str | None:
    """What is wrong with a value's file, or with that of a picture beside it; or None.

    Args:
        path: The file, where it would be read, wherever it was written.
        remembered: The metadata of the asset when it was made: the `fingerprint` of its file, and
            under PICTURE_FILES those of its pictures.

    Raises:
        FileNotFoundError: There is no file.
    """
    if fault := find_fault(path, remembered):
        return fault
    for picture, of_picture in picture_fingerprints(path, remembered):
        try:
            if fault := find_fault(picture, of_picture):
                return fault
        except FileNotFoundError:
            return f"its file was lost: {picture}"
    return None


def picture_fingerprints(
    path: UPath, remembered: Mapping[str, Any]
) -> Iterator[tuple[UPath, Mapping[str, Any]]]:
    """The files of the pictures beside a value's file, each with its fingerprint."""
    for name, of_picture in remembered.get(PICTURE_FILES, {}).items():
        yield path.with_name(name), of_picture


def find_fault(path: UPath, remembered: Mapping[str, Any], *, read: bool = False) -> str | None:
    """What is wrong with a file that is there, or None.

    Of a remote one only the size is known.

    Args:
        path: The file.
        remembered: Its `fingerprint` when it was written.
        read: Whether a local file is read in any case. Else it is read only if its time differs, as
            that of a copy may.

    Raises:
        FileNotFoundError: There is no file.
    """
    status = path.stat()
    if status.st_size != remembered["bytes"]:
        return (
            f"its file was damaged: {path} has {status.st_size:,} bytes, "
            f"not {remembered['bytes']:,}"
        )
    if not isinstance(path, Path):
        return None
    if str(status.st_mtime_ns) == remembered["modified"] and not read:
        return None
    if _sha256(path) == remembered["sha256"]:
        return None
    return f"its file was changed by something else: {path}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
