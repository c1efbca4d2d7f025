"""What the notebook reads off its confusion matrix, held against the matrix and the graph's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.claims import networks, notebook
from mnist_assets.claims.claim import Evidence, Section, here, own, read_as, run
from mnist_assets.claims.graph import Graph, NotCheckable, squared_chunks
from mnist_assets.claims.rules import AT_LEAST, Bound, Rule, exactly
from mnist_assets.claims.sections.confusion_matrix import (
    AS_PRINTED,
    CENTS,
    FROM_MATRIX,
    digits_by_figure,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

interpretation = Section("Interpretation")


@interpretation.text("the results for different digits vary ~3%", 0.03, "3 %")
@read_as("to the whole percentage point")
def precision_varies_by_3(graph: Graph) -> Evidence:
    yield own(FROM_MATRIX, float(np.ptp(_precision())), CENTS)
    yield here(networks.EVALUATION, _validated(graph)["precision_difference"], CENTS)


@interpretation.text("1 being the most precisely predicted digit", 1)
def one_most_precise(graph: Graph) -> Evidence:
    yield from _precise(graph, int(_precision().argmax()), "highest_precision")


@interpretation.text("and 9 the least", 9)
def nine_least_precise(graph: Graph) -> Evidence:
    yield from _precise(graph, int(_precision().argmin()), "lowest_precision")


def _precise(graph: Graph, digit: int, extreme: str) -> Evidence:
    """A digit of the notebook's matrix with its precision, and the digit that is such here."""
    yield own(FROM_MATRIX, digit, detail=f"precision of {digit}: {_precision()[digit]:.4f}")
    judged = graph.network("best").evaluation
    found = {part: judged[part][extreme] for part in ("validation", "test")}
    text = ", ".join(
        f"{of['class']} on {part} ({of['precision']:.4f})" for part, of in found.items()
    )
    yield here(networks.EVALUATION, found["validation"]["class"], text=text)


def _precision() -> NDArray[Any]:
    return digits_by_figure()["precision"]


@interpretation.text("with virtually no variation how people are drawing it", 1)
@read_as("1 is the digit whose images are nearest to their average")
def one_varies_least(graph: Graph) -> Evidence:
    spreads = []
    for digit, average in enumerate(graph.average_digits):
        members = graph.train_images[graph.train_labels == digit]
        # The mean square distance to the average is the mean square less that of the average.
        squares = sum(int(squared.sum()) for squared in squared_chunks(members))
        of_average = np.square(average, dtype=np.float64).sum()
        spreads.append(float(np.sqrt(squares / len(members) - of_average)))
    least = int(np.argmin(spreads))
    others = spreads[:least] + spreads[least + 1 :]
    yield here(
        "Euclidean distances to the digit's average",
        least,
        detail=f"its images are {spreads[least]:,.0f} from their average, in grey levels, those of "
        f"the others {min(others):,.0f} to {max(others):,.0f}: less variation, but not none",
    )


@interpretation.text(
    "the data was only collected in US, where people do not draw a little tail on the top"
)
def no_tail_in_the_us(_: Graph) -> Evidence:
    raise NotCheckable("the images do not tell where their writers learnt to write")


@interpretation.text("can be easily confused with other digits, like 3, 6 or 8", [3, 6, 8])
@read_as("the three digits it is most often confused with, either way")
def nine_confused_with(graph: Graph) -> Evidence:
    how = "its confusion matrix, row and column added"
    digits, text = most_confused(np.array(notebook.CONFUSION_MATRIX), digit=9, count=3)
    yield own(how, digits, text=text)
    judged = graph.network("best").evaluation
    parts = [np.array(judged[part]["confusion_matrix"]) for part in ("validation", "test")]
    digits, text = most_confused(parts[0] + parts[1], digit=9, count=3)
    yield here("validation and test, row and column added", digits, text=text)


def most_confused(matrix: NDArray[np.int64], *, digit: int, count: int) -> tuple[list[int], str]:
    """The digits that one is most often confused with, either way, in order; and how often."""
    mistakes = matrix[digit] + matrix[:, digit]
    mistakes[digit] = -1
    ranked = np.argsort(-mistakes, kind="stable")[:count].tolist()
    return sorted(ranked), ", ".join(f"{other} ({mistakes[other]} times)" for other in ranked)


@interpretation.text("we can see that its order is of $10^{-2}$", -2, "10⁻²")
@read_as("the power of ten nearest to the mean of the digits' rates")
def misclassification_order(graph: Graph) -> Evidence:
    matrix = np.array(notebook.CONFUSION_MATRIX)
    right = float(matrix.trace() / matrix.sum())
    rates = notebook.RATIOS["misclassification_rate"]
    yield own("the rates it prints", *_order(rates, 1 - right))
    judged = _validated(graph)
    rates = [row["misclassification_rate"] for row in judged["per_class"]]
    yield here(networks.EVALUATION, *_order(rates, 1 - judged["accuracy"]))


def _order(rates: Sequence[float], overall: float) -> tuple[int, Rule, str, str]:
    """The power of ten nearest to the mean, and what `own` takes after it."""
    mean = float(np.mean(rates))
    text = f"{min(rates):.4f} to {max(rates):.4f}, mean {mean:.4f}"
    detail = f"each digit is judged against all others; {overall:.4f} of all images are wrong"
    return round(math.log10(mean)) if mean else 0, exactly, text, detail


@interpretation.text("specificity and accuracy are both 0.99 for all the digits", 0.99)
@read_as("at least 0.99, 0.99 when cut to two digits")
def specificity_and_accuracy_099(graph: Graph) -> Evidence:
    names = ("specificity", "accuracy")
    yield own("the ratios it prints", *_lowest({name: notebook.RATIOS[name] for name in names}))
    judged = _validated(graph)["per_class"]
    found = {name: [row[name] for row in judged] for name in names}
    yield here(networks.EVALUATION, *_lowest(found))


def _lowest(ratios: Mapping[str, Sequence[float]]) -> tuple[list[Sequence[float]], Bound, str, str]:
    """Ratios of all digits, and what `own` takes after them."""
    classes = len(next(iter(ratios.values())))
    text = ", ".join(f"{name} {min(of):.4f} to {max(of):.4f}" for name, of in ratios.items())
    denying = f"an accuracy of {1 - 1 / classes:.2f} and a specificity of 1"
    detail = f"a network that denies every digit has {denying}: neither says much"
    return list(ratios.values()), AT_LEAST, text, detail


@interpretation.text(
    "F1-score is a mix between precision and recall (harmonic average)", 0, "harmonic mean"
)
@read_as("largest difference between 2PR / (P + R) and 2TP / (2TP + FP + FN)")
def f1_is_harmonic_mean(_: Graph) -> Evidence:
    figures = digits_by_figure()
    precision, recall = figures["precision"], figures["recall"]
    tp, fp, fn = (figures[n] for n in ("true_positives", "false_positives", "false_negatives"))
    apart = 2 * precision * recall / (precision + recall) - 2 * tp / (2 * tp + fp + fn)
    yield run("both formulas run on its counts", float(np.abs(apart).max()), AS_PRINTED)


@interpretation.text("the lowest one can't be under 0.95", 0.95)
def lowest_f1_not_under_095(graph: Graph) -> Evidence:
    yield from _lowest_f1(graph, AT_LEAST)


@interpretation.text("0.96 as a minimum is a good f1-score", 0.96)
@read_as("the lowest, to two digits")
def lowest_f1_096(graph: Graph) -> Evidence:
    yield from _lowest_f1(graph, CENTS)


def _lowest_f1(graph: Graph, rule: Rule) -> Evidence:
    """The lowest F1 over the digits, of the notebook's matrix and of both parts here."""
    f1 = digits_by_figure()["f1"]
    text = f"{f1.min():.4f}, of digit {f1.argmin()}"
    yield own(FROM_MATRIX, float(f1.min()), rule, text)
    judged = graph.network("best").evaluation
    lowest = [
        min(row["f1"] for row in judged[part]["per_class"]) for part in ("validation", "test")
    ]
    text = f"{lowest[0]:.4f} on validation, {lowest[1]:.4f} on test"
    yield here(networks.EVALUATION, lowest, rule, text)


def _validated(graph: Graph) -> Mapping[str, Any]:
    judged: Mapping[str, Any] = graph.network("best").evaluation["validation"]
    return judged
