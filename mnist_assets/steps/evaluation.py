"""A trained network's predictions on validation and test, their evaluation, and checks on both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.steps import metrics
from mnist_assets.steps.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Probabilities = NDArray[np.float32]

EPSILON = 1e-7  # what keras.backend.epsilon() is: probabilities are clipped to [1e-7, 1 - 1e-7]


def predict(model: Callable[..., Any], images: NDArray[np.uint8], batch_size: int) -> Probabilities:
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


def check_probabilities(probabilities: NDArray[Any], tolerance: float) -> Finding:
    """Check that these are float32 rows of probabilities: finite, in [0, 1], each summing to 1.

    Args:
        probabilities: What `predict` returned.
        tolerance: The largest acceptable distance of a row's sum from 1.
    """
    expected = {"dtype": "float32", "dimensions": 2, "images_at_least": 1}
    seen: dict[str, Any] = {"dtype": str(probabilities.dtype), "shape": list(probabilities.shape)}
    if probabilities.dtype != np.float32 or probabilities.ndim != 2 or not probabilities.size:
        return Finding(
            passed=False,
            message=f"Not a table of probabilities: {seen['dtype']} of shape {seen['shape']}.",
            seen=seen,
            expected=expected,
        )
    finite_rows = probabilities[np.isfinite(probabilities).all(axis=1)]
    outside = int(np.count_nonzero(((finite_rows < 0) | (finite_rows > 1)).any(axis=1)))
    sum_errors = np.abs(finite_rows.sum(axis=1, dtype=np.float64) - 1)
    seen["rows_not_finite"] = len(probabilities) - len(finite_rows)
    seen["rows_outside_0_to_1"] = outside
    seen["largest_row_sum_error"] = float(sum_errors.max(initial=0.0))
    expected |= {"rows_not_finite": 0, "rows_outside_0_to_1": 0, "row_sum_error_at_most": tolerance}
    passed = (
        not seen["rows_not_finite"]
        and not outside
        and bool(seen["largest_row_sum_error"] <= tolerance)
    )
    message = f"All {len(probabilities)} rows are probabilities that sum to 1."
    if not passed:
        message = (
            f"Of {len(probabilities)} rows, {seen['rows_not_finite']} are not finite and {outside} "
            f"leave [0, 1]; a row's sum is up to {seen['largest_row_sum_error']:.3g} from 1. The "
            "network's last layer must be a softmax, and its weights finite."
        )
    return Finding(passed=passed, message=message, seen=seen, expected=expected)


def check_confusion_matrix(
    confusion: ArrayLike, labels: NDArray[np.uint8], classes: int
) -> Finding:
    """Check that every image of every class is in the confusion matrix, once.

    Args:
        confusion: (classes, classes) counts, rows true, columns predicted.
        labels: uint8 (n,), the true classes of the images that were evaluated.
        classes: The number of classes.
    """
    counts = np.asarray(confusion)
    true_totals = np.bincount(labels, minlength=classes).tolist()
    passed = (
        counts.shape == (classes, classes)
        and bool(counts.min() >= 0)
        and counts.sum(axis=1).tolist() == true_totals
    )
    images = int(counts.sum())
    message = f"Row sums are the true class counts, and the total is all {images} images."
    if not passed:
        message = (
            f"The confusion matrix of {images} images does not account for the {len(labels)} "
            "labelled images class by class: it was made from other images or labels."
        )
    return Finding(
        passed=passed,
        message=message,
        seen={"row_sums": counts.sum(axis=-1).tolist(), "images": images},
        expected={"row_sums": true_totals, "images": len(labels)},
    )


def check_accuracy_matches_history(
    evaluation_accuracy: float, images: int, history_val_accuracy: float, near_ties: int
) -> Finding:
    """Check that the evaluated network is the one whose training ended with this accuracy.

    Both accuracies are compared as counts of images, since the history's was computed in float32.

    Args:
        evaluation_accuracy: Validation accuracy in the evaluation.
        images: Validation images.
        history_val_accuracy: `val_accuracy` of the last epoch in the history.
        near_ties: Images that rounding may decide either way (`count_near_ties`), usually 0.
    """
    difference = abs(evaluation_accuracy - history_val_accuracy) * images
    # Half an image: two counts that differ by less are the same. Not a number fails here, too.
    passed = bool(difference < near_ties + 0.5)
    message = f"Evaluation and history agree on a validation accuracy of {evaluation_accuracy:.4f}."
    if not passed:
        message = (
            f"The evaluation's validation accuracy {evaluation_accuracy:.4f} is "
            f"{difference:.0f} images away from the history's last, {history_val_accuracy:.4f}: "
            "the network evaluated is not the one trained, or the validation images are others."
        )
    return Finding(
        passed=passed,
        message=message,
        seen={"accuracy": evaluation_accuracy, "images_apart": difference},
        expected={"accuracy": history_val_accuracy, "images_apart_at_most": near_ties},
    )


def _cross_entropy(probabilities: Probabilities, labels: NDArray[np.uint8]) -> float:
    of_true_class = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(of_true_class, EPSILON, 1 - EPSILON)).mean())
