"""What holds the same kind of claim about each network against something: layers, epochs, figures.

A function with the name of a network gives what a claim about that network is held against.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from typing import Literal, TypeAlias

import numpy as np

from mnist_assets.claims import notebook
from mnist_assets.claims.claim import Comparison, Evidence, here, own
from mnist_assets.claims.graph import Graph, NotCheckable
from mnist_assets.claims.rules import SameAs, Sample, Share, differs, written
from mnist_assets.evaluation.scores import EPSILON
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.networks.layers import Dense

Part: TypeAlias = Literal["validation", "test"]

TRAINED, VALIDATED = 54_000, 6_000  # images, as the notebook prints of each training
EVALUATION, HISTORY = "the network's evaluation", "the network's history"


def layers(name: str, graph: Graph) -> Evidence:
    """Width and parameters of each layer, the flattened input first."""
    declared, (shape, classes) = graph.network(name).training.layers, _shape(graph)
    # Without classes to tell apart, parameters are those of the hidden layers alone.
    totals = [
        parameters_of(declared[:count], shape, 0)["total"] for count in range(len(declared) + 1)
    ]
    totals.append(parameters_of(declared, shape, classes)["total"])
    widths = [math.prod(shape)]
    for layer in declared:
        widths.append(layer.units if isinstance(layer, Dense) else widths[-1])
    counts = [0, *(after - before for before, after in pairwise(totals))]
    found = [[*pair] for pair in zip([*widths, classes], counts, strict=True)]
    yield here("layers of the network", found)


def totals(name: str, graph: Graph) -> Evidence:
    """All parameters, those trained, and the others."""
    yield own("the summary it prints, summed", summed(notebook.NETWORKS[name]))
    yield here("parameters of the network counted", parameters(graph, name))


def summed(network: notebook.Network) -> list[int]:
    """All parameters, those trained and the others, summed from the printed layers.

    Those not trained are half of a batch normalisation's: moving mean and variance.
    """
    total = sum(count for _, count in network.summary)
    moving = sum(
        count // 2
        for (before, _), (width, count) in pairwise(network.summary)
        if count == 4 * before == 4 * width
    )
    return [total, total - moving, moving]


def parameters(graph: Graph, name: str) -> list[int]:
    """All parameters of a network, those trained, and the others."""
    counted = parameters_of(graph.network(name).training.layers, *_shape(graph))
    total, trainable = counted["total"], counted["trainable"]
    return [total, trainable, total - trainable]


def _shape(graph: Graph) -> tuple[tuple[int, ...], int]:
    return graph.train_images.shape[1:], len(graph.average_digits)


def epochs(name: str, graph: Graph) -> Evidence:
    """The epochs of the log and of the history."""
    yield own("its log", len(notebook.NETWORKS[name].log))
    yield here(HISTORY, len(graph.network(name).history))


def training_accuracy(name: str, graph: Graph) -> Evidence:
    """The accuracy in training, over the last epoch."""
    images = len(graph.split["train"])
    share = Share(round(last_epoch(graph, name)["accuracy"] * images), images)
    yield here(HISTORY, share, SameAs(TRAINED))


def accuracy_after(epoch: int, name: str, graph: Graph) -> Evidence:
    """The accuracy on the validation images after an epoch."""
    history, images = graph.network(name).history, len(graph.split["validation"])
    rate = float(history.loc[history["epoch"] == epoch, "val_accuracy"].iloc[0])
    yield here(HISTORY, Share(round(rate * images), images), SameAs(VALIDATED))


def validation_loss(name: str, graph: Graph) -> Evidence:
    """The cross-entropy on the validation images."""
    probabilities = graph.network(name).predictions["validation"]
    labels = graph.train_labels[graph.split["validation"]]
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    losses = -np.log(np.clip(of_truth, EPSILON, 1 - EPSILON))
    sample = Sample(float(losses.mean()), float(losses.std()), len(losses))
    yield here("the network's predictions", sample, SameAs(VALIDATED))


def validation_accuracy(name: str, graph: Graph) -> Evidence:
    """The accuracy on the validation images."""
    yield here(EVALUATION, accuracy(graph, name), SameAs(VALIDATED))


def accuracy(graph: Graph, name: str, part: Part = "validation") -> Share:
    """A network's accuracy on a part it was not trained on."""
    judged = graph.network(name).evaluation[part]
    return Share(judged["correct"], judged["images"])


def last_epoch(graph: Graph, name: str) -> dict[str, float]:
    """The last row of a network's history."""
    last = graph.network(name).history.iloc[-1]
    return {str(column): float(figure) for column, figure in last.items()}


def lead(graph: Graph, name: str, part: Part) -> Comparison:
    """A network's accuracy against the best of the notebook's other networks'.

    Raises:
        NotCheckable: None of them is there.
    """
    graph.network(name)  # it has to be the notebook's
    images = len(graph.split["validation"] if part == "validation" else graph.test_images)
    rates = graph.comparison.set_index("network")[f"{part}_accuracy"]
    others = rates[[other for other in notebook.NETWORKS if other != name and other in rates]]
    if others.empty:
        raise NotCheckable(f"{name} is the notebook's only network here")
    first, second = (Share(round(rate * images), images) for rate in (rates[name], others.max()))
    text = f"{first}; {others.idxmax()} has {second}"
    judged = f"the notebook itself judges {images_judged():,} images"
    detail = f"{judged}; the {part} part has {images:,}"
    how = "against the best of its other networks"
    return here(how, (first, second), differs, text, detail)


def highest_logged(name: str) -> float:
    """The highest validation accuracy in a log, in epochs that do not repeat training columns."""
    return max(epoch.val_accuracy for epoch in notebook.NETWORKS[name].real_epochs)


def time_an_image(network: notebook.Network) -> float:
    """The median time an image takes in a log, in microseconds."""
    return float(median(epoch.microseconds for epoch in network.log))


def images_judged() -> int:
    """The images in the notebook's confusion matrix."""
    return sum(map(sum, notebook.CONFUSION_MATRIX))


def images_in_matrix() -> Comparison:
    """The same, to hold a claim against."""
    text = f"{images_judged():,} images in its confusion matrix"
    return own("its confusion matrix summed", images_judged(), text=text)


def images_trained() -> int:
    """The images that the notebook's networks are trained on: all but those it evaluates."""
    return sum(notebook.CLASS_DISTRIBUTION) - images_judged()


def updates(batch_size: int) -> int:
    """The updates of an epoch of the notebook's, by batches of a size."""
    return math.ceil(images_trained() / batch_size)


def epoch_seconds(graph: Graph, name: str) -> float:
    """The median time of an epoch: a first one holds what is done but once."""
    return float(graph.network(name).history["seconds"].median())


def rise(times: Mapping[int, float]) -> tuple[bool, str]:
    """Whether times rise with the batch size they belong to; in microseconds an image."""
    ordered = sorted(times.items())
    return (
        all(before[1] < after[1] for before, after in pairwise(ordered)),
        ", ".join(f"batches of {size}: {written(round(time, 1))} µs" for size, time in ordered),
    )
