"""The split, the normalisation and the network's tensors, on arrays small enough to count."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_assets.errors import InputError
from mnist_assets.preparation import normalization
from mnist_assets.preparation import split as preparation

MNIST = Path(__file__).parents[2] / "data" / "raw" / "mnist"


@pytest.fixture(scope="module")
def images():
    """More images than one chunk, read-only: 1,301 of 3 x 4, the first column constant, 9."""
    images = np.random.default_rng(0).integers(0, 256, (1301, 3, 4), np.uint8)
    images[:, :, 0] = 9
    images.flags.writeable = False
    return images


@pytest.fixture
def split():
    return preparation.split_indices(20, 0.25, seed=3)


# Split


@given(
    count=st.integers(2, 400),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_split_is_complete_or_refused(count, share, seed):
    try:
        split = preparation.split_indices(count, share, seed)
    except InputError:
        assert round((1 - share) * count) in {0, count}
        return
    both = np.concatenate([split["train"], split["validation"]])
    assert sorted(both.tolist()) == list(range(count))
    assert len(split["train"]) == round((1 - share) * count)
    assert preparation.check_split_complete(split, count, share).passed


def test_the_notebooks_sizes():
    split = preparation.split_indices(60_000, 0.1, seed=0)
    assert (len(split["train"]), len(split["validation"])) == (54_000, 6_000)
    assert {part.dtype for part in split.values()} == {np.dtype(np.int32)}


def test_sizes_are_rounded_and_not_cut():
    # (1 - 0.9) * 10 is 0.9999999999999998.
    assert len(preparation.split_indices(10, 0.9, seed=0)["train"]) == 1


def test_the_seed_decides_the_split():
    once, again, other = (preparation.split_indices(100, 0.1, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(once["train"], again["train"])
    np.testing.assert_array_equal(once["validation"], again["validation"])
    assert (once["train"] != other["train"]).any()
    assert (np.diff(once["train"]) < 0).any()  # shuffled


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(InputError, match="validation_share: found"):
        preparation.split_indices(100, share, seed=0)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_part_without_images_is_refused(share):
    with pytest.raises(InputError, match="at least one image to train and one to validate"):
        preparation.split_indices(4, share, seed=0)


def test_check_split_complete_passes_a_split(split):
    finding = preparation.check_split_complete(split, 20, 0.25)
    assert finding.passed is True
    assert finding.seen == finding.expected
    assert finding.seen["train"] == 15


@pytest.mark.parametrize(
    ("part", "place", "value", "wrong"),
    [
        ("validation", 0, "train", {"repeated": 1, "missing": 1}),
        ("train", 0, 20, {"outside": 1, "missing": 1}),
        ("train", 0, -1, {"outside": 1, "missing": 1}),
    ],
)
def test_check_split_complete_sees_indices_that_are_wrong(split, part, place, value, wrong):
    split[part] = split[part].copy()
    split[part][place] = split["train"][0] if value == "train" else value
    finding = preparation.check_split_complete(split, 20, 0.25)
    assert finding.passed is False
    assert {name: finding.seen[name] for name in wrong} == wrong
    assert all(name in finding.message for name in wrong)


def test_check_split_complete_sees_an_image_left_out(split):
    split["validation"] = split["validation"][1:]
    finding = preparation.check_split_complete(split, 20, 0.25)
    assert finding.passed is False
    assert finding.seen["missing"] == 1
    assert "validation is 4, not 5" in finding.message


def test_check_split_complete_sees_other_sizes_than_declared(split):
    finding = preparation.check_split_complete(split, 20, 0.5)
    assert finding.passed is False
    assert finding.expected["train"] == 10


def test_check_split_complete_sees_another_dtype(split):
    split["train"] = split["train"].astype(np.int64)
    finding = preparation.check_split_complete(split, 20, 0.25)
    assert finding.passed is False
    assert finding.seen["dtypes"] == ["int32", "int64"]


def two_parts(train, validation):
    """Return a split of labels that lie one after the other, and the labels."""
    labels = np.array([*train, *validation], np.uint8)
    indices = np.arange(len(labels), dtype=np.int32)
    return {"train": indices[: len(train)], "validation": indices[len(train) :]}, labels


def test_check_split_classes_holds_the_difference_against_the_tolerance():
    split, labels = two_parts([0, 0, 1, 1], [0, 1, 1, 1])
    passing = preparation.check_split_classes(split, labels, 2, tolerance=0.25)
    assert passing.passed is True
    assert passing.seen["largest_share_difference"] == 0.25
    assert passing.seen["train_counts"] == [2, 2]
    assert passing.seen["validation_counts"] == [1, 3]
    assert preparation.check_split_classes(split, labels, 2, tolerance=0.24).passed is False


@pytest.mark.parametrize(
    ("train", "validation", "absent"),
    [([0, 1, 2], [0, 1], [2]), ([0, 1], [0, 1, 2], [2]), ([0, 2], [], [0, 1, 2])],
)
def test_check_split_classes_sees_an_absent_class(train, validation, absent):
    split, labels = two_parts(train, validation)
    finding = preparation.check_split_classes(split, labels, 3, tolerance=1.0)
    assert finding.passed is False
    assert finding.seen["absent_classes"] == absent


# Normalisation


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


@pytest.mark.parametrize("floor", [0, -1, float("nan")])
def test_a_floor_that_bounds_nothing_is_refused(images, floor):
    with pytest.raises(InputError, match="std_floor: found"):
        normalization.fit_normalization(images, np.arange(9, dtype=np.int32), std_floor=floor)


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
        assert moments[fault] > 1e-4


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
    assert normalization.check_bounded({"test": 10.000001}, 10.0).passed is True
    assert normalization.check_bounded({"test": 10.0001}, 10.0).passed is False


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


def test_evidence_where_all_pixels_are_constant():
    train = np.full((2, 1, 1), 3, np.uint8)
    evidence = normalization.notebook_normalization_evidence(train, train)
    assert evidence["constant_pixels"] == 1
    assert evidence["test_images_lit"] == []
    assert evidence["largest_absolute_elsewhere"] is None


# Tensors


def test_one_hot_by_hand():
    encoded = preparation.one_hot(np.array([2, 0], np.uint8), 3)
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_a_label_beyond_the_classes_is_refused():
    with pytest.raises(InputError, match="labels: found label 3, expected 0 to 2"):
        preparation.one_hot(np.array([1, 3], np.uint8), 3)


def test_check_one_hot_passes_the_encoding():
    labels = np.array([2, 0, 1, 1], np.uint8)
    finding = preparation.check_one_hot(preparation.one_hot(labels, 3), labels)
    assert finding.passed is True
    assert finding.seen["rows"] == 4


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ([0, 1, 0], "labels_not_given_back"),
        ([0.5, 0, 0.5], "rows_not_one_hot"),
        ([1, 0, 1], "rows_not_summing_to_1"),
        ([0, 0, 0], "rows_not_summing_to_1"),
        ([1, -1, 0], "rows_not_one_hot"),
    ],
)
def test_check_one_hot_sees_a_row_that_is_not(row, fault):
    labels = np.array([2, 0], np.uint8)
    encoded = preparation.one_hot(labels, 3)
    encoded[0] = row
    finding = preparation.check_one_hot(encoded, labels)
    assert finding.passed is False
    assert finding.seen[fault] == 1


def test_one_hot_examples_are_the_first_labels():
    table = preparation.one_hot_examples(np.array([1, 0, 1], np.uint8), 2, count=2)
    assert list(table.columns) == ["image", "label", "class_0", "class_1"]
    assert table.to_numpy().tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]]


def test_network_input_has_a_depth_of_one(images):
    tensor = preparation.network_input(images[:5])
    assert tensor.dtype == np.float32
    assert tensor.shape == (5, 3, 4, 1)
    np.testing.assert_array_equal(tensor[..., 0], images[:5])


# The whole of MNIST


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
    split = preparation.split_indices(60_000, 0.1, seed=0)
    fitted = normalization.fit_normalization(train, split["train"], std_floor=25.5)
    largest = {
        "validation": normalization.largest_absolute(train, split["validation"], fitted),
        "test": normalization.largest_absolute(test, None, fitted),
    }
    assert normalization.check_bounded(largest, 10.0).passed
    moments = normalization.normalised_moments(train, split["train"], fitted, std_floor=25.5)
    assert normalization.check_normalized(moments, 1e-4, 1e-4).passed
