"""Metrics of a classifier, all computed from its confusion matrix, by scikit-learn.

Everywhere here, a confusion matrix is counts (classes, classes), its rows true classes and its
columns predicted ones, and a ratio whose denominator is 0 is 0.0: a class that is never predicted
has precision 0, one without images recall 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.formatting import class_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Counts = NDArray[np.int64]


def confusion_matrix(true: NDArray[Any], predicted: NDArray[Any], classes: int) -> Counts:
    """Count the images of each true class that were given each class, int64 (classes, classes).

    Args:
        true: Integer (n,), the true class of each image, 0 to classes - 1.
        predicted: Integer (n,), the class that the network gave it, likewise.
        classes: The number of classes, at least 2.
    """
    from sklearn import metrics

    counts: Counts = metrics.confusion_matrix(true, predicted, labels=np.arange(classes))
    return counts


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
        Both bounds, in [0, 1]; exactly 0 or 1 if nothing or everything succeeds.
    """
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def accuracy_of(right: NDArray[np.bool_], confidence: float) -> dict[str, Any]:
    """The accuracy over some images, with its Wilson interval.

    Args:
        right: bool (n,), whether each image was classified as labelled, n at least 1.
        confidence: Of the interval.

    Returns:
        images, correct, accuracy, accuracy_interval (low, high, confidence).
    """
    correct = int(np.count_nonzero(right))
    low, high = wilson_interval(correct, len(right), confidence)
    return {
        "images": len(right),
        "correct": correct,
        "accuracy": correct / len(right),
        "accuracy_interval": {"low": low, "high": high, "confidence": confidence},
    }


def one_versus_rest(confusion: ArrayLike) -> pd.DataFrame:
    """Evaluate each class against all others together, in counts and ratios.

    The notebook computes FP / TN and FN / TP for the last two ratios but one; those are odds, not
    rates. Right is FP / (FP + TN) = 1 - specificity and FN / (FN + TP) = 1 - recall.

    Returns:
        One row a class, columns: class; support (its images) and predicted (images called it);
        true_positives, false_positives, false_negatives, true_negatives, int64; accuracy,
        misclassification_rate, precision, recall, specificity, false_positive_rate,
        false_negative_rate, f1, float64 in [0, 1], where 0 / 0 is 0.0.
    """
    import pandas as pd
    from sklearn import metrics

    counted = _as_labels(confusion)
    counts = metrics.multilabel_confusion_matrix(**counted).astype(np.int64).reshape(-1, 4)
    tn, fp, fn, tp = (pd.Series(of_each_class) for of_each_class in counts.T)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(**counted, zero_division=0)
    return pd.DataFrame(
        {
            "class": np.arange(len(tp)),
            "support": tp + fn,
            "predicted": tp + fp,
            "true_positives": tp,
            "false_positives": fp,
            "false_negatives": fn,
            "true_negatives": tn,
            "accuracy": (tp + tn) / (tp + tn + fp + fn),
            "misclassification_rate": (fp + fn) / (tp + tn + fp + fn),
            "precision": precision,
            "recall": recall,
            "specificity": tn / (tn + fp),
            "false_positive_rate": fp / (fp + tn),
            "false_negative_rate": fn / (fn + tp),
            "f1": f1,
        }
    ).fillna(0.0)


def classification_report(confusion: ArrayLike) -> dict[str, Any]:
    """Summarise a confusion matrix as scikit-learn's report of the same name does.

    Returns:
        Plain values: `classes`, a list of class, precision, recall, f1, support; `accuracy`;
        `macro_average` (each class counts alike) and `weighted_average` (each image counts alike),
        both with precision, recall, f1, support.
    """
    from sklearn import metrics

    report = metrics.classification_report(
        **_as_labels(confusion), output_dict=True, zero_division=0
    )

    def row(name: str) -> dict[str, Any]:
        precision, recall, f1, support = report[name].values()
        return {"precision": precision, "recall": recall, "f1": f1, "support": int(support)}

    return {
        "classes": [{"class": k, **row(str(k))} for k in range(len(np.asarray(confusion)))],
        "accuracy": report["accuracy"],
        "macro_average": row("macro avg"),
        "weighted_average": row("weighted avg"),
    }


def render_report(
    report: Mapping[str, Any], names: Sequence[str] | None = None, digits: int = 4
) -> str:
    """Write a classification report as a Markdown table: a row a class, accuracy, two averages.

    `names` are those of the classes, their numbers if None. Ratios have `digits` decimal places;
    scikit-learn and the notebook print 2.
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
            *(row(class_name(of["class"], names), of) for of in report["classes"]),
            row("accuracy", accuracy),
            *(row(f"{name} average", figures) for name, figures in averages.items()),
        ]
    )


def commonest_confusion(confusion: ArrayLike) -> dict[str, int] | None:
    """Find the mistake that is made most often; among equals the first, row by row.

    Returns:
        The `true` class, the `predicted` class and the `count` of images; None without a mistake.
    """
    counts = np.asarray(confusion)
    mistakes = counts - np.diag(np.diag(counts))
    if not mistakes.any():
        return None
    true, predicted = divmod(int(mistakes.argmax()), len(mistakes))
    return {"true": true, "predicted": predicted, "count": int(mistakes[true, predicted])}


def _as_labels(confusion: ArrayLike) -> dict[str, NDArray[Any]]:
    """A confusion matrix as scikit-learn takes labels: one of each cell, weighted by its count."""
    counts = np.asarray(confusion)
    true, predicted = np.indices(counts.shape).reshape(2, -1)
    return {"y_true": true, "y_pred": predicted, "sample_weight": counts.ravel()}
