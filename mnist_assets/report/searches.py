"""What the report tells of the searches: how much was tried, and the best that was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MOST_TOLD = 6  # trials of a Pareto front: a page is no table of all trials


def tell_searches(trials: pd.DataFrame | None) -> list[dict[str, Any]]:
    """What came of each search that has finished trials.

    Args:
        trials: The value of `tuning/search`, if there is one.

    Returns:
        `name`, `title`, `trials` (how many were begun) and `best`: the most accurate trial or, with
        several objectives, at most six of the Pareto front, the most accurate first, each with
        `trial`, `validation_accuracy` and `parameters`.
    """
    if trials is None:
        return []
    told = []
    for name, of_search in trials.groupby("search", sort=False):
        best = of_search[of_search["best"]].sort_values("validation_accuracy", ascending=False)
        if best.empty:
            continue
        step = -(-len(best) // MOST_TOLD)
        columns = {"trial": int, "validation_accuracy": float, "parameters": int}
        told.append(
            {
                "name": str(name),
                "title": str(name).replace("_", " ").capitalize(),
                "trials": len(of_search),
                "best": best[list(columns)].astype(columns).iloc[::step].to_dict("records"),
            }
        )
    return told
