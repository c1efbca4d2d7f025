"""Champion and challenger: decisions on a few images, counted by hand."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mnist_assets.champion.candidate import Candidate
from mnist_assets.champion.decision import check_reasoned, choose, decide
from mnist_assets.evaluation.metrics import wilson_interval

CRITERIA = {"floor": 0.5, "confidence": 0.95, "significance": 0.05, "recall_margin": 0.1}
CHECKS = {"split": True, "loss_finite": True}
NAMES = ["upstream_checks", "another_network", "accuracy_floor", "better_than_champion", "recall"]
CLASSES = 4
LABELS = np.arange(40, dtype=np.uint8) % CLASSES


def candidate(wrong=(), name="given", labels=LABELS, **changes):
    """A network that takes the images `wrong` for the next class, and is right on all others."""
    predicted = labels.astype(int)
    predicted[list(wrong)] = (predicted[list(wrong)] + 1) % CLASSES
    probabilities = np.full((len(labels), CLASSES), 0.1, np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.7
    made = Candidate(name, 1, f"version of {name}", probabilities, labels)
    return replace(made, **changes)


def decide_on(challenger, champion, **changes):
    return decide(challenger, champion, **CRITERIA | {"upstream_checks_passed": CHECKS} | changes)


def missed(decision):
    """The criteria not met; and whatever else must be so of every decision is."""
    json.dumps(decision, allow_nan=False)
    criteria = [reason["criterion"] for reason in decision["reasons"]]
    assert criteria[: len(NAMES)] == NAMES
    assert all(type(reason["passed"]) is bool for reason in decision["reasons"])
    assert all(reason["message"] for reason in decision["reasons"])
    not_met = [reason["criterion"] for reason in decision["reasons"] if not reason["passed"]]
    assert decision["promote"] is (not not_met)
    return not_met


def reason_of(decision, criterion):
    return next(reason for reason in decision["reasons"] if reason["criterion"] == criterion)


# --- the decision ---


def test_the_first_network_that_passes_its_checks_and_the_floor_becomes_champion():
    decision = decide_on(candidate([0, 1]), None)
    assert missed(decision) == []
    assert decision["summary"] == "given (seed 1) is promoted: it meets every criterion."
    assert decision["champion"] is None
    low, high = wilson_interval(38, 40, 0.95)
    assert decision["challenger"] == {
        "network": "given",
        "seed": 1,
        "data_version": "version of given",
        "images": 40,
        "correct": 38,
        "accuracy": 0.95,
        "low": low,
        "high": high,
    }
    assert reason_of(decision, "recall")["message"].startswith("First run")


def test_the_floor_is_held_against_the_lower_bound_not_the_accuracy():
    low, _ = wilson_interval(38, 40, 0.95)
    assert 0.83 < low < 0.84
    assert missed(decide_on(candidate([0, 1]), None, floor=low)) == []
    decision = decide_on(candidate([0, 1]), None, floor=0.9)
    assert missed(decision) == ["accuracy_floor"]
    assert decision["summary"] == (
        "given (seed 1) is not promoted. Validation accuracy is 95.00 %; its 95 % interval starts "
        "at 83.50 %, below the floor of 90.00 %."
    )
    assert missed(decide_on(candidate([0, 1]), None, floor=0.9, confidence=0.1)) == []


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ({"split": True, "loss_finite": False}, "1 of 2 upstream checks failed: loss_finite."),
        ({"split": None}, "1 of 1 upstream checks failed: split."),
        ({}, "No upstream check was evaluated, so nothing vouches for it."),
    ],
)
def test_an_upstream_check_that_did_not_pass_prevents_promotion(checks, message):
    decision = decide_on(candidate(), None, upstream_checks_passed=checks)
    assert missed(decision) == ["upstream_checks"]
    assert decision["reasons"][0]["message"] == message


def test_a_significantly_better_challenger_is_promoted():
    decision = decide_on(candidate([4], "best"), candidate([0, 1, 2, 3, 5, 6, 7]))
    assert missed(decision) == []
    figures = reason_of(decision, "better_than_champion")["figures"]
    assert (figures["only_challenger_right"], figures["only_champion_right"]) == (7, 1)
    assert figures["p_value"] == 9 / 256  # (8 + 1) of 2 ** 8
    assert decision["champion"]["correct"] == 33


@pytest.mark.parametrize(
    ("challenger", "champion", "p_value"),
    [
        ([0, 1], [0, 1], 1.0),  # as good, on the very same images
        ([0, 1], [2, 3], 11 / 16),  # as good, on others
        ([], [0, 1, 2, 3], 1 / 16),  # better, but that could be chance
        ([0, 1, 2, 3, 4, 5, 6], [], 1.0),
    ],
)
def test_a_challenger_that_is_not_significantly_better_leaves_the_champion(
    challenger, champion, p_value
):
    decision = decide_on(candidate(challenger, "best"), candidate(champion), recall_margin=1)
    assert missed(decision) == ["better_than_champion"]
    assert reason_of(decision, "better_than_champion")["figures"]["p_value"] == p_value


def test_significance_is_the_largest_p_value_that_counts():
    pair = candidate([], "best"), candidate([0, 1, 2, 3])
    assert missed(decide_on(*pair, significance=1 / 16)) == []
    assert missed(decide_on(*pair, significance=0.0624)) == ["better_than_champion"]


def test_no_class_may_lose_more_recall_than_the_margin():
    champion = candidate([*range(0, 32, 4), *range(1, 33, 4)])  # classes 0 and 1 are hard for it
    challenger = candidate([2], "best")  # one of ten images of class 2: a loss of 0.1
    assert missed(decide_on(challenger, champion, recall_margin=0.1)) == []
    decision = decide_on(challenger, champion, recall_margin=0.09)
    assert missed(decision) == ["recall"]
    assert reason_of(decision, "recall")["message"] == (
        "Recall falls by more than 9 percentage points: class 2 by 10.00."
    )
    losses = [row["loss"] for row in reason_of(decision, "recall")["figures"]["classes"]]
    assert losses == [-0.8, -0.8, 0.1, 0.0]


def test_the_champion_itself_is_no_challenger():
    champion = candidate([0])
    decision = decide_on(champion, champion)
    assert missed(decision) == ["another_network", "better_than_champion"]
    assert "It is the champion already." in decision["summary"]
    better_by_mistake = candidate(range(30), data_version=champion.data_version)
    assert missed(decide_on(champion, better_by_mistake, floor=0)) == ["another_network"]


def with_nan(one):
    probabilities = one.probabilities.copy()
    probabilities[3, 2] = np.nan
    return replace(one, probabilities=probabilities)


UNUSABLE = {
    "has no predictions": lambda one: replace(one, probabilities=None),
    "1 of .* predictions are not finite": with_nan,
    r"predictions \(39, 4\) do not fit": lambda one: replace(
        one, probabilities=one.probabilities[1:]
    ),
    r"predictions \(40,\) do not fit": lambda one: replace(
        one, probabilities=one.probabilities[:, 0]
    ),
    r"labels \(\)": lambda one: replace(one, labels=np.array(1)),
    r"labels \(0,\)": lambda one: replace(
        one, probabilities=one.probabilities[:0], labels=one.labels[:0]
    ),
    "tells 3 classes apart": lambda one: replace(one, probabilities=one.probabilities[:, :3]),
    "tells 0 classes apart": lambda one: replace(one, probabilities=one.probabilities[:, :0]),
}
OTHERS = {
    "other validation images": lambda one: replace(one, labels=one.labels[::-1]),
    r"\(20, 4\) are of other": lambda one: replace(
        one, probabilities=one.probabilities[:20], labels=one.labels[:20]
    ),
    r"\(40, 5\) are of other .* classes": lambda one: replace(
        one, probabilities=np.pad(one.probabilities, ((0, 0), (0, 1)))
    ),
}


@pytest.mark.parametrize("message", [*UNUSABLE, *OTHERS])
def test_a_champion_that_cannot_be_compared_with_stays(message):
    unusable = (UNUSABLE | OTHERS)[message](candidate(range(20)))
    decision = decide_on(candidate([], "best"), unusable)
    assert missed(decision) == ["better_than_champion", "recall"]
    assert re.search(message, decision["summary"])
    assert decision["champion"]["accuracy"] is None
    assert decision["challenger"]["accuracy"] == 1.0


@pytest.mark.parametrize("message", UNUSABLE)
@pytest.mark.parametrize("champion", [None, candidate(range(20))])
def test_a_challenger_that_cannot_be_assessed_is_not_promoted(message, champion):
    decision = decide_on(UNUSABLE[message](candidate([], "best")), champion)
    assert missed(decision) == ["accuracy_floor", "better_than_champion", "recall"]
    assert decision["challenger"]["accuracy"] is None
    assert decision["summary"].count("best") == 2  # the reason is told once, not three times


def test_numbers_of_numpy_make_a_decision_as_plain_as_others():
    numpy = {name: np.float64(value) for name, value in CRITERIA.items()}
    checks = {name: np.bool_(passed) for name, passed in CHECKS.items()}
    challenger = candidate(name="best", seed=np.int64(1))
    decision = decide_on(challenger, candidate(range(9)), upstream_checks_passed=checks, **numpy)
    assert missed(decision) == []
    assert decision == decide_on(candidate(name="best"), candidate(range(9)))


@st.composite
def candidates(draw):
    shape = draw(array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    probabilities = draw(st.none() | arrays(np.float32, shape))
    near = st.just(shape[:1]) | array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4)
    labels = draw(arrays(np.uint8, near, elements=st.integers(0, 4)))
    return Candidate("any", 0, draw(st.sampled_from("ab")), probabilities, labels)


@given(candidates(), st.none() | candidates(), st.dictionaries(st.text(max_size=2), st.booleans()))
def test_promote_is_a_bool_for_any_predictions(challenger, champion, checks):
    decision = decide_on(challenger, champion, upstream_checks_passed=checks)
    assert decision["promote"] is (missed(decision) == [])
    assert choose([decision])["promote"] is decision["promote"]


indices = st.sets(st.integers(0, 39))


@given(indices, indices, st.integers(0, 2**32 - 1))
def test_the_order_of_images_changes_nothing(ours, theirs, seed):
    order = np.random.default_rng(seed).permutation(40)
    pair = candidate(ours, "best"), candidate(theirs)
    shuffled = [
        replace(one, probabilities=one.probabilities[order], labels=one.labels[order])
        for one in pair
    ]
    assert decide_on(*shuffled) == decide_on(*pair)


@given(indices, indices)
def test_two_networks_are_never_both_promoted_over_each_other(ours, theirs):
    pair = candidate(ours, "best"), candidate(theirs)
    decisions = [decide_on(*pair), decide_on(*reversed(pair))]
    assert not all(decision["promote"] for decision in decisions)
    if decisions[0]["promote"]:
        assert len(ours) < len(theirs)


# --- several challengers ---


def test_the_most_accurate_challenger_that_passes_is_promoted_and_no_other():
    champion = candidate(range(20))
    networks = [
        candidate(range(1, 6), "worse"),
        candidate([0], "failed"),
        candidate([0, 1, 2], "better"),
        candidate([], "unknown", probabilities=None),
    ]
    failed = {"failed": {"split": False}}
    chosen = choose(
        decide_on(network, champion, upstream_checks_passed=failed.get(network.network, CHECKS))
        for network in networks
    )
    assert chosen["promote"] is True
    assert chosen["promoted"] == "better"
    outcomes = {one["challenger"]["network"]: missed(one) for one in chosen["decisions"]}
    assert list(outcomes) == ["failed", "better", "worse", "unknown"]
    assert outcomes["failed"] == ["upstream_checks"]
    assert outcomes["better"] == []
    assert outcomes["worse"] == ["first_to_pass"]
    assert "better comes first and is promoted." in chosen["summary"]
    json.dumps(chosen, allow_nan=False)


def test_equals_are_taken_in_the_order_of_their_names():
    decisions = [decide_on(candidate([0], name), None) for name in "bac"]
    for given_order in (decisions, decisions[::-1]):
        chosen = choose(given_order)
        assert chosen["promoted"] == "a"
        assert [one["challenger"]["network"] for one in chosen["decisions"]] == ["a", "b", "c"]
        assert [one["promote"] for one in chosen["decisions"]] == [True, False, False]


def test_without_a_challenger_nobody_is_promoted():
    assert choose([]) == {
        "promote": False,
        "promoted": None,
        "summary": "There is no challenger.",
        "decisions": [],
    }


def test_choosing_changes_no_decision_given():
    decision = decide_on(candidate(), None)
    before = json.dumps(decision)
    choose([decision, decide_on(candidate(name="best"), None)])
    assert json.dumps(decision) == before


def test_a_choice_without_its_reasons_is_no_choice():
    chosen = choose([decide_on(candidate([0], name), None) for name in "ab"])
    assert check_reasoned(chosen).passed is True
    assert check_reasoned(choose([])).passed is False
    assert check_reasoned(chosen | {"promote": False}).passed is False  # but one is promoted
    first, second = chosen["decisions"]
    for vague in ({"reasons": []}, {"promote": "yes"}, {"promote": True}):
        finding = check_reasoned(chosen | {"decisions": [first, second | vague]})
        assert finding.passed is False
        assert finding.seen["vague"] == ["b"]
