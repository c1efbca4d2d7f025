from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mnist_assets.study.paired_tests import (
    compare_networks,
    holm,
    lowest_holm_p_value,
    sign_flip_p_value,
    t_p_value,
)
from mnist_assets_tests.study.test_summary import table


def flip_all_signs(differences):
    """The p-value by its definition, in whole numbers."""
    sums = [abs(np.dot(signs, differences)) for signs in product((-1, 1), repeat=len(differences))]
    return np.mean(np.array(sums) >= abs(sum(differences)))


@given(st.lists(st.integers(-40, 40), max_size=9), st.sampled_from([1, 30, 6000, 10_000]))
def test_the_sign_flip_test_counts_all_choices_of_signs(steps, images):
    differences = np.array(steps, np.float64) / images
    assert sign_flip_p_value(differences) == pytest.approx(flip_all_signs(steps))


def test_ten_differences_of_one_sign_are_as_sure_as_ten_can_be():
    assert sign_flip_p_value(np.arange(1, 11) / 6000) == 2 / 2**10
    assert sign_flip_p_value(-np.arange(1, 11) / 6000) == 2 / 2**10
    assert sign_flip_p_value([]) == sign_flip_p_value([0, 0]) == 1


def test_of_more_pairs_than_can_be_tried_some_signs_are_drawn():
    assert sign_flip_p_value(np.full(14, 1 / 3000)) == 2 / 2**14  # the most pairs for all choices
    assert sign_flip_p_value(np.full(50, 1 / 3000)) == 1 / (2**14 + 1)  # the choice seen alone
    steps = np.arange(-6, 10)
    drawn, exact = sign_flip_p_value(steps / 6000), flip_all_signs(steps)
    assert drawn == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 2**14) ** 0.5)
    assert drawn == sign_flip_p_value(steps / 6000)


def test_holms_correction_is_the_worked_example():
    # Three of four: 4 * 0.01, then 3 * 0.015 = 0.045; 2 * 0.04 = 0.08; the last not below it.
    assert holm([0.04, 0.01, 0.06, 0.015]) == pytest.approx([0.08, 0.04, 0.08, 0.045])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


def test_the_lowest_p_value_that_so_many_runs_can_give_is_reached():
    steps = np.arange(10) / 1000
    networks = {
        name: table(0.8 + lead + steps, steps)
        for name, lead in zip("abc", (0, 0.1, 0.2), strict=True)
    }
    compared = compare_networks(networks, 0.95)
    assert lowest_holm_p_value(compared) == 12 * 2 / 2**10 == compared["holm_p_value"].min()
    assert lowest_holm_p_value(compared.assign(pairs=50)) == 12 / (2**14 + 1)
    assert lowest_holm_p_value(compare_networks({"a": table([0.9], [0.9])}, 0.95)) == 1


def test_networks_are_compared_seed_by_seed():
    first = table([0.90, 0.92, 0.97], [0.5, 0.6, 0.7])
    second = table([0.89, 0.90, 0.94], [0.5, 0.6, 0.7])
    shuffled = second.iloc[[4, 2, 0, 1, 5, 3]]
    compared = compare_networks({"a": first, "b": shuffled}, 0.95).set_index(["kind", "part"])
    assert len(compared) == 4
    row = compared.loc[("training", "validation")]
    differences = [0.01, 0.02, 0.03]
    assert row["pairs"] == 3
    assert row["mean_difference"] == pytest.approx(0.02)
    # t = 0.02 / (0.01 / sqrt(3)); with 2 degrees of freedom, a tail is 1 - t / sqrt(2 + t^2).
    assert row["t_p_value"] == pytest.approx(1 - 12**0.5 / 14**0.5)
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert row["sign_flip_p_value"] == 2 / 2**3
    assert row["holm_p_value"] == 4 * 2 / 2**3
    equal = compared.loc[("split", "test")]
    assert (equal["mean_difference"], equal["t_p_value"], equal["sign_flip_p_value"]) == (0, 1, 1)


def test_each_two_networks_make_a_row_for_each_kind_and_part():
    runs = {name: table([0.9, 0.8], [0.7, 0.6]) for name in "abc"}
    compared = compare_networks(runs, 0.95)
    pairs = set(zip(compared["first"], compared["second"], strict=True))
    assert pairs == {("a", "b"), ("a", "c"), ("b", "c")}
    assert len(compared) == 3 * 4


def test_a_run_that_failed_or_has_no_counterpart_makes_no_pair():
    first = table([0.9, float("nan"), 0.8], [0.7])
    second = table([0.8, 0.7, 0.6, 0.5], [0.7])
    compared = compare_networks({"a": first, "b": second}, 0.95).set_index(["kind", "part"])
    assert compared.loc[("training", "test"), "pairs"] == 2
    assert compared.loc[("training", "test"), "mean_difference"] == pytest.approx(0.15)
    single = compared.loc[("split", "test")]
    assert single["pairs"] == 1
    assert np.isnan(single["t_p_value"])


def test_one_network_has_nothing_to_be_compared_with():
    compared = compare_networks({"a": table([0.9], [0.8])}, 0.95)
    assert len(compared) == 0
    assert "holm_p_value" in compared.columns


def test_a_constant_difference_is_certain():
    runs = {"a": table([0.5, 0.75], [0.5]), "b": table([0.25, 0.5], [0.5])}
    row = compare_networks(runs, 0.95).iloc[0]
    assert (row["t_p_value"], row["low"], row["high"]) == (0, 0.25, 0.25)


@pytest.mark.parametrize(("difference", "certain"), [(0.01, 0), (-0.01, 0), (0, 1)])
def test_rounding_alone_is_no_variation_and_no_difference(difference, certain):
    assert t_p_value(difference + np.array([0, 3e-16, -2e-16])) == certain
