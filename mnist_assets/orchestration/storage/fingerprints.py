"""Noticing a file that was changed or lost behind Dagster's back, without reading it each time."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def fingerprint(path: Path) -> dict[str, str | int]:
    """What to remember of a file: `bytes`, `modified` (in nanoseconds, as text) and `sha256`."""
    status = path.stat()
    return {
        "bytes": status.st_size,
        "modified": str(status.st_mtime_ns),
        "sha256": _sha256(path),
    }


def find_fault(path: Path, remembered: Mapping[str, Any]) -> str | None:
    """What is wrong with a file, or None; it is read only if size or time differ.

    Args:
        path: The file.
        remembered: Its `fingerprint` when it was written.
    """
    if not path.is_file():
        return f"its file is gone: {path}"
    status = path.stat()
    if status.st_size != remembered["bytes"]:
        return (
            f"its file was damaged: {path} has {status.st_size:,} bytes, "
            f"not {remembered['bytes']:,}"
        )
    if str(status.st_mtime_ns) == remembered["modified"] or _sha256(path) == remembered["sha256"]:
        return None
    return f"its file was changed by something else: {path}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
