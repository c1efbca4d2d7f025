"""Folders and addresses alike: files get there as a whole or not at all, and their state is told.

An address is whatever fsspec knows, such as s3://bucket/values. Object stores replace an object in
one step; elsewhere a file is sent under a temporary name and moved.
"""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage.patience import chain, patiently, status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_REPLACES_IN_ONE_STEP = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "memory"}
_REPLACES_IF_SAME = {"s3", "s3a"}
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"} | dict.fromkeys(
    ("az", "abfs", "abfss", "adl"), "azure"
)
# What stores call that which differs between two versions of an object, the best first.
_STAMPS = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "created")


class ChangedMeanwhileError(Exception):
    """A file was written by another process since it was looked at."""


@dataclass(frozen=True)
class FileState:
    """What is known of a file without reading it.

    Attributes:
        bytes: Its size.
        stamp: Differs from that of other content: of a local file its time of change in
            nanoseconds, of an object its ETag or what else its store has.
        is_local: Which of the two.
    """

    bytes: int
    stamp: str
    is_local: bool

    @property
    def stamp_name(self) -> str:
        """What the stamp is called where it is remembered."""
        return "modified" if self.is_local else "etag"


def open_address(address: str) -> UPath:
    """A folder, or an address as fsspec has it.

    Raises:
        InputError: fsspec knows no such address, or what it needs for it is not installed.
    """
    protocol = address.partition("://")[0] if "://" in address else ""
    try:
        # Another process may write at any time: what was listed before tells nothing.
        path = UPath(address, use_listings_cache=False) if protocol else UPath(address)
        if path.protocol in {"file", "local"}:
            return UPath(path.path)  # so that it is written to as any other folder
        file_system(path)
    except (ImportError, ValueError) as error:
        extra = _EXTRAS.get(protocol)
        raise InputError(
            "address",
            seen=f"{address} ({error})",
            expected="a folder, or an address that fsspec knows, with the library for it",
            remedy=f"Install it: pip install 'mnist-assets[{extra}]'."
            if extra
            else "Correct the address, or install the library that the message names.",
        ) from error
    return path


def file_system(path: UPath) -> Any:
    """The fsspec file system of an address, that of this process: none survives a fork."""
    return fsspec.filesystem(path.protocol or "file", **path.storage_options)


def look(path: UPath) -> FileState:
    """Look at a file.

    Raises:
        FileNotFoundError: There is none.
        InputError: Its store refuses or is not available.
    """
    if isinstance(path, Path):
        status = path.stat()
        return FileState(status.st_size, str(status.st_mtime_ns), is_local=True)
    return _state(patiently(path, lambda: file_system(path).info(path.path)))


def look_below(root: UPath) -> Callable[[UPath], FileState]:
    """What looks at files below a folder or address, of the latter by one listing, as of now."""
    if isinstance(root, Path):
        return look
    listed = {
        name: _state(info)
        for name, info in patiently(
            root, lambda: file_system(root).find(root.path, detail=True)
        ).items()
    }

    def look_up(path: UPath) -> FileState:
        if path.path not in listed:
            raise FileNotFoundError(str(path))
        return listed[path.path]

    return look_up


def look_inside(folder: UPath) -> list[tuple[UPath, FileState]]:
    """Look at all files directly in a folder, at an address by one listing; none without a folder.

    Raises:
        InputError: Its store refuses or is not available.
    """
    if isinstance(folder, Path):
        return [(path, look(path)) for path in list_folder(folder) if path.is_file()]
    listed = list_address(folder).items()
    return [(folder / name, _state(info)) for name, info in listed if info["type"] == "file"]


def list_address(folder: UPath) -> dict[str, Mapping[str, Any]]:
    """What a store tells of everything directly at an address, by name and in no order.

    It takes one listing. Nothing, if there is no such address.

    Raises:
        InputError: The store refuses or is not available.
    """
    try:
        listed = patiently(folder, lambda: file_system(folder).ls(folder.path, detail=True))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    inside = [info for info in listed if info["name"].strip("/") != folder.path.strip("/")]
    return {info["name"].rstrip("/").rpartition("/")[2]: info for info in inside}


def read_bytes(path: UPath) -> bytes:
    """Read a small file as it is now; errors as of `look`."""
    if isinstance(path, Path):
        return path.read_bytes()
    content: bytes = patiently(path, lambda: file_system(path).cat_file(path.path))
    return content


def list_folder(folder: UPath) -> list[UPath]:
    """What is in a folder as it is now, in no order; nothing if there is no such folder."""
    try:
        return patiently(folder, lambda: list(folder.iterdir()))
    except (FileNotFoundError, NotADirectoryError):
        return []


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
        if path.protocol in _REPLACES_IF_SAME:
            file_system(path).pipe_file(path.path, content, IfMatch=before)
        elif look(path).stamp == before:
            put(content, path)
        else:
            raise ChangedMeanwhileError(str(path))

    _unless_changed(content, path, write)


def send(file: Path, path: UPath) -> None:
    """Copy a local file to an address, whole or not at all; errors as of `put`."""
    _send(path, lambda name: file_system(path).put_file(str(file), name))


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


def size_below(folder: UPath | Path) -> int:
    """How many bytes all files below a folder have together."""
    if isinstance(folder, Path):
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    size: int = patiently(folder, lambda: file_system(folder).du(folder.path))
    return size


def find_objects(path: UPath) -> dict[str, Mapping[str, Any]]:
    """What a store tells of everything below an address, but for objects that stand for folders."""
    found = patiently(path, lambda: file_system(path).find(path.path, detail=True))
    return {name: info for name, info in found.items() if not name.endswith("/")}


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


def _state(info: Mapping[str, Any]) -> FileState:
    stamp = next((str(info[name]) for name in _STAMPS if info.get(name) is not None), "")
    return FileState(int(info["size"]), stamp, is_local=False)


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
    """Whether a store refused to write over what is another by now, or gone."""
    changed = (FileExistsError, FileNotFoundError, ChangedMeanwhileError)
    return any(isinstance(each, changed) or status(each) in {409, 412} for each in chain(error))
