"""The figures of an evaluation, counted independently from labels and predictions.

`metrics.py` has scikit-learn derive them all from one confusion matrix; here each is the share of
images it is defined as, so that a wrong formula or a turned matrix does not agree with itself.
"""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

ROUNDING = 1e-9  # two ways to the same share differ by no more


def count_independently(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], classes: int
) -> dict[str, Any]:
    """Count what an evaluation says of one part.

    Args:
        probabilities: float32 (n, classes).
        labels: uint8 (n,), the true classes.
        classes: The number of classes.

    Returns:
        `accuracy`, `confusion_matrix` (rows true, columns predicted) and `per_class`, one mapping a
        class with precision, recall, specificity, false_positive_rate and false_negative_rate; a
        share of no image is 0.
    """
    predicted = probabilities.argmax(axis=1)
    members = [labels == label for label in range(classes)]
    called = [predicted == label for label in range(classes)]
    return {
        "accuracy": float((predicted == labels).mean()),
        "confusion_matrix": [[int((of & to).sum()) for to in called] for of in members],
        "per_class": [
            {
                "precision": _share(of[to]),
                "recall": _share(to[of]),
                "specificity": _share(~to[~of]),
                "false_positive_rate": _share(to[~of]),
                "false_negative_rate": _share(~to[of]),
            }
            for of, to in zip(members, called, strict=True)
        ],
    }


def check_independent_count(
    evaluation: Mapping[str, Mapping[str, Any]], counts: Mapping[str, Mapping[str, Any]]
) -> Finding:
    """Check that an evaluation of each part says what `count_independently` says of it."""
    wrong = [
        f"{part} {name}"
        for part, counted in counts.items()
        for name in _differences(evaluation[part], counted)
    ]
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Finding.of(
        not wrong,
        "Accuracy, confusion matrix and the rates of each class are as counted anew.",
        "Counted anew from labels and predictions, other figures come out: "
        f"{'; '.join(wrong[:3])}{more}.",
        seen={"different": wrong},
        expected={"different": []},
    )


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else 0.0


def _differences(evaluation: Mapping[str, Any], counted: Mapping[str, Any]) -> Iterator[str]:
    """What differs, with the figure said before the one counted."""
    if not isclose(evaluation["accuracy"], counted["accuracy"], abs_tol=ROUNDING):
        yield f"accuracy {evaluation['accuracy']:.4f}, not {counted['accuracy']:.4f}"
    if evaluation["confusion_matrix"] != counted["confusion_matrix"]:
        yield "confusion matrix"
    for said, of_class in zip(evaluation["per_class"], counted["per_class"], strict=True):
        for name, share in of_class.items():
            if not isclose(said[name], share, abs_tol=ROUNDING):
                yield f"{name} of class {said['class']} {said[name]:.4f}, not {share:.4f}"
