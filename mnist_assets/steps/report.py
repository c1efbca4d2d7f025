"""The report: values and pictures of the whole graph as one self-contained page, and its checks.

What the page says and how it looks is the template's and the style sheet's; here are the values
they show, the way numbers are written, and what any such page has to be. Drawing is `figures/`.
"""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_assets.declarations import BatchNormalization, Dense
from mnist_assets.steps.comparison import best_network
from mnist_assets.steps.formatting import interval, number, percent, points, power, probability
from mnist_assets.steps.history import generalization_gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from mnist_assets.declarations import Layer, Network


@dataclass(frozen=True)
class NetworkStory:
    """One network: how it was declared, how it learnt, and how right it is.

    Attributes:
        name: Its name.
        declared: Its entry in `networks.yaml`.
        parameters: Numbers of weights, as from `networks.parameters_of`.
        layers: As from `layer_table`.
        history: One row an epoch; see `steps/history.py`.
        evaluation: What `evaluation.evaluate` returned for it.
    """

    name: str
    declared: Network
    parameters: Mapping[str, int]
    layers: list[dict[str, Any]]
    history: pd.DataFrame
    evaluation: Mapping[str, Any]

    @property
    def generalization_gap(self) -> float:
        """Training less validation accuracy after the last epoch."""
        return generalization_gap(self.history)


@dataclass(frozen=True)
class Story:
    """All values that the page shows, in the notebook's order.

    Attributes:
        mnist: Whether the dataset is MNIST, of which alone the notebook's own figures speak.
        summary: As from `exploration.summarise`.
        class_distribution: As from `exploration.class_distribution`.
        average_peaks: The highest grey level of each class's average.
        extreme_digits: As from `exploration.extreme_digits`.
        first_grey_levels: Whole mean grey levels of the first images.
        grey_levels: As from `grey.summarise_grey_levels`.
        pixel_counts: Pixels at each of the 256 grey levels.
        pixels: As from `grey.summarise_pixels`.
        normalization: `std_floor`; `pixels_at_floor`; the largest |z| in `validation` and `test`;
            the `lowest` and `highest` value in the first nine images; `leak_mean` and `leak_std`,
            in grey levels: how far fitting on validation images too moves a pixel's figures; and
            `notebook`, as from `normalization.notebook_normalization_evidence`.
        one_hot: As from `preparation.one_hot_examples`.
        split: Images in `train` and `validation`.
        networks: Every declared network.
        comparison: As from `comparison.compare_networks`.
        versions: The software by name.
    """

    mnist: bool
    summary: Mapping[str, Any]
    class_distribution: pd.DataFrame
    average_peaks: Sequence[float]
    extreme_digits: pd.DataFrame
    first_grey_levels: Sequence[int]
    grey_levels: Mapping[str, Any]
    pixel_counts: Sequence[int]
    pixels: Mapping[str, Any]
    normalization: Mapping[str, Any]
    one_hot: pd.DataFrame
    split: Mapping[str, int]
    networks: Sequence[NetworkStory]
    comparison: pd.DataFrame
    versions: Mapping[str, str]


class Picture(NamedTuple):
    """A PNG as a page embeds it: a data URI, and its size in pixels."""

    source: str
    width: int
    height: int


def render_page(story: Story, pictures: Mapping[str, bytes], template: str, style: str) -> str:
    """Write the page; equal arguments give an equal page.

    Args:
        story: The values.
        pictures: PNG files by the name under which the template shows them.
        template: Jinja2 source, which fails on a name it is not given.
        style: CSS, put into the page.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {
        "number": number,
        "percent": percent,
        "interval": interval,
        "points": points,
        "probability": probability,
        "power": power,
    }
    by_name = {network.name: network for network in story.networks}
    best = by_name[best_network(story.comparison)]
    return environment.from_string(template).render(
        story=story,
        by_name=by_name,
        best=best,
        rivals=rivals_of(best, story.networks),
        misses=count_misses(story.extreme_digits),
        judge_claim=judge_claim,
        odds=notebook_odds,
        pictures={name: embed(png) for name, png in pictures.items()},
        style=Markup(style),  # noqa: S704 - the project's own file
    )


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


def judge_claim(claim: float, accuracy_interval: Mapping[str, float]) -> str:
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


def embed(png: bytes) -> Picture:
    """Make a PNG file part of a page."""
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    return Picture(f"data:image/png;base64,{b64encode(png).decode()}", width, height)
