"""Checks on a network's predictions and on their evaluation.

That its figures are counted right is checked in `independent_count.py`, that its predictions are
the network's in `forward_pass.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

VANISHING = 1e-35  # a probability near the smallest that float32 holds in full precision, 1.2e-38


def check_probabilities(probabilities: NDArray[Any], tolerance: float) -> Finding:
    """Check that these are float32 rows of probabilities: finite, in [0, 1], each summing to 1.

    A row's sum may be as far from 1 as the tolerance.
    """
    expected = {"dtype": "float32", "dimensions": 2, "images_at_least": 1}
    seen: dict[str, Any] = {"dtype": str(probabilities.dtype), "shape": list(probabilities.shape)}
    if probabilities.dtype != np.float32 or probabilities.ndim != 2 or not probabilities.size:
        message = f"Not a table of probabilities: {seen['dtype']} of shape {seen['shape']}."
        return Finding(passed=False, message=message, seen=seen, expected=expected)
    finite_rows = probabilities[np.isfinite(probabilities).all(axis=1)]
    infinite = len(probabilities) - len(finite_rows)
    outside = int(((finite_rows < 0) | (finite_rows > 1)).any(axis=1).sum())
    sum_errors = np.abs(finite_rows.sum(axis=1, dtype=np.float64) - 1)
    furthest = float(sum_errors.max(initial=0.0))
    return Finding.of(
        not infinite and not outside and furthest <= tolerance,
        f"All {len(probabilities)} rows are probabilities that sum to 1.",
        f"Of {len(probabilities)} rows, {infinite} are not finite and {outside} leave [0, 1]; a "
        f"row's sum is up to {furthest:.3g} from 1. The network's last layer must be a softmax, "
        "and its weights finite.",
        seen=seen
        | {
            "rows_not_finite": infinite,
            "rows_outside_0_to_1": outside,
            "largest_row_sum_error": furthest,
        },
        expected=expected
        | {"rows_not_finite": 0, "rows_outside_0_to_1": 0, "row_sum_error_at_most": tolerance},
    )


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
    row_sums, images = counts.sum(axis=-1).tolist(), int(counts.sum())
    true_totals = np.bincount(labels, minlength=classes).tolist()
    return Finding.of(
        counts.shape == (classes, classes) and counts.min() >= 0 and row_sums == true_totals,
        f"Row sums are the true class counts, and the total is all {images} images.",
        f"The confusion matrix of {images} images does not account for the {len(labels)} labelled "
        "images class by class: it was made from other images or labels.",
        seen={"row_sums": row_sums, "images": images},
        expected={"row_sums": true_totals, "images": len(labels)},
    )


def check_accuracy_matches_history(
    accuracy: float, images: int, in_history: float, near_ties: int
) -> Finding:
    """Check that the evaluated network is the one whose training ended with this accuracy.

    Both accuracies are compared as counts of images, since the history's was computed in float32.

    Args:
        accuracy: Validation accuracy in the evaluation.
        images: Validation images.
        in_history: `val_accuracy` of the last epoch in the history.
        near_ties: Images that rounding may decide either way (`count_near_ties`), usually 0.
    """
    apart = abs(accuracy - in_history) * images
    return Finding.of(
        # Half an image: two counts that differ by less are the same. Not a number fails here, too.
        apart < near_ties + 0.5,
        f"Evaluation and history agree on a validation accuracy of {accuracy:.4f}.",
        f"The evaluation's validation accuracy {accuracy:.4f} is {apart:.0f} images away from the "
        f"history's last, {in_history:.4f}: the network evaluated is not the one trained, or the "
        "validation images are others.",
        seen={"accuracy": accuracy, "images_apart": apart},
        expected={"accuracy": in_history, "images_apart_at_most": near_ties},
    )


def check_loss_matches_history(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.uint8],
    in_history: float,
    tolerance: float,
) -> Finding:
    """Check that the predictions have the loss that training ended with on the same images.

    Two sets of weights may well get equally many images right; they do not have the same loss.
    Training computes it from logits. A true class whose probability vanishes in float32 therefore
    leaves only a lower bound of it here.

    Args:
        probabilities: float32 (n, classes), of the validation images.
        labels: uint8 (n,), their classes.
        in_history: `val_loss` of the last epoch in the history.
        tolerance: How far they may be apart, as a share of the history's; both are float32 sums.
    """
    of_true_class = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    vanished = int((of_true_class < VANISHING).sum())
    loss = float(-np.log(np.maximum(of_true_class, VANISHING)).mean())
    low, high = (1 - tolerance) * in_history, (1 + tolerance) * in_history
    return Finding.of(
        loss <= high and (vanished > 0 or loss >= low),
        f"Predictions and history agree on a validation loss of {loss:.6f}.",
        f"The predictions have a validation loss of {loss:.6f}, the history ends with "
        f"{in_history:.6f}: these are not the predictions of the network that was trained, or not "
        "of the images that it was validated on.",
        seen={"loss": loss, "vanished_probabilities": vanished},
        expected={"loss": in_history, "difference_at_most": tolerance * in_history},
    )


def check_better_than_guessing(evaluation: Mapping[str, Any], floor: float) -> Finding:
    """Check that by its evaluation a network tells each class from the others, in both parts.

    For each class, recall less false-positive rate has to reach `floor`, -1 to 1: how much likelier
    an image is to be called so if it is so. A network that says the same whatever it sees, or
    guesses, has 0 for every class.
    Source: W. J. Youden (1950), "Index for rating diagnostic tests", Cancer 3, 32-35.
    """
    gains = {
        (part, row["class"]): row["recall"] - row["false_positive_rate"]
        for part, figures in evaluation.items()
        for row in figures["per_class"]
        if row["support"]
    }
    (part, label), least = min(gains.items(), key=lambda item: item[1])
    missed = sorted({label for (_, label), gain in gains.items() if not gain >= floor})
    return Finding.of(
        not missed,
        f"Every class is told from the others, class {label} of {part} least: {least:.3f}.",
        f"The classes {missed} are hardly told from the others: in {part}, the recall of class "
        f"{label} is {least:.3f} above its false-positive rate.",
        seen={"least": least, "class": label, "part": part, "classes_not_told": missed},
        expected={"least_at_least": floor, "classes_not_told": []},
    )


def check_test_like_validation(evaluation: Mapping[str, Any], significance: float) -> Finding:
    """Check that a network is as good on the test as on the validation images, but for chance.

    Neither was trained on. Much better on one of them means that it was, or that the other was
    prepared or labelled otherwise. Two-proportion z test with pooled variance, two-sided, which is
    the chi-squared test of the table of right and wrong ones without Yates's correction. Below a
    probability of `significance` a difference is not put down to chance; 0 accepts any.
    """
    from scipy.stats import chi2_contingency

    validation, test = evaluation["validation"], evaluation["test"]
    counts = np.array([[of["correct"], of["images"] - of["correct"]] for of in (validation, test)])
    # Without the columns of zeros that SciPy refuses: parts all right or all wrong are alike.
    outcome = chi2_contingency(counts[:, counts.any(axis=0)], correction=False)
    difference = test["accuracy"] - validation["accuracy"]
    deviations = math.copysign(math.sqrt(outcome.statistic), difference)
    p_value = float(outcome.pvalue)
    told = (
        f"test accuracy {test['accuracy']:.4f}, validation accuracy {validation['accuracy']:.4f}, "
        f"{abs(deviations):.1f} standard errors"
    )
    return Finding.of(
        p_value >= significance,
        f"As chance has it: {told} apart.",
        f"Too far apart for chance: {told}. Either the network was trained on "
        f"{'test' if difference > 0 else 'validation'} images, or the other part is prepared or "
        "labelled otherwise. If the parts are meant to differ, set part_significance to 0.",
        seen={"difference": difference, "standard_errors": deviations, "p_value": p_value},
        expected={"p_value_at_least": significance},
    )
