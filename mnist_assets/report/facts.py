"""What the report derives from the graph's values for the telling: misses, rivals, odds.

What is told of quality is `quality.py`, what of the study `study.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def place_claim(claim: float, accuracy_interval: Mapping[str, float]) -> str:
    """Say where a claimed accuracy lies: `inside` the interval found, `above` or `below` it."""
    if claim < accuracy_interval["low"]:
        return "below"
    return "above" if claim > accuracy_interval["high"] else "inside"


def place_claims(networks: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """Networks with an accuracy claimed for them, and where it lies; see `place_claim`."""
    return [
        (of, place_claim(claim, of["evaluation"]["validation"]["accuracy_interval"]))
        for of in networks
        if (claim := of["declared"].notebook_validation_accuracy) is not None
    ]


def rivals_of(
    best: Mapping[str, Any], networks: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Find the networks whose test interval overlaps the best one's, the smallest first."""

    def bounds(network: Mapping[str, Any]) -> tuple[float, float]:
        found = network["evaluation"]["test"]["accuracy_interval"]
        return found["low"], found["high"]

    low, high = bounds(best)
    overlapping = [
        network
        for network in networks
        if network["name"] != best["name"]
        and bounds(network)[0] <= high
        and low <= bounds(network)[1]
    ]
    return sorted(overlapping, key=lambda network: network["parameters"]["total"])


def count_misses(extreme_digits: pd.DataFrame) -> dict[str, Any]:
    """Say what the notebook's loops for nearest and least similar did to its pictures.

    Returns:
        `classes`; `nearest` and `least_similar`, in how many of them the notebook picks another
        image; `inverted`, in how many its "least similar" image is nearer to the average than its
        "nearest" one; `further`, how much further from it, as a share, its "nearest" images are on
        average than the nearest (0.0 if those are at no distance).
    """
    table = extreme_digits
    misses = {
        choice: int((table[f"{choice}_index"] != table[f"notebook_{choice}_index"]).sum())
        for choice in ("nearest", "least_similar")
    }
    inverted = table["notebook_least_similar_distance"] < table["notebook_nearest_distance"]
    nearest, notebook = table[["nearest_distance", "notebook_nearest_distance"]].mean()
    return {
        "classes": len(table),
        **misses,
        "inverted": int(inverted.sum()),
        "further": float(notebook / nearest - 1) if nearest else 0.0,
    }


def notebook_odds(figures: Mapping[str, Any]) -> dict[str, float | None]:
    """Compute what the notebook takes for the false-positive and false-negative rate of a class.

    Args:
        figures: The class's row of `metrics.one_versus_rest`.

    Returns:
        `false_positive` FP / TN and `false_negative` FN / TP; None where that divides by 0.
    """
    positives, negatives = figures["true_positives"], figures["true_negatives"]
    return {
        "false_positive": figures["false_positives"] / negatives if negatives else None,
        "false_negative": figures["false_negatives"] / positives if positives else None,
    }
