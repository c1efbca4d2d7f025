"""Noticing a file that was changed or lost behind Dagster's back, without reading it each time."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from upath import UPath

from mnist_assets.orchestration.storage.addresses import FileState, file_system, look
from mnist_assets.orchestration.storage.copies import local_copy
from mnist_assets.orchestration.storage.patience import patiently

PICTURE_FILES = "picture_files"  # in an asset's metadata: their fingerprints by name


def fingerprint(state: FileState, sha256: str) -> dict[str, str | int]:
    """What to remember of a file that was just written.

    Args:
        state: What a look at it tells.
        sha256: Hash of its content.

    Returns:
        `bytes`, `sha256`, and `modified` (in nanoseconds, as text) of a local file, `etag` of one
        at an address.
    """
    return {"bytes": state.bytes, state.stamp_name: state.stamp, "sha256": sha256}


def find_any_fault(
    path: UPath, remembered: Mapping[str, Any], look_at: Callable[[UPath], FileState] = look
) -> str | None:
    """What is wrong with a value's file, or with that of a picture beside it; or None.

    Args:
        path: The file, where it would be read, wherever it was written.
        remembered: The metadata of the asset when it was made: the `fingerprint` of its file, and
            under PICTURE_FILES those of its pictures.
        look_at: What tells of a file, such as a listing of all.

    Raises:
        FileNotFoundError: There is no file.
    """
    if fault := find_fault(path, remembered, look_at):
        return fault
    for picture, of_picture in picture_fingerprints(path, remembered):
        try:
            if fault := find_fault(picture, of_picture, look_at):
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


def find_fault(
    path: UPath,
    remembered: Mapping[str, Any],
    look_at: Callable[[UPath], FileState] = look,
    *,
    read: bool = False,
) -> str | None:
    """What is wrong with a file that is there, or None.

    Args:
        path: The file.
        remembered: Its `fingerprint` when it was written.
        look_at: What tells of a file, such as a listing of all.
        read: Whether it is read in any case. Else it is read only if its stamp differs, as that of
            a copy may.

    Raises:
        FileNotFoundError: There is no file.
        InputError: Its store refuses or is not available.
    """
    state = look_at(path)
    if state.bytes != remembered["bytes"]:
        return (
            f"its file was damaged: {path} has {state.bytes:,} bytes, not {remembered['bytes']:,}"
        )
    if state.stamp == remembered.get(state.stamp_name) and not read:
        return None
    if (sha256_at(path) if read else sha256_of(local_copy(path))) == remembered.get("sha256"):
        return None
    return f"its file was changed by something else: {path}"


def sha256_of(path: Path) -> str:
    """Hash of a local file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_at(path: UPath) -> str:
    """Hash of the content of a file as it is now, wherever it is, without keeping a copy."""
    if isinstance(path, Path):
        return sha256_of(path)

    def read() -> str:
        digest = hashlib.sha256()
        with file_system(path).open(path.path, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    return patiently(path, read)
