"""Folders and addresses alike: what is there, as it is now.

An address is whatever fsspec knows, such as s3://bucket/values. What changes something there is
`changes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage.patience import patiently

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"} | dict.fromkeys(
    ("az", "abfs", "abfss", "adl"), "azure"
)
# What stores call that which differs between two versions of an object, the best first.
_STAMPS = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "mtime", "created")


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


def transfer_options(path: UPath) -> dict[str, Any]:
    """How a whole file is sent or fetched, as its file system takes it.

    s3fs takes ten parts at a time, which are of 50 MB and in memory.
    """
    return {"max_concurrency": 3} if path.protocol in {"s3", "s3a"} else {}


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


def _state(info: Mapping[str, Any]) -> FileState:
    stamp = next((str(info[name]) for name in _STAMPS if info.get(name) is not None), "")
    return FileState(int(info["size"]), stamp, is_local=False)
