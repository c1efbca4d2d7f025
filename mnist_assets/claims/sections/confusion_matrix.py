"""What the notebook prints of its confusion matrix, recomputed from that matrix by scikit-learn."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.claims import networks, notebook
from mnist_assets.claims.claim import Comparison, Evidence, Section, here, own, read_as, run
from mnist_assets.claims.graph import Graph
from mnist_assets.claims.rules import Rule, Within, exactly

if TYPE_CHECKING:
    from numpy.typing import NDArray

FROM_MATRIX = "recomputed from its confusion matrix"
AS_PRINTED, CENTS, MILLIONTHS = Within(1e-12), Within(0.005), Within(1e-6)


def digits_by_figure() -> dict[str, NDArray[Any]]:
    """Every figure of each digit against all others, (digits,), from the notebook's matrix."""
    from sklearn.metrics import multilabel_confusion_matrix, precision_recall_fscore_support

    images = images_by_cell()
    (tn, fp), (fn, tp) = multilabel_confusion_matrix(**images).transpose(1, 2, 0)
    report = precision_recall_fscore_support(**images, zero_division=0.0)
    count = tp + tn + fp + fn
    return {
        **dict(zip(("precision", "recall", "f1", "support"), report, strict=True)),
        "true_positives": tp,
        "false_positives": fp,
        "false_negatives": fn,
        "true_negatives": tn,
        "accuracy": (tp + tn) / count,
        "misclassification_rate": (fp + fn) / count,
        "specificity": tn / (tn + fp),
    }


def images_by_cell() -> dict[str, NDArray[np.int64]]:
    """The notebook's matrix as scikit-learn takes it: labels of each cell, and how many images."""
    matrix = np.array(notebook.CONFUSION_MATRIX)
    true, predicted = np.indices(matrix.shape).reshape(2, -1)
    return {"y_true": true, "y_pred": predicted, "sample_weight": matrix.ravel()}


def recomputed(figure: str, rule: Rule, _: Graph) -> Evidence:
    """A figure of each digit, from the notebook's matrix."""
    yield own(FROM_MATRIX, digits_by_figure()[figure].tolist(), rule)


matrix = Section("Confusion matrix")


@matrix.code("Total of the digits estimated by the model", notebook.TOTALS_ESTIMATED)
@read_as("how often the model gave each digit, the column sums of its matrix")
def totals_estimated(_: Graph) -> Evidence:
    counts = np.array(notebook.CONFUSION_MATRIX)
    is_rows = np.array_equal(sum(counts.transpose()), counts.sum(axis=1))
    gives = "the row sums, how many images of each digit there are" if is_rows else "other sums"
    detail, how = (
        f"sum(conf_m.transpose()) gives {gives}",
        "its expression run on its confusion matrix",
    )
    yield run(how, counts.sum(axis=0).tolist(), detail=detail)


@matrix.output("[[599 0 1 0 1 0 2 2 1 1]", 6_000)
def matrix_of_all_validation_images(graph: Graph) -> Evidence:
    yield networks.images_in_matrix()
    yield here("the confusion matrix here", networks.accuracy(graph, "best").trials)


for figure, words, rule in (
    ("precision", "precision recall f1-score support 0 0.99 0.99 0.99 607", CENTS),
    ("recall", "1 0.98 0.99 0.99 668", CENTS),
    ("f1", "3 0.98 0.96 0.97 616", CENTS),
    ("support", "9 0.96 0.96 0.96 594", exactly),
):
    printed = notebook.REPORT[figure]
    matrix.output(words, printed)(partial(recomputed, figure, rule), f"report-{figure}")


@matrix.output("avg / total 0.97 0.97 0.97 6000", notebook.REPORT_AVERAGE)
@read_as("the averages weighted by support")
def report_average(graph: Graph) -> Evidence:
    from sklearn.metrics import precision_recall_fscore_support

    images = images_by_cell()
    ratios = precision_recall_fscore_support(**images, average="weighted", zero_division=0.0)
    yield own(FROM_MATRIX, [*map(float, ratios[:3]), networks.images_judged()], CENTS)
    report = graph.network("best").evaluation["validation"]["classification_report"]
    average = report["weighted_average"]
    found = [average[name] for name in ("precision", "recall", "f1", "support")]
    yield here(networks.EVALUATION, found, CENTS)


computations = Section("Computations from the confusion matrix")

for figure, words in (
    ("true_positives", "[599 659 562 590 561 530 610 598 561 569]"),
    ("false_positives", "[ 8 11 16 13 18 13 15 18 26 23]"),
    ("false_negatives", "[ 8 9 16 26 19 20 12 15 11 25]"),
    ("true_negatives", "[5385, 5321, 5406, 5371, 5402, 5437, 5363, 5369, 5402, 5383]"),
):
    name = f"printed-{figure.replace('_', '-')}"
    computations.output(words, notebook.COUNTS[figure])(partial(recomputed, figure, exactly), name)


@computations.code("FP_rate = FP/TN", 0, "the false-positive rate")
@read_as("how far FP / TN is from FP / (FP + TN), the rate, relative to it")
def false_positive_rate(_: Graph) -> Evidence:
    yield _odds_against_rate("false_positives", "true_negatives")


@computations.code("FN_rate = FN/TP", 0, "the false-negative rate")
@read_as("how far FN / TP is from FN / (FN + TP), the rate, relative to it")
def false_negative_rate(_: Graph) -> Evidence:
    yield _odds_against_rate("false_negatives", "true_positives")


def _odds_against_rate(wrong: str, right: str) -> Comparison:
    """How far wrong / right is from wrong / (wrong + right), relative to it, over its counts."""
    wrongs, rights = (np.array(notebook.COUNTS[name], float) for name in (wrong, right))
    odds, rates = wrongs / rights, wrongs / (wrongs + rights)
    apart = np.divide(odds - rates, rates, out=np.zeros(len(rates)), where=rates > 0)
    worst = int(apart.argmax())
    given = f"for digit {worst} it gives {odds[worst]:.5f}, the rate is {rates[worst]:.5f}"
    return run(
        "its formula run on its counts",
        float(apart.max()),
        text=f"up to {apart.max():.2%} too high",
        detail=f"{given}: it divides by the images judged rightly alone",
    )


for name, words, figure in (
    ("accuracies", "accuracy: 0.9973333333333333", "accuracy"),
    (
        "misclassification-rates",
        "missclassification : 0.0026666666666666666",
        "misclassification_rate",
    ),
    ("precisions", "precision : 0.9868204283360791", "precision"),
    ("sensitivities", "sensitivity : 0.9868204283360791", "recall"),
    ("specificities", "specificity : 0.9985165955868719", "specificity"),
):
    ratios = notebook.RATIOS[figure]
    computations.output(words, ratios)(partial(recomputed, figure, AS_PRINTED), f"printed-{name}")


@computations.output("Highest precision digit 0: 0.986820", [0, 0.986820], "digit 0, 0.986820")
def highest_precision(_: Graph) -> Evidence:
    precision = digits_by_figure()["precision"]
    yield _digit_and_precision(precision, int(precision.argmax()))


@computations.output("Lowest precision digit 8: 0.955707", [8, 0.955707], "digit 8, 0.955707")
def lowest_precision(_: Graph) -> Evidence:
    precision = digits_by_figure()["precision"]
    yield _digit_and_precision(precision, int(precision.argmin()))


def _digit_and_precision(precision: NDArray[Any], digit: int) -> Comparison:
    found = float(precision[digit])
    return own(FROM_MATRIX, [digit, found], MILLIONTHS, f"digit {digit}, {found:.6f}")


@computations.output("Difference: 0.031113", 0.031113)
def precision_difference(_: Graph) -> Evidence:
    yield own(FROM_MATRIX, float(np.ptp(digits_by_figure()["precision"])), MILLIONTHS)
