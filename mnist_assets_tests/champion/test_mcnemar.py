"""McNemar's test, by hand and against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest

from mnist_assets.champion.mcnemar import mcnemar_exact
from mnist_assets.errors import InputError


def right(*counts):
    """Who is right on each image: both, only the challenger, only the champion, neither."""
    challenger = np.repeat([True, True, False, False], counts)
    champion = np.repeat([True, False, True, False], counts)
    return challenger, champion


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
    assert mcnemar_exact(*right(7, only_challenger, only_champion, 2)) == {
        "only_challenger_right": only_challenger,
        "only_champion_right": only_champion,
        "p_value": p_value,
        "p_value_two_sided": two_sided,
    }


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_scipys_binomial_test(only_challenger, only_champion):
    found = mcnemar_exact(*right(3, only_challenger, only_champion, 1))
    if only_challenger + only_champion:
        for key, alternative in (("p_value", "greater"), ("p_value_two_sided", "two-sided")):
            expected = binomtest(
                only_challenger, only_challenger + only_champion, 0.5, alternative
            ).pvalue
            assert found[key] == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_many_images_neither_overflows_nor_takes_long():
    found = mcnemar_exact(*right(0, 6_100, 5_900, 0))
    assert found["p_value"] == pytest.approx(binomtest(6_100, 12_000, 0.5, "greater").pvalue)
    assert mcnemar_exact(*right(0, 3_000, 0, 0))["p_value"] == 0.5**3000  # 0.0, not an error


@given(
    st.integers(0, 30).flatmap(lambda n: st.tuples(arrays(bool, n), arrays(bool, n))),
    st.randoms(use_true_random=False),
)
def test_mcnemar_mirrors_when_swapped_and_does_not_mind_the_order(pair, shuffler):
    challenger, champion = pair
    found, swapped = mcnemar_exact(challenger, champion), mcnemar_exact(champion, challenger)
    assert found["only_challenger_right"] == swapped["only_champion_right"]
    assert found["only_champion_right"] == swapped["only_challenger_right"]
    assert found["p_value_two_sided"] == swapped["p_value_two_sided"]
    ties = found["only_challenger_right"], found["only_champion_right"]
    assert (found["p_value"] < swapped["p_value"]) == (ties[0] > ties[1])
    order = list(range(len(challenger)))
    shuffler.shuffle(order)
    assert mcnemar_exact(challenger[order], champion[order]) == found


@pytest.mark.parametrize(
    ("challenger", "champion"),
    [
        (np.ones(3, bool), np.ones(4, bool)),
        (np.ones(3, bool), np.ones(3, np.uint8)),
        (np.ones(3), np.ones(3, bool)),
        (np.ones((2, 3), bool), np.ones((2, 3), bool)),
        (np.ones(1, bool), np.ones((), bool)),
    ],
)
def test_mcnemar_refuses_all_but_two_bool_vectors_of_one_length(challenger, champion):
    with pytest.raises(InputError, match="two vectors of bool"):
        mcnemar_exact(challenger, champion)
