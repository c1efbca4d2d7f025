"""Every format that is allowed, and how each becomes grey."""

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, features

from mnist_assets.errors import InputError
from mnist_assets.inference import formats
from mnist_assets.inference.picture_files import decode_pictures
from mnist_assets_tests.inference.handmade import encoded

Picture = NDArray[np.uint8]

LIMITS = {"largest_file": 100_000, "largest_picture": 10_000}
LEFT = np.zeros((40, 60), np.uint8)
LEFT[:, 30:] = 255  # black on the left, white on the right


def decoded(data: bytes) -> Picture:
    (picture,) = decode_pictures(data, "digit", **LIMITS)
    return picture


def refused(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        decode_pictures(data, "digit", **LIMITS)
    return str(caught.value.seen)


WRITTEN: dict[str, Any] = {
    "PNG": {},
    "JPEG": {"quality": 95},
    "MPO": {"quality": 95},
    "WEBP": {"lossless": True},
    "GIF": {},
    "TIFF": {},
    "BMP": {},
    "PPM": {},
    "JPEG2000": {},
    "AVIF": {"quality": 95},
}


def test_all_that_is_allowed_is_tried() -> None:
    assert {*WRITTEN, "HEIF"} == set(formats.FORMATS)


@pytest.mark.parametrize("kind", WRITTEN)
def test_each_format_is_read_and_half_a_file_is_not(kind: str) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("Pillow was built without AVIF")
    data = encoded(Image.fromarray(LEFT).convert("RGB"), kind, **WRITTEN[kind])
    assert np.abs(decoded(data).astype(int) - LEFT).max() <= 12
    assert refused(data[: len(data) // 2])


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animated_picture_the_first_frame_is_read(kind: str) -> None:
    frames = [Image.fromarray(level) for level in (LEFT, 255 - LEFT)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert np.abs(decoded(data).astype(int) - LEFT).max() <= 12


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(LEFT.astype(np.uint16) * 257),
        Image.fromarray(LEFT.astype(np.int32) * 257),
        Image.fromarray(LEFT.astype(np.float32)),
        Image.fromarray(LEFT.astype(np.float32) / 255),
        Image.fromarray(LEFT).convert("CMYK"),
        Image.fromarray(LEFT).convert("1"),
    ],
    ids=lambda image: image.mode,
)
def test_all_modes_of_tiff_become_grey(image: Image.Image) -> None:
    np.testing.assert_array_equal(decoded(encoded(image, "TIFF")), LEFT)


def transparent(ink: int, share: float) -> bytes:
    """Ink in the middle of nothing."""
    image = np.zeros((50, 50, 2), np.uint8)
    rows = round(50 * share)
    image[:rows] = ink, 255
    return encoded(Image.fromarray(image, "LA"))


@pytest.mark.parametrize(("ink", "ground"), [(0, 255), (60, 255), (200, 0), (255, 0)])
def test_ink_on_nothing_is_put_where_it_can_be_seen(ink: int, ground: int) -> None:
    picture = decoded(transparent(ink, 0.2))
    assert set(picture[:10].flat) == {ink}
    assert set(picture[10:].flat) == {ground}


def test_what_is_cut_out_of_paper_stays_on_such_paper() -> None:
    assert set(decoded(transparent(180, 0.8)).flat) == {180}


def test_nothing_at_all_is_white() -> None:
    assert set(decoded(transparent(7, 0)).flat) == {255}


# --- what would take too much memory is refused before it is decoded ---


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(body) + 12) + b"WEBP" + kind + bytes(4) + body + bytes(9)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (webp(b"VP8X", bytes(4) + b"\x0f\x27\x00" + b"\x1f\x4e\x01"), (10_000, 85_536)),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 9_999 | 4_999 << 14)), (10_000, 5_000)),
        (webp(b"VP8 ", bytes(6) + struct.pack("<HH", 300, 0x4000 | 200)), (300, 200)),
    ],
    ids=["extended", "lossless", "lossy"],
)
def test_the_size_of_webp_is_in_its_first_bytes(data: bytes, size: tuple[int, int]) -> None:
    assert formats.webp_size(data) == size
    assert refused(data) == f"a picture of {size[0] * size[1]:,} pixels"


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"save_all": True}])
def test_the_size_of_webp_is_that_of_the_picture(options: dict[str, Any]) -> None:
    frames = [Image.fromarray(LEFT).convert("RGBA"), Image.fromarray(255 - LEFT).convert("RGBA")]
    if "save_all" in options:
        options = {**options, "append_images": frames[1:]}
    assert formats.webp_size(encoded(frames[0], "WEBP", **options)) == (60, 40)
    assert formats.webp_size(encoded(LEFT)) is None


def test_large_tiles_of_a_small_picture_are_refused() -> None:
    # Width, height, bits, no compression, black is 0, a sample a pixel; tiles, where and how long.
    tags = {
        256: 60,
        257: 40,
        258: 8,
        259: 1,
        262: 1,
        277: 1,
        322: 4_096,
        323: 4_096,
        324: 8,
        325: 9,
    }
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    assert refused(data) == "a picture of 16,777,216 pixels"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "JPEG2000", "WEBP"])
def test_too_many_pixels_are_refused(kind: str) -> None:
    assert refused(encoded(Image.new("L", (200, 51)), kind)) == "a picture of 10,200 pixels"


@pytest.mark.parametrize("kind", ["EPS", "PCX", "ICO", "SGI", "TGA", "PDF"])
def test_other_formats_of_pillow_are_refused(kind: str) -> None:
    data = encoded(Image.new("L", (32, 32), 128), kind)
    Image.init()
    assert refused(data).startswith("a file that begins with 0x")


def test_heic_is_read_where_its_library_is_installed() -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra `heic` is not installed")
    buffer = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(LEFT).convert("RGB")).save(buffer, quality=95)
    assert np.abs(decoded(buffer.getvalue()).astype(int) - LEFT).max() <= 12
