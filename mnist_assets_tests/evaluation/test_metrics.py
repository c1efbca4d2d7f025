import re
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_assets.evaluation.metrics import (
    accuracy_of,
    classification_report,
    commonest_confusion,
    confusion_matrix,
    one_versus_rest,
    render_report,
    wilson_interval,
)

# What the notebook prints for its "best" network on its own 6,000 validation images.
NOTEBOOK_MATRIX = [
    [599, 0, 1, 0, 1, 0, 2, 2, 1, 1],
    [0, 659, 4, 1, 0, 0, 1, 1, 1, 1],
    [0, 2, 562, 4, 5, 0, 0, 3, 1, 1],
    [2, 1, 5, 590, 0, 6, 0, 2, 6, 4],
    [0, 0, 1, 0, 561, 0, 3, 3, 4, 8],
    [0, 1, 0, 3, 0, 530, 7, 0, 5, 4],
    [4, 0, 2, 0, 2, 3, 610, 1, 0, 0],
    [0, 2, 3, 1, 3, 0, 0, 598, 2, 4],
    [1, 5, 0, 2, 0, 1, 2, 0, 561, 0],
    [1, 0, 0, 2, 7, 3, 0, 6, 6, 569],
]
NOTEBOOK_COUNTS = {
    "true_positives": [599, 659, 562, 590, 561, 530, 610, 598, 561, 569],
    "false_positives": [8, 11, 16, 13, 18, 13, 15, 18, 26, 23],
    "false_negatives": [8, 9, 16, 26, 19, 20, 12, 15, 11, 25],
    "true_negatives": [5385, 5321, 5406, 5371, 5402, 5437, 5363, 5369, 5402, 5383],
    "support": [607, 668, 578, 616, 580, 550, 622, 613, 572, 594],
}
# Digits as printed, but for 0.0053333333333333333 in the seed's text: no float prints that last 3.
NOTEBOOK_RATIOS = {
    "accuracy": "0.9973333333333333 0.9966666666666667 0.9946666666666667 0.9935 0.9938333333333333"
    " 0.9945 0.9955 0.9945 0.9938333333333333 0.992",
    "misclassification_rate": "0.0026666666666666666 0.0033333333333333335 0.005333333333333333"
    " 0.0065 0.006166666666666667 0.0055 0.0045 0.0055 0.006166666666666667 0.008",
    "precision": "0.9868204283360791 0.9835820895522388 0.972318339100346 0.978441127694859"
    " 0.9689119170984456 0.9760589318600368 0.976 0.9707792207792207 0.9557069846678024"
    " 0.9611486486486487",
    "recall": "0.9868204283360791 0.9865269461077845 0.972318339100346 0.9577922077922078"
    " 0.9672413793103448 0.9636363636363636 0.9807073954983923 0.9755301794453507"
    " 0.9807692307692307 0.9579124579124579",
    "specificity": "0.9985165955868719 0.9979369842460615 0.9970490593876798 0.9975854383358098"
    " 0.9966789667896679 0.9976146788990826 0.997210859055411 0.996658622609987"
    " 0.9952100221075902 0.9957454679985202",
}
NOTEBOOK_REPORT = """
0 0.99 0.99 0.99 607
1 0.98 0.99 0.99 668
2 0.97 0.97 0.97 578
3 0.98 0.96 0.97 616
4 0.97 0.97 0.97 580
5 0.98 0.96 0.97 550
6 0.98 0.98 0.98 622
7 0.97 0.98 0.97 613
8 0.96 0.98 0.97 572
9 0.96 0.96 0.96 594
weighted average 0.97 0.97 0.97 6000
"""

# Three images of class 0, one of them called 1; two of class 1, one called 2; none of class 2.
SMALL = [[2, 1, 0], [0, 1, 1], [0, 0, 0]]

confusions = (
    st.integers(2, 6)
    .flatmap(lambda classes: arrays(np.int64, (classes, classes), elements=st.integers(0, 50)))
    .filter(lambda confusion: confusion.any())
)


def labels_of(confusion):
    """Give the true and predicted labels that a confusion matrix counts."""
    cells = np.repeat(np.arange(confusion.size), confusion.ravel())
    return np.divmod(cells, len(confusion))


# --- the notebook's own matrix gives the notebook's own figures ---


def test_notebook_counts():
    table = one_versus_rest(NOTEBOOK_MATRIX)
    assert {name: table[name].tolist() for name in NOTEBOOK_COUNTS} == NOTEBOOK_COUNTS


@pytest.mark.parametrize("ratio", NOTEBOOK_RATIOS)
def test_notebook_ratios_to_the_last_printed_digit(ratio):
    ours = one_versus_rest(NOTEBOOK_MATRIX)[ratio]
    assert [repr(value) for value in ours.tolist()] == NOTEBOOK_RATIOS[ratio].split()


def test_notebook_report_to_two_digits():
    rendered = render_report(classification_report(NOTEBOOK_MATRIX), digits=2)
    rows = [" ".join(re.findall(r"[\w.]+", line)) for line in rendered.splitlines()[2:]]
    assert [row for row in rows if not row.startswith(("accuracy", "macro"))] == (
        NOTEBOOK_REPORT.strip().splitlines()
    )


def test_false_rates_are_not_the_odds_that_the_notebook_computes():
    table = one_versus_rest(NOTEBOOK_MATRIX)
    tp, fp, fn, tn = (
        table[name]
        for name in ("true_positives", "false_positives", "false_negatives", "true_negatives")
    )
    assert (table["false_positive_rate"] != fp / tn).all()
    assert (table["false_negative_rate"] != fn / tp).all()
    for row in table.to_dict("records"):
        right_fpr = Fraction(row["false_positives"], row["false_positives"] + row["true_negatives"])
        right_fnr = Fraction(row["false_negatives"], row["false_negatives"] + row["true_positives"])
        assert row["false_positive_rate"] == float(right_fpr)
        assert row["false_negative_rate"] == float(right_fnr)
        assert row["false_positive_rate"] == pytest.approx(1 - row["specificity"], abs=1e-15)
        assert row["false_negative_rate"] == pytest.approx(1 - row["recall"], abs=1e-15)


# --- by hand ---


def test_confusion_matrix_has_true_rows_and_predicted_columns():
    true = np.array([0, 0, 0, 1, 1], dtype=np.uint8)
    predicted = np.array([0, 0, 1, 1, 2])
    confusion = confusion_matrix(true, predicted, 3)
    assert confusion.tolist() == SMALL
    assert confusion.dtype == np.int64


def test_confusion_matrix_of_many_classes_does_not_wrap_uint8():
    labels = np.array([199, 200], dtype=np.uint8)
    confusion = confusion_matrix(labels, labels[::-1], 201)
    assert confusion.sum() == confusion[199, 200] + confusion[200, 199] == 2


def test_one_versus_rest_by_hand():
    table = one_versus_rest(SMALL).set_index("class")
    assert table.loc[0].to_dict() == {
        "support": 3,
        "predicted": 2,
        "true_positives": 2,
        "false_positives": 0,
        "false_negatives": 1,
        "true_negatives": 2,
        "accuracy": 4 / 5,
        "misclassification_rate": 1 / 5,
        "precision": 1,
        "recall": 2 / 3,
        "specificity": 1,
        "false_positive_rate": 0,
        "false_negative_rate": 1 / 3,
        "f1": 4 / 5,
    }


def test_zero_over_zero_is_zero_without_a_warning():
    nothing_of_class_2 = one_versus_rest(SMALL).loc[2]
    assert nothing_of_class_2[["recall", "false_negative_rate", "f1"]].tolist() == [0, 0, 0]
    only_class_0 = one_versus_rest([[4, 0], [0, 0]])
    assert only_class_0["precision"].tolist() == [1, 0]
    assert only_class_0["specificity"].tolist() == [0, 1]


def test_report_by_hand():
    report = classification_report(SMALL)
    assert report["classes"][0] == {
        "class": 0, "precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3,
    }  # fmt: skip
    assert report["accuracy"] == 3 / 5
    assert report["macro_average"] == pytest.approx(
        {"precision": 0.5, "recall": 7 / 18, "f1": 13 / 30, "support": 5}
    )
    assert report["weighted_average"] == pytest.approx(
        {"precision": 0.8, "recall": 0.6, "f1": 0.68, "support": 5}
    )


def test_rendered_report():
    assert render_report(classification_report(SMALL)).splitlines() == [
        "| class | precision | recall | F1 | support |",
        "|---|---:|---:|---:|---:|",
        "| 0 | 1.0000 | 0.6667 | 0.8000 | 3 |",
        "| 1 | 0.5000 | 0.5000 | 0.5000 | 2 |",
        "| 2 | 0.0000 | 0.0000 | 0.0000 | 0 |",
        "| accuracy |  |  | 0.6000 | 5 |",
        "| macro average | 0.5000 | 0.3889 | 0.4333 | 5 |",
        "| weighted average | 0.8000 | 0.6000 | 0.6800 | 5 |",
    ]


def test_commonest_confusion():
    assert commonest_confusion(NOTEBOOK_MATRIX) == {"true": 4, "predicted": 9, "count": 8}
    assert commonest_confusion(SMALL) == {"true": 0, "predicted": 1, "count": 1}
    assert commonest_confusion([[3, 0], [0, 9]]) is None


def test_the_figures_of_a_single_image():
    table = one_versus_rest([[0, 1], [0, 0]])
    assert table["recall"].tolist() == table["precision"].tolist() == table["f1"].tolist() == [0, 0]
    assert table["accuracy"].tolist() == [0, 0]
    assert classification_report([[0, 0], [0, 1]])["macro_average"] == {
        "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 1,
    }  # fmt: skip


# --- against their definitions, in fractions ---


def share(part, whole):
    return float(Fraction(int(part), int(whole))) if whole else 0.0


@settings(max_examples=25)
@given(confusions)
def test_confusion_matrix_counts_each_pair_of_labels(confusion):
    true, predicted = labels_of(confusion)
    counted = confusion_matrix(true.astype(np.uint8), predicted, len(confusion))
    np.testing.assert_array_equal(counted, confusion)


@settings(max_examples=25)
@given(confusions)
def test_one_versus_rest_is_as_defined(confusion):
    true, predicted = labels_of(confusion)
    for row in one_versus_rest(confusion).to_dict("records"):
        of, to = true == row["class"], predicted == row["class"]
        tp, fp, fn, tn = (int(np.sum(hit)) for hit in (of & to, ~of & to, of & ~to, ~of & ~to))
        assert row == {
            "class": row["class"],
            "support": tp + fn,
            "predicted": tp + fp,
            "true_positives": tp,
            "false_positives": fp,
            "false_negatives": fn,
            "true_negatives": tn,
            "accuracy": share(tp + tn, len(true)),
            "misclassification_rate": share(fp + fn, len(true)),
            "precision": share(tp, tp + fp),
            "recall": share(tp, tp + fn),
            "specificity": share(tn, tn + fp),
            "false_positive_rate": share(fp, fp + tn),
            "false_negative_rate": share(fn, fn + tp),
            "f1": share(2 * tp, 2 * tp + fp + fn),
        }


@settings(max_examples=25)
@given(confusions)
def test_report_is_as_defined(confusion):
    report, table = classification_report(confusion), one_versus_rest(confusion)
    figures = ["precision", "recall", "f1", "support"]
    assert report["classes"] == table[["class", *figures]].to_dict("records")
    assert report["accuracy"] == pytest.approx(share(np.trace(confusion), confusion.sum()))
    for average, weights in (("macro", np.ones(len(table))), ("weighted", table["support"])):
        expected = {ratio: np.average(table[ratio], weights=weights) for ratio in figures[:3]}
        expected["support"] = confusion.sum()
        assert report[f"{average}_average"] == pytest.approx(expected)


@given(st.integers(1, 10_000), st.floats(0, 1), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_bounds_are_z_of_their_own_standard_errors_from_the_rate(trials, part, confidence):
    successes = round(part * trials)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    for bound in wilson_interval(successes, trials, confidence):
        distance = abs(successes / trials - bound)
        assert distance == pytest.approx(z * (bound * (1 - bound) / trials) ** 0.5, abs=1e-9)


# R. G. Newcombe (1998), "Two-sided confidence intervals for the single proportion", Statistics in
# Medicine 17, 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_as_published(successes, trials, low, high):
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


# --- properties ---


@settings(max_examples=25)
@given(confusions)
def test_ratios_lie_in_0_to_1_and_complete_each_other(confusion):
    table = one_versus_rest(confusion)
    ratios = table.select_dtypes("float")
    assert ratios.min(axis=None) >= 0
    assert ratios.max(axis=None) <= 1
    np.testing.assert_allclose(table["accuracy"] + table["misclassification_rate"], 1)
    has_images = table["support"] > 0
    np.testing.assert_allclose((table["recall"] + table["false_negative_rate"])[has_images], 1)
    assert table["support"].sum() == table["predicted"].sum() == confusion.sum()


@settings(max_examples=25)
@given(confusions, st.randoms(use_true_random=False))
def test_order_of_classes_does_not_matter(confusion, random):
    order = list(range(len(confusion)))
    random.shuffle(order)
    shuffled = one_versus_rest(confusion[np.ix_(order, order)]).drop(columns="class")
    expected = one_versus_rest(confusion).drop(columns="class").iloc[order]
    np.testing.assert_array_equal(shuffled, expected)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_wilson_interval_holds_the_rate_and_is_symmetric(trials, share):
    successes = round(share * trials)
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert low < high
    mirrored = wilson_interval(trials - successes, trials)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_wilson_interval_at_both_ends_and_by_hand():
    # n = 10, z = 1.959964: for 0 of n the upper bound is z^2 / (n + z^2).
    low, high = wilson_interval(0, 10)
    assert low == 0
    assert high == pytest.approx(3.841459 / 13.841459)
    assert wilson_interval(10, 10)[1] == 1


def test_accuracy_comes_with_its_interval():
    low, high = wilson_interval(97, 100, 0.9)
    right = ~np.isin(np.arange(100), [3, 50, 99])
    assert accuracy_of(right, 0.9) == {
        "images": 100,
        "correct": 97,
        "accuracy": 0.97,
        "accuracy_interval": {"low": low, "high": high, "confidence": 0.9},
    }


def test_as_many_labels_as_predictions_are_needed():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        confusion_matrix(np.array([0, 1]), np.array([0]), 3)
