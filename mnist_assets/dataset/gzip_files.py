"""The content of a file, gzipped or not, in memory or, if it is large, in a map of it."""

import gzip
import mmap
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mnist_assets.errors import InputError

FETCH_AGAIN = "Replace the file with a fresh copy."

_MAGIC = b"\x1f\x8b"
_MAPPED = 2**26  # bytes on disk; larger files are mapped, so that they need not fit into memory
_AT_ONCE = 2**20  # bytes


def read_unpacked(path: Path) -> bytes | mmap.mmap:
    """Read a file, gunzipped if it is gzipped; its first bytes tell, whatever its name says.

    A large file is mapped instead; if it is gzipped, it is first unpacked into a file that has no
    name, in the folder for temporary files.

    Raises:
        InputError: The file cannot be read, is empty, or its gzip stream is cut short or corrupted,
            or there is no room to unpack it.
    """
    try:
        with path.open("rb") as file:
            if path.stat().st_size > _MAPPED:
                return _map(file, path)
            data = file.read()
    except OSError as error:
        raise InputError(
            path,
            seen=error.strerror,
            expected="a readable file, and room to unpack it",
            remedy="Check the path, its permissions, and the folder for temporary files.",
        ) from error
    if not data:
        raise InputError(
            path, seen="0 bytes", expected="a file with something in it", remedy=FETCH_AGAIN
        )
    if not data.startswith(_MAGIC):
        return data
    with _whole_gzip(path, len(data)):
        return gzip.decompress(data)


def _map(file: BinaryIO, path: Path) -> mmap.mmap:
    """Map a file that is not empty, or what it unpacks to."""
    packed = file.read(len(_MAGIC)) == _MAGIC
    file.seek(0)
    if not packed:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with tempfile.TemporaryFile() as unpacked:
        with _whole_gzip(path, path.stat().st_size), gzip.open(file) as stream:
            shutil.copyfileobj(stream, unpacked, _AT_ONCE)
        unpacked.flush()
        return mmap.mmap(unpacked.fileno(), 0, access=mmap.ACCESS_READ)


@contextmanager
def _whole_gzip(path: Path, size: int) -> Iterator[None]:
    """Explain what is wrong with a gzip stream that does not unpack."""
    try:
        yield
    except EOFError as error:
        raise InputError(
            path,
            seen=f"a gzip stream cut short after {size} bytes",
            expected="a complete gzip stream",
            remedy=FETCH_AGAIN,
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            path,
            seen=f"a corrupted gzip stream ({error})",
            expected="a complete gzip stream",
            remedy=FETCH_AGAIN,
        ) from error
