import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_assets.declarations.settings import read_settings
from mnist_assets.preparation import normalization
from mnist_assets.preparation.split import split_indices

MNIST = Path(__file__).parents[2] / "data" / "raw" / "mnist"


@pytest.fixture(scope="module")
def images():
    """More images than one chunk, read-only: 1,301 of 3 x 4, the first column constant, 9."""
    images = np.random.default_rng(0).integers(0, 256, (1301, 3, 4), np.uint8)
    images[:, :, 0] = 9
    images.flags.writeable = False
    return images


def test_fit_is_numpys_over_the_training_images_alone(images):
    indices = np.random.default_rng(1).permutation(1301)[:1200].astype(np.int32)
    fitted = normalization.fit_normalization(images, indices, std_floor=1.0)
    chosen = images[indices].astype(np.float64)
    assert fitted["mean"].dtype == fitted["std"].dtype == np.float32
    np.testing.assert_allclose(fitted["mean"], chosen.mean(axis=0), rtol=1e-7)
    np.testing.assert_allclose(fitted["std"][:, 1:], chosen.std(axis=0)[:, 1:], rtol=1e-7)
    np.testing.assert_array_equal(fitted["std"][:, 0], 1.0)


def test_the_floor_lifts_small_deviations_and_leaves_large_ones():
    # Pixel by pixel the standard deviations are 0, 2 and 100.
    images = np.array([[[5, 3, 0]], [[5, 7, 200]]], np.uint8)
    fitted = normalization.fit_normalization(images, np.arange(2, dtype=np.int32), std_floor=8.0)
    assert fitted["mean"].tolist() == [[5, 5, 100]]
    assert fitted["std"].tolist() == [[8, 8, 100]]


@given(
    train=st.lists(st.integers(0, 255), min_size=1, max_size=8),
    new=st.integers(0, 255),
    floor=st.floats(0.5, 64),
)
def test_no_pixel_whatever_is_normalised_beyond_the_bound(train, new, floor):
    images = np.array(train, np.uint8)[:, np.newaxis, np.newaxis]
    fitted = normalization.fit_normalization(
        images, np.arange(len(train), dtype=np.int32), std_floor=floor
    )
    unseen = np.full((1, 1, 1), new, np.uint8)
    largest = normalization.largest_absolute(unseen, None, fitted)
    assert normalization.check_bounded({"new": largest}, 255 / floor).passed


def test_normalise_by_hand_and_without_touching_the_images():
    images = np.array([[[0, 30]], [[20, 10]]], np.uint8)
    images.flags.writeable = False
    normalised = normalization.normalise(
        images, np.array([[10, 10]], np.float32), np.array([[5, 20]], np.float32)
    )
    assert normalised.dtype == np.float32
    assert normalised.tolist() == [[[-2, 1]], [[2, 0]]]


def test_normalised_training_pixels_have_mean_0_and_std_1_above_the_floor(images):
    indices = np.arange(1200, dtype=np.int32)
    fitted = normalization.fit_normalization(images, indices, std_floor=1.0)
    moments = normalization.normalised_moments(images, indices, fitted, std_floor=1.0)
    assert moments["finite"] is True
    assert moments["largest_mean"] < 1e-6
    assert moments["largest_std_error"] < 1e-6
    assert (moments["pixels_at_floor"], moments["pixels"]) == (3, 12)
    finding = normalization.check_normalized(moments, mean_tolerance=1e-4, std_tolerance=1e-4)
    assert finding.passed is True
    assert "3 of 12 pixels at the floor" in finding.message


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        ("mean", lambda mean: mean + 2, "largest_mean"),
        ("std", lambda std: std * np.float32(1.01), "largest_std_error"),
        ("std", lambda std: std * 0, "finite"),
        ("mean", lambda mean: mean * np.float32("nan"), "finite"),
    ],
)
def test_check_normalized_sees_a_normalisation_that_does_not_fit(images, name, change, fault):
    indices = np.arange(1200, dtype=np.int32)
    fitted = normalization.fit_normalization(images, indices, std_floor=1.0)
    fitted[name] = change(fitted[name])
    moments = normalization.normalised_moments(images, indices, fitted, std_floor=1.0)
    finding = normalization.check_normalized(moments, mean_tolerance=1e-4, std_tolerance=1e-4)
    assert finding.passed is False
    if fault == "finite":
        assert moments["finite"] is False
        assert "NOT all finite" in finding.message
    else:
        assert moments["finite"] is True
        assert {name for name in ("largest_mean", "largest_std_error") if moments[name] > 1e-4} == {
            fault
        }


def test_check_normalized_sees_each_fault_alone():
    good = {"finite": True, "largest_mean": 1e-7, "largest_std_error": 1e-7}
    good |= {"pixels_at_floor": 0, "pixels": 4}
    for fault in ({"finite": False}, {"largest_mean": 0.02}, {"largest_std_error": 0.02}):
        assert normalization.check_normalized(good, 0.01, 0.01).passed is True
        assert normalization.check_normalized(good | fault, 0.01, 0.01).passed is False


def test_largest_absolute_is_that_of_every_pixel_normalised(images):
    fitted = normalization.fit_normalization(images, np.arange(1200, dtype=np.int32), 1.0)
    normalised = np.abs(normalization.normalise(images, fitted["mean"], fitted["std"]))
    assert normalization.largest_absolute(images, None, fitted) == normalised.max()
    few = np.array([7, 1300, 4], np.int32)
    assert normalization.largest_absolute(images, few, fitted) == normalised[few].max()


@pytest.mark.parametrize(("first", "others"), [(0, 255), (255, 0)])
def test_largest_absolute_remembers_the_first_chunk(first, others):
    images = np.full((normalization.CHUNK + 2, 1, 1), others, np.uint8)
    images[0] = first
    fitted = {"mean": np.full((1, 1), others, np.float32), "std": np.full((1, 1), 5, np.float32)}
    assert normalization.largest_absolute(images, None, fitted) == 51


@pytest.mark.parametrize("level", [0, 255])
def test_images_that_are_their_mean_are_0_everywhere(level):
    images = np.full((2, 1, 1), level, np.uint8)
    fitted = {"mean": np.full((1, 1), level, np.float32), "std": np.ones((1, 1), np.float32)}
    assert normalization.largest_absolute(images, None, fitted) == 0


@pytest.mark.parametrize(("mean", "std", "largest"), [(0, 25.5, 10), (255, 51, 5), (100, 31, 5)])
def test_largest_possible_is_that_of_a_black_or_a_white_image(mean, std, largest):
    fitted = {
        "mean": np.array([[mean, 127]], np.float32),
        "std": np.array([[std, 255]], np.float32),
    }
    assert normalization.largest_possible(fitted) == pytest.approx(largest)


def test_a_tiny_number_added_to_the_standard_deviation_is_possible_to_exceed_the_bound():
    fitted = {"mean": np.zeros((2, 2), np.float32), "std": np.full((2, 2), 1e-10, np.float32)}
    finding = normalization.check_bounded({"any": normalization.largest_possible(fitted)}, 10.0)
    assert finding.passed is False
    assert finding.seen["any"] == pytest.approx(2.55e12)


def test_check_bounded_names_the_part_beyond_the_bound():
    assert normalization.check_bounded({"validation": 9.9, "test": 10.0}, 10.0).passed is True
    finding = normalization.check_bounded({"validation": 9.9, "test": 10.1}, 10.0)
    assert finding.passed is False
    assert "exceeded in test." in finding.message
    assert finding.seen == {"validation": 9.9, "test": 10.1}
    assert normalization.check_bounded({"test": float("nan")}, 10.0).passed is False


def test_check_bounded_forgives_float32_its_rounding_and_no_more():
    assert normalization.check_bounded({"test": 10.000009}, 10.0).passed is True
    assert normalization.check_bounded({"test": 10.000011}, 10.0).passed is False


def test_the_notebooks_normalisation_blows_up_on_a_pixel_constant_in_training():
    train = np.array([[[0, 10, 7]], [[0, 30, 7]]], np.uint8)
    test = np.array([[[0, 20, 7]], [[24, 50, 7]]], np.uint8)
    evidence = normalization.notebook_normalization_evidence(train, test)
    assert evidence == {
        "constant_pixels": 2,
        "test_images_lit": [1],
        "test_pixels_lit": 1,
        "largest_absolute": pytest.approx(24e10),
        "largest_absolute_elsewhere": pytest.approx(3.0),  # (50 - 20) / 10
    }
    notebook = (test - train.mean(axis=0)) / (train.std(axis=0) + 1e-10)
    assert evidence["largest_absolute"] == pytest.approx(np.abs(notebook).max())


@pytest.mark.parametrize(
    "images",
    [
        np.array([[[0, 255]], [[255, 0]]]),
        np.array([[[7, 7]], [[7, 7]]]),  # every pixel constant
        np.array([*[[[0, 100]]] * 999, [[255, 101]]]),  # one pixel almost, one by a grey level
        np.random.default_rng(0).integers(100, 200, (3, 8, 8)),
        np.random.default_rng(0).integers(0, 256, (2000, 2, 2)) // 128 * 255,
    ],
    ids=["two images", "constant", "almost constant", "three images", "black or white"],
)
def test_any_images_are_normalised_as_closely_as_declared(images):
    images, indices = images.astype(np.uint8), np.arange(len(images), dtype=np.int32)
    declared = read_settings().normalization
    fitted = normalization.fit_normalization(images, indices, declared.std_floor)
    moments = normalization.normalised_moments(images, indices, fitted, declared.std_floor)
    assert normalization.check_normalized(
        moments, declared.mean_tolerance, declared.std_tolerance
    ).passed


def test_evidence_where_all_pixels_are_constant():
    train = np.full((2, 1, 1), 3, np.uint8)
    evidence = normalization.notebook_normalization_evidence(train, train)
    assert evidence["constant_pixels"] == 1
    assert evidence["test_images_lit"] == []
    assert evidence["largest_absolute_elsewhere"] is None


@pytest.mark.slow
def test_mnist_blows_up_in_the_notebook_and_is_bounded_here():
    train, test = (
        np.frombuffer(gzip.decompress((MNIST / name).read_bytes()), np.uint8)[16:].reshape(
            -1, 28, 28
        )
        for name in ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz")
    )
    evidence = normalization.notebook_normalization_evidence(train, test)
    assert evidence["constant_pixels"] == 67
    assert len(evidence["test_images_lit"]) == 1
    assert evidence["test_pixels_lit"] == 2
    assert evidence["largest_absolute"] > 1e11
    split = split_indices(60_000, 0.1, seed=0)
    fitted = normalization.fit_normalization(train, split["train"], std_floor=25.5)
    largest = {
        "validation": normalization.largest_absolute(train, split["validation"], fitted),
        "test": normalization.largest_absolute(test, None, fitted),
    }
    assert normalization.check_bounded(largest, 10.0).passed
    moments = normalization.normalised_moments(train, split["train"], fitted, std_floor=25.5)
    assert normalization.check_normalized(moments, 1e-4, 1e-4).passed
