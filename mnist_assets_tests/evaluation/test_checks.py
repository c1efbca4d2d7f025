import math
from statistics import NormalDist

import numpy as np
import pytest

from mnist_assets.evaluation.checks import (
    check_accuracy_matches_history,
    check_better_than_guessing,
    check_confusion_matrix,
    check_loss_matches_history,
    check_probabilities,
    check_test_like_validation,
    guessing_p_value,
)
from mnist_assets.evaluation.metrics import one_versus_rest
from mnist_assets.evaluation.scores import evaluate
from mnist_assets_tests.evaluation.test_scores import CONFUSION, LABELS, PROBABILITIES

# --- probabilities ---


def test_sound_probabilities_pass():
    finding = check_probabilities(PROBABILITIES, tolerance=0)
    assert finding.passed is True
    assert finding.seen["rows_not_finite"] == 0
    assert finding.seen["largest_row_sum_error"] == 0
    assert finding.expected == {
        "dtype": "float32",
        "dimensions": 2,
        "images_at_least": 1,
        "rows_not_finite": 0,
        "rows_outside_0_to_1": 0,
        "row_sum_error_at_most": 0,
    }


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        ([np.nan, 0.5, 0.5], {"rows_not_finite": 1}),
        ([np.inf, -np.inf, 0], {"rows_not_finite": 1}),
        ([-0.25, 0.5, 0.75], {"rows_outside_0_to_1": 1, "largest_row_sum_error": 0}),
        ([1.25, -0.25, 0], {"rows_outside_0_to_1": 1}),
        ([0.5, 0.5, 0.25], {"rows_outside_0_to_1": 0, "largest_row_sum_error": 0.25}),
        ([0.25, 0.25, 0.25], {"largest_row_sum_error": 0.25}),
    ],
)
def test_a_single_unsound_row_fails(row, seen):
    probabilities = PROBABILITIES.copy()
    probabilities[3] = row
    finding = check_probabilities(probabilities, tolerance=0.2)
    assert finding.passed is False
    assert seen.items() <= finding.seen.items()
    assert "must be a softmax" in finding.message


def test_row_sums_within_the_tolerance_pass():
    assert check_probabilities(PROBABILITIES * np.float32(1.0625), 0.0625).passed is False
    assert check_probabilities(PROBABILITIES * np.float32(0.9375), 0.0625).passed is True


@pytest.mark.parametrize(
    "table", [PROBABILITIES.astype(np.float64), PROBABILITIES[0], PROBABILITIES[:0]]
)
def test_what_is_no_float32_table_fails(table):
    finding = check_probabilities(table, tolerance=1)
    assert finding.passed is False
    assert finding.seen == {"dtype": str(table.dtype), "shape": list(table.shape)}


# --- confusion matrix ---


def test_a_confusion_matrix_of_all_images_passes():
    finding = check_confusion_matrix(CONFUSION, LABELS, 3)
    assert finding.passed is True
    assert finding.seen == finding.expected == {"row_sums": [3, 2, 0], "images": 5}


@pytest.mark.parametrize(
    "confusion",
    [
        [[2, 0, 1], [0, 1, 0], [0, 0, 1]],  # as many images, but one of another class
        np.transpose(CONFUSION),
        [[2, 1, 0], [0, 1, 0], [0, 0, 0]],  # one image lost
        [[4, -1, 0], [0, 1, 1], [0, 0, 0]],
        [[2, 1], [0, 2]],
    ],
)
def test_a_confusion_matrix_of_other_images_fails(confusion):
    finding = check_confusion_matrix(confusion, LABELS, 3)
    assert finding.passed is False
    assert "other images or labels" in finding.message


def test_a_label_beyond_the_classes_fails():
    assert check_confusion_matrix(CONFUSION, np.append(LABELS, np.uint8(3)), 3).passed is False


# --- as in the history ---


def test_accuracy_equal_to_the_history_up_to_float32_passes():
    finding = check_accuracy_matches_history(5839 / 6000, 6000, float(np.float32(5839 / 6000)), 0)
    assert finding.passed is True
    assert finding.expected["images_apart_at_most"] == 0


def test_accuracy_one_image_off_fails_unless_there_is_a_near_tie():
    finding = check_accuracy_matches_history(5839 / 6000, 6000, 5838 / 6000, 0)
    assert finding.passed is False
    assert "is 1 images away" in finding.message
    assert check_accuracy_matches_history(5839 / 6000, 6000, 5840 / 6000, 1).passed is True
    assert check_accuracy_matches_history(5839 / 6000, 6000, 5841 / 6000, 1).passed is False


@pytest.mark.parametrize(("history", "passed"), [(0.6, True), (0.625, False), (0.65, False)])
def test_half_an_image_apart_is_another_count(history, passed):
    assert check_accuracy_matches_history(0.5, 4, history, 0).passed is passed


def test_an_accuracy_that_is_not_a_number_fails():
    assert check_accuracy_matches_history(0.5, 10, math.nan, 10).passed is False


LOSS = math.log(2 * 4 * 4 / 3 * 4) / 5  # of the true classes: 1/2, 1/4, 3/4, 1, 1/4


def test_the_loss_of_the_history_passes_up_to_its_tolerance():
    finding = check_loss_matches_history(PROBABILITIES, LABELS, LOSS, 1e-9)
    assert finding.passed is True
    assert finding.seen["loss"] == pytest.approx(LOSS)
    assert finding.expected["difference_at_most"] == pytest.approx(1e-9 * LOSS + 1e-6)
    assert check_loss_matches_history(PROBABILITIES, LABELS, LOSS * 1.009, 0.01).passed is True
    evens = np.array([[0.5, 0.5]], dtype=np.float32)
    assert check_loss_matches_history(evens, LABELS[:1], math.log(2), 0).passed is True


def test_a_loss_near_0_may_be_off_by_what_float32_makes_of_a_probability_near_1():
    rounded = np.float32(1 - 2e-7)  # to 1 - 1.8e-7, a tenth off
    probabilities = np.array([[1 - rounded, rounded]], dtype=np.float32)
    labels = np.array([1], dtype=np.uint8)
    assert check_loss_matches_history(probabilities, labels, 2e-7, 0.001).passed is True
    assert check_loss_matches_history(probabilities, labels, 2e-6, 0.001).passed is False


@pytest.mark.parametrize("factor", [0.98, 1.02, math.nan, math.inf])
def test_another_loss_than_the_historys_fails(factor):
    finding = check_loss_matches_history(PROBABILITIES, LABELS, LOSS * factor, 0.01)
    assert finding.passed is False
    assert "not the predictions of the network that was trained" in finding.message


def test_a_true_class_of_tiny_probability_counts_in_full():
    # Clipped at 1e-7, as an evaluation's loss is, it would be 16.1 nats.
    probabilities = np.array([[1, 1e-20]], dtype=np.float32)
    labels = np.array([1], dtype=np.uint8)
    assert check_loss_matches_history(probabilities, labels, 20 * math.log(10), 1e-6).passed is True
    assert check_loss_matches_history(probabilities, labels, 7 * math.log(10), 1e-6).passed is False


def test_a_true_class_without_probability_bounds_the_loss_from_below():
    probabilities, labels = np.array([[1, 0]], dtype=np.float32), np.array([1], dtype=np.uint8)
    finding = check_loss_matches_history(probabilities, labels, 2895.8, 0.001)
    assert finding.passed is True
    assert finding.seen["vanished_probabilities"] == 1
    assert check_loss_matches_history(probabilities, labels, 80.0, 0.001).passed is False


@pytest.mark.parametrize(("probability", "vanished"), [(1.2e-35, 0), (8e-36, 1)])
def test_a_probability_vanishes_where_float32_loses_digits(probability, vanished):
    probabilities = np.array([[1, probability]], dtype=np.float32)
    finding = check_loss_matches_history(probabilities, np.array([1], dtype=np.uint8), 80.0, 1)
    assert finding.seen["vanished_probabilities"] == vanished


# --- what an evaluation should be like ---


def evaluated(validation, test):
    """An evaluation of networks that give these classes, of two, to images of 0, 0, 1, 1 ..."""

    def part(predicted):
        labels = (np.arange(len(predicted)) // 2 % 2).astype(np.uint8)
        return np.eye(2, dtype=np.float32)[np.array(predicted)], labels

    return evaluate(validation=part(validation), test=part(test), classes=2)


def test_a_network_that_tells_all_classes_is_better_than_guessing():
    finding = better_than_guessing(evaluated([0, 0, 1, 0], [0, 0, 1, 1]), 0.5)
    assert finding.passed is True
    assert finding.seen["least"] == 0.5  # class 0: recall 1, of the others one half
    assert finding.seen["part"] == "validation"


@pytest.mark.parametrize("predicted", [[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]])
def test_one_class_always_and_guesses_are_not_better_than_guessing(predicted):
    finding = better_than_guessing(evaluated([0, 0, 1, 1], predicted), 0.1)
    assert finding.passed is False
    assert finding.binding is True
    assert 0.04 < finding.seen["p_value"] < 0.2
    assert finding.seen | {"p_value": None} == {
        "least": 0.0,
        "class": 0,
        "part": "test",
        "classes_not_told": [0, 1],
        "p_value": None,
    }


def test_a_class_without_images_is_not_asked_for():
    probabilities, labels = np.eye(3, dtype=np.float32)[[0, 1]], np.array([0, 1], dtype=np.uint8)
    three = evaluate(validation=(probabilities, labels), test=(probabilities, labels), classes=3)
    assert better_than_guessing(three, 1.0).passed is True


def better_than_guessing(evaluation, floor, significance=0.2, *, every_class=True):
    return check_better_than_guessing(evaluation, floor, significance, every_class=every_class)


def judged(validation, test):
    """What the check reads of an evaluation, from the confusion matrices of its parts."""
    return {
        part: {"confusion_matrix": counts, "per_class": one_versus_rest(counts).to_dict("records")}
        for part, counts in {"validation": np.array(validation), "test": np.array(test)}.items()
    }


def test_a_class_that_is_hardly_told_only_warns_where_not_every_class_has_to_be():
    never_called = [[50, 0, 0], [0, 50, 0], [3, 2, 0]]
    for every_class in (True, False):
        finding = better_than_guessing(
            judged(never_called, never_called), 0.1, every_class=every_class
        )
        assert finding.passed is False
        assert finding.binding is every_class
        assert finding.seen["classes_not_told"] == [2]


@pytest.mark.parametrize(
    "confusion", [[[60, 0], [40, 0]], [[30, 30], [20, 20]], [[0, 60], [40, 0]]]
)
def test_a_network_that_guesses_or_worse_stops_what_follows_in_any_dataset(confusion):
    finding = better_than_guessing(judged(confusion, confusion), 0.1, every_class=False)
    assert (finding.passed, finding.binding) == (False, True)
    assert "cannot be told from one that guesses" in finding.message


def test_agreement_beyond_chance_has_the_moments_of_all_orders_of_the_labels():
    # Predictions 0, 0, 1 agree with the orders 001, 010 and 100 in 3, 1 and 1 images: 5/3 on
    # average, with a variance of 8/9.
    p_value = guessing_p_value([[[2, 0], [0, 1]]])
    assert p_value == pytest.approx(NormalDist().cdf(-(3 - 5 / 3) / math.sqrt(8 / 9)))
    assert guessing_p_value([[[2, 0], [1, 0]]]) == 1.0  # one answer agrees in every order


@pytest.mark.parametrize(
    ("classes", "images", "rate"), [(2, 60, 0.01), (2, 200, 0.01), (49, 200, 0.01)]
)
def test_networks_that_guess_pass_at_most_as_often_as_declared(classes, images, rate):
    generator = np.random.default_rng(0)
    p_values = [
        guessing_p_value([count(generator, classes, images, right=0.0) for _ in range(2)])
        for _ in range(500)
    ]
    # Nearly: the normal distribution's tail is not quite that of few images.
    assert np.mean(np.array(p_values) <= rate) <= 2.5 * rate


def test_a_network_that_is_right_on_four_of_five_is_not_taken_for_one_that_guesses():
    generator = np.random.default_rng(0)
    p_values = [
        guessing_p_value([count(generator, 2, 30, right=0.6) for _ in range(2)]) for _ in range(500)
    ]
    assert np.mean(np.array(p_values) > 0.01) < 0.02  # with 30 + 30 images of two classes


def count(generator, classes, images, right):
    """The confusion matrix of a network that knows a share of the images, and else guesses."""
    labels, guesses = generator.integers(0, classes, (2, images))
    predicted = np.where(generator.random(images) < right, labels, guesses)
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, -1)


def parts(validation, test):
    """The figures of an evaluation that the comparison of parts reads: right of how many."""
    return {
        name: {"correct": right, "images": images, "accuracy": right / images}
        for name, (right, images) in {"validation": validation, "test": test}.items()
    }


def test_parts_apart_by_chance_pass():
    finding = check_test_like_validation(parts((90, 100), (188, 200)), 0.05)
    assert finding.passed is True
    assert finding.seen["difference"] == pytest.approx(0.04)


def test_few_images_are_judged_by_all_ways_to_divide_what_is_right():
    # Of all C(5, 2) = 10 ways to choose the right ones among the five, one is as far apart.
    finding = check_test_like_validation(parts((2, 2), (0, 3)), 1e-6)
    assert finding.passed is True
    assert finding.seen["p_value"] == pytest.approx(1 / 10)


@pytest.mark.parametrize(
    ("validation", "test", "better"),
    [((70, 100), (200, 200), "test"), ((100, 100), (140, 200), "validation")],
)
def test_a_part_too_good_for_chance_fails_either_way(validation, test, better):
    finding = check_test_like_validation(parts(validation, test), 1e-6)
    assert finding.passed is False
    assert f"trained on {better} images" in finding.message
    assert check_test_like_validation(parts(validation, test), 0).passed is True


@pytest.mark.parametrize("right", [0, 1])
def test_parts_that_are_all_right_or_all_wrong_are_alike(right):
    both = parts((100 * right, 100), (200 * right, 200))
    assert check_test_like_validation(both, 1.0).passed is True
