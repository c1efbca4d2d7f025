import gzip
import hashlib
import mmap
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from mnist_assets.dataset.gzip_files import read_unpacked
from mnist_assets.dataset.idx import (
    IMAGES,
    LABELS,
    encode_header,
    idx_sha256,
    load_idx,
    parse_idx,
    read_header,
)
from mnist_assets.errors import InputError

# Two images of 2 x 3 pixels and three labels, byte by byte as the format's page describes them.
TWO_IMAGES = bytes.fromhex("00000803 00000002 00000002 00000003") + bytes(range(12))
THREE_LABELS = bytes.fromhex("00000801 00000003") + bytes((5, 0, 4))

no_deadline = settings(deadline=None)  # a busy machine is no failure


def encode(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


@st.composite
def idx_arrays(draw: st.DrawFn) -> NDArray[np.uint8]:
    rank = draw(st.sampled_from((LABELS, IMAGES)))
    shape = draw(array_shapes(min_dims=rank, max_dims=rank, max_side=6))
    array: NDArray[np.uint8] = draw(arrays(np.uint8, shape))
    return array


def test_images_and_labels_are_read_by_the_letter_of_the_format() -> None:
    images = parse_idx(TWO_IMAGES, "images")
    assert images.dtype == np.uint8
    assert images.tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]
    assert parse_idx(THREE_LABELS, "labels").tolist() == [5, 0, 4]


def test_header_is_read_without_the_values() -> None:
    assert read_header(TWO_IMAGES[:16], "images") == (np.uint8, (2, 2, 3))
    assert encode_header((2, 2, 3)) == TWO_IMAGES[:16]


@no_deadline
@given(idx_arrays())
def test_any_array_makes_the_round_trip(array: NDArray[np.uint8]) -> None:
    parsed = parse_idx(encode(array), "file", array.ndim)
    assert parsed.dtype == np.uint8
    assert np.array_equal(parsed, array)
    assert idx_sha256(array) == hashlib.sha256(encode(array)).hexdigest()


@no_deadline
@given(idx_arrays(), st.data())
def test_any_truncation_is_refused(array: NDArray[np.uint8], data: st.DataObject) -> None:
    whole = encode(array)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(InputError, match=r"^cut\.idx: found "):
        parse_idx(whole[:cut], "cut.idx")


@no_deadline
@given(idx_arrays(), st.binary(min_size=1, max_size=40))
def test_any_extension_is_refused(array: NDArray[np.uint8], tail: bytes) -> None:
    with pytest.raises(InputError, match="more than declared"):
        parse_idx(encode(array) + tail, "long.idx")


@no_deadline
@given(idx_arrays(), st.data(), st.integers(1, 255))
def test_a_corrupted_header_byte_is_refused_or_consistent(
    array: NDArray[np.uint8], data: st.DataObject, change: int
) -> None:
    corrupted = bytearray(encode(array))
    corrupted[data.draw(st.integers(0, 3 + 4 * array.ndim))] ^= change
    try:
        parsed = parse_idx(bytes(corrupted), "corrupted.idx")
    except InputError:
        return
    assert encode(parsed) == corrupted


@no_deadline
@given(st.binary(max_size=64))
def test_arbitrary_bytes_raise_nothing_but_input_error(data: bytes) -> None:
    try:
        parsed = parse_idx(data, "noise")
    except InputError:
        return
    assert encode(parsed) == data


@no_deadline
@given(st.data())
def test_arbitrary_values_after_a_sound_header_are_never_refused(data: st.DataObject) -> None:
    labels = data.draw(st.binary(min_size=1, max_size=50))
    assert parse_idx(encode_header((len(labels),)) + labels, "labels").tobytes() == labels


@pytest.mark.parametrize(
    ("data", "dimensions", "seen", "expected"),
    [
        (b"", None, "0 bytes", "0x00000801 or 0x00000803"),
        (b"\x00\x00\x08", None, "0x000008", "0x00000801 or 0x00000803"),
        (b"\x00\x00\x0a" + TWO_IMAGES[3:], None, "0x00000a03", "0x00000801 or 0x00000803"),
        (b"<html>", IMAGES, "0x3c68746d", "0x00000803"),
        (b"\x00\x00\x08\x02" + bytes(8), None, "2 dimensions", "1 or 3"),
        (THREE_LABELS, IMAGES, "1 dimensions", "0x00000803"),
        (TWO_IMAGES, LABELS, "3 dimensions", "0x00000801"),
        (TWO_IMAGES[:15], IMAGES, "cut short after 15 bytes", "16 bytes"),
        (encode_header((0, 28, 28)), IMAGES, r"(0, 28, 28)", "at least one value"),
        (encode_header((5, 0, 28)), IMAGES, r"(5, 0, 28)", "at least one value"),
        (TWO_IMAGES[:-1], IMAGES, "27 bytes, less than declared", "28 bytes for the shape (2, 2,"),
        (b"\x00\x00\x0b" + TWO_IMAGES[3:] + bytes(12), None, "type 0x0b", "bytes, 0x08"),
        (TWO_IMAGES + b"x", IMAGES, "29 bytes, more than declared", "28 bytes"),
    ],
)
def test_refusal_says_what_was_seen_and_expected(
    data: bytes, dimensions: int | None, seen: str, expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse_idx(data, "folder/file.idx", dimensions)
    assert caught.value.where == "folder/file.idx"
    assert seen in str(caught.value.seen)
    assert expected in str(caught.value.expected)
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_plain_and_gzipped_files_read_alike(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "name-does-not-matter"
    path.write_bytes(pack(TWO_IMAGES))
    assert read_unpacked(path) == TWO_IMAGES


@no_deadline
@given(st.data())
def test_any_truncated_gzip_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = gzip.compress(TWO_IMAGES)
    path = tmp_path_factory.mktemp("cut") / "images.gz"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(InputError, match=r"images\.gz: found"):
        load_idx(path, dimensions=IMAGES, sha256=None)


@no_deadline
@given(st.data(), st.integers(1, 255))
def test_a_corrupted_gzip_byte_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, change: int
) -> None:
    corrupted = bytearray(gzip.compress(TWO_IMAGES))
    corrupted[data.draw(st.integers(0, len(corrupted) - 1))] ^= change
    path = tmp_path_factory.mktemp("corrupted") / "images.gz"
    path.write_bytes(corrupted)
    try:
        images = load_idx(path, dimensions=IMAGES, sha256=None).values
    except InputError:
        return
    # Only the fields that no one reads, such as the time of packing, may differ unnoticed.
    assert encode(images) == TWO_IMAGES


def test_truncated_and_corrupted_gzip_are_told_apart(tmp_path: Path) -> None:
    whole = gzip.compress(TWO_IMAGES)
    path = tmp_path / "images.gz"
    path.write_bytes(whole[:-3])
    with pytest.raises(InputError, match="cut short after"):
        read_unpacked(path)
    path.write_bytes(whole[:-8] + b"\0\0\0\0" + whole[-4:])
    with pytest.raises(InputError, match=r"corrupted gzip stream .*CRC"):
        read_unpacked(path)
    path.write_bytes(whole[:12] + b"\xff\xff" + whole[14:])
    with pytest.raises(InputError, match="corrupted gzip stream"):
        read_unpacked(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_large_file_is_mapped_and_reads_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Any
) -> None:
    path = tmp_path / "images"
    path.write_bytes(pack(TWO_IMAGES))
    small = load_idx(path, dimensions=IMAGES, sha256=None)
    assert isinstance(read_unpacked(path), bytes)
    monkeypatch.setattr("mnist_assets.dataset.gzip_files._MAPPED", 1)
    large = load_idx(path, dimensions=IMAGES, sha256=small.sha256)
    assert isinstance(read_unpacked(path), mmap.mmap)
    assert large.values.tolist() == small.values.tolist()
    assert not large.values.flags.writeable
    path.write_bytes(b"\n<html>" + TWO_IMAGES)
    with pytest.raises(InputError, match="a web page"):
        load_idx(path, dimensions=IMAGES, sha256=None)
    path.write_bytes(gzip.compress(TWO_IMAGES)[:-3])
    with pytest.raises(InputError, match="cut short after"):
        load_idx(path, dimensions=IMAGES, sha256=None)


def test_unreadable_or_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory"):
        read_unpacked(tmp_path / "nowhere")
    with pytest.raises(InputError, match="Is a directory"):
        read_unpacked(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="empty: found 0 bytes"):
        read_unpacked(tmp_path / "empty")


def test_checksum_is_verified_before_parsing(tmp_path: Path) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(gzip.compress(THREE_LABELS))
    sha256 = hashlib.sha256(THREE_LABELS).hexdigest()
    loaded = load_idx(path, dimensions=LABELS, sha256=sha256)
    assert (loaded.values.tolist(), loaded.sha256) == ([5, 0, 4], sha256)
    path.write_bytes(b"not an IDX file")
    with pytest.raises(InputError) as caught:
        load_idx(path, dimensions=LABELS, sha256=sha256)
    assert hashlib.sha256(b"not an IDX file").hexdigest() in str(caught.value.seen)
    assert caught.value.expected == sha256


def test_checksum_of_any_memory_layout_and_of_a_map_is_the_files(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    sha256 = hashlib.sha256(encode(images)).hexdigest()
    np.save(tmp_path / "images.npy", images)
    assert idx_sha256(np.load(tmp_path / "images.npy", mmap_mode="r")) == sha256
    assert idx_sha256(np.asfortranarray(images)) == sha256
    assert idx_sha256(images[::-1]) == hashlib.sha256(encode(images[::-1].copy())).hexdigest()


@no_deadline
@given(idx_arrays(), st.data())
def test_checksum_tells_one_pixel(array: NDArray[np.uint8], data: st.DataObject) -> None:
    other = array.copy()
    other.flat[data.draw(st.integers(0, array.size - 1))] ^= 1
    assert idx_sha256(other) != idx_sha256(array)


@pytest.mark.parametrize(
    ("begin", "told"),
    [
        (b"\n<!DOCTYPE html><title>404", "a web page, as of a download that failed"),
        (b"<html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x80\x04\x95", "a pickled object of Python"),
        (b"\x93NUMPY\x01", "an array of NumPy"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"label,pixel0", "text"),
    ],
)
def test_another_file_is_called_what_it_is(begin: bytes, told: str) -> None:
    with pytest.raises(InputError, match=rf"found {told}.* \(the magic number 0x"):
        parse_idx(begin + bytes(100) if told != "text" else begin, "train-images-idx3-ubyte")
