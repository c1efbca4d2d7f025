import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_assets.evaluation.independent_count import check_independent_count, count_independently
from mnist_assets.evaluation.scores import evaluate, evaluate_part
from mnist_assets_tests.evaluation.test_scores import CONFUSION, LABELS, PROBABILITIES


def test_five_images_by_hand():
    counted = count_independently(PROBABILITIES, LABELS, 3)
    assert counted["accuracy"] == 0.6
    assert counted["confusion_matrix"] == CONFUSION
    assert counted["per_class"][0] == {
        "precision": 1.0,
        "recall": 2 / 3,
        "specificity": 1.0,
        "false_positive_rate": 0.0,
        "false_negative_rate": 1 / 3,
    }
    assert counted["per_class"][1] == {
        "precision": 0.5,
        "recall": 0.5,
        "specificity": 2 / 3,
        "false_positive_rate": 1 / 3,
        "false_negative_rate": 0.5,
    }
    assert counted["per_class"][2] == {
        "precision": 0.0,
        "recall": 0.0,  # of no image
        "specificity": 0.8,
        "false_positive_rate": 0.2,
        "false_negative_rate": 0.0,
    }


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(2, 6))
def test_every_evaluation_is_as_counted_independently(seed, images, classes):
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(classes), images).astype(np.float32)
    labels = generator.integers(0, classes, images).astype(np.uint8)
    evaluation = {"test": evaluate_part(probabilities, labels, classes)}
    counted = {"test": count_independently(probabilities, labels, classes)}
    finding = check_independent_count(evaluation, counted)
    assert finding.passed is True
    assert finding.seen == {"different": []}


def set_rate(name):
    def change(part):
        part["per_class"][1][name] += 0.125

    return change


def turn(part):
    part["confusion_matrix"] = np.transpose(part["confusion_matrix"]).tolist()


CHANGES = {
    "accuracy 0.4000, not 0.6000": lambda part: part.update(accuracy=0.4),
    "confusion matrix": turn,
    "precision of class 1 0.6250, not 0.5000": set_rate("precision"),
    "recall of class 1 0.6250, not 0.5000": set_rate("recall"),
    "specificity of class 1 0.7917, not 0.6667": set_rate("specificity"),
    "false_positive_rate of class 1 0.4583, not 0.3333": set_rate("false_positive_rate"),
    "false_negative_rate of class 1 0.6250, not 0.5000": set_rate("false_negative_rate"),
    "accuracy nan, not 0.6000": lambda part: part.update(accuracy=float("nan")),
}


@pytest.mark.parametrize("wrong", CHANGES)
@pytest.mark.parametrize("part", ["validation", "test"])
def test_each_wrong_figure_is_named(part, wrong):
    both = {"validation": (PROBABILITIES, LABELS), "test": (PROBABILITIES, LABELS)}
    evaluation = copy.deepcopy(evaluate(**both, classes=3))
    CHANGES[wrong](evaluation[part])
    counted = {name: count_independently(*of_part, 3) for name, of_part in both.items()}
    finding = check_independent_count(evaluation, counted)
    assert finding.passed is False
    assert finding.seen == {"different": [f"{part} {wrong}"]}
    assert f"{part} {wrong}." in finding.message


def test_a_matrix_that_is_turned_fails_though_its_row_sums_stay():
    confusion = [[1, 1, 0], [0, 1, 1], [1, 0, 1]]
    true, predicted = np.divmod(np.repeat(np.arange(9), np.ravel(confusion)), 3)
    probabilities, labels = np.eye(3, dtype=np.float32)[predicted], true.astype(np.uint8)
    evaluation = {"test": evaluate_part(probabilities, labels, 3)}
    turn(evaluation["test"])
    assert np.sum(evaluation["test"]["confusion_matrix"], axis=1).tolist() == [2, 2, 2]
    counted = {"test": count_independently(probabilities, labels, 3)}
    finding = check_independent_count(evaluation, counted)
    assert finding.seen == {"different": ["test confusion matrix"]}


def test_of_many_wrong_figures_the_first_three_are_told():
    evaluation = {"test": evaluate_part(PROBABILITIES, LABELS, 3)}
    other = count_independently(PROBABILITIES, LABELS[::-1], 3)
    finding = check_independent_count(evaluation, {"test": other})
    told = len(finding.seen["different"])
    assert told > 3
    assert finding.message.endswith(f" and {told - 3} more.")


def test_three_wrong_figures_are_all_told():
    evaluation = {"test": evaluate_part(PROBABILITIES, LABELS, 3)}
    for row in evaluation["test"]["per_class"]:
        row["recall"] += 0.125
    counted = {"test": count_independently(PROBABILITIES, LABELS, 3)}
    finding = check_independent_count(evaluation, counted)
    assert len(finding.seen["different"]) == 3
    assert finding.message.endswith("recall of class 2 0.1250, not 0.0000.")


@pytest.mark.parametrize(("apart", "passed"), [(8e-10, True), (1.2e-9, False)])
def test_shares_may_be_apart_by_rounding_alone(apart, passed):
    evaluation = {"test": evaluate_part(PROBABILITIES, LABELS, 3)}
    evaluation["test"]["accuracy"] += apart
    counted = {"test": count_independently(PROBABILITIES, LABELS, 3)}
    assert check_independent_count(evaluation, counted).passed is passed
