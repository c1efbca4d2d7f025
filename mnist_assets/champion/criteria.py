"""The criteria of a promotion: each looks at one thing, and says what it saw and whether it is met.

All give a reason: criterion, passed, message, figures. Which of them apply, and what follows from
them together, is `decision.py`; networks compared over runs with several seeds are the study's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.formatting import class_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mnist_assets.champion.candidate import Candidate


def give_reason(criterion: str, passed: bool, message: str, **figures: Any) -> dict[str, Any]:
    """Say in plain values whether a criterion is met, why, and by which figures."""
    return {"criterion": criterion, "passed": bool(passed), "message": message, "figures": figures}


def assess_checks(passed: Mapping[str, bool]) -> dict[str, Any]:
    """Assess whether all upstream checks passed, by name, and there was at least one."""
    failed = [name for name, outcome in passed.items() if not outcome]
    message = f"{len(passed)} of {len(passed)} upstream checks passed."
    if not passed:
        message = "No upstream check was evaluated, so nothing vouches for it."
    elif failed:
        message = f"{len(failed)} of {len(passed)} upstream checks failed: {', '.join(failed)}."
    met = bool(passed) and not failed
    return give_reason("upstream_checks", met, message, checks=len(passed), failed=failed)


def assess_identity(challenger: Candidate, champion: Candidate | None) -> dict[str, Any]:
    """Assess whether the challenger is another network than the champion, None if there is none."""
    same = champion is not None and champion.data_version == challenger.data_version
    message = f"It is {'' if same else 'not '}the champion already."
    return give_reason("another_network", not same, message, data_version=challenger.data_version)


def assess_floor(
    described: Mapping[str, Any], floor: float, confidence: float, problem: str | None
) -> dict[str, Any]:
    """Assess whether the lower bound of the validation accuracy reaches the floor.

    Args:
        described: accuracy and low, that bound, 0 to 1; both None if there is a problem.
        floor: What the bound has to reach, 0 to 1.
        confidence: Of the interval it is the bound of, 0 to 1.
        problem: What keeps the predictions from being assessed, None if nothing does.
    """
    low = described["low"]
    if problem:
        return give_reason("accuracy_floor", False, problem, low=low, floor=floor)
    message = (
        f"Validation accuracy is {_percent(described['accuracy'])}; its {100 * confidence:.4g} % "
        f"interval starts at {_percent(low)}, "
        f"{'at or above' if low >= floor else 'below'} the floor of {_percent(floor)}."
    )
    return give_reason("accuracy_floor", low >= floor, message, low=low, floor=floor)


def assess_gain(challenger: Candidate, champion: Candidate, significance: float) -> dict[str, Any]:
    """Assess by McNemar's one-sided exact test whether the challenger is significantly better.

    Neither has a `problem()`. A p-value up to `significance`, 0 to 1, counts as better.
    """
    right, champion_right = (one.predicted == one.labels for one in (challenger, champion))
    test = mcnemar_exact(
        int(np.count_nonzero(right & ~champion_right)),
        int(np.count_nonzero(champion_right & ~right)),
    )
    better = test["p_value"] <= significance
    message = (
        f"It alone is right on {test['only_challenger_right']} images, the champion alone on "
        f"{test['only_champion_right']}: {'' if better else 'not '}significantly better "
        f"(p = {test['p_value']:.2g}, {'at most' if better else 'above'} {significance:g})."
    )
    return give_reason("better_than_champion", better, message, **test, significance=significance)


def mcnemar_exact(only_challenger_right: int, only_champion_right: int) -> dict[str, Any]:
    """Test whether two networks differ in accuracy, from the images that only one gets right.

    If both are equally accurate, each of these images is as likely to be the one's as the other's:
    a fair coin.

    Source: Q. McNemar (1947), "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 153-157.

    Returns:
        Both numbers; p_value, one-sided: how likely the challenger has at least so many if it is no
        better; p_value_two_sided. Both are 1.0 where no image tells the two apart.
    """
    from scipy.stats import binomtest

    def p_value(alternative: str) -> float:
        differing = only_challenger_right + only_champion_right
        if not differing:
            return 1.0
        return float(binomtest(only_challenger_right, differing, 0.5, alternative).pvalue)

    return {
        "only_challenger_right": only_challenger_right,
        "only_champion_right": only_champion_right,
        "p_value": p_value("greater"),
        "p_value_two_sided": p_value("two-sided"),
    }


def assess_recall(
    challenger: Candidate,
    champion: Candidate,
    margin: float,
    names: Sequence[str] | None = None,
    *,
    significance: float | None = None,
) -> dict[str, Any]:
    """Assess whether the recall of each class falls by no more than `margin`, 0 to 1.

    With few images of a class, one of them is more than any margin: given a `significance`, a fall
    counts only if McNemar's one-sided exact test on the images of that class has a p-value up to
    it, shared among the classes (Bonferroni).

    Neither has a `problem()`. `names` are those of the classes, their numbers if None.
    """
    classes = np.asarray(challenger.probabilities).shape[1]
    losses = recall_losses(challenger.predicted, champion.predicted, challenger.labels, classes)
    fallen = [row for row in losses if row["loss"] > margin]
    if significance is not None:
        right, champion_right = (one.predicted == one.labels for one in (challenger, champion))

        def p_value(label: int) -> float:
            members = challenger.labels == label
            lost = int(np.count_nonzero(champion_right & ~right & members))
            gained = int(np.count_nonzero(right & ~champion_right & members))
            return float(mcnemar_exact(lost, gained)["p_value"])

        fallen = [row for row in fallen if p_value(row["class"]) <= significance / classes]
    points = f"by more than {100 * margin:.4g} percentage point{'' if margin == 0.01 else 's'}"
    message = f"No class's recall falls {points}."
    if fallen:
        named = ", ".join(
            f"class {class_name(row['class'], names)} by {100 * row['loss']:.2f}" for row in fallen
        )
        message = f"Recall falls {points}: {named}."
    return give_reason("recall", not fallen, message, margin=margin, classes=losses)


def recall_losses(
    challenger: NDArray[Any], champion: NDArray[Any], labels: NDArray[Any], classes: int
) -> list[dict[str, Any]]:
    """Compare the recall of each class.

    Args:
        challenger: Integers (n,), the classes that the challenger gives.
        champion: The same of the champion, for the same images in the same order.
        labels: Integers (n,), the true classes, 0 to classes - 1.
        classes: The number of classes.

    Returns:
        For each class: class, images, challenger_recall, champion_recall, and loss, the champion's
        less the challenger's, -1 to 1. A class without images has recall 0 and loses nothing.
    """
    images, ours, theirs = (
        np.bincount(of, minlength=classes)
        for of in (labels, labels[challenger == labels], labels[champion == labels])
    )
    divisors = np.maximum(images, 1)
    rows = zip(
        range(classes),
        images.tolist(),
        (ours / divisors).tolist(),
        (theirs / divisors).tolist(),
        # Divided once: a fall of 6 in 600 is then 0.01 to the last bit, as a margin is.
        ((theirs - ours) / divisors).tolist(),
        strict=True,
    )
    names = ("class", "images", "challenger_recall", "champion_recall", "loss")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
