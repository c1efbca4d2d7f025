"""Whether a challenger becomes the champion: five criteria, each with what it saw.

All of them look at validation images alone. The test part is no argument of any function here, so
that it stays what it is for: an unbiased report on whoever was chosen.

How champions are kept is `champion_archive.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.steps.findings import Finding
from mnist_assets.steps.metrics import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Contender:
    """A network that is, or wants to be, the champion.

    Attributes:
        network: Its declared name.
        seed: The seed it was trained with.
        data_version: The content hash of the trained network: equal only for equal weights.
        probabilities: Floats (n, classes), what it gives for the current validation images, or None
            if there are none. A champion from before a new split has to predict the new ones.
        labels: Integers (n,), the true classes of the images predicted, in the same order.
    """

    network: str
    seed: int
    data_version: str
    probabilities: NDArray[Any] | None
    labels: NDArray[Any]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """(n,), the most probable class of each image; of equally probable ones the lowest."""
        predicted: NDArray[np.intp] = np.asarray(self.probabilities).argmax(axis=1)
        return predicted

    def problem(self) -> str | None:
        """Say what keeps the predictions from being judged, if anything does.

        Raises:
            InputError: The probabilities are not floats, or the labels not integers.
        """
        name, probabilities, labels = self.network, self.probabilities, self.labels
        if probabilities is None:
            return f"{name} has no predictions of the validation images."
        if probabilities.dtype.kind != "f" or labels.dtype.kind not in "iu":
            raise InputError(
                f"predictions of network {name}",
                seen=f"probabilities {probabilities.dtype}, labels {labels.dtype}",
                expected="floats and integers",
                remedy="Give the network's probabilities and the true classes.",
            )
        if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not labels.size:
            return f"{name}'s predictions {probabilities.shape} do not fit labels {labels.shape}."
        if odd := int(np.count_nonzero(~np.isfinite(probabilities).all(axis=1))):
            return f"{odd} of {name}'s {len(labels)} predictions are not finite numbers."
        if labels.min() < 0 or labels.max() >= probabilities.shape[1]:
            return f"{name} tells {probabilities.shape[1]} classes apart; the labels hold others."
        return None


def mcnemar_exact(
    challenger_right: NDArray[np.bool_], champion_right: NDArray[np.bool_]
) -> dict[str, Any]:
    """Test whether two networks differ in accuracy, from the images that only one gets right.

    If both are equally accurate, each of these images is as likely to be the one's as the other's:
    a fair coin. The p-values are exact binomial probabilities, rounded once.

    Source: Q. McNemar (1947), "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 153-157.

    Args:
        challenger_right: bool (n,), whether the challenger gives each image its true class.
        champion_right: bool (n,), the same of the champion, for the same images in the same order.

    Returns:
        only_challenger_right and only_champion_right, numbers of images; p_value, one-sided: how
        likely the challenger has at least so many if it is no better; p_value_two_sided. Both are
        1.0 where no image tells the two apart.

    Raises:
        InputError: The two are not bool vectors of equal length.
    """
    arrays = (challenger_right, champion_right)
    if any(a.dtype.kind != "b" or a.shape != (challenger_right.size,) for a in arrays):
        raise InputError(
            "images right for McNemar's test",
            seen=" and ".join(f"{array.dtype} {array.shape}" for array in arrays),
            expected="two vectors of bool of equal length",
            remedy="Give whether each network is right on each of the same images.",
        )
    challenger = int(np.count_nonzero(challenger_right & ~champion_right))
    champion = int(np.count_nonzero(champion_right & ~challenger_right))
    better = _fair_coin_tail(challenger, challenger + champion)
    worse = _fair_coin_tail(champion, challenger + champion)
    return {
        "only_challenger_right": challenger,
        "only_champion_right": champion,
        "p_value": better,
        "p_value_two_sided": min(1.0, 2 * min(better, worse)),
    }


def _fair_coin_tail(heads: int, tosses: int) -> float:
    """Probability of at least so many heads, counted in whole numbers."""
    ways, outcomes = math.comb(tosses, heads), 0
    for count in range(heads, tosses + 1):
        outcomes += ways
        ways = ways * (tosses - count) // (count + 1)
    return outcomes / (1 << tosses)


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
    rows = []
    for label in range(classes):
        of_class = labels == label
        images = max(int(np.count_nonzero(of_class)), 1)
        ours = int(np.count_nonzero(challenger[of_class] == label))
        theirs = int(np.count_nonzero(champion[of_class] == label))
        rows.append(
            {
                "class": label,
                "images": int(np.count_nonzero(of_class)),
                "challenger_recall": ours / images,
                "champion_recall": theirs / images,
                # Divided once: a fall of 6 in 600 is then 0.01 to the last bit, as a margin is.
                "loss": (theirs - ours) / images,
            }
        )
    return rows


def decide(
    challenger: Contender,
    champion: Contender | None,
    *,
    floor: float,
    confidence: float,
    significance: float,
    recall_margin: float,
    upstream_checks_passed: Mapping[str, bool],
) -> dict[str, Any]:
    """Decide whether a challenger is promoted: yes if it meets every criterion, otherwise no.

    The criteria, in this order: `upstream_checks`; `another_network`, it is not the champion
    already; `accuracy_floor`; `better_than_champion`, by McNemar's one-sided exact test; `recall`,
    which falls too far for no class. The last two are met where there is no champion yet, and not
    met where the two cannot be compared (predictions that are missing, not finite, or of other
    images): doubt keeps the champion.

    Args:
        challenger: The network that wants to be champion.
        champion: The champion, or None on the first run.
        floor: What the lower bound of the validation accuracy's Wilson interval must reach, 0 to 1.
        confidence: Of that interval, strictly between 0 and 1.
        significance: The largest p-value that counts as better, strictly between 0 and 1. Of
            challengers that are exactly as good, up to this share is promoted by chance.
        recall_margin: How far the recall of a class may fall, 0 to 1.
        upstream_checks_passed: Whether each check that the challenger depends on passed, by name.
            No check at all is a reason not to promote.

    Returns:
        Plain values: promote, a bool; summary, a sentence; challenger and champion (None on the
        first run), each with network, seed, data_version, images, correct, accuracy, low, high, the
        last five None where they cannot be told; confidence; reasons, one a criterion: criterion,
        passed, message, figures.

    Raises:
        InputError: A bound is outside the range given here, or predictions have a wrong dtype.
    """
    bounds = {"floor": floor, "recall_margin": recall_margin}
    rates = {"confidence": confidence, "significance": significance}
    if not all(0 <= b <= 1 for b in bounds.values()) or not all(0 < r < 1 for r in rates.values()):
        raise InputError(
            "criteria of the champion",
            seen=bounds | rates,
            expected="shares between 0 and 1, neither 0 nor 1 for the last two",
            remedy="Correct the settings.",
        )
    problem = challenger.problem()
    difference = problem if champion is None else problem or _difference(challenger, champion)
    described = _describe(challenger, confidence, known=problem is None)
    reasons = [
        _judge_checks(upstream_checks_passed),
        _judge_identity(challenger, champion),
        _judge_floor(described, floor, confidence, problem),
    ]
    compared = {"better_than_champion": significance, "recall": recall_margin}
    if difference:
        reasons += [_reason(criterion, False, difference) for criterion in compared]
    elif champion is None:
        first = "First run: there is no champion to compare with."
        reasons += [_reason(criterion, True, first) for criterion in compared]
    else:
        reasons += [
            _judge_gain(challenger, champion, significance),
            _judge_recall(challenger, champion, recall_margin),
        ]
    return _conclude(
        {
            "challenger": described,
            "champion": champion and _describe(champion, confidence, known=difference is None),
            "confidence": confidence,
            "reasons": reasons,
        }
    )


def choose(decisions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Promote at most one of several challengers: the most accurate of those that may be.

    They are taken in the order of their validation accuracy, equals in that of their names, those
    without usable predictions last. Each gets a sixth criterion, `first_to_pass`, which all miss
    that come after the one promoted.

    Args:
        decisions: What `decide` returned for each challenger, all against the same champion.

    Returns:
        Plain values: promote, a bool; promoted, the name of the network or None; summary, a
        sentence a challenger; decisions, as given but for the sixth criterion, in the order taken.
    """
    promoted: str | None = None
    taken = []
    for decision in sorted(decisions, key=_rank):
        message = f"{promoted} comes first and is promoted." if promoted else "None comes before."
        first = _reason("first_to_pass", promoted is None, message, promoted=promoted)
        taken.append(_conclude({**decision, "reasons": [*decision["reasons"], first]}))
        if taken[-1]["promote"]:
            promoted = taken[-1]["challenger"]["network"]
    return {
        "promote": promoted is not None,
        "promoted": promoted,
        "summary": " ".join(decision["summary"] for decision in taken) or "There is no challenger.",
        "decisions": taken,
    }


def _rank(decision: Mapping[str, Any]) -> tuple[float, str, int, str]:
    described = decision["challenger"]
    accuracy = -1.0 if described["accuracy"] is None else described["accuracy"]
    return -accuracy, described["network"], described["seed"], described["data_version"]


def _conclude(judged: Mapping[str, Any]) -> dict[str, Any]:
    """Derive promote and summary from the reasons."""
    missed = [reason["message"] for reason in judged["reasons"] if not reason["passed"]]
    name = f"{judged['challenger']['network']} (seed {judged['challenger']['seed']})"
    summary = f"{name} is promoted: it meets every criterion."
    if missed:
        summary = f"{name} is not promoted. {' '.join(dict.fromkeys(missed))}"
    return {**judged, "promote": not missed, "summary": summary}


def _difference(challenger: Contender, champion: Contender) -> str | None:
    """Say what keeps the champion from being compared with the challenger, if anything does."""
    if problem := champion.problem():
        return f"The champion cannot be compared with: {problem}"
    ours, theirs = (np.asarray(one.probabilities).shape for one in (challenger, champion))
    if ours != theirs or not np.array_equal(challenger.labels, champion.labels):
        return (
            f"The champion's predictions {theirs} are of other validation images or classes than "
            f"the challenger's {ours}: let it predict the current ones."
        )
    return None


def _describe(contender: Contender, confidence: float, *, known: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "network": contender.network,
        "seed": int(contender.seed),
        "data_version": contender.data_version,
    }
    if not known:
        return described | dict.fromkeys(("images", "correct", "accuracy", "low", "high"))
    images = len(contender.labels)
    correct = int(np.count_nonzero(contender.predicted == contender.labels))
    low, high = wilson_interval(correct, images, confidence)
    figures = {"images": images, "correct": correct, "accuracy": correct / images}
    return described | figures | {"low": low, "high": high}


def _reason(criterion: str, passed: bool, message: str, **figures: Any) -> dict[str, Any]:
    return {"criterion": criterion, "passed": bool(passed), "message": message, "figures": figures}


def _judge_checks(passed: Mapping[str, bool]) -> dict[str, Any]:
    failed = [name for name, outcome in passed.items() if not outcome]
    message = f"{len(passed)} of {len(passed)} upstream checks passed."
    if not passed:
        message = "No upstream check was evaluated, so nothing vouches for it."
    elif failed:
        message = f"{len(failed)} of {len(passed)} upstream checks failed: {', '.join(failed)}."
    met = bool(passed) and not failed
    return _reason("upstream_checks", met, message, checks=len(passed), failed=failed)


def _judge_identity(challenger: Contender, champion: Contender | None) -> dict[str, Any]:
    same = champion is not None and champion.data_version == challenger.data_version
    message = f"It is {'' if same else 'not '}the champion already."
    return _reason("another_network", not same, message, data_version=challenger.data_version)


def _judge_floor(
    described: Mapping[str, Any], floor: float, confidence: float, problem: str | None
) -> dict[str, Any]:
    low = described["low"]
    if problem:
        return _reason("accuracy_floor", False, problem, low=low, floor=floor)
    message = (
        f"Validation accuracy is {_percent(described['accuracy'])}; its {100 * confidence:.4g} % "
        f"interval starts at {_percent(low)}, "
        f"{'at or above' if low >= floor else 'below'} the floor of {_percent(floor)}."
    )
    return _reason("accuracy_floor", low >= floor, message, low=low, floor=floor)


def _judge_gain(challenger: Contender, champion: Contender, significance: float) -> dict[str, Any]:
    test = mcnemar_exact(*(one.predicted == one.labels for one in (challenger, champion)))
    better = test["p_value"] <= significance
    message = (
        f"It alone is right on {test['only_challenger_right']} images, the champion alone on "
        f"{test['only_champion_right']}: {'' if better else 'not '}significantly better "
        f"(p = {test['p_value']:.2g}, {'at most' if better else 'above'} {significance:g})."
    )
    return _reason("better_than_champion", better, message, **test, significance=significance)


def _judge_recall(challenger: Contender, champion: Contender, margin: float) -> dict[str, Any]:
    classes = np.asarray(challenger.probabilities).shape[1]
    losses = recall_losses(challenger.predicted, champion.predicted, challenger.labels, classes)
    fallen = [row for row in losses if row["loss"] > margin]
    points = f"by more than {100 * margin:.4g} percentage point{'' if margin == 0.01 else 's'}"
    message = f"No class's recall falls {points}."
    if fallen:
        named = ", ".join(f"class {row['class']} by {100 * row['loss']:.2f}" for row in fallen)
        message = f"Recall falls {points}: {named}."
    return _reason("recall", not fallen, message, margin=margin, classes=losses)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def check_reasoned(chosen: Mapping[str, Any]) -> Finding:
    """Check that a choice is a plain yes or no for each challenger, with a reason a criterion.

    Args:
        chosen: What `choose` returned.
    """
    decisions = chosen["decisions"]
    vague = [
        decision["challenger"]["network"]
        for decision in decisions
        if not isinstance(decision["promote"], bool)
        or not decision["reasons"]
        or not all(reason["message"] for reason in decision["reasons"])
        or decision["promote"] != all(reason["passed"] for reason in decision["reasons"])
    ]
    promoted = [decision for decision in decisions if decision["promote"]]
    passed = bool(decisions) and not vague and len(promoted) == int(chosen["promote"])
    return Finding(
        passed=passed,
        message=chosen["summary"] if passed else f"Not decided for a reason: {vague or 'all'}.",
        seen={"challengers": len(decisions), "promoted": len(promoted), "vague": vague},
        expected={"promoted_at_most": 1, "vague": []},
    )
