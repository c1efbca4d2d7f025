"""The formats of pictures that are read, and how one becomes grey levels.

Allowed is what people's programs and cameras write and Pillow decodes within the process, by
libraries that are kept safe since browsers and systems use them, too. Left out is what starts
another program (EPS: Ghostscript), what is a document rather than a picture (PSD, PDF, ICNS, WMF),
and formats that are hardly written any more, whose decoders nobody attacks and nobody mends (FLI,
PCX, SGI, IM, MSP, SPIDER and others).
"""

from __future__ import annotations

import importlib.util
import struct
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PIL.Image import Image

    Picture = NDArray[np.uint8]

# Of Pillow, by its names. MPO is what some telephones call a JPEG of several pictures, PPM is all
# of Netpbm. AVIF is there where Pillow was built with it, HEIF with the extra `heic`.
FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF", "HEIF")
NAMES = "PNG, JPEG, WebP, GIF, TIFF, BMP, Netpbm, JPEG 2000, AVIF, with the extra `heic` HEIC"
SOLID = 0.5  # of the pixels: a picture less transparent than that has its own paper

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_PNG_END, _JPEG_SCAN, _JPEG_END = b"IEND\xaeB`\x82", b"\xff\xda", b"\xff\xd9"
_PREFIX = 16  # bytes that Pillow tells formats by
_TILE_WIDTH, _TILE_LENGTH = 322, 323  # tags of TIFF


def open_image(data: bytes) -> Image | None:
    """Open a picture of an allowed format, without decoding a pixel.

    Pillow's own, process-wide limit of pixels is not applied.

    Args:
        data: The file.

    Returns:
        Its first picture, or None where the format is another.

    Raises:
        Exception: Of any kind, where the file is damaged.
    """
    for accepts, factory in _factories():
        # A text says why the format cannot be read here.
        if accepts(data[:_PREFIX]) is True:
            return factory(BytesIO(data), "")
    return None


def sizes(image: Image) -> list[tuple[int, int]]:
    """List what decoding needs memory for: width and height of the picture, and of its tiles."""
    tags = getattr(image, "tag_v2", {})
    return [image.size, (tags.get(_TILE_WIDTH, 1), tags.get(_TILE_LENGTH, 1))]


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Read the width and height of a WebP file, whose decoder asks for memory as it is opened.

    See RFC 9649, sections 2.5 to 2.7.

    Returns:
        None where it is no WebP file.

    Raises:
        struct.error: It is cut short.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8X":
        low, middle, high = struct.unpack_from("<HHH", data, 24)  # 24 bits each
        return 1 + (low | (middle & 0xFF) << 16), 1 + (middle >> 8 | high << 8)
    if data[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def is_complete(data: bytes) -> bool:
    """Tell whether a PNG or JPEG has its last mark; decoders may forgive that it is not there."""
    if data.startswith(_PNG):
        return _PNG_END in data
    if data.startswith(_JPEG):
        return data.rfind(_JPEG_END) > data.rfind(_JPEG_SCAN) >= 0
    return True


def to_grey(image: Image) -> Picture:
    """Decode a picture.

    Args:
        image: As from `open_image`.

    Returns:
        uint8 (height, width), 0 black to 255 white, upright as its EXIF says. What is transparent
        becomes the paper's grey level, where there is paper in the picture, and else what makes
        the ink stand out: white under dark ink, black under light ink.
    """
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits, which Pillow would clip rather than scale
        levels = np.asarray(upright).astype(np.int64).clip(0, 65_535)
        return ((levels + 128) // 257).astype(np.uint8)
    if upright.mode == "F":
        fractions = np.nan_to_num(np.asarray(upright))
        scale = 255 if fractions.max() <= 1 else 1
        stretched: Picture = (fractions * scale).clip(0, 255).astype(np.uint8)
        return stretched
    if upright.has_transparency_data:
        return _on_ground(upright.convert("RGBA"))
    return np.asarray(upright.convert("L"))


def _factories() -> list[tuple[Callable[[bytes], object], Callable[[BytesIO, str], Image]]]:
    from PIL import Image as Pillow

    if importlib.util.find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    Pillow.init()
    found = [Pillow.OPEN[name] for name in FORMATS if name in Pillow.OPEN]
    return [(accepts, factory) for factory, accepts in found if accepts]


def _on_ground(image: Image) -> Picture:
    """Put a picture onto the ground that suits it."""
    from PIL import Image as Pillow

    alpha = np.asarray(image.getchannel("A"))
    levels = np.asarray(image.convert("RGB").convert("L"))
    if (alpha > 127).mean() > SOLID:
        ground = int(np.median(levels[alpha > 127]))
    else:
        light = np.average(levels, weights=alpha) > 127 if alpha.any() else False
        ground = 0 if light else 255
    paper = Pillow.new("RGBA", image.size, (ground, ground, ground, 255))
    return np.asarray(Pillow.alpha_composite(paper, image).convert("L"))
