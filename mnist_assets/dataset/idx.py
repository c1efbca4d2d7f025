"""The IDX file format: bytes to arrays, and the checksum of an array as an IDX file.

Only what datasets like MNIST use: one dimension (labels) or three (images).

An IDX file is a header, then the values row by row. Both are big-endian: two zero bytes, the type
of value (0x08 for unsigned bytes), the number of dimensions, then the length of each dimension in 4
bytes. So MNIST's labels begin with 0x00000801 and its images with 0x00000803. Source: "File formats
for the MNIST database", http://yann.lecun.com/exdb/mnist/.
"""

import hashlib
import math
import mmap
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_assets.dataset.gzip_files import FETCH_AGAIN, read_unpacked
from mnist_assets.errors import InputError

LABELS, IMAGES = 1, 3  # the number of dimensions of either kind of file

_UNSIGNED_BYTE = 0x08
_TYPES = {_UNSIGNED_BYTE: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_SIGNATURES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"PK\x03\x04": "a ZIP archive",
    b"\x93NUMPY": "an array of NumPy, .npy",
    b"\x80": "a pickled object of Python",
    b"\x89HDF": "an HDF5 file",
}


class IdxFile(NamedTuple):
    """What a file holds, and the SHA-256 of all its bytes, uncompressed."""

    values: NDArray[np.generic]
    sha256: str


def load_idx(path: Path, *, dimensions: int | None, sha256: str | None) -> IdxFile:
    """Read, verify and parse a file, plain or gzipped, of any size.

    Args:
        path: The file.
        dimensions: `LABELS` or `IMAGES` where only that kind of file will do, None for either.
        sha256: What the uncompressed file must hash to, verified before it is parsed; None for any.

    Returns:
        The values, (n,) or (n, height, width), read-only: uint8 in a file of unsigned bytes. Those
        of a large file are in a map of it, not in memory.

    Raises:
        InputError: As `read_unpacked` and `parse_values`, or the checksum differs.
    """
    data = read_unpacked(path)
    seen = hashlib.sha256(data).hexdigest()
    if sha256 is not None and seen != sha256:
        raise InputError(
            path,
            seen=f"content with the SHA-256 {seen}",
            expected=sha256,
            remedy=f"{FETCH_AGAIN} For another dataset, give its own folder.",
        )
    return IdxFile(parse_values(data, str(path), dimensions), seen)


def read_header(
    data: bytes | mmap.mmap, name: str, dimensions: int | None = None
) -> tuple[np.dtype[np.generic], tuple[int, ...]]:
    """Read the type and the shape of the values that an IDX file declares.

    Args:
        data: The uncompressed file, or at least its first 16 bytes.
        name: What to call the file in an error.
        dimensions: `LABELS` or `IMAGES` where only that kind of file will do.

    Returns:
        The type, and the length of each dimension, all above 0: `(n,)` or `(n, height, width)`.

    Raises:
        InputError: No bytes, a wrong magic number, a wrong number of dimensions, a header cut
            short, or a dimension of length 0.
    """
    allowed = (LABELS, IMAGES) if dimensions is None else (dimensions,)
    magic = " or ".join(f"0x{_UNSIGNED_BYTE:06x}{count:02x}" for count in allowed)
    if len(data) < 4 or data[:2] != bytes(2) or data[2] not in _TYPES:
        raise InputError(
            name,
            seen=_describe(data[:512]),
            expected=f"the magic number {magic}",
            remedy="Give an IDX file, plain or gzipped, best of unsigned bytes (0x08); 0x09, 0x0b, "
            "0x0c, 0x0d and 0x0e are read, too.",
        )
    rank = data[3]
    if rank not in allowed:
        raise InputError(
            name,
            seen=f"{rank} dimensions (magic number 0x{data[:4].hex()})",
            expected=f"{' or '.join(map(str, allowed))} (magic number {magic})",
            remedy="Give labels in 1 dimension, images in 3; see that they are not swapped.",
        )
    end = _header_length(rank)
    if len(data) < end:
        raise InputError(
            name,
            seen=f"a header cut short after {len(data)} bytes",
            expected=f"a header of {end} bytes",
            remedy=FETCH_AGAIN,
        )
    shape = struct.unpack(f">{rank}I", data[4:end])
    if 0 in shape:
        raise InputError(
            name,
            seen=f"a header that declares the shape {shape}",
            expected="at least one value in each dimension",
            remedy="Give a file that holds images or labels.",
        )
    return np.dtype(_TYPES[data[2]]), shape


def parse_values(
    data: bytes | mmap.mmap, name: str, dimensions: int | None = None
) -> NDArray[np.generic]:
    """Parse an uncompressed IDX file of any type.

    Args:
        data: The whole file.
        name: What to call the file in an error.
        dimensions: `LABELS` or `IMAGES` where only that kind of file will do.

    Returns:
        (n,) or (n, height, width), in the file's type: a read-only view of `data`.

    Raises:
        InputError: As `read_header`, or fewer or more bytes than the header declares.
    """
    dtype, shape = read_header(data, name, dimensions)
    offset = _header_length(len(shape))
    declared = offset + dtype.itemsize * math.prod(shape)
    if len(data) != declared:
        raise InputError(
            name,
            seen=f"{len(data)} bytes, {'less' if len(data) < declared else 'more'} than declared",
            expected=f"{declared} bytes for the shape {shape} in its header",
            remedy=FETCH_AGAIN,
        )
    return np.frombuffer(data, dtype, offset=offset).reshape(shape)


def parse_idx(data: bytes, name: str, dimensions: int | None = None) -> NDArray[np.uint8]:
    """Parse an uncompressed IDX file of unsigned bytes; as `parse_values` but for that.

    Returns:
        uint8, (n,) or (n, height, width), 0 to 255: a read-only view of `data`.

    Raises:
        InputError: As `parse_values`, or the values have another type.
    """
    values = parse_values(data, name, dimensions)
    if values.dtype != np.uint8:
        raise InputError(
            name,
            seen=f"values of type 0x{data[2]:02x}",
            expected=f"unsigned bytes, 0x{_UNSIGNED_BYTE:02x}",
            remedy="Save the values as unsigned bytes, 0 to 255.",
        )
    return values.view(np.uint8)


def encode_header(shape: tuple[int, ...]) -> bytes:
    """Encode the header of an IDX file of unsigned bytes with this shape."""
    return struct.pack(f">4B{len(shape)}I", 0, 0, _UNSIGNED_BYTE, len(shape), *shape)


def idx_sha256(array: NDArray[np.generic]) -> str:
    """Hash an array as the IDX file that holds it, without copying a C-contiguous array.

    Args:
        array: uint8, of any shape; read-only and memory-mapped arrays will do. Of another type it
            is the hash of no file, but still of the shape and of all bytes.

    Returns:
        The SHA-256 of the uncompressed file, as 64 hexadecimal digits.
    """
    digest = hashlib.sha256(encode_header(array.shape))
    digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()


def _describe(data: bytes) -> str:
    """Say what a file is that is no IDX file, by its first 512 bytes."""
    if not data:
        return "0 bytes"
    magic = f"the magic number 0x{data[:4].hex()}"
    begin = data.lstrip().lower()
    if begin.startswith((b"<!doctype html", b"<html")):
        return f"a web page, as of a download that failed ({magic})"
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return f"{kind} ({magic})"
    if begin.isascii() and begin.decode("ascii").isprintable():
        return f"text ({magic})"
    return magic


def _header_length(rank: int) -> int:
    return 4 + 4 * rank
