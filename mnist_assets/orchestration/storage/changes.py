"""Changing files in folders and at addresses: each gets there as a whole or not at all.

Object stores replace an object in one step; elsewhere a file is sent under a temporary name and
moved. What is there is told by `addresses.py`.
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_assets.orchestration.storage.addresses import (
    file_system,
    find_objects,
    look,
    read_bytes,
    transfer_options,
)
from mnist_assets.orchestration.storage.patience import chain, patiently, status

if TYPE_CHECKING:
    from collections.abc import Callable

    from upath import UPath

_REPLACES_IN_ONE_STEP = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "memory"}
_REPLACES_IF_SAME = {"s3", "s3a"}


class ChangedMeanwhileError(Exception):
    """A file was written by another process since it was looked at."""


def put(content: bytes, path: UPath) -> None:
    """Write a file, whole or not at all.

    Raises:
        OSError: It cannot be written.
        InputError: Its store refuses or is not available.
    """
    if isinstance(path, Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_name(f".{path.name}.{os.getpid()}.part")
        written.write_bytes(content)
        written.replace(path)
        return
    _send(path, lambda name: file_system(path).pipe_file(name, content))


def create(content: bytes, path: UPath) -> None:
    """Write a small file that is not there yet; errors as of `replace`."""
    if isinstance(path, Path):
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError as error:
            raise ChangedMeanwhileError(str(path)) from error
        return
    make_folder(path.parent)
    _unless_changed(
        content, path, lambda: file_system(path).pipe_file(path.path, content, mode="create")
    )


def replace(content: bytes, path: UPath, before: str | None) -> None:
    """Write a small file at an address, if it is what it was when it was last looked at.

    Stores that can replace an object on that condition let no other process come between; of
    others, only one that came before is noticed.

    Args:
        content: What it is to hold.
        path: The file.
        before: The stamp that it had, None if there was no file.

    Raises:
        ChangedMeanwhileError: It is another by now.
        InputError: Its store refuses or is not available.
    """
    if before is None:
        create(content, path)
        return

    def write() -> None:
        try:
            if path.protocol in _REPLACES_IF_SAME:
                file_system(path).pipe_file(path.path, content, IfMatch=before)
                return
            is_same = look(path).stamp == before
        except FileNotFoundError as error:
            raise ChangedMeanwhileError(str(path)) from error
        if not is_same:
            raise ChangedMeanwhileError(str(path))
        put(content, path)

    _unless_changed(content, path, write)


def send(file: Path, path: UPath) -> None:
    """Copy a local file to an address, whole or not at all; errors as of `put`."""
    options = transfer_options(path)
    _send(path, lambda name: file_system(path).put_file(str(file), name, **options))


def remove(path: UPath) -> None:
    """Remove a file, if it is there."""
    if isinstance(path, Path):
        path.unlink(missing_ok=True)
        return
    try:
        patiently(path, lambda: file_system(path).rm_file(path.path))
    except FileNotFoundError:
        return


def remove_folder(folder: UPath | Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    try:
        if isinstance(folder, Path):
            shutil.rmtree(folder)
        else:
            patiently(folder, lambda: file_system(folder).rm(folder.path, recursive=True))
    except FileNotFoundError:
        return


def move(path: UPath, target: UPath) -> None:
    """Move a file or a folder at an address; where objects cannot be renamed, one after the other.

    Raises:
        FileNotFoundError: It is not there.
        InputError: Its store refuses or is not available.
    """
    store = file_system(path)
    if path.protocol not in _REPLACES_IN_ONE_STEP:
        patiently(path, lambda: store.mv(path.path, target.path))
        return
    for name in find_objects(path) or [path.path]:
        _move_object(path, name, target.path + name.removeprefix(path.path))


def make_folder(path: UPath) -> None:
    """Make a folder where there are any; object stores have none, and a bucket is not made."""
    if isinstance(path, Path) or path.protocol not in _REPLACES_IN_ONE_STEP:
        path.mkdir(parents=True, exist_ok=True)


def _move_object(path: UPath, name: str, target: str) -> None:
    store = file_system(path)
    patiently(path, lambda: store.cp_file(name, target))
    patiently(path, lambda: store.rm_file(name))


def _send(path: UPath, write: Callable[[str], None]) -> None:
    if path.protocol in _REPLACES_IN_ONE_STEP:
        patiently(path, lambda: write(path.path))
        return
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part").path

    def send_and_move() -> None:
        write(temporary)
        file_system(path).mv(temporary, path.path)

    patiently(path, send_and_move)


def _unless_changed(content: bytes, path: UPath, write: Callable[[], None]) -> None:
    def attempt() -> None:
        try:
            write()
        except Exception as error:
            if not _is_changed(error):
                raise
            if _read_if_there(path) != content:  # else it was written by a call before this one
                raise ChangedMeanwhileError(str(path)) from error

    patiently(path, attempt)


def _read_if_there(path: UPath) -> bytes | None:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return None


def _is_changed(error: BaseException) -> bool:
    """Whether a store refused to write over what is another by now."""
    changed = (FileExistsError, ChangedMeanwhileError)
    return any(isinstance(each, changed) or status(each) in {409, 412} for each in chain(error))
