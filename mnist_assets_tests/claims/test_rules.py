"""The rules: what holds surely, by chance, or not, and exactly where each turns."""

import math

import pytest

from mnist_assets.claims.rules import (
    ABOVE,
    AT_LEAST,
    AT_MOST,
    BELOW,
    Paired,
    SameAs,
    Sample,
    Share,
    Within,
    ahead,
    by_chance,
    differs,
    exactly,
    exceeds,
    inside,
    written,
)
from mnist_assets.formatting import MINUS


@pytest.mark.parametrize(
    ("rule", "says", "value", "holds", "why"),
    [
        (exactly, 3, 3, True, "the same"),
        (exactly, 3, 4, False, "4, not 3"),
        (exactly, [1, 2], [1, 3], False, "[1, 3], not [1, 2]"),
        (exactly, [1, 2, 3], [1, 2, 4], False, "[1, 2, 4], not [1, 2, 3]"),
        (exactly, [1, 2, 3, 4], [1, 2, 3, 5], False, "[1, 2, 3, 5], not [1, 2, 3, 4]"),
        (
            exactly,
            [1, 2, 3, 4, 5],
            [1, 0, 3, 0, 5],
            False,
            "2 of 5 figures differ, the first at place 2",
        ),
        (exactly, [1, 2], [1, 2, 3], False, "[1, 2, 3], not [1, 2]"),
        (exactly, "uint8", "uint8", True, "the same"),
        (exactly, True, True, True, "it is so"),
        (exactly, [True, True], [True, False], False, "it is not so"),
        (exactly, 3, None, False, "None, not 3"),
        (Within(0.5), 28, 28.5, True, "at most 0.5 apart"),
        (Within(0.5), 28, 28.6, False, "0.6 apart"),
        (Within(0.1), [1, 2], [1.05, 2.2], False, "0.2 apart"),
        (Within(0.1), 0, [0.05, -0.02], True, "at most 0.05 apart"),
        (Within(0.1), [1, 2], [1, 2, 3], False, "3 figures, not 2"),
        (Within(0.1), 1, 1, True, "the same"),
        (Within(0.1), 1, 1.012345, True, "at most 0.0123 apart"),
        # The slack is for rounding alone: a billionth of the tolerance.
        (Within(0.1), 1, 1.1, True, "at most 0.1 apart"),
        (Within(1.0), 0, 1 + 0.9e-9, True, "at most 1 apart"),
        (Within(1.0), 0, 1 + 1.1e-9, False, "1 apart"),
        (AT_LEAST, 0.5, [0.5, 0.7], True, "0.5 is at least 0.5"),
        (AT_LEAST, 0.5, [0.4, 0.7], False, "0.4 is not at least 0.5"),
        (ABOVE, 0.95, 0.9495, False, "0.9495 is not above 0.95"),
        (ABOVE, 0.5, 0.5, False, "0.5 is not above 0.5"),
        (ABOVE, 0.5, 0.6, True, "0.6 is above 0.5"),
        (ABOVE, 0.5, 0.61249, True, "0.612 is above 0.5"),
        (AT_MOST, 2, [2, 1], True, "2 is at most 2"),
        (AT_MOST, 2, [2, 3], False, "3 is not at most 2"),
        (BELOW, 2, 2, False, "2 is not below 2"),
        (BELOW, 2, 1, True, "1 is below 2"),
        (inside, [0, 1], [0, 1], True, "they run from 0 to 1"),
        (inside, [0, 1], [-0.1, 0.5], False, f"they run from {MINUS}0.1 to 0.5"),
        (inside, [0, 1], [0.5, 1.5], False, "they run from 0.5 to 1.5"),
        (inside, [0, 1], [0.12345, 0.98765], True, "they run from 0.123 to 0.988"),
    ],
)
def test_a_rule_to_the_digit_or_to_a_bound(rule, says, value, holds, why):
    outcome = rule(says, value)
    assert (outcome.holds, outcome.why, outcome.by_chance) == (holds, why, False)


# The limits by hand: 1.96 sqrt(2 x 0.9 x 0.1 / 100) = 0.0832, 1.96 x 0.5 sqrt(2 / 100) = 0.1386.
@pytest.mark.parametrize(
    ("rule", "says", "value", "holds", "chance", "why"),
    [
        (SameAs(100), 0.9, Share(90, 100), True, True, "0.0000 apart"),
        (SameAs(100), 0.9, Share(84, 100), True, True, "within the 0.0928"),
        (SameAs(100), 0.9, Share(79, 100), False, True, "more than the 0.0991"),
        (SameAs(100), 0.2, Sample(0.3, 0.5, 100), True, True, "within the 0.1386"),
        (SameAs(100), 0.2, Sample(0.4, 0.5, 100), False, True, "more than the 0.1386"),
        (SameAs(100), 0.2, Sample(0.2, 0.0, 100), True, True, "within the 0.0000"),
        (exceeds, 0.95, Share(990, 1000), True, False, "is above 0.95"),
        (exceeds, 0.95, Share(955, 1000), True, True, "is on both sides of 0.95"),
        (exceeds, 0.95, Share(945, 1000), True, True, "is on both sides of 0.95"),
        (exceeds, 0.95, Share(900, 1000), False, True, "is below 0.95"),
        (differs, "higher", (Share(99, 100), Share(80, 100)), True, False, "0.1900 higher"),
        (differs, "higher", (Share(91, 100), Share(90, 100)), True, True, "allows 0.0813"),
        (differs, "higher", (Share(90, 100), Share(90, 100)), False, True, "0.0000 lower"),
        # Both at 1: chance allows nothing, and a difference of nothing is still put down to it.
        (differs, "higher", (Share(9, 9), Share(9, 9)), False, True, "allows 0.0000"),
        (differs, "lower", (Share(80, 100), Share(99, 100)), True, False, "lower"),
        (differs, "lower", (Share(90, 100), Share(91, 100)), True, True, "0.0100 lower"),
        (differs, "lower", (Share(90, 100), Share(90, 100)), False, True, "0.0000 lower"),
        (differs, "lower", (Share(99, 100), Share(80, 100)), False, True, "higher"),
        (ahead, "better", [Paired(0.01, 0.01, 5)], True, False, "it is so, p = 0.010"),
        (ahead, "better", [Paired(0.01, 0.06, 5)], True, True, "it is so, p = 0.060"),
        (ahead, "better", [Paired(-0.01, 0.01, 5)], False, False, "it is not so, p = 0.010"),
        (ahead, "worse", [Paired(-0.01, 0.0001, 5)], True, False, "it is so, p < 0.001"),
        # By Holm's method 0.03 becomes 0.06.
        (
            ahead,
            "better",
            [Paired(0.01, 0.03, 5), Paired(0.02, 0.03, 4)],
            True,
            True,
            "so of 2 of 2",
        ),
        (ahead, "better", [Paired(0.01, 0.001, 5), Paired(-0.1, 0.002, 4)], False, False, "1 of 2"),
        (by_chance, "alike", 0.5, True, True, "p = 0.500, no more than chance"),
        (by_chance, "alike", 0.0001, False, False, "p < 0.001, more than chance"),
        (by_chance, "alike", 0.001, False, False, "p = 0.001, more than chance"),
        (by_chance, "alike", 1 - 0.95, True, True, "p = 0.050, no more than chance"),
        (by_chance, "alike", 0.0499, False, False, "p = 0.050, more than chance"),
        (by_chance, "different", 0.01, True, False, "p = 0.010, more than chance"),
        (by_chance, "different", 0.06, False, True, "p = 0.060, no more than chance"),
    ],
)
def test_a_rule_that_allows_for_chance(rule, says, value, holds, chance, why):
    outcome = rule(says, value)
    assert (outcome.holds, outcome.by_chance) == (holds, chance)
    assert why in outcome.why


def test_what_chance_allows_is_within_it_to_the_last_digit():
    # Of a spread of 1 over 2 + 2 images the standard error is 1, and its quantile is the limit.
    limit = 1.959963984540054
    of_two = SameAs(2)
    assert of_two(0, Sample(limit - 1e-12, 1, 2)).holds
    assert not of_two(0, Sample(limit + 1e-12, 1, 2)).holds


def test_a_bound_that_is_touched_is_on_both_sides():
    low, high = 0.0, 1 / (1 + 10 / 1.959963984540054**2)  # of none in ten, by Wilson's formula
    touched = exceeds(high - 1e-12, Share(0, 10))
    assert touched.holds
    assert "on both sides" in touched.why
    assert not exceeds(high + 1e-12, Share(0, 10)).holds
    assert exceeds(low, Share(0, 10)).by_chance
    assert "on both sides of 0" in exceeds(low, Share(0, 10)).why
    assert exceeds(1 - high + 1e-12, Share(10, 10)).by_chance
    assert not exceeds(1 - high - 1e-12, Share(10, 10)).by_chance


def test_more_confidence_allows_for_more_chance():
    value = Share(79, 100)
    assert SameAs(100, confidence=0.99)(0.9, value).holds
    assert not SameAs(100, confidence=0.95)(0.9, value).holds
    assert SameAs(100)(0.9, value) == SameAs(100, confidence=0.95)(0.9, value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (Share(9, 10), "0.9000 (9 of 10)"),
        (Sample(0.25, 1.0, 10), "0.2500"),
        (101770, "101,770"),
        (-15, f"{MINUS}15"),
        (0.031113, "0.031113"),
        (1e-5, f"1e{MINUS}05"),
        (999999.0, "999999"),
        (1000000.0, "1,000,000"),
        (2.5e11, "250,000,000,000"),
        (math.inf, "inf"),
        ([[784, 0], [13, 10205]], "[[784, 0], [13, 10205]]"),
        (list(range(12)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"),
        (list(range(13)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (13 in all)]"),
        ("uint8", "uint8"),
    ],
)
def test_figures_are_written_for_a_person(value, text):
    assert written(value) == text
