"""What is said of a network beyond its accuracy: without wrong labels, half by half, and all."""

from math import comb

import numpy as np
import pytest

from mnist_assets.evaluation.metrics import accuracy_of
from mnist_assets.quality import assessment as quality


def right_ones(images, wrong):
    right = np.ones(images, dtype=bool)
    right[list(wrong)] = False
    return right


# --- wrong labels ---


def test_fifteen_labels_of_mnist_are_known_to_be_wrong():
    assert len(set(quality.WRONG_TEST_LABELS)) == 15
    assert max(quality.WRONG_TEST_LABELS) < 10_000
    assert sum(quality.WRONG_TEST_LABELS) == 68_696, "none is changed"


def test_images_with_wrong_labels_count_neither_for_nor_against_a_network():
    wrong = quality.WRONG_TEST_LABELS
    # It contradicts twelve of them, predicts three as labelled, and makes 300 mistakes beside.
    others = np.setdiff1d(np.arange(10_000), wrong)[:300]
    without = quality.without_wrong_labels(right_ones(10_000, [*wrong[:12], *others]), 0.95)
    assert without["images"] == 9985
    assert without["correct"] == 9685
    assert without["wrong_labels"] == 15
    assert without["wrong_labels_predicted"] == 3


# --- halves ---


def test_each_half_has_its_accuracy_and_its_writers():
    halves = quality.compare_halves(right_ones(200, [*range(10), 150, 199]), 0.95)
    assert (halves["first"]["accuracy"], halves["last"]["accuracy"]) == (0.9, 0.98)
    assert halves["first"]["written_by"] == "high-school students"
    assert halves["last"]["written_by"] == "Census Bureau employees"
    assert halves["difference"] == pytest.approx(0.08)


def test_the_interval_of_the_difference_is_newcombes():
    # R. G. Newcombe (1998), table II, row (a): 56/70 and 48/80 are 0.2 apart, 0.0524 to 0.3339.
    low, high = quality.difference_interval(
        accuracy_of(np.arange(80) < 48, 0.95), accuracy_of(np.arange(70) < 56, 0.95)
    )
    assert (low, high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_equal_halves_do_not_differ_and_unequal_ones_do():
    same = quality.compare_halves(right_ones(200, [0, 1, 100, 101]), 0.95)
    assert same["difference"] == 0
    assert same["p_value"] == 1
    assert same["difference_interval"]["low"] == -same["difference_interval"]["high"]
    unlike = quality.compare_halves(right_ones(200, range(20)), 0.95)
    assert unlike["p_value"] < 1e-5
    assert unlike["difference_interval"]["low"] > 0


def fisher_by_counting(images, first, last):
    """The share of all ways to draw so many successes that are no likelier than these."""
    ways = [
        comb(images, here) * comb(images, first + last - here)
        for here in range(max(0, first + last - images), min(images, first + last) + 1)
    ]
    found = comb(images, first) * comb(images, last)
    return sum(way for way in ways if way <= found) / sum(ways)


@pytest.mark.parametrize(
    ("images", "first", "last", "p_value"),
    [
        # Fisher's tea: 1/70 + 16/70 for three cups of four told right, as much the other way.
        (4, 3, 1, 34 / 70),
        (4, 4, 1, 8 / 56),
        (3, 1, 2, 1),
        (5, 0, 0, 1),
        (10, 10, 0, 2 / 184756),
        (5000, 4789, 4897, fisher_by_counting(5000, 4789, 4897)),
    ],
)
def test_the_p_value_of_halves_is_fishers(images, first, last, p_value):
    right = np.concatenate([np.arange(images) < first, np.arange(images) < last])
    assert quality.compare_halves(right, 0.95)["p_value"] == pytest.approx(p_value, rel=1e-9)


# --- all of it ---


def test_what_is_known_of_mnist_alone_steps_aside_elsewhere():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    assessed = quality.assess(
        probabilities, np.array([0, 0], np.uint8), bins=15, confidence=0.95, mnist=False
    )
    assert assessed["correct"] == 1
    assert assessed["calibration"]["mean_confidence"] == pytest.approx(0.85)
    assert assessed["without_wrong_labels"] is None
    assert assessed["halves"] is None


def test_mnist_is_told_without_wrong_labels_and_in_halves():
    probabilities = np.tile(np.array([0.9, 0.1], np.float32), (10_000, 1))
    labels = np.zeros(10_000, np.uint8)
    labels[list(quality.WRONG_TEST_LABELS)] = 1
    assessed = quality.assess(probabilities, labels, bins=15, confidence=0.95, mnist=True)
    assert assessed["accuracy"] == 0.9985
    assert assessed["without_wrong_labels"]["accuracy"] == 1
    assert assessed["halves"]["first"]["correct"] == 4991
    assert assessed["halves"]["last"]["correct"] == 4994


PROMOTED = {"images": 100, "correct": 97, "accuracy": 0.97}


def test_a_champion_as_good_as_at_its_promotion_passes():
    assert quality.check_as_promoted({**PROMOTED, "version": "0001-best"}, PROMOTED).passed is True


@pytest.mark.parametrize("changed", [{"correct": 96, "accuracy": 0.96}, {"images": 99}])
def test_a_champion_that_is_another_is_found(changed):
    finding = quality.check_as_promoted({**PROMOTED, **changed}, PROMOTED)
    assert finding.passed is False
    assert "at its promotion it was 0.9700" in finding.message
