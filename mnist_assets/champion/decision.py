"""Whether a challenger becomes the champion: the decision on one, and the choice among several.

Both look at validation images alone. The test part is no argument of any function here, nor of any
criterion in `criteria.py`, so that it stays what it is for: an unbiased report on whoever was
chosen. How champions are kept is `archive.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.champion.criteria import (
    assess_checks,
    assess_floor,
    assess_gain,
    assess_identity,
    assess_recall,
    give_reason,
)
from mnist_assets.evaluation.metrics import wilson_interval
from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mnist_assets.champion.candidate import Candidate


def decide(
    challenger: Candidate,
    champion: Candidate | None,
    *,
    floor: float,
    confidence: float,
    significance: float,
    recall_margin: float,
    upstream_checks_passed: Mapping[str, bool],
    names: Sequence[str] | None = None,
    recall_significance: float | None = None,
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
        names: Of the classes; their numbers if None.
        recall_significance: The largest p-value at which a fall of recall beyond the margin counts;
            every such fall does if None.

    Returns:
        Plain values: promote, a bool; summary, a sentence; challenger and champion (None on the
        first run), each with network, seed, data_version, images, correct, accuracy, low, high, the
        last five None where they cannot be told; confidence; reasons, one a criterion: criterion,
        passed, message, figures.
    """
    problem = challenger.problem()
    difference = problem if champion is None else problem or _difference(challenger, champion)
    described = _describe(challenger, confidence, known=problem is None)
    reasons = [
        assess_checks(upstream_checks_passed),
        assess_identity(challenger, champion),
        assess_floor(described, floor, confidence, problem),
    ]
    compared = {"better_than_champion": significance, "recall": recall_margin}
    if difference:
        reasons += [give_reason(criterion, False, difference) for criterion in compared]
    elif champion is None:
        first = "First run: there is no champion to compare with."
        reasons += [give_reason(criterion, True, first) for criterion in compared]
    else:
        reasons += [
            assess_gain(challenger, champion, significance),
            assess_recall(
                challenger, champion, recall_margin, names, significance=recall_significance
            ),
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
        first = give_reason("first_to_pass", promoted is None, message, promoted=promoted)
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


def _conclude(assessed: Mapping[str, Any]) -> dict[str, Any]:
    """Derive promote and summary from the reasons."""
    missed = [reason["message"] for reason in assessed["reasons"] if not reason["passed"]]
    name = f"{assessed['challenger']['network']} (seed {assessed['challenger']['seed']})"
    summary = f"{name} is promoted: it meets every criterion."
    if missed:
        summary = f"{name} is not promoted. {' '.join(dict.fromkeys(missed))}"
    return {**assessed, "promote": not missed, "summary": summary}


def _difference(challenger: Candidate, champion: Candidate) -> str | None:
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


def _describe(candidate: Candidate, confidence: float, *, known: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "network": candidate.network,
        "seed": int(candidate.seed),
        "data_version": candidate.data_version,
    }
    if not known:
        return described | dict.fromkeys(("images", "correct", "accuracy", "low", "high"))
    images = len(candidate.labels)
    correct = int(np.count_nonzero(candidate.predicted == candidate.labels))
    low, high = wilson_interval(correct, images, confidence)
    figures = {"images": images, "correct": correct, "accuracy": correct / images}
    return described | figures | {"low": low, "high": high}


def check_reasoned(chosen: Mapping[str, Any]) -> Finding:
    """Check that what `choose` returned is a plain yes or no for each challenger, with reasons."""
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
    return Finding.of(
        bool(decisions) and not vague and len(promoted) == int(chosen["promote"]),
        chosen["summary"],
        f"Not decided for a reason: {vague or 'all'}.",
        seen={"challengers": len(decisions), "promoted": len(promoted), "vague": vague},
        expected={"promoted_at_most": 1, "vague": []},
    )
