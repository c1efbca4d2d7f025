import numpy as np
import pytest

from mnist_assets.dataset.readers.npz_file import NpzFile
from mnist_assets.errors import InputError

IMAGES = np.array([[[0, 200], [3, 4]], [[5, 6], [7, 255]]], np.uint8)
WHOLE = {"x_train": IMAGES, "y_train": [1, 0], "x_test": IMAGES[:1], "y_test": [1]}


def write(folder, **arrays):
    np.savez(folder / "some.npz", **arrays)
    return NpzFile(folder / "some.npz")


def test_both_parts_are_read_by_kerass_names(tmp_path):
    reader = write(tmp_path, **WHOLE, more=np.zeros(3))
    source = reader.read()
    assert source.train.images.tolist() == IMAGES.tolist()
    assert source.test.labels.tolist() == [1]
    assert reader.files() == [tmp_path / "some.npz"]


def test_the_test_part_may_be_missing(tmp_path):
    assert write(tmp_path, x_train=IMAGES, y_train=[1, 0]).read().test is None


@pytest.mark.parametrize(
    ("labels", "read"),
    [
        (["cat", "dog"], ["cat", "dog"]),
        ([[1], [0]], [1, 0]),
        ([3.0, 1.0], [3, 1]),
        (np.array([-5, 900], np.int16), [-5, 900]),
    ],
)
def test_labels_may_be_names_a_column_or_any_whole_number(tmp_path, labels, read):
    assert write(tmp_path, x_train=IMAGES, y_train=labels).read().train.labels.tolist() == read


@pytest.mark.parametrize("channels", [1, 3])
def test_images_may_have_channels(tmp_path, channels):
    images = np.repeat(IMAGES[..., None], channels, axis=3)
    source = write(tmp_path, x_train=images, y_train=[1, 0]).read()
    assert source.train.images.tolist() == IMAGES.tolist()
    told = ("some.npz, x_train: colour was turned to grey.",) if channels == 3 else ()
    assert source.notices == told


def test_colour_is_weighed_as_the_eye_does(tmp_path):
    red, green, blue = np.eye(3) * 200
    images = np.stack([red, green, blue, [0, 0, 0]]).reshape(1, 2, 2, 3)
    grey = write(tmp_path, x_train=images, y_train=[1]).read().train.images
    assert grey.tolist() == [[[60, 117], [23, 0]]]  # 0.299, 0.587 and 0.114 of 200, rounded


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"y_train": None},
            r"the arrays x_train, x_test, y_test, expected x_train, y_train, x_test",
        ),
        (
            {"y_train": None, "y_test": None, "labels": [1, 0]},
            r"the arrays x_train, x_test, labels, expected x_train, y_train",
        ),
        ({"x_test": None}, r"expected x_train, y_train, x_test, y_test\."),
        ({"x_train": np.zeros((2, 784))}, r"x_train: found an array of shape \(2, 784\)"),
        ({"x_train": np.zeros((2, 4, 4, 2))}, r"x_train: found an array of shape \(2, 4, 4, 2\)"),
        ({"x_train": IMAGES / 255}, r"x_train: found values from 0 to 1, as of pixels .* by 255"),
        ({"x_train": IMAGES > 9}, r"x_train: found values from 0 to 1, as of"),
        ({"x_train": IMAGES / 200 - 0.5}, r"x_train: found values from -0.5 to 0.775, .* 0-255"),
        ({"x_test": 4.0 * IMAGES[:1]}, r"x_test: found values from 0 to 800"),
        ({"x_train": np.full((2, 2, 2), np.nan)}, r"x_train: found values from nan to nan"),
        ({"x_train": np.full((2, 2, 2), "a")}, r"x_train: found an array .* type <U1"),
        ({"x_train": np.zeros((0, 2, 2))}, r"x_train: found an array of shape \(0, 2, 2\)"),
        (
            {"y_train": np.eye(2)},
            r"y_train: found an array of shape \(2, 2\) .* in several columns",
        ),
        ({"y_train": [0.5, 1]}, r"y_train: found .* float64, not all whole numbers"),
        ({"y_train": [True, False]}, r"y_train: found an array .* type bool"),
        (
            {"y_train": np.array([{}, 1], object)},
            r"some.npz: found what NumPy cannot read without un",
        ),
    ],
)
def test_what_is_no_dataset_is_refused(tmp_path, changes, message):
    arrays = {name: array for name, array in (WHOLE | changes).items() if array is not None}
    with pytest.raises(InputError, match=message):
        write(tmp_path, **arrays).read()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 but no archive", b"\x93NUMPY"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken.npz: found what NumPy cannot read"):
        NpzFile(path).read()


def test_an_archive_cut_short_is_refused(tmp_path):
    write(tmp_path, **WHOLE)
    path = tmp_path / "some.npz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"some.npz: found what NumPy cannot read"):
        NpzFile(path).read()


def test_values_that_are_not_whole_are_rounded_with_a_notice(tmp_path):
    source = write(tmp_path, x_train=IMAGES + 0.4, y_train=[1, 0])
    with pytest.raises(InputError, match=r"values from 0\.4 to 255\.4"):
        source.read()
    source = write(tmp_path, x_train=IMAGES * 0.5, y_train=[1, 0]).read()
    assert source.train.images.tolist() == np.rint(IMAGES * 0.5).tolist()
    assert source.notices == (
        "some.npz, x_train: 50 % of the values were not whole, and were rounded.",
    )
