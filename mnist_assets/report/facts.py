"""What the report derives from the graph's values for the telling: layers, misses, rivals, odds.

The values themselves are `story.py`; what is told of quality is `report_quality.py`, what of the
study `report_study.py`, what of the claims `claim_table.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mnist_assets.networks.declaration import BatchNormalization, Dense

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from mnist_assets.networks.declaration import Layer
    from mnist_assets.report.story import NetworkStory


def layer_table(
    layers: Sequence[Layer], image_shape: tuple[int, ...], classes: int
) -> list[dict[str, Any]]:
    """Derive the model summary from a declaration, without building the model.

    Args:
        layers: Hidden layers from input to output.
        image_shape: Height and width of an image.
        classes: Number of outputs.

    Returns:
        `layer`, `output_shape` (without the batch) and `parameters` of each layer, from the
        normalisation to the softmax; the parameters add up to `networks.parameters_of`.
    """
    width = math.prod(image_shape)
    rows: list[dict[str, Any]] = [
        {"layer": "normalisation", "output_shape": [*image_shape, 1], "parameters": 0},
        {"layer": "flatten", "output_shape": [width], "parameters": 0},
    ]
    for layer in (*layers, Dense(kind="dense", units=classes)):
        parameters, name = 0, layer.kind.replace("_", " ").replace("ization", "isation")
        match layer:
            case Dense(units=units, activation=activation):
                parameters, width, name = (width + 1) * units, units, f"dense, {activation}"
            case BatchNormalization():
                parameters = 4 * width
        rows.append({"layer": name, "output_shape": [width], "parameters": parameters})
    rows[-1]["layer"] = "dense, softmax"
    return rows


def place_claim(claim: float, accuracy_interval: Mapping[str, float]) -> str:
    """Say where a claimed accuracy lies: `inside` the interval found, `above` or `below` it."""
    if claim < accuracy_interval["low"]:
        return "below"
    return "above" if claim > accuracy_interval["high"] else "inside"


def rivals_of(best: NetworkStory, networks: Iterable[NetworkStory]) -> list[NetworkStory]:
    """Find the networks whose test interval overlaps the best one's, the smallest first."""

    def bounds(network: NetworkStory) -> tuple[float, float]:
        found = network.evaluation["test"]["accuracy_interval"]
        return found["low"], found["high"]

    low, high = bounds(best)
    overlapping = [
        network
        for network in networks
        if network.name != best.name and bounds(network)[0] <= high and low <= bounds(network)[1]
    ]
    return sorted(overlapping, key=lambda network: network.parameters["total"])


def count_misses(extreme_digits: pd.DataFrame) -> dict[str, Any]:
    """Say what the notebook's loops for nearest and least similar did to its pictures.

    Args:
        extreme_digits: As from `exploration.extreme_digits`.

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
