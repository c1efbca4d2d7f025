import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_assets.champion.candidate import Candidate
from mnist_assets.champion.criteria import assess_gain, assess_recall, mcnemar_exact, recall_losses

COUNTS = st.integers(0, 300)


@pytest.mark.parametrize(
    ("only_challenger", "only_champion", "p_value", "two_sided"),
    [
        (10, 2, 79 / 4096, 158 / 4096),  # (66 + 12 + 1) of 2 ** 12 outcomes, by hand
        (2, 10, 4083 / 4096, 158 / 4096),  # all but the 12 + 1 with fewer than two
        (3, 3, 42 / 64, 1.0),  # (20 + 15 + 6 + 1) of 64
        (5, 0, 1 / 32, 1 / 16),
        (0, 5, 1.0, 1 / 16),
        (0, 0, 1.0, 1.0),
    ],
)
def test_mcnemar_by_hand(only_challenger, only_champion, p_value, two_sided):
    found = mcnemar_exact(only_challenger, only_champion)
    assert found["p_value"] == pytest.approx(p_value, rel=1e-12)
    assert found["p_value_two_sided"] == pytest.approx(two_sided, rel=1e-12)


def test_mcnemar_of_many_images_neither_overflows_nor_takes_long():
    # Half of 12,000 are expected, with a standard deviation of sqrt(3,000): 6,099.5 and more are
    # 1.8166 of it away, which a normal variable exceeds in 3.464 % of cases.
    assert mcnemar_exact(6_100, 5_900)["p_value"] == pytest.approx(0.03464, abs=0.00001)
    assert mcnemar_exact(3_000, 0)["p_value"] == 0.5**3000  # 0.0, not an error


@given(COUNTS, COUNTS)
def test_mcnemar_mirrors_when_swapped(only_challenger, only_champion):
    found = mcnemar_exact(only_challenger, only_champion)
    swapped = mcnemar_exact(only_champion, only_challenger)
    assert found["p_value_two_sided"] == pytest.approx(swapped["p_value_two_sided"], rel=1e-12)
    if only_challenger != only_champion:
        is_better = only_challenger > only_champion
        assert (found["p_value"] < swapped["p_value"]) is is_better


def test_a_gain_counts_the_images_that_only_one_network_gets_right():
    labels = np.repeat(np.array([0, 1], np.uint8), [5, 4])
    both, only_challenger, only_champion, _ = np.split(np.arange(9), [2, 5, 6])
    challenger, champion = (
        Candidate(name, 0, name, probabilities_of(right, labels), labels)
        for name, right in (
            ("best", [*both, *only_challenger]),
            ("given", [*both, *only_champion]),
        )
    )
    figures = assess_gain(challenger, champion, 0.05)["figures"]
    assert (figures["only_challenger_right"], figures["only_champion_right"]) == (3, 1)


def probabilities_of(right, labels):
    predicted = np.where(np.isin(np.arange(len(labels)), right), labels, 1 - labels)
    return np.eye(2)[predicted]


def test_recall_losses_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    challenger = np.array([0, 0, 1, 1, 1, 1, 1, 0])
    champion = np.array([0, 0, 0, 2, 1, 2, 2, 0])
    rows = recall_losses(challenger, champion, labels, classes=4)
    assert [row["class"] for row in rows] == [0, 1, 2, 3]
    assert [row["images"] for row in rows] == [4, 3, 1, 0]
    assert [row["challenger_recall"] for row in rows] == [0.5, 1.0, 0.0, 0.0]
    assert [row["champion_recall"] for row in rows] == [0.75, 1 / 3, 0.0, 0.0]
    assert [row["loss"] for row in rows] == [0.25, -2 / 3, 0.0, 0.0]


# Of 4 images of class 1 the challenger misses some that the champion has right. Were both as good,
# the chance of missing all 4 would be 1/16, of any 1 it would be 1/2; there are two classes.
@pytest.mark.parametrize(
    ("missed", "significance", "passed"),
    [(4, None, False), (1, None, False), (1, 0.9, True), (4, 0.12, True), (4, 0.13, False)],
)
def test_a_fall_of_recall_counts_beyond_chance_where_images_are_few(missed, significance, passed):
    labels = np.repeat(np.array([0, 1], np.uint8), [5, 4])
    challenger, champion = (
        Candidate(name, 0, name, probabilities_of(right, labels), labels)
        for name, right in (("best", range(9 - missed)), ("given", range(9)))
    )
    assessed = assess_recall(challenger, champion, 0.025, significance=significance)
    assert assessed["passed"] is passed
    assert assessed["figures"]["classes"][1]["loss"] == missed / 4


def test_a_fall_of_recall_is_told_by_the_name_of_the_class():
    labels = np.repeat(np.array([0, 1], np.uint8), [5, 4])
    challenger, champion = (
        Candidate(name, 0, name, probabilities_of(right, labels), labels)
        for name, right in (("best", range(5)), ("given", range(9)))
    )
    assessed = assess_recall(challenger, champion, 0.025, ["off", "on"], significance=None)
    assert assessed["message"].endswith("class on by 100.00.")
