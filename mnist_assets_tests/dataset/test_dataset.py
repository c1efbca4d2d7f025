import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.dataset.checks import (
    check_checksum,
    check_images,
    check_labels,
    check_lengths,
    excuse_rare_classes,
)
from mnist_assets.dataset.idx import encode_header
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.loading import MNIST, DatasetFacts, class_count, load_dataset
from mnist_assets.errors import InputError
from mnist_assets.findings import Finding

Arrays = dict[str, NDArray[np.uint8]]
BUNDLED = Path(__file__).parents[2] / "data" / "raw" / "mnist"


def encode(array: NDArray[np.uint8]) -> bytes:
    return encode_header(array.shape) + array.tobytes()


def sha256(array: NDArray[np.uint8]) -> str:
    return hashlib.sha256(encode(array)).hexdigest()


def write(folder: Path, arrays: Mapping[str, NDArray[np.uint8]]) -> None:
    for name, array in arrays.items():
        (folder / FILE_NAMES[name]).write_bytes(encode(array))


@pytest.fixture
def arrays() -> Arrays:
    """Seven training and five test images of 3 x 2 pixels in three classes."""
    images = np.random.default_rng(0).integers(1, 255, (12, 3, 2), np.uint8)
    images[[0, 7], 0] = 0, 255  # the first image of each part has the lowest and highest grey level
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 2, 0, 1, 1, 2], np.uint8)
    return {
        "train_images": images[:7],
        "train_labels": labels[:7],
        "test_images": images[7:],
        "test_labels": labels[7:],
    }


@pytest.fixture
def facts(arrays: Arrays) -> DatasetFacts:
    return DatasetFacts(
        sha256={name: sha256(array) for name, array in arrays.items()},
        image_shape=(3, 2),
        grey_range=(0, 255),
        train_counts=(3, 2, 2),
        test_counts=(1, 2, 2),
    )


def test_any_folder_with_the_four_files_loads(tmp_path: Path, arrays: Arrays) -> None:
    write(tmp_path, arrays)
    dataset = load_dataset(tmp_path, None).dataset
    assert dataset._fields == tuple(FILE_NAMES)
    for name, array in dataset._asdict().items():
        assert array.dtype == np.uint8
        assert np.array_equal(array, arrays[name])


def test_gzipped_and_plain_files_mix(tmp_path: Path, arrays: Arrays, facts: DatasetFacts) -> None:
    write(tmp_path, arrays)
    plain = tmp_path / FILE_NAMES["train_images"]
    plain.with_name("train-images.idx3-ubyte.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert np.array_equal(
        load_dataset(tmp_path, facts).dataset.train_images, arrays["train_images"]
    )


def test_bundled_mnist_is_what_is_published_of_it() -> None:
    dataset = load_dataset(BUNDLED, MNIST).dataset
    for part in ("train", "test"):
        images, labels = getattr(dataset, f"{part}_images"), getattr(dataset, f"{part}_labels")
        assert check_images(images, f"{part}_images", MNIST).passed
        assert check_labels(labels, f"{part}_labels", 10, MNIST).passed
        assert check_lengths(images, labels).passed
    assert class_count(dataset.train_labels) == 10
    assert (len(dataset.train_images), len(dataset.test_images)) == (60_000, 10_000)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_another_checksum_is_refused(
    tmp_path: Path, arrays: Arrays, facts: DatasetFacts, name: str
) -> None:
    arrays[name] = arrays[name] // 2
    write(tmp_path, arrays)
    with pytest.raises(InputError) as caught:
        load_dataset(tmp_path, facts)
    assert caught.value.where == tmp_path / FILE_NAMES[name]
    assert sha256(arrays[name]) in str(caught.value.seen)
    assert caught.value.expected == facts.sha256[name]


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_missing_file_is_refused(tmp_path: Path, arrays: Arrays, name: str) -> None:
    write(tmp_path, arrays)
    (tmp_path / FILE_NAMES[name]).unlink()
    with pytest.raises(InputError, match=f"{FILE_NAMES[name]}: found no such file"):
        load_dataset(tmp_path, None)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: found No such file or directory"):
        load_dataset(tmp_path / "nowhere", None)


def test_swapped_images_and_labels_are_refused(tmp_path: Path, arrays: Arrays) -> None:
    arrays["test_images"], arrays["test_labels"] = arrays["test_labels"], arrays["test_images"]
    write(tmp_path, arrays)
    with pytest.raises(InputError, match="found 1 dimensions"):
        load_dataset(tmp_path, None)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("train_labels", lambda a: a[:-1], "train-labels.*found 6 labels, expected 7,"),
        ("test_images", lambda a: a[:-1], "t10k-labels.*found 5 labels, expected 4,"),
        ("test_images", lambda a: a[:, :2], "t10k-images.*found images of 2 x 2 .* 3 x 2 pixels,"),
        ("train_labels", lambda a: a * 0, r"train-labels.*1 different labels \(0\), .* 2 to 256"),
        ("test_labels", lambda a: a + 1, r"t10k-labels.*the label 3 at index 0,.*of 0, 1, 2, the"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(
    tmp_path: Path, arrays: Arrays, name: str, change: Any, message: str
) -> None:
    arrays[name] = np.ascontiguousarray(change(arrays[name]), np.uint8)
    write(tmp_path, arrays)
    with pytest.raises(InputError, match=message):
        load_dataset(tmp_path, None)


def test_a_test_part_may_lack_a_class(tmp_path: Path, arrays: Arrays) -> None:
    arrays["test_labels"] = arrays["test_labels"] % 2
    write(tmp_path, arrays)
    assert load_dataset(tmp_path, None).dataset.test_labels.tolist() == [0, 0, 1, 1, 0]


def test_classes_are_counted_from_zero_to_the_highest() -> None:
    assert class_count(np.array([2, 0, 1, 0], np.uint8)) == 3
    assert class_count(np.array([255, 0], np.uint8)) == 256


def test_checksum_check_holds_an_array_against_its_file(tmp_path: Path, arrays: Arrays) -> None:
    write(tmp_path, arrays)
    loaded = load_dataset(tmp_path, None)
    for name, array in arrays.items():
        published = sha256(array)
        assert loaded.sha256[name] == published
        assert_plain(check_checksum(loaded.as_in_source(name), name, published), passed=True)
        finding = check_checksum(array[::-1], name, published)
        assert_plain(finding, passed=False)
        assert f"{name}: SHA-256 {sha256(array[::-1])}, not {published}." == finding.message


def test_checksum_check_tells_a_change_of_dtype(arrays: Arrays) -> None:
    images = arrays["train_images"]
    assert not check_checksum(images.astype(np.float32), "train_images", sha256(images)).passed


def test_images_check_passes_on_sound_images(arrays: Arrays, facts: DatasetFacts) -> None:
    for known in (facts, None):
        finding = check_images(arrays["train_images"], "train_images", known)
        assert_plain(finding, passed=True)
        assert finding.message == "train_images: shape (7, 3, 2), uint8, grey levels 0 to 255."
    assert check_images(arrays["test_images"], "test_images", facts).passed


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda a: a.astype(np.float32), "dtype float32, not uint8"),
        (lambda a: a.astype(np.int16) - 1, "dtype int16, not uint8"),
        (lambda a: a[0], "dimensions 2, not 3"),
        (lambda a: a[..., np.newaxis], "dimensions 4, not 3"),
        (lambda a: a[:0], "no pixels"),
        (lambda a: a * 0 + 7, "every pixel has the grey level 7"),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_images_check_fails_on_images_that_cannot_be_right(
    arrays: Arrays, facts: DatasetFacts, change: Any, problem: str, known: bool
) -> None:
    images = change(arrays["train_images"])
    finding = check_images(images, "train_images", facts if known else None)
    assert_plain(finding, passed=False)
    assert problem in finding.message


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda a: a[:6], "shape [6, 3, 2], not [7, 3, 2]"),
        (lambda a: a.transpose(0, 2, 1), "shape [7, 2, 3], not [7, 3, 2]"),
        (lambda a: a.clip(0, 254), "highest 254, not 255"),
        (lambda a: a.clip(1), "lowest 1, not 0"),
    ],
)
def test_images_check_holds_published_facts_only_where_given(
    arrays: Arrays, facts: DatasetFacts, change: Any, problem: str
) -> None:
    images = change(arrays["train_images"])
    finding = check_images(images, "train_images", facts)
    assert_plain(finding, passed=False)
    assert problem in finding.message
    assert check_images(images, "train_images", None).passed


def test_labels_check_passes_on_sound_labels(arrays: Arrays, facts: DatasetFacts) -> None:
    for known in (facts, None):
        finding = check_labels(arrays["train_labels"], "train_labels", 3, known)
        assert_plain(finding, passed=True)
        assert finding.message == "train_labels: 7 labels, 2 to 3 in each of 3 classes."
        assert finding.seen["class_counts"] == [3, 2, 2]
    assert check_labels(arrays["test_labels"], "test_labels", 3, facts).passed


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (np.array([0, 1, 2], np.int64), "1-dimensional int64, not 1-dimensional uint8"),
        (np.array([[0, 1, 2]], np.uint8), "2-dimensional uint8, not"),
        (np.array([], np.uint8), "no label 0, 1, 2 among the 3 classes"),
        (np.array([0, 0, 2], np.uint8), "no label 1 among the 3 classes"),
        (np.array([0, 1, 2, 3, 9], np.uint8), "2 out of range 0 to 2, up to 9"),
    ],
)
def test_labels_check_fails_on_labels_that_cannot_be_right(
    labels: NDArray[Any], problem: str
) -> None:
    finding = check_labels(labels, "train_labels", 3, None)
    assert_plain(finding, passed=False)
    assert problem in finding.message


def test_labels_check_holds_the_published_class_counts(facts: DatasetFacts) -> None:
    labels = np.array([0, 0, 1, 1, 1, 2, 2], np.uint8)
    assert check_labels(labels, "train_labels", 3, None).passed
    finding = check_labels(labels, "train_labels", 3, facts)
    assert_plain(finding, passed=False)
    assert "class counts [2, 3, 2], not [3, 2, 2]" in finding.message


@pytest.mark.parametrize(
    ("train_counts", "rate", "binding"),
    [
        # The one image of class 1 is among the 3 training images of 4 with a probability of 3/4.
        ((2, 1), 1e-6, False),
        ((2, 1), 0.9, False),
        ((50, 50), 0.9, False),  # 50 of 101 images in the 100: 51/101, for each of two classes
        ((50, 50), 1.1, True),
    ],
)
def test_a_class_so_rare_that_chance_leaves_it_out_of_the_test_part_only_warns(
    train_counts: tuple[int, int], rate: float, binding: bool
) -> None:
    train = np.repeat(np.array([0, 1], np.uint8), train_counts)
    test = np.array([0], np.uint8)
    finding = check_labels(test, "test_labels", 2, None)
    excused = excuse_rare_classes(finding, train, test, rate)
    assert (excused.passed, excused.binding) == (False, binding)


def test_what_else_is_wrong_with_test_labels_is_not_excused(facts: DatasetFacts) -> None:
    train, test = np.array([0, 0, 1], np.uint8), np.array([0, 2], np.uint8)
    for published in (None, facts):
        finding = check_labels(test, "test_labels", 2, published)
        assert excuse_rare_classes(finding, train, test, 1e-6).binding is True


def test_lengths_check(arrays: Arrays) -> None:
    images, labels = arrays["test_images"], arrays["test_labels"]
    assert_plain(check_lengths(images, labels), passed=True)
    assert_plain(check_lengths(images, labels[1:]), passed=False)
    assert check_lengths(images, labels[1:]).message == "5 images, 4 labels."


def test_loaded_arrays_are_read_only(tmp_path: Path, arrays: Arrays) -> None:
    write(tmp_path, arrays)
    assert [array.flags.writeable for array in load_dataset(tmp_path, None).dataset] == [False] * 4


def assert_plain(finding: Finding, *, passed: bool) -> None:
    assert finding.passed is passed
    for value in (*finding.seen.values(), *finding.expected.values()):
        assert value is None or type(value) in (bool, int, float, str, list)
