"""Pictures of digits as people have them: read, made like MNIST's images, and their scores.

Which files are taken at all is `inbox.py`; running the network is `evaluation.predict`.

MNIST's images were "size normalized to fit in a 20x20 pixel box while preserving their aspect
ratio", with anti-aliasing, and "centered in a 28x28 image by computing the center of mass of the
pixels, and translating the image so as to position this point at the center of the 28x28 field"
(http://yann.lecun.com/exdb/mnist/). The page does not say which pixel is the centre of 28. It is
the one with index 14: `round(14 - centre of mass)`, in indices from 0, gives the place of the box
in each of the 70,000 images; half a pixel less would give it in one of four.
"""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.steps.idx import IMAGES, parse_idx

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray
    from PIL.Image import Image

    Picture = NDArray[np.uint8]

MNIST_SHAPE = (28, 28)
BOX = 20 / 28  # of the image's height and width, what the digit fills
NOISE = 5.0  # standard deviations of the background's grey levels; no more is taken for noise
SPECK = 0.02  # of all inked pixels: a smaller part that stands apart is dust, not ink
FAINT = 0.15  # of the ink's grey level: what is fainter does not widen the box
LEAST_CONTRAST = 24  # grey levels between ink and background
LEAST_SIDE = 4  # pixels of the digit's longer side, below which nobody can read it

_PNG, _JPEG, _GZIP, _IDX = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"\x1f\x8b", b"\x00\x00\x08"
_PNG_END, _JPEG_SCAN, _JPEG_END = b"IEND\xaeB`\x82", b"\xff\xda", b"\xff\xd9"


def read_digits(path: Path, *, largest_file: int, largest_picture: int) -> list[Picture]:
    """Read the pictures in a file.

    Args:
        path: PNG, JPEG, or IDX of images (plain or gzipped); its first bytes tell which.
        largest_file: Bytes that the file, and what it is gunzipped to, may have.
        largest_picture: Pixels that a picture may have.

    Returns:
        One picture of a PNG or JPEG, n of an IDX file; each uint8 (height, width), 0 black to 255
        white, upright as its EXIF says, on white where it is transparent.

    Raises:
        InputError: The file cannot be read or is too large, or as `decode_digits`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest_file + 1)
    except OSError as error:
        raise InputError(
            path,
            seen=error.strerror,
            expected="a readable file",
            remedy="Check the path and its permissions.",
        ) from error
    return decode_digits(
        data, str(path), largest_file=largest_file, largest_picture=largest_picture
    )


def decode_digits(
    data: bytes, name: str, *, largest_file: int, largest_picture: int
) -> list[Picture]:
    """Decode the pictures in a file's bytes; see `read_digits`.

    Args:
        data: The file, or of a larger one at least `largest_file` + 1 bytes.
        name: What to call the file in an error.
        largest_file: As for `read_digits`.
        largest_picture: As for `read_digits`; looked up in the header before any pixel is decoded.

    Raises:
        InputError: No bytes or too many, another format, cut short or damaged, or a picture with
            too many pixels.
    """
    _require_size(data, name, largest_file)
    if data.startswith((_PNG, _JPEG)):
        return [_decode_picture(data, name, largest_picture)]
    if data.startswith(_GZIP):
        data = _gunzip(data, name, largest_file)
        _require_size(data, name, largest_file)
    if not data.startswith(_IDX):
        raise InputError(
            name,
            seen=f"a file that begins with 0x{data[:4].hex()}",
            expected="PNG, JPEG, or IDX images (plain or gzipped)",
            remedy="Save the picture as PNG or JPEG.",
        )
    images = parse_idx(data, name, IMAGES)
    _require_pixels(images.shape[1:], name, largest_picture)
    return list(images)


def prepare_digit(picture: Picture, shape: tuple[int, int] = MNIST_SHAPE) -> Picture:
    """Make a picture of one digit like MNIST's images.

    The median of the border is the background, and what differs from it is ink, lighter or darker,
    whichever is more. The ink is cut out, resized to fit the box, stretched to the grey level 255,
    and placed with its centre of mass in the middle; where that would push ink out of the image,
    as near to it as fits.

    Args:
        picture: uint8 (height, width): one digit, light on dark or dark on light, that leaves at
            least half of the border free.
        shape: Height and width to give.

    Returns:
        uint8 of that shape, the digit light on black 0, its lightest pixel 255.

    Raises:
        InputError: There is no ink.
    """
    ink = _ink(picture)
    resized = _resize(_cut_out(ink), shape)
    prepared = np.zeros(shape, np.uint8)
    prepared[_placed(resized, 0, shape[0]), _placed(resized, 1, shape[1])] = resized
    return prepared


def prepare_digits(
    pictures: Sequence[Picture], name: str, shape: tuple[int, int] = MNIST_SHAPE
) -> Picture:
    """Prepare all pictures of one file.

    Args:
        pictures: As from `read_digits`, at least one.
        name: What to call the file in an error.
        shape: As for `prepare_digit`.

    Returns:
        uint8 (n, height, width).

    Raises:
        InputError: A picture has no ink; the error says which, counted from 0.
    """
    prepared = np.empty((len(pictures), *shape), np.uint8)
    for index, picture in enumerate(pictures):
        try:
            prepared[index] = prepare_digit(picture, shape)
        except InputError as error:
            raise InputError(
                f"{name}, picture {index}",
                seen=error.seen,
                expected=error.expected,
                remedy=error.remedy,
            ) from error
    return prepared


def score(probabilities: NDArray[np.float32]) -> pd.DataFrame:
    """Name the two most probable digits of each picture.

    Args:
        probabilities: float32 (n, classes), classes at least 2, as from `evaluation.predict`.

    Returns:
        One row a picture: `digit` (int64) and its `probability` (float32), `second_digit` and
        `second_probability`. Of equally probable digits the lower comes first.

    Raises:
        InputError: There are fewer than two classes.
    """
    import pandas as pd

    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise InputError(
            "probabilities to score",
            seen=f"shape {probabilities.shape}",
            expected="(pictures, classes), classes at least 2",
            remedy="Score the output of a network that tells two or more classes apart.",
        )
    digits = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    sorted_probabilities = np.take_along_axis(probabilities, digits, axis=1)
    return pd.DataFrame(
        {
            "digit": digits[:, 0],
            "probability": sorted_probabilities[:, 0],
            "second_digit": digits[:, 1],
            "second_probability": sorted_probabilities[:, 1],
        }
    )


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


def _decode_picture(data: bytes, name: str, largest_picture: int) -> Picture:
    from PIL import ImageOps
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    if not _is_complete(data):
        raise _damaged(name, "a picture cut short: the end of the file is missing")
    try:
        # Neither decodes a pixel yet, nor applies Pillow's own, process-wide limit of pixels.
        image = (PngImageFile if data.startswith(_PNG) else JpegImageFile)(BytesIO(data))
        _require_pixels(image.size, name, largest_picture)
        return _grey(ImageOps.exif_transpose(image))
    except InputError:
        raise
    except Exception as error:  # of any kind: Pillow trips over damaged files in many ways
        raise _damaged(name, f"a picture cut short or damaged ({error})") from error


def _is_complete(data: bytes) -> bool:
    """Tell whether the last mark of the format is there; decoders may forgive that it is not."""
    if data.startswith(_PNG):
        return _PNG_END in data
    return data.rfind(_JPEG_END) > data.rfind(_JPEG_SCAN) >= 0


def _grey(image: Image) -> Picture:
    from PIL import Image as Pillow

    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip rather than scale
        return ((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8)
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        white = Pillow.new("RGBA", coloured.size, "white")
        image = Pillow.alpha_composite(white, coloured)
    return np.asarray(image.convert("L"))


def _ink(picture: Picture) -> Picture:
    """Return how far each pixel is from the background, 0 where it is no ink."""
    levels = picture.astype(np.int16)
    border = np.concatenate([levels[0], levels[-1], levels[1:-1, 0], levels[1:-1, -1]])
    background = int(np.median(border))
    # The median absolute deviation of normal noise is its standard deviation / 1.4826.
    noise = NOISE * 1.4826 * float(np.median(np.abs(border - background)))
    difference = levels - background
    difference[np.abs(difference) <= noise] = 0
    if difference.sum(dtype=np.int64) < 0:
        difference = -difference
    return difference.clip(0, 255).astype(np.uint8)


def _cut_out(ink: Picture) -> Picture:
    weights = np.bincount(ink.reshape(-1), minlength=256) * np.arange(256)
    # The level of the darkest tenth of the ink: a few stray pixels do not set it.
    level = int(np.searchsorted(weights.cumsum(), 0.9 * weights.sum()))
    inked = ink > FAINT * level
    rows = _extent(inked.sum(axis=1)) if level >= LEAST_CONTRAST else None
    columns = _extent(inked[rows].sum(axis=0)) if rows else None
    # Again, since dust that is apart from the digit sideways may have been in one row with it.
    rows = _extent(inked[:, columns].sum(axis=1)) if columns else None
    columns = _extent(inked[rows].sum(axis=0)) if rows else None
    if not (rows and columns) or max(ink[rows, columns].shape) < LEAST_SIDE:
        raise InputError(
            "picture of a digit",
            seen="no ink",
            expected=f"a digit of at least {LEAST_SIDE} pixels, {LEAST_CONTRAST} grey levels or "
            "more from its background",
            remedy="Give a picture of one digit with some background around it.",
        )
    return ink[rows, columns]


def _extent(counts: NDArray[np.int64]) -> slice | None:
    """Find the first and last run of inked lines that is more than a speck."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], counts > 0, [0]])))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return None
    kept = np.flatnonzero(np.add.reduceat(counts, starts) >= SPECK * counts.sum())
    return slice(int(starts[kept[0]]), int(ends[kept[-1]])) if len(kept) else None


def _resize(ink: Picture, shape: tuple[int, int]) -> Picture:
    from PIL import Image as Pillow

    height, width = ink.shape
    scale = min(round(BOX * shape[0]) / height, round(BOX * shape[1]) / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # HAMMING averages over areas, with less blur than BILINEAR and no ringing like LANCZOS. As
    # float, since a stroke of few pixels in a large picture leaves fractions of a grey level.
    image = Pillow.fromarray(ink.astype(np.float32))
    levels = np.asarray(image.resize(size, Pillow.Resampling.HAMMING))
    resized: Picture = (levels * (255 / levels.max()) + 0.5).astype(np.uint8)
    return resized


def _placed(ink: Picture, axis: int, length: int) -> slice:
    """Find where along one axis the centre of mass is in the middle."""
    mass = ink.sum(axis=1 - axis, dtype=np.int64)
    centre = float(mass @ np.arange(len(mass)) / mass.sum())
    start = min(max(round(length / 2 - centre), 0), length - len(mass))
    return slice(start, start + len(mass))
