"""Checks on a network's predictions and on their evaluation.

That its figures are counted right is checked in `independent_count.py`, that its predictions are
the network's in `forward_pass.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding
from mnist_assets.formatting import class_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

VANISHING = 1e-35  # a probability near the smallest that float32 holds in full precision, 1.2e-38
ROUNDING = 1e-6  # of a loss: how far float32 rounds a probability near 1, some times over


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
        tolerance: How far they may be apart, as a share of the history's; both are float32 sums. A
            loss near 0 may further be off by what rounding makes of a probability near 1.
    """
    of_true_class = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    vanished = int((of_true_class < VANISHING).sum())
    loss = float(-np.log(np.maximum(of_true_class, VANISHING)).mean())
    allowed = tolerance * in_history + ROUNDING
    low, high = in_history - allowed, in_history + allowed
    return Finding.of(
        loss <= high and (vanished > 0 or loss >= low),
        f"Predictions and history agree on a validation loss of {loss:.6f}.",
        f"The predictions have a validation loss of {loss:.6f}, the history ends with "
        f"{in_history:.6f}: these are not the predictions of the network that was trained, or not "
        "of the images that it was validated on.",
        seen={"loss": loss, "vanished_probabilities": vanished},
        expected={"loss": in_history, "difference_at_most": allowed},
    )


def check_better_than_guessing(
    evaluation: Mapping[str, Any],
    floor: float,
    significance: float,
    *,
    every_class: bool,
    names: Sequence[str] | None = None,
) -> Finding:
    """Check that by its evaluation a network tells each class from the others, in both parts.

    For each class, recall less false-positive rate has to reach `floor`, -1 to 1: how much likelier
    an image is to be called so if it is so. A network that says the same whatever it sees, or
    guesses, has 0 for every class.
    Source: W. J. Youden (1950), "Index for rating diagnostic tests", Cancer 3, 32-35.

    A class of few images, or one that is hard to tell, may miss the floor without any fault. Unless
    `every_class` has to reach it, a failure stops what follows only if the network as a whole is
    not better than guessing: if labels in a random order would agree with its predictions as often,
    with a probability of more than `significance`.
    """
    gains = {
        (part, row["class"]): row["recall"] - row["false_positive_rate"]
        for part, figures in evaluation.items()
        for row in figures["per_class"]
        if row["support"]
    }
    (part, label), least = min(gains.items(), key=lambda item: item[1])
    missed = sorted({label for (_, label), gain in gains.items() if not gain >= floor})
    p_value = guessing_p_value([figures["confusion_matrix"] for figures in evaluation.values()])
    guesses = not p_value <= significance
    named = class_name(label, names)
    hardly = ", ".join(class_name(missing, names) for missing in missed)
    told = f"in {part}, the recall of class {named} is {least:.3f} above its false-positive rate"
    return Finding.of(
        not missed and not guesses,
        f"Every class is told from the others, class {named} of {part} least: {least:.3f}.",
        f"The network cannot be told from one that guesses; {told}."
        if guesses
        else f"The classes {hardly} are hardly told from the others: {told}.",
        seen={
            "least": least,
            "class": label,
            "part": part,
            "classes_not_told": missed,
            "p_value": p_value,
        },
        expected={
            "least_at_least": floor,
            "classes_not_told": [],
            "p_value_at_most": significance,
        },
        binding=every_class or guesses,
    )


def guessing_p_value(confusions: Sequence[ArrayLike]) -> float:
    """Give the probability that labels in a random order agree with predictions at least as often.

    By the exact mean and variance of the agreements under all orders of the labels, of which each
    part has its own, taken for normally distributed.

    Args:
        confusions: Of each part, (classes, classes) counts, rows true, columns predicted.
    """
    from scipy.special import ndtr

    excess = variance = 0.0
    for confusion in confusions:
        counts = np.asarray(confusion, np.float64)
        images = counts.sum()
        rows, columns = counts.sum(axis=1), counts.sum(axis=0)
        excess += np.trace(counts) - rows @ columns / images
        if images > 1:
            both = rows * columns
            cells = both * (images - rows) * (images - columns)  # the variance of a cell, scaled
            pairs = both.sum() ** 2 - (both**2).sum()  # the covariance of each two
            variance += (cells.sum() + pairs) / (images**2 * (images - 1))
    return float(ndtr(-excess / math.sqrt(variance))) if variance else 1.0


def check_test_like_validation(evaluation: Mapping[str, Any], significance: float) -> Finding:
    """Check that a network is as good on the test as on the validation images, but for chance.

    Neither was trained on. Much better on one of them means that it was, or that the other was
    prepared or labelled otherwise. Fisher's exact test, two-sided: below a probability of
    `significance` a difference is not put down to chance; 0 accepts any.
    """
    from scipy.stats import fisher_exact

    validation, test = evaluation["validation"], evaluation["test"]
    counts = [[of["correct"], of["images"] - of["correct"]] for of in (validation, test)]
    p_value = float(fisher_exact(counts).pvalue)
    difference = test["accuracy"] - validation["accuracy"]
    told = (
        f"test accuracy {test['accuracy']:.4f}, validation accuracy {validation['accuracy']:.4f} "
        f"(p = {p_value:.2g})"
    )
    return Finding.of(
        p_value >= significance,
        f"As chance has it: {told}.",
        f"Too far apart for chance: {told}. Either the network was trained on "
        f"{'test' if difference > 0 else 'validation'} images, or the other part is prepared or "
        "labelled otherwise. If the parts are meant to differ, set part_significance to 0.",
        seen={"difference": difference, "p_value": p_value},
        expected={"p_value_at_least": significance},
    )
