"""What an evaluation says of a network: its figures on both parts, from its probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.evaluation import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Probabilities = NDArray[np.float32]

EPSILON = 1e-7  # what keras.backend.epsilon() is: probabilities are clipped to [1e-7, 1 - 1e-7]


def evaluate(
    *,
    validation: tuple[Probabilities, NDArray[np.uint8]],
    test: tuple[Probabilities, NDArray[np.uint8]],
    classes: int,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Evaluate a network on both parts that it was not trained on.

    Of either it takes the probabilities and the labels, and gives what `evaluate_part` gives.
    """
    return {
        "validation": evaluate_part(*validation, classes, confidence),
        "test": evaluate_part(*test, classes, confidence),
    }


def evaluate_part(
    probabilities: Probabilities, labels: NDArray[np.uint8], classes: int, confidence: float = 0.95
) -> dict[str, Any]:
    """Compare a network's probabilities with the truth, in plain values that JSON can hold.

    The predicted class is the most probable one; of two equally probable ones the lower.

    Args:
        probabilities: float32 (n, classes), finite, in [0, 1], rows summing to 1.
        labels: uint8 (n,), the true classes.
        classes: The number of classes.
        confidence: Of the accuracy's Wilson interval.

    Returns:
        images, correct, accuracy, accuracy_interval (low, high, confidence); loss, the mean
        categorical cross-entropy in nats; confusion_matrix, rows true, columns predicted;
        true_totals (its row sums) and predicted_totals (its column sums; the notebook prints the
        row sums under this name); commonest_confusion; classification_report; per_class, the rows
        of `metrics.one_versus_rest`; highest_precision and lowest_precision (class, precision) and
        their precision_difference.
    """
    predicted = probabilities.argmax(axis=1)
    confusion = metrics.confusion_matrix(labels, predicted, classes)
    per_class = metrics.one_versus_rest(confusion)
    precision = per_class["precision"]
    highest, lowest = int(precision.argmax()), int(precision.argmin())
    return {
        **metrics.accuracy_of(predicted == labels, confidence),
        "loss": _cross_entropy(probabilities, labels),
        "confusion_matrix": confusion.tolist(),
        "true_totals": confusion.sum(axis=1).tolist(),
        "predicted_totals": confusion.sum(axis=0).tolist(),
        "commonest_confusion": metrics.commonest_confusion(confusion),
        "classification_report": metrics.classification_report(confusion),
        "per_class": per_class.to_dict("records"),
        "highest_precision": {"class": highest, "precision": float(precision[highest])},
        "lowest_precision": {"class": lowest, "precision": float(precision[lowest])},
        "precision_difference": float(precision[highest] - precision[lowest]),
    }


def _cross_entropy(probabilities: Probabilities, labels: NDArray[np.uint8]) -> float:
    # Not scikit-learn's log_loss: it clips at the dtype's own epsilon, which for float32 is 1.2e-7,
    # and a certain mistake would cost less than in training.
    of_true_class = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(of_true_class, EPSILON, 1 - EPSILON)).mean())
