"""Files of pictures: what every format gives, and what is refused."""

import gzip
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mnist_assets.dataset.idx import encode_header
from mnist_assets.errors import InputError
from mnist_assets.inference.picture_files import decode_pictures, read_pictures
from mnist_assets_tests.inference.handmade import encoded
from mnist_assets_tests.inference.test_digits import seven

Picture = NDArray[np.uint8]

LIMITS = {"largest_file": 100_000, "largest_picture": 10_000}
NOISE = np.random.default_rng(0).integers(0, 256, (9, 7), dtype=np.uint8)


def idx(images: Picture) -> bytes:
    return encode_header(images.shape) + images.tobytes()


def decoded(data: bytes) -> Picture:
    (picture,) = decode_pictures(data, "digit", **LIMITS)
    return picture


# --- reading ---


def test_a_grey_png_is_read_as_it_is() -> None:
    picture = decoded(encoded(Image.fromarray(NOISE), "PNG"))
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, NOISE)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    levels = np.array([[0, 257, 30_000, 65_535]], np.uint16)
    assert decoded(encoded(Image.fromarray(levels), "PNG")).tolist() == [[0, 1, 117, 255]]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_all_modes_of_png_become_grey(mode: str) -> None:
    black_left = np.zeros((4, 6), np.uint8)
    black_left[:, 3:] = 255
    image = Image.fromarray(black_left).convert(mode)
    np.testing.assert_array_equal(decoded(encoded(image, "PNG")), black_left)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_all_modes_of_jpeg_become_grey(mode: str, progressive: bool) -> None:
    picture = decoded(
        encoded(Image.new("L", (8, 8), 200).convert(mode), "JPEG", progressive=progressive)
    )
    assert np.abs(picture.astype(int) - 200).max() <= 3


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_is_white(mode: str) -> None:
    image = Image.new("LA", (3, 1), (0, 0))
    image.putpixel((1, 0), (0, 255))
    image.putpixel((2, 0), (0, 51))
    assert decoded(encoded(image.convert(mode), "PNG")).tolist() == [[255, 0, 204]]


def test_a_transparent_palette_entry_is_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 10, 10, 20, 20, 20])
    image.putpixel((1, 0), 1)
    assert decoded(encoded(image, "PNG", transparency=0)).tolist() == [[255, 20]]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pictures_are_turned_upright_as_their_exif_says(kind: str) -> None:
    exif = Image.Exif()
    exif[0x112] = 6  # the camera was held a quarter turn to the left
    picture = seven(16, 8)
    turned = decoded(encoded(Image.fromarray(picture), kind, exif=exif, quality=100))
    assert np.abs(turned.astype(int) - np.rot90(picture, -1)).max() <= 3


@pytest.mark.parametrize("compress", [lambda data: data, gzip.compress])
def test_idx_gives_all_its_images(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / "digits"
    path.write_bytes(compress(idx(images)))
    pictures = read_pictures(path, **LIMITS)
    assert [picture.tolist() for picture in pictures] == images.tolist()


# --- refusing ---


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(InputError) as caught:
        decode_pictures(data, "digit", **(LIMITS | limits))
    return str(caught.value.seen)


PNG = encoded(Image.fromarray(NOISE), "PNG")
FILES = {
    "png": PNG,
    "jpeg": encoded(Image.fromarray(NOISE), "JPEG"),
    "progressive": encoded(Image.fromarray(NOISE).convert("RGB"), "JPEG", progressive=True),
    "idx": idx(NOISE[None]),
    "idx.gz": gzip.compress(idx(NOISE[None])),
}


@pytest.mark.parametrize("name", FILES)
@given(share=st.floats(0, 1, exclude_max=True))
def test_any_truncation_is_refused(name: str, share: float) -> None:
    whole = FILES[name]
    assert refused(whole[: int(share * len(whole))])


@pytest.mark.parametrize("name", FILES)
@given(at=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_damage_is_refused_or_read_but_never_another_error(
    name: str, at: float, value: int
) -> None:
    damaged = bytearray(FILES[name])
    damaged[int(at * len(damaged))] = value
    try:
        pictures = decode_pictures(bytes(damaged), "digit", **LIMITS)
    except InputError:
        return
    assert all(picture.ndim == 2 and picture.dtype == np.uint8 for picture in pictures)


def test_other_files_are_refused(tmp_path: Path) -> None:
    assert refused(b"%!PS-Adobe-3.0 EPSF-3.0") == "a file that begins with 0x25215053"
    assert refused(b"8BPS\0\1") == "a file that begins with 0x38425053"
    assert refused(gzip.compress(b"a letter")) == "a file that begins with 0x61206c65"
    assert refused(b"") == "0 bytes"
    assert "1 dimensions" in refused(encode_header((2,)) + b"\5\7")  # labels
    with pytest.raises(InputError, match="No such file"):
        read_pictures(tmp_path / "missing.png", **LIMITS)


def test_files_over_the_limit_are_refused_and_those_at_it_are_not(tmp_path: Path) -> None:
    path = tmp_path / "digit.png"
    path.write_bytes(PNG)
    assert read_pictures(path, largest_file=len(PNG), largest_picture=NOISE.size)
    with pytest.raises(InputError, match=f"more than {len(PNG) - 1} bytes"):
        read_pictures(path, largest_file=len(PNG) - 1, largest_picture=NOISE.size)
    for data in (PNG, FILES["idx"]):
        assert refused(data, largest_picture=NOISE.size - 1) == "a picture of 63 pixels"


def test_a_decompression_bomb_is_refused_from_its_header() -> None:
    # 100,000 x 100,000 pixels, whose data is not even there: a decoder would say so.
    header = b"IHDR" + struct.pack(">2I5B", 100_000, 100_000, 8, 0, 0, 0, 0)
    bomb = PNG[:8] + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    assert refused(bomb + PNG[33:]) == "a picture of 10,000,000,000 pixels"


def test_a_gzip_bomb_is_gunzipped_no_further_than_the_limit() -> None:
    bomb = gzip.compress(idx(np.zeros((1, 5_000, 1_000), np.uint8)))
    assert len(bomb) < 10_000
    tracemalloc.start()
    assert refused(bomb) == "more than 100,000 bytes"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
