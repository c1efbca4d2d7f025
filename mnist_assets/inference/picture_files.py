"""Files of pictures and of IDX images, decoded to grey levels within given limits.

Files are not trusted: those too large, cut short or damaged are refused. Which formats there are is
`formats.py`; which files are looked at, `inbox.py`; what is made of a picture, `readings.py`.
"""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.dataset.idx import IMAGES, parse_idx
from mnist_assets.errors import InputError
from mnist_assets.inference import formats

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

_GZIP, _IDX = b"\x1f\x8b", b"\x00\x00\x08"


def read_pictures(
    path: Path, name: str | None = None, *, largest_file: int, largest_picture: int
) -> list[Picture]:
    """Read the pictures in a file.

    Args:
        path: A picture of one of `formats.FORMATS`, or IDX of images (plain or gzipped); its first
            bytes tell which.
        name: What to call it in an error; by its path, if not given.
        largest_file: Bytes that the file, and what it is gunzipped to, may have.
        largest_picture: Pixels that a picture may have.

    Returns:
        One picture, or n of an IDX file; each uint8 (height, width), 0 black to 255 white. Of an
        animated picture it is the first frame; for what is turned or transparent see
        `formats.to_grey`.

    Raises:
        InputError: The file cannot be read or is too large, or as `decode_pictures`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest_file + 1)
    except OSError as error:
        raise InputError(
            name or path,
            seen=error.strerror,
            expected="a readable file",
            remedy="Check the path and its permissions.",
        ) from error
    return decode_pictures(
        data, name or str(path), largest_file=largest_file, largest_picture=largest_picture
    )


def decode_pictures(
    data: bytes, name: str, *, largest_file: int, largest_picture: int
) -> list[Picture]:
    """Decode the pictures in a file's bytes; see `read_pictures`.

    Args:
        data: The file, or of a larger one at least `largest_file` + 1 bytes.
        name: What to call the file in an error.
        largest_file: As for `read_pictures`.
        largest_picture: As for `read_pictures`; looked up in the header before any pixel is
            decoded.

    Raises:
        InputError: No bytes or too many, another format, cut short or damaged, or a picture with
            too many pixels.
    """
    _require_size(data, name, largest_file)
    picture = _decode_picture(data, name, largest_picture)
    if picture is not None:
        return [picture]
    if data.startswith(_GZIP):
        data = _gunzip(data, name, largest_file)
        _require_size(data, name, largest_file)
    if not data.startswith(_IDX):
        raise InputError(
            name,
            seen=f"a file that begins with 0x{data[:4].hex()}",
            expected=f"a picture ({formats.NAMES}) or IDX images (plain or gzipped)",
            remedy="Save the picture as PNG or JPEG.",
        )
    images = parse_idx(data, name, IMAGES)
    _require_pixels(images.shape[1:], name, largest_picture)
    return list(images)


def _require_size(data: bytes, name: str, largest_file: int) -> None:
    if not data:
        raise _damaged(name, "0 bytes")
    if len(data) > largest_file:
        raise InputError(
            name,
            seen=f"more than {largest_file:,} bytes",
            expected=f"at most {largest_file:,} bytes, gunzipped or not",
            remedy="Give a smaller file.",
        )


def _require_pixels(size: tuple[int, ...], name: str, largest_picture: int) -> None:
    pixels = size[0] * size[1]
    if pixels > largest_picture:
        raise InputError(
            name,
            seen=f"a picture of {pixels:,} pixels",
            expected=f"at most {largest_picture:,} pixels",
            remedy="Scale the picture down; a few hundred pixels a side are enough for a digit.",
        )


def _damaged(name: str, seen: str) -> InputError:
    return InputError(
        name,
        seen=seen,
        expected="a complete file",
        remedy="Replace the file with a fresh copy.",
    )


def _gunzip(data: bytes, name: str, largest_file: int) -> bytes:
    """Gunzip no more than one byte over the limit, however much there is."""
    try:
        with gzip.open(BytesIO(data)) as file:
            return file.read(largest_file + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(name, f"a gzip stream cut short or corrupted ({error})") from error


def _decode_picture(data: bytes, name: str, largest_picture: int) -> Picture | None:
    """Decode a picture of an allowed format; None where the format is another."""
    if not formats.is_complete(data):
        raise _damaged(name, "a picture cut short: the end of the file is missing")
    try:
        _require_pixels(formats.webp_size(data) or (0, 0), name, largest_picture)
        image = formats.open_image(data)
        if image is None:
            return None
        for size in formats.sizes(image):
            _require_pixels(size, name, largest_picture)
        return formats.to_grey(image)
    except InputError:
        raise
    except Exception as error:  # of any kind: Pillow trips over damaged files in many ways
        raise _damaged(name, f"a picture cut short or damaged ({error})") from error
