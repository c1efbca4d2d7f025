"""Metrics of a classifier, all computed from its confusion matrix.

Everywhere here, rows of a confusion matrix are true classes and columns predicted ones, and a ratio
whose denominator is 0 is 0.0 (scikit-learn's `zero_division=0`): a class that is never predicted
has precision 0, one without images recall 0.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Counts = NDArray[np.int64]
    Ratios = NDArray[np.float64]


def confusion_matrix(true: NDArray[Any], predicted: NDArray[Any], classes: int) -> Counts:
    """Count the images of each true class that were given each class.

    Args:
        true: Integer (n,), the true class of each image, 0 to classes - 1.
        predicted: Integer (n,), the class that the network gave it, likewise.
        classes: The number of classes.

    Returns:
        int64 (classes, classes); row i, column j: images of class i that were called j.

    Raises:
        InputError: The two are not equally long vectors of integers, or hold a class out of range.
    """
    if true.ndim != 1 or true.shape != predicted.shape:
        raise InputError(
            "labels for a confusion matrix",
            seen=f"true {true.shape}, predicted {predicted.shape}",
            expected="two vectors of equal length",
            remedy="Give one true and one predicted class for each image.",
        )
    for name, labels in (("true", true), ("predicted", predicted)):
        if not np.issubdtype(labels.dtype, np.integer):
            raise InputError(
                f"{name} labels for a confusion matrix",
                seen=labels.dtype,
                expected="integers",
                remedy="Give classes; take the argmax of probabilities first.",
            )
        if labels.size and not (labels.min() >= 0 and labels.max() < classes):
            raise InputError(
                f"{name} labels for a confusion matrix",
                seen=f"{labels.min()} to {labels.max()}",
                expected=f"0 to {classes - 1}",
                remedy="Give the number of classes that the labels have.",
            )
    cells = true.astype(np.int64) * classes + predicted.astype(np.int64)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the true rate behind `successes` out of `trials` (Wilson's score interval).

    Unlike the usual "plus or minus z standard errors", it stays inside [0, 1] and keeps a width
    when nothing or everything succeeds, as accuracies near 1 need.

    Source: E. B. Wilson (1927), "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22, 209-212.

    Args:
        successes: Correctly classified images, 0 to trials.
        trials: Images, at least 1.
        confidence: Share of such intervals that hold the true rate, strictly between 0 and 1.

    Returns:
        The lower and the upper bound, each in [0, 1].

    Raises:
        InputError: A number is outside the range given here.
    """
    if not (trials >= 1 and 0 <= successes <= trials and 0 < confidence < 1):
        raise InputError(
            "numbers for a Wilson interval",
            seen=f"{successes} successes of {trials} trials, confidence {confidence}",
            expected="0 <= successes <= trials, trials >= 1, 0 < confidence < 1",
            remedy="Give counts of images and a confidence such as 0.95.",
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / trials
    scale = 1 + z**2 / trials
    centre = (rate + z**2 / (2 * trials)) / scale
    half_width = z / scale * (rate * (1 - rate) / trials + z**2 / (4 * trials**2)) ** 0.5
    # At the two ends the bound is exactly 0 or 1; rounding would leave it a hair off.
    low = 0.0 if successes == 0 else centre - half_width
    high = 1.0 if successes == trials else centre + half_width
    return low, high


def one_versus_rest(confusion: ArrayLike) -> pd.DataFrame:
    """Judge each class against all others together, in counts and ratios.

    The notebook computes FP / TN and FN / TP for the last two ratios but one; those are odds, not
    rates. Right is FP / (FP + TN) = 1 - specificity and FN / (FN + TP) = 1 - recall.

    Args:
        confusion: (classes, classes) counts, rows true, columns predicted.

    Returns:
        One row a class, columns: class; support (its images) and predicted (images called it);
        true_positives, false_positives, false_negatives, true_negatives, int64; accuracy,
        misclassification_rate, precision, recall, specificity, false_positive_rate,
        false_negative_rate, f1, float64 in [0, 1], where 0 / 0 is 0.0.

    Raises:
        InputError: This is no square matrix of counts.
    """
    import pandas as pd

    counts = _checked(confusion)
    tp = np.diag(counts)
    fp = counts.sum(axis=0) - tp
    fn = counts.sum(axis=1) - tp
    tn = counts.sum() - tp - fp - fn
    return pd.DataFrame(
        {
            "class": np.arange(len(counts)),
            "support": tp + fn,
            "predicted": tp + fp,
            "true_positives": tp,
            "false_positives": fp,
            "false_negatives": fn,
            "true_negatives": tn,
            "accuracy": _ratio(tp + tn, tp + tn + fp + fn),
            "misclassification_rate": _ratio(fp + fn, tp + tn + fp + fn),
            "precision": _ratio(tp, tp + fp),
            "recall": _ratio(tp, tp + fn),
            "specificity": _ratio(tn, tn + fp),
            "false_positive_rate": _ratio(fp, fp + tn),
            "false_negative_rate": _ratio(fn, fn + tp),
            "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        }
    )


def classification_report(confusion: ArrayLike) -> dict[str, Any]:
    """Summarise a confusion matrix as scikit-learn's report of the same name does.

    Args:
        confusion: (classes, classes) counts, rows true, columns predicted.

    Returns:
        Plain values: `classes`, a list of class, precision, recall, f1, support; `accuracy`;
        `macro_average` (each class counts alike) and `weighted_average` (each image counts alike),
        both with precision, recall, f1, support.

    Raises:
        InputError: This is no square matrix of counts.
    """
    counts = _checked(confusion)
    table = one_versus_rest(counts)[["class", "precision", "recall", "f1", "support"]]
    ratios = table[["precision", "recall", "f1"]]
    images = int(counts.sum())
    weighted = ratios.mul(table["support"], axis=0).sum() / max(images, 1)
    return {
        "classes": table.to_dict("records"),
        "accuracy": int(np.trace(counts)) / max(images, 1),
        "macro_average": {**ratios.mean().to_dict(), "support": images},
        "weighted_average": {**weighted.to_dict(), "support": images},
    }


def render_report(report: Mapping[str, Any], digits: int = 4) -> str:
    """Write a classification report as a Markdown table.

    Args:
        report: What `classification_report` returned.
        digits: Decimal places of the ratios; scikit-learn and the notebook print 2.

    Returns:
        Lines joined by newlines: a heading, one row a class, accuracy, and the two averages.
    """

    def row(name: object, figures: Mapping[str, Any]) -> str:
        ratios = (
            f"{figures[key]:.{digits}f}" if key in figures else ""
            for key in ("precision", "recall", "f1")
        )
        return f"| {name} | {' | '.join(ratios)} | {figures['support']} |"

    averages = {name: report[f"{name}_average"] for name in ("macro", "weighted")}
    accuracy = {"f1": report["accuracy"], "support": averages["macro"]["support"]}
    return "\n".join(
        [
            "| class | precision | recall | F1 | support |",
            "|---|---:|---:|---:|---:|",
            *(row(figures["class"], figures) for figures in report["classes"]),
            row("accuracy", accuracy),
            *(row(f"{name} average", figures) for name, figures in averages.items()),
        ]
    )


def commonest_confusion(confusion: ArrayLike) -> dict[str, int] | None:
    """Find the mistake that is made most often; among equals the first, row by row.

    Args:
        confusion: (classes, classes) counts, rows true, columns predicted.

    Returns:
        The `true` class, the `predicted` class and the `count` of images, or None if there is no
        mistake at all.

    Raises:
        InputError: This is no square matrix of counts.
    """
    counts = _checked(confusion)
    mistakes = counts - np.diag(np.diag(counts))
    if not mistakes.any():
        return None
    true, predicted = divmod(int(mistakes.argmax()), len(mistakes))
    return {"true": true, "predicted": predicted, "count": int(mistakes[true, predicted])}


def _checked(confusion: ArrayLike) -> Counts:
    counts = np.asarray(confusion)
    square = counts.ndim == 2 and counts.shape[0] == counts.shape[1] > 0
    if not (square and np.issubdtype(counts.dtype, np.integer) and counts.min() >= 0):
        raise InputError(
            "confusion matrix",
            seen=f"{counts.dtype} {counts.shape}",
            expected="a square matrix of counts, none negative",
            remedy="Give what confusion_matrix() returned.",
        )
    return counts.astype(np.int64)


def _ratio(numerator: Counts, denominator: Counts) -> Ratios:
    zeros = np.zeros(denominator.shape)
    return np.divide(numerator, denominator, out=zeros, where=denominator > 0)
