import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_assets.errors import InputError
from mnist_assets.preparation.split import (
    check_split_classes,
    check_split_complete,
    split_indices,
)


@pytest.fixture
def split():
    return split_indices(20, 0.25, seed=3)


@given(
    count=st.integers(2, 400),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_split_is_complete_or_refused(count, share, seed):
    try:
        split = split_indices(count, share, seed)
    except InputError:
        assert round((1 - share) * count) in {0, count}
        return
    both = np.concatenate([split["train"], split["validation"]])
    assert sorted(both.tolist()) == list(range(count))
    assert len(split["train"]) == round((1 - share) * count)
    assert check_split_complete(split, count, share).passed


def test_the_notebooks_sizes():
    split = split_indices(60_000, 0.1, seed=0)
    assert (len(split["train"]), len(split["validation"])) == (54_000, 6_000)
    assert {part.dtype for part in split.values()} == {np.dtype(np.int32)}


def test_sizes_are_rounded_and_not_cut():
    # (1 - 0.9) * 10 is 0.9999999999999998.
    assert len(split_indices(10, 0.9, seed=0)["train"]) == 1


def test_the_seed_decides_the_split():
    once, again, other = (split_indices(100, 0.1, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(once["train"], again["train"])
    np.testing.assert_array_equal(once["validation"], again["validation"])
    assert (once["train"] != other["train"]).any()
    assert (np.diff(once["train"]) < 0).any()  # shuffled


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(InputError, match=r"validation_share: found .* expected at least one image"):
        split_indices(100, share, seed=0)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_part_without_images_is_refused(share):
    with pytest.raises(InputError, match="at least one image to train and one to validate"):
        split_indices(4, share, seed=0)


def test_check_split_complete_passes_a_split(split):
    finding = check_split_complete(split, 20, 0.25)
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
    finding = check_split_complete(split, 20, 0.25)
    assert finding.passed is False
    assert {name: finding.seen[name] for name in wrong} == wrong
    assert all(name in finding.message for name in wrong)


def test_check_split_complete_sees_an_image_left_out(split):
    split["validation"] = split["validation"][1:]
    finding = check_split_complete(split, 20, 0.25)
    assert finding.passed is False
    assert finding.seen["missing"] == 1
    assert "validation is 4, not 5" in finding.message


def test_check_split_complete_sees_other_sizes_than_declared(split):
    finding = check_split_complete(split, 20, 0.5)
    assert finding.passed is False
    assert finding.expected["train"] == 10


def test_check_split_complete_sees_another_dtype(split):
    split["train"] = split["train"].astype(np.int64)
    finding = check_split_complete(split, 20, 0.25)
    assert finding.passed is False
    assert finding.seen["dtypes"] == ["int32", "int64"]


def two_parts(train, validation):
    """Return a split of labels that lie one after the other, and the labels."""
    labels = np.array([*train, *validation], np.uint8)
    indices = np.arange(len(labels), dtype=np.int32)
    return {"train": indices[: len(train)], "validation": indices[len(train) :]}, labels


def test_check_split_classes_holds_the_difference_against_the_tolerance():
    split, labels = two_parts([0, 0, 1, 1], [0, 1, 1, 1])
    passing = check_split_classes(split, labels, 2, tolerance=0.25)
    assert passing.passed is True
    assert passing.seen["largest_share_difference"] == 0.25
    assert passing.seen["train_counts"] == [2, 2]
    assert passing.seen["validation_counts"] == [1, 3]
    assert check_split_classes(split, labels, 2, tolerance=0.24).passed is False


@pytest.mark.parametrize(("train", "validation"), [([0], [0, 1]), ([0, 1], [0])])
def test_check_split_classes_compares_parts_of_one_image(train, validation):
    finding = check_split_classes(*two_parts(train, validation), 2, tolerance=1.0)
    assert finding.seen["largest_share_difference"] == 0.5


@pytest.mark.parametrize(
    ("train", "validation", "absent"),
    [
        ([0, 1, 2], [0, 1], [2]),
        ([0, 1], [0, 1, 2], [2]),
        ([0, 2], [], [0, 1, 2]),
        ([], [1], [0, 1, 2]),
    ],
)
def test_check_split_classes_sees_an_absent_class(train, validation, absent):
    split, labels = two_parts(train, validation)
    finding = check_split_classes(split, labels, 3, tolerance=1.0)
    assert finding.passed is False
    assert finding.seen["absent_classes"] == absent
