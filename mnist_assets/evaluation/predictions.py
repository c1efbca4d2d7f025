"""A trained network's predictions on validation and test, and their evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.evaluation import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Probabilities = NDArray[np.float32]

EPSILON = 1e-7  # what keras.backend.epsilon() is: probabilities are clipped to [1e-7, 1 - 1e-7]


def predict(
    model: Callable[..., Any], images: NDArray[np.uint8], batch_size: int = 1000
) -> Probabilities:
    """Run a trained network over images, a batch at a time.

    The model is called directly: unlike `model.predict` this traces no graph, which for a network
    of this size would take longer than the predictions, and it never holds more than one batch of
    pixels as float32, so that `images` may be a memory map of any length.

    Args:
        model: A Keras model that takes float32 (batch, height, width, 1), grey levels 0 to 255,
            and gives (batch, classes) probabilities.
        images: uint8 (n, height, width), n at least 1.
        batch_size: Images a call, at least 1; it changes speed, and the probabilities only in
            their last bits.

    Returns:
        float32 (n, classes).

    Raises:
        InputError: There is no image, or the batch size is not positive.
    """
    if not len(images) or batch_size < 1:
        raise InputError(
            "images to predict",
            seen=f"{len(images)} images in batches of {batch_size}",
            expected="at least one image, and batches of at least one",
            remedy="Give images of shape (n, height, width) and a positive batch size.",
        )
    batches = (
        images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        for start in range(0, len(images), batch_size)
    )
    return np.concatenate(
        [np.asarray(model(batch, training=False), dtype=np.float32) for batch in batches]
    )


def evaluate(
    *,
    validation: tuple[Probabilities, NDArray[np.uint8]],
    test: tuple[Probabilities, NDArray[np.uint8]],
    classes: int,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Evaluate a network on both parts that it was not trained on.

    Args:
        validation: Its probabilities for the validation images, and their labels.
        test: The same for the test images.
        classes: The number of classes.
        confidence: Of the accuracies' Wilson intervals.

    Returns:
        What `evaluate_part` gives, under `validation` and under `test`.

    Raises:
        InputError: See `evaluate_part`.
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

    Raises:
        InputError: Shapes or labels do not fit each other or the number of classes.
    """
    if probabilities.shape != (len(labels), classes):
        raise InputError(
            "probabilities to evaluate",
            seen=f"shape {probabilities.shape}",
            expected=f"shape {(len(labels), classes)}",
            remedy="Predict exactly the images that the labels belong to.",
        )
    confusion = metrics.confusion_matrix(labels, probabilities.argmax(axis=1), classes)
    correct = int(np.trace(confusion))
    low, high = metrics.wilson_interval(correct, len(labels), confidence)
    per_class = metrics.one_versus_rest(confusion)
    precision = per_class["precision"]
    highest, lowest = int(precision.argmax()), int(precision.argmin())
    return {
        "images": len(labels),
        "correct": correct,
        "accuracy": correct / len(labels),
        "accuracy_interval": {"low": low, "high": high, "confidence": confidence},
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


def count_near_ties(probabilities: Probabilities, margin: float) -> int:
    """Count the images whose two most probable classes are less than `margin` apart.

    Another order of float additions (another batch size, another machine) may decide these the
    other way; all other images it cannot.

    Args:
        probabilities: float32 (n, classes), classes at least 2.
        margin: A probability, such as 1e-5.
    """
    top_two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return int(np.count_nonzero(top_two[:, 1] - top_two[:, 0] < margin))


def _cross_entropy(probabilities: Probabilities, labels: NDArray[np.uint8]) -> float:
    of_true_class = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(of_true_class, EPSILON, 1 - EPSILON)).mean())
