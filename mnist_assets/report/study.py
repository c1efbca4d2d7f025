"""What the report tells of the study: where one network stands, and which differences are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SEEDS = "training"  # the kind of runs that differ in weights and batch order alone


def compared(comparison: pd.DataFrame | None, confidence: float) -> list[dict[str, Any]]:
    """List the rows of `paired_tests.compare_networks`, None for what is unknown, and `sure`.

    A difference is `sure` if its corrected p-value is below 1 less the confidence.
    """
    if comparison is None:
        return []
    table = comparison.astype(object)
    rows: list[dict[Any, Any]] = table.where(table.notna(), None).to_dict("records")
    return [row | {"sure": bool(row["holm_p_value"] < 1 - confidence)} for row in rows]


def luck_of(
    study: Mapping[str, Any] | None, best: str, rivals: Sequence[str]
) -> dict[str, Any] | None:
    """Tell of the best network in a sentence what many runs say.

    Its `rivals` are those that one run does not tell from it, the smallest first.

    Returns:
        `runs`; `test`, as from `study.describe`; `notebook`, as from `study.place`; and `lead`, as
        from `lead_over`, over the first rival that was studied, or None. None at all where the
        network was not studied.
    """
    if study is None or best not in study["summaries"]:
        return None
    of_seeds = study["summaries"][best][SEEDS]
    leads = (lead_over(study["compared"], best, rival) for rival in rivals)
    told = {name: of_seeds[name] for name in ("runs", "test", "notebook")}
    return told | {"lead": next(filter(None, leads), None)}


def lead_over(
    comparisons: Sequence[Mapping[str, Any]], name: str, rival: str
) -> dict[str, Any] | None:
    """Look up what one network has over another on the test part, seed by seed.

    Returns:
        The row of `compared`, its `mean_difference` that of the network over its `rival`.
    """
    for row in comparisons:
        if (row["kind"], row["part"]) == (SEEDS, "test") and row["mean_difference"] is not None:
            ahead = {row["first"]: row["mean_difference"], row["second"]: -row["mean_difference"]}
            if ahead.keys() == {name, rival}:
                return {**row, "rival": rival, "mean_difference": ahead[name]}
    return None
