"""Measures of the networks that the graph trains and evaluates.

What the notebook's own logs and tables say is `claim_logs.py` and `claim_output.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from mnist_assets.networks.declaration import Dense
from mnist_assets.networks.model import parameters_of
from mnist_assets.steps.claim_evidence import (
    Evidence,
    Measure,
    Measured,
    NotCheckable,
    Part,
    Share,
    written,
)
from mnist_assets.steps.claim_records import hidden_widths, images_evaluated


def dense_widths(evidence: Evidence, network: str) -> Measured:
    """Neurons of each dense layer, the output layer last."""
    layers = evidence.network(network).training.layers
    widths = [layer.units for layer in layers if isinstance(layer, Dense)]
    return Measured([*widths, len(evidence.graph.average_digits)])


def probability_rows(evidence: Evidence, network: str) -> Measured:
    """The probabilities an image gets, and their lowest and highest sum over all images."""
    predictions = evidence.network(network).predictions
    rows = np.concatenate([predictions["validation"], predictions["test"]])
    sums = rows.sum(axis=1, dtype=np.float64)
    return Measured(
        [rows.shape[1], float(sums.min()), float(sums.max())],
        f"{rows.shape[1]}, sums {sums.min():.6f} to {sums.max():.6f}",
        f"over {len(rows):,} images",
    )


def layers(evidence: Evidence, network: str) -> Measured:
    """Width and parameters of each layer, the flattened input first."""
    declared, (shape, classes) = evidence.network(network).training.layers, _shape(evidence)
    # Without classes to tell apart, parameters are those of the hidden layers alone.
    totals = [
        parameters_of(declared[:count], shape, 0)["total"] for count in range(len(declared) + 1)
    ]
    totals.append(parameters_of(declared, shape, classes)["total"])
    widths = [math.prod(shape)]
    for layer in declared:
        widths.append(layer.units if isinstance(layer, Dense) else widths[-1])
    counts = [0, *(after - before for before, after in pairwise(totals))]
    return Measured([[*pair] for pair in zip([*widths, classes], counts, strict=True)])


def parameters(evidence: Evidence, network: str) -> Measured:
    """All parameters, those trained, and the others."""
    counted = parameters_of(evidence.network(network).training.layers, *_shape(evidence))
    total, trainable = counted["total"], counted["trainable"]
    return Measured([total, trainable, total - trainable])


def total_parameters(evidence: Evidence, network: str) -> Measured:
    """All parameters."""
    return Measured(parameters(evidence, network).value[0])


def parameter_ratio(evidence: Evidence, network: str, other: str) -> Measured:
    """All parameters of a network in those of another."""
    few, many = (total_parameters(evidence, name).value for name in (network, other))
    return Measured(few / many, f"{few / many:.3f}, one in {many / few:.1f}")


def fewest_parameters(evidence: Evidence, above: float) -> Measured:
    """The fewest parameters of a network whose validation accuracy is above a bound."""
    compared = evidence.graph.comparison
    reaching = compared[compared["validation_accuracy"] > above]
    if reaching.empty:
        return Measured(None, "no network", f"none of {len(compared)} exceeds {above:g}")
    smallest = reaching.nsmallest(1, "parameters").iloc[0]
    return Measured(
        int(smallest["parameters"]),
        f"{smallest['parameters']:,}, of {smallest['network']}",
        f"with {smallest['validation_accuracy']:.4f}; {len(compared)} networks were trained, and "
        "what a smaller one would reach was not tried",
    )


def accuracy(evidence: Evidence, network: str, part: Part) -> Measured:
    """A network's accuracy on a part it was not trained on."""
    judged = evidence.network(network).evaluation[part]
    return Measured(Share(judged["correct"], judged["images"]))


def accuracy_rate(evidence: Evidence, network: str, part: Part) -> Measured:
    """The same as a plain number."""
    return Measured(accuracy(evidence, network, part).value.rate)


def lead(evidence: Evidence, network: str, part: Part) -> Measured:
    """A network's accuracy beside the best of all other networks'."""
    evidence.network(network)  # it has to be the notebook's
    graph = evidence.graph
    counts = {
        "validation": len(graph.split["validation"]),
        "test": len(graph.test_images),
    }
    rates = graph.comparison.set_index("network")[f"{part}_accuracy"]
    others = rates.drop(network)
    if others.empty:
        raise NotCheckable(f"{network} is the only network")
    first, second = (
        Share(round(rate * counts[part]), counts[part]) for rate in (rates[network], others.max())
    )
    judged = images_evaluated(evidence.records)
    return Measured(
        (first, second),
        f"{first}; {others.idxmax()} has {second}",
        f"the notebook itself judges {judged:,} images; the {part} part has {counts[part]:,}",
    )


def evaluated_here(evidence: Evidence, network: str, part: Part) -> Measured:
    """The images in a confusion matrix here."""
    return Measured(evidence.network(network).evaluation[part]["images"])


def gain(evidence: Evidence, network: str, other: str) -> Measured:
    """A network's validation accuracy less another's."""
    here, there = (accuracy_rate(evidence, name, "validation").value for name in (network, other))
    return Measured(here - there, written(round(here - there, 4)))


def gain_of_depth(evidence: Evidence) -> Measured:
    """The validation accuracy of the deepest of the notebook's networks less the shallowest's."""
    deepest, shallowest = by_depth(evidence)
    return gain(evidence, deepest, shallowest)


def by_depth(evidence: Evidence) -> tuple[str, str]:
    """The notebook's networks with most and with fewest hidden dense layers."""
    depths = {
        name: len(hidden_widths(network)) for name, network in evidence.records.networks.items()
    }
    return max(depths, key=lambda name: depths[name]), min(depths, key=lambda name: depths[name])


def lowest_f1(evidence: Evidence, network: str) -> Measured:
    """The lowest F1 of a network over the digits, on validation and on test."""
    judged = evidence.network(network).evaluation
    lowest = [
        min(row["f1"] for row in judged[part]["per_class"]) for part in ("validation", "test")
    ]
    return Measured(lowest, f"{lowest[0]:.4f} on validation, {lowest[1]:.4f} on test")


def precision_difference(evidence: Evidence, network: str) -> Measured:
    """The highest precision of a network less the lowest, over the digits, on validation."""
    return Measured(evidence.network(network).evaluation["validation"]["precision_difference"])


def _shape(evidence: Evidence) -> tuple[tuple[int, ...], int]:
    return evidence.graph.train_images.shape[1:], len(evidence.graph.average_digits)


MEASURES: Mapping[str, Measure] = {
    "dense_widths": Measure("dense layers of the network", dense_widths),
    "probability_rows": Measure("all probabilities it gives summed", probability_rows),
    "layers": Measure("layers of the network", layers),
    "parameters": Measure("parameters of the network counted", parameters),
    "total_parameters": Measure("parameters of the network counted", total_parameters),
    "parameter_ratio": Measure("parameters of both networks counted", parameter_ratio),
    "fewest_parameters": Measure("all networks compared", fewest_parameters),
    "accuracy": Measure("the network's evaluation", accuracy, "share"),
    "accuracy_rate": Measure("the network's evaluation", accuracy_rate),
    "evaluated_here": Measure("the confusion matrix here", evaluated_here),
    "lead": Measure("against the best of the other networks", lead, "pair"),
    "gain": Measure("both networks' evaluations", gain),
    "gain_of_depth": Measure("both networks' evaluations", gain_of_depth),
    "lowest_f1": Measure("the network's evaluation", lowest_f1),
    "precision_difference": Measure("the network's evaluation", precision_difference),
}
