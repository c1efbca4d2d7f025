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


def test_a_split_by_class_is_not_one_at_random():
    # All 10 images of class 0 train and all 10 of class 1 validate, which is one of C(20, 10), or
    # 184,756 choices; and there are two sides of two classes.
    finding = check_split_classes(*two_parts([0] * 10, [1] * 10), 2, 1e-4)
    assert finding.passed is False
    assert finding.binding is True
    assert finding.seen["least_p_value"] == pytest.approx(4 / 184_756)
    assert "0 of the 10 images of class 0 validate" in finding.message
    assert finding.seen["untrained_classes"] == [1]


def test_a_class_without_validation_image_by_chance_only_warns():
    finding = check_split_classes(*two_parts([0] * 50 + [1, 2, 2, 2], [0] * 9 + [1]), 3, 1e-6)
    assert finding.passed is False
    assert finding.binding is False
    assert finding.seen["unvalidated_classes"] == [2]
    assert finding.message.startswith("Classes without an image to validate on: 2. Give more")


def test_a_class_without_training_image_stops_what_follows():
    finding = check_split_classes(*two_parts([0] * 9, [0, 1]), 2, 1e-6)
    assert (finding.passed, finding.binding) == (False, True)
    assert finding.seen["untrained_classes"] == [1]


def test_many_images_fail_by_a_difference_in_which_few_pass():
    few = two_parts([0] * 40 + [1] * 40, [0] * 6 + [1] * 14)
    many = two_parts([0] * 4000 + [1] * 4000, [0] * 600 + [1] * 1400)
    assert check_split_classes(*few, 2, 1e-6).passed is True
    assert check_split_classes(*many, 2, 1e-6).passed is False


@pytest.mark.parametrize(
    "counts", [[300, 300], [8] * 49, [500, 3], [90, 9, 1]], ids=lambda of: f"{len(of)}-{of[-1]}"
)
def test_splits_at_random_are_stopped_at_most_as_often_as_declared(counts):
    labels, rate, splits = np.repeat(np.arange(len(counts), dtype=np.uint8), counts), 0.1, 200
    findings = [
        check_split_classes(split_indices(len(labels), 0.1, seed), labels, len(counts), rate)
        for seed in range(splits)
    ]
    stopped = [
        finding
        for finding in findings
        if not finding.passed and finding.binding and not finding.seen["untrained_classes"]
    ]
    assert len(stopped) <= rate * splits


def test_no_class_is_missing_where_no_image_validates_of_any():
    finding = check_split_classes(*two_parts([0, 1], []), 2, 1e-6)
    assert finding.seen["unvalidated_classes"] == [0, 1]
    assert finding.binding is False
