"""What many trainings of a network say: how far its accuracy varies, and with what.

A table of runs has one row a training: `kind` (what was varied: the `training` seed, that is
initial weights and batch order, or the seed of the `split`), `seed`, `validation_accuracy` and
`test_accuracy` (shares; NaN where training failed), `seconds` and `failure` (the reason, or None).
Training them is `training.py`, comparing networks by them `paired_tests.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

KINDS = ("training", "split")
PARTS = ("validation", "test")


def summarise(runs: pd.DataFrame, confidence: float, claim: float | None) -> dict[str, Any]:
    """Summarise a network's runs.

    Args:
        runs: A table of runs.
        confidence: Of the intervals of the means.
        claim: The validation accuracy that the notebook gives, if it gives one.

    Returns:
        JSON-able. For each kind: `runs` (their number), `failed`, for validation and test what
        `describe` gives, and `notebook`: what `place` gives of the claim among the validation
        accuracies, or None. Under `variation`, what `compare_variation` gives.
    """
    summary: dict[str, Any] = {}
    for kind in KINDS:
        of_kind = runs[runs["kind"] == kind]
        accuracies = {part: finite(of_kind[f"{part}_accuracy"]) for part in PARTS}
        summary[kind] = {
            "runs": len(of_kind),
            "failed": len(of_kind) - len(accuracies["validation"]),
            **{part: describe(values, confidence) for part, values in accuracies.items()},
            "notebook": None if claim is None else place(claim, accuracies["validation"]),
        }
    return summary | {"variation": compare_variation(summary)}


def describe(values: ArrayLike, confidence: float) -> dict[str, Any]:
    """Describe a sample of accuracies.

    Returns:
        `count`, `mean`, `std` (of the sample: divided by count - 1), `minimum`, `maximum`, and
        `low` and `high`: Student's t interval of the mean. What too few values cannot tell is None.
    """
    from scipy import stats

    values = np.asarray(values, np.float64)
    count = len(values)
    described: dict[str, Any] = dict.fromkeys(("mean", "std", "minimum", "maximum", "low", "high"))
    if count:
        described |= {"mean": float(values.mean())}
        described |= {"minimum": float(values.min()), "maximum": float(values.max())}
    if count > 1:
        reach = float(stats.t.ppf((1 + confidence) / 2, count - 1) * stats.sem(values))
        described |= {"std": float(values.std(ddof=1))}
        described |= {"low": described["mean"] - reach, "high": described["mean"] + reach}
    return {"count": count} | described


def place(claim: float, values: ArrayLike) -> dict[str, Any]:
    """Tell where a single figure lies among runs.

    Returns:
        `claim`; how many `runs` lie `below` it; its `percentile` (share of runs below it, in
        percent, those equal to it counted half); its `z_score` (its distance from the mean in
        standard deviations); `p_value`, the probability that one more run would be at least as far
        from the mean, were accuracies normally distributed (Student's t for a single prediction);
        and the same in `words`. What too few or equal runs cannot tell is None.
    """
    from scipy import stats

    values = np.asarray(values, np.float64)
    runs, below = len(values), int((values < claim).sum())
    if runs == 0:
        words = "no run to compare with"
    elif below == runs:
        words = f"above all {runs} runs"
    elif (values > claim).all():
        words = f"below all {runs} runs"
    else:
        words = f"above {below} of {runs} runs"
    std = float(values.std(ddof=1)) if runs > 1 else 0.0
    z_score = (claim - float(values.mean())) / std if std else None
    p_value = None
    if z_score is not None:
        p_value = float(2 * stats.t.sf(abs(z_score) / math.sqrt(1 + 1 / runs), runs - 1))
    return {
        "claim": claim,
        "runs": runs,
        "below": below,
        "percentile": float(stats.percentileofscore(values, claim, "mean")) if runs else None,
        "z_score": z_score,
        "p_value": p_value,
        "words": words,
    }


def compare_variation(summary: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Compare how much of the variation the two seeds bring about.

    Args:
        summary: For each kind and part, what `describe` gives.

    Returns:
        For validation and test: `training_points` and `split_points`, the standard deviations in
        percentage points; `together_points`, that of both seeds varying independently; and
        `training_share`, the training seed's share of that variance, 0 to 1. None where a standard
        deviation is unknown, the share also where nothing varies.
    """
    variation: dict[str, dict[str, float | None]] = {}
    for part in PARTS:
        training, split = (summary[kind][part]["std"] for kind in KINDS)
        together = share = None
        if training is not None and split is not None:
            together = math.hypot(training, split)
            share = (training / together) ** 2 if together else None
        variation[part] = {
            "training_points": _points(training),
            "split_points": _points(split),
            "together_points": _points(together),
            "training_share": share,
        }
    return variation


def summary_table(summary: Mapping[str, Any]) -> pd.DataFrame:
    """Lay a summary out: one row for each kind and part, as `describe` gives it."""
    import pandas as pd

    return pd.DataFrame(
        [{"kind": kind, "part": part} | summary[kind][part] for kind in KINDS for part in PARTS]
    )


def most_accurate(runs: Mapping[str, pd.DataFrame], count: int) -> list[str]:
    """Name the `count` networks of the highest mean validation accuracy, in the order given."""
    means = {name: finite(of["validation_accuracy"]) for name, of in runs.items()}
    ranked = sorted(runs, key=lambda name: -means[name].mean() if len(means[name]) else 0.0)
    return [name for name in runs if name in ranked[:count]]


def check_runs(runs: pd.DataFrame, seeds: int) -> Finding:
    """Check that each kind has the seeds 0 to `seeds` - 1, each once, and that no run failed."""
    expected = list(range(seeds))
    found = {kind: sorted(map(int, runs["seed"][runs["kind"] == kind])) for kind in KINDS}
    failures = [
        f"{row['kind']} seed {row['seed']}: {row['failure']}"
        for row in runs.to_dict("records")
        if not all(0 <= row[f"{part}_accuracy"] <= 1 for part in PARTS)
    ]
    wrong = [f"the {kind} seeds are {of}" for kind, of in found.items() if of != expected]
    if failures:
        wrong.append(f"{len(failures)} of {len(runs)} runs failed, first {failures[0]}")
    return Finding.of(
        not wrong,
        f"All {len(runs)} runs came to an end, with the seeds 0 to {seeds - 1} of each kind.",
        f"Wrong: {'; '.join(wrong)}.",
        seen={"seeds": found, "failures": failures},
        expected={"seeds": dict.fromkeys(KINDS, expected), "failures": []},
    )


def check_enough(runs: pd.DataFrame, seeds: int) -> Finding:
    """Check that each kind has at least `seeds` seeds: with fewer, intervals say little."""
    found = {kind: int(runs["seed"][runs["kind"] == kind].nunique()) for kind in KINDS}
    return Finding(
        passed=min(found.values()) >= seeds,
        message=f"{found['training']} training and {found['split']} split seeds, of {seeds} wanted",
        seen=found,
        expected={f"{kind}_at_least": seeds for kind in KINDS},
    )


def check_paired(runs: Mapping[str, pd.DataFrame]) -> Finding:
    """Check that all networks have runs with the same seeds, so that every run makes a pair."""
    seeds = {
        network: {kind: sorted(map(int, table["seed"][table["kind"] == kind])) for kind in KINDS}
        for network, table in runs.items()
    }
    counts = {network: {kind: len(of[kind]) for kind in KINDS} for network, of in seeds.items()}
    same = all(of == next(iter(seeds.values())) for of in seeds.values())
    return Finding.of(
        same,
        "All networks have the same seeds.",
        "Networks have different seeds; only those in common make pairs. Run the study of all of "
        "them with the same number of seeds.",
        seen=counts,
        expected={"seeds": "the same of every network"},
    )


def finite(values: Any) -> NDArray[np.float64]:
    """Return the values that are finite, as float64."""
    array = np.asarray(values, np.float64)
    return array[np.isfinite(array)]


def _points(share: float | None) -> float | None:
    return None if share is None else 100 * share
