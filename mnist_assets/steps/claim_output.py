"""Measures of the notebook's confusion matrix and of what it computes from it, beside the graph's.

Its figures are recomputed from the matrix it prints, by the metrics that the graph uses itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from mnist_assets.evaluation.metrics import classification_report, one_versus_rest
from mnist_assets.steps.claim_evidence import Evidence, Measure, Measured
from mnist_assets.steps.claim_records import images_evaluated

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Wrong: TypeAlias = Literal["false_positives", "false_negatives"]
Right: TypeAlias = Literal["true_positives", "true_negatives"]
Ratio: TypeAlias = Literal[
    "accuracy", "misclassification_rate", "precision", "recall", "specificity"
]
Figure: TypeAlias = Literal[Wrong, Right, Ratio, "f1", "support"]
End: TypeAlias = Literal["highest", "lowest"]


def evaluated_images(evidence: Evidence) -> Measured:
    """The images in its confusion matrix."""
    images = images_evaluated(evidence.records)
    return Measured(images, f"{images:,} images in its confusion matrix")


def diagonal_share(evidence: Evidence) -> Measured:
    """The share of the images on the diagonal of its confusion matrix."""
    correct, images = int(np.trace(_matrix(evidence))), images_evaluated(evidence.records)
    return Measured(correct / images, f"{correct / images:.5f} ({correct:,} of {images:,})")


def totals_estimated(evidence: Evidence) -> Measured:
    """How often each digit was predicted: the column sums of its confusion matrix."""
    matrix = _matrix(evidence)
    by_its_code = sum(matrix.transpose())
    is_rows = np.array_equal(by_its_code, matrix.sum(axis=1))
    return Measured(
        matrix.sum(axis=0).tolist(),
        detail="sum(conf_m.transpose()) gives "
        + ("the row sums, how many images of each digit there are" if is_rows else "other sums"),
    )


def recomputed(evidence: Evidence, ratio: Figure) -> Measured:
    """A figure of each digit, from its confusion matrix."""
    return Measured(_table(evidence)[ratio].tolist())


def recomputed_lowest(evidence: Evidence, ratio: Figure) -> Measured:
    """The lowest of a figure over the digits, from its confusion matrix."""
    values = _table(evidence)[ratio]
    return Measured(float(values.min()), f"{values.min():.4f}, of digit {values.argmin()}")


def recomputed_average(evidence: Evidence) -> Measured:
    """Weighted averages of precision, recall and F1, and all images, from its matrix."""
    return _average(classification_report(_matrix(evidence)))


def weighted_average(evidence: Evidence, network: str) -> Measured:
    """The same of a network here, on validation."""
    return _average(_judged(evidence, network)["classification_report"])


def _average(report: Mapping[str, Any]) -> Measured:
    average = report["weighted_average"]
    return Measured([average[name] for name in ("precision", "recall", "f1", "support")])


def odds_against_rate(evidence: Evidence, wrong: Wrong, right: Right) -> Measured:
    """How far wrong / right is from wrong / (wrong + right), relative to it, over its counts."""
    counts = evidence.records.counts
    wrongs, rights = (np.array(getattr(counts, name), float) for name in (wrong, right))
    odds, rates = wrongs / rights, wrongs / (wrongs + rights)
    apart = np.divide(odds - rates, rates, out=np.zeros(len(rates)), where=rates > 0)
    worst = int(apart.argmax())
    return Measured(
        float(apart.max()),
        f"up to {apart.max():.2%} too high",
        f"for digit {worst} it gives {odds[worst]:.5f}, the rate is {rates[worst]:.5f}: it divides "
        "by the images judged rightly alone",
    )


def recomputed_extreme(evidence: Evidence, end: End) -> Measured:
    """The digit with the highest or lowest precision, and that precision, from its matrix."""
    digit, precision = _extreme(_table(evidence), end)
    return Measured([digit, precision], f"digit {digit}, {precision:.6f}")


def recomputed_extreme_digit(evidence: Evidence, end: End) -> Measured:
    """The digit with the highest or lowest precision, from its matrix."""
    digit, precision = _extreme(_table(evidence), end)
    return Measured(digit, detail=f"precision of {digit}: {precision:.4f}")


def extreme_digit(evidence: Evidence, network: str, end: End) -> Measured:
    """The digit with the highest or lowest precision of a network here, on validation."""
    judged = evidence.network(network).evaluation
    validation, test = (judged[part][f"{end}_precision"] for part in ("validation", "test"))
    return Measured(
        validation["class"],
        f"{validation['class']} on validation ({validation['precision']:.4f}), {test['class']} on "
        f"test ({test['precision']:.4f})",
    )


def _extreme(table: pd.DataFrame, end: End) -> tuple[int, float]:
    precision = table["precision"]
    digit = int(precision.argmax() if end == "highest" else precision.argmin())
    return digit, float(precision[digit])


def recomputed_difference(evidence: Evidence) -> Measured:
    """The highest precision less the lowest, from its matrix."""
    precision = _table(evidence)["precision"]
    return Measured(float(precision.max() - precision.min()))


def printed_confusions(evidence: Evidence, digit: int, count: int) -> Measured:
    """The digits that one is most often confused with, either way, in its matrix."""
    return _confusions(_matrix(evidence), digit, count)


def confusions(evidence: Evidence, network: str, digit: int, count: int) -> Measured:
    """The same of a network here, on validation and test together."""
    judged = evidence.network(network).evaluation
    parts = [np.array(judged[part]["confusion_matrix"]) for part in ("validation", "test")]
    return _confusions(parts[0] + parts[1], digit, count)


def _confusions(matrix: NDArray[np.int64], digit: int, count: int) -> Measured:
    mistakes = matrix[digit] + matrix[:, digit]
    mistakes[digit] = -1
    ranked = np.argsort(-mistakes, kind="stable")
    return Measured(
        sorted(ranked[:count].tolist()),
        ", ".join(f"{other} ({mistakes[other]} times)" for other in ranked[:count].tolist()),
    )


def printed_order(evidence: Evidence) -> Measured:
    """The power of ten nearest to the mean of its misclassification rates."""
    rates = evidence.records.ratios.misclassification_rate
    return _order(np.array(rates), 1 - diagonal_share(evidence).value)


def order(evidence: Evidence, network: str) -> Measured:
    """The same of a network here, on validation."""
    judged = _judged(evidence, network)
    rates = np.array([row["misclassification_rate"] for row in judged["per_class"]])
    return _order(rates, 1 - judged["accuracy"])


def _order(rates: NDArray[np.float64], overall: float) -> Measured:
    mean = float(rates.mean())
    return Measured(
        round(math.log10(mean)) if mean else 0,
        f"{rates.min():.4f} to {rates.max():.4f}, mean {mean:.4f}",
        f"each digit is judged against all others; {overall:.4f} of all images are wrong",
    )


def printed_ratios(evidence: Evidence, ratios: list[Ratio]) -> Measured:
    """Some of its printed ratios, each over all digits."""
    return _lowest({name: list(getattr(evidence.records.ratios, name)) for name in ratios})


def lowest_ratios(evidence: Evidence, network: str, ratios: list[Ratio]) -> Measured:
    """The same of a network here, on validation."""
    rows = _judged(evidence, network)["per_class"]
    return _lowest({name: [row[name] for row in rows] for name in ratios})


def _lowest(values: Mapping[str, list[float]]) -> Measured:
    text = ", ".join(
        f"{name} {min(found):.4f} to {max(found):.4f}" for name, found in values.items()
    )
    classes = len(next(iter(values.values())))
    return Measured(
        list(values.values()),
        text,
        f"a network that denies every digit has an accuracy of {1 - 1 / classes:.2f} and a "
        "specificity of 1: neither says much",
    )


def harmonic_difference(evidence: Evidence) -> Measured:
    """The largest difference between F1 and the harmonic mean, over its counts."""
    table = _table(evidence)
    precision, recall = table["precision"], table["recall"]
    harmonic = 2 * precision * recall / (precision + recall)
    return Measured(float((table["f1"] - harmonic).abs().max()))


def _judged(evidence: Evidence, network: str) -> Mapping[str, Any]:
    judged: Mapping[str, Any] = evidence.network(network).evaluation["validation"]
    return judged


def _matrix(evidence: Evidence) -> NDArray[np.int64]:
    return np.array(evidence.records.confusion_matrix.value)


def _table(evidence: Evidence) -> pd.DataFrame:
    return one_versus_rest(_matrix(evidence))


FROM_MATRIX = "recomputed from its confusion matrix"
EVALUATION = "the network's evaluation"
MEASURES: Mapping[str, Measure] = {
    "evaluated_images": Measure("its confusion matrix summed", evaluated_images),
    "diagonal_share": Measure(FROM_MATRIX, diagonal_share),
    "totals_estimated": Measure("its expression run on its confusion matrix", totals_estimated),
    "recomputed": Measure(FROM_MATRIX, recomputed),
    "recomputed_lowest": Measure(FROM_MATRIX, recomputed_lowest),
    "recomputed_average": Measure(FROM_MATRIX, recomputed_average),
    "weighted_average": Measure(EVALUATION, weighted_average),
    "odds_against_rate": Measure("its formula run on its counts", odds_against_rate),
    "recomputed_extreme": Measure(FROM_MATRIX, recomputed_extreme),
    "recomputed_extreme_digit": Measure(FROM_MATRIX, recomputed_extreme_digit),
    "extreme_digit": Measure(EVALUATION, extreme_digit),
    "recomputed_difference": Measure(FROM_MATRIX, recomputed_difference),
    "printed_confusions": Measure("its confusion matrix, row and column added", printed_confusions),
    "confusions": Measure("validation and test, row and column added", confusions),
    "printed_order": Measure("the rates it prints", printed_order),
    "order": Measure(EVALUATION, order),
    "printed_ratios": Measure("the ratios it prints", printed_ratios),
    "lowest_ratios": Measure(EVALUATION, lowest_ratios),
    "harmonic_difference": Measure("both formulas run on its counts", harmonic_difference),
}
