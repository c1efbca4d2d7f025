"""Measures of how the graph's networks were trained: their epochs, losses and times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import numpy as np

from mnist_assets.evaluation.scores import EPSILON
from mnist_assets.formatting import MINUS
from mnist_assets.steps.claim_evidence import (
    Evidence,
    Measure,
    Measured,
    NetworkValues,
    Sample,
    Share,
    written,
)


def epoch_accuracy(
    evidence: Evidence, network: str, part: Literal["train", "validation"], epoch: int
) -> Measured:
    """A network's accuracy in its history, after an epoch or, in training, over it."""
    history = evidence.network(network).history
    column = {"train": "accuracy", "validation": "val_accuracy"}[part]
    rate = float(history.loc[history["epoch"] == epoch, column].iloc[0])
    images = len(evidence.graph.split[part])
    return Measured(Share(round(rate * images), images))


def validation_loss(evidence: Evidence, network: str) -> Measured:
    """A network's cross-entropy on the validation images."""
    graph = evidence.graph
    probabilities = evidence.network(network).predictions["validation"]
    labels = graph.train_labels[graph.split["validation"]]
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    losses = -np.log(np.clip(of_truth, EPSILON, 1 - EPSILON))
    return Measured(Sample(float(losses.mean()), float(losses.std()), len(losses)))


def epochs(evidence: Evidence, network: str) -> Measured:
    """The epochs of a network's history."""
    return Measured(len(evidence.network(network).history))


def settling(evidence: Evidence, network: str) -> Measured:
    """How much of the second epoch's change of validation accuracy the last epoch still makes."""
    return settled(evidence.network(network).history["val_accuracy"].tolist())


def settled(accuracies: list[float]) -> Measured:
    """The last change in that of the second epoch; infinite where that made none."""
    changes = [after - before for before, after in pairwise(accuracies)]
    ratio = abs(changes[-1] / changes[0]) if changes[0] else math.inf
    return Measured(ratio, f"{changes[0]:+.4f}, then {changes[-1]:+.4f}".replace("-", MINUS))


def time_ratio(evidence: Evidence, network: str, other: str) -> Measured:
    """The median time of an epoch in that of another network."""
    here, there = (_epoch_seconds(evidence.network(name)) for name in (network, other))
    return Measured(here / there, f"{here / there:.1f} times as long")


def time_by_batch_size(evidence: Evidence) -> Measured:
    """Whether an epoch takes longer, the larger the batches of the notebook's networks are."""
    networks = {name: evidence.network(name) for name in evidence.records.networks}
    times = {v.training.batch_size: _epoch_seconds(v) for v in networks.values()}
    unit = 1e6 / len(evidence.graph.split["train"])
    return rising({size: seconds * unit for size, seconds in times.items()})


def rising(times: Mapping[int, float]) -> Measured:
    """Whether times rise with the batch size they belong to; in microseconds an image."""
    ordered = sorted(times.items())
    return Measured(
        all(before[1] < after[1] for before, after in pairwise(ordered)),
        ", ".join(f"batches of {size}: {written(round(time, 1))} µs" for size, time in ordered),
        "a network's size counts, too",
    )


def _epoch_seconds(network: NetworkValues) -> float:
    """The median: a first epoch holds what is done but once."""
    return float(network.history["seconds"].median())


def batch_memory(evidence: Evidence, network: str) -> Measured:
    """The memory of a batch in that of all images that train."""
    size = evidence.network(network).training.batch_size
    images = len(evidence.graph.split["train"])
    image = 4 * evidence.graph.train_images[0].size
    text = f"{size * image / 1e6:.1f} MB instead of {images * image / 1e6:.1f} MB"
    return Measured(size / images, text)


def validation_better(evidence: Evidence, network: str) -> Measured:
    """Whether validation is better than training after the last epoch, in loss and accuracy."""
    return better(_last(evidence, network))


def better(last: Mapping[str, float]) -> Measured:
    """Whether validation is better than training, in loss and in accuracy."""
    return Measured(
        [last["val_loss"] < last["loss"], last["val_accuracy"] > last["accuracy"]],
        f"loss {last['val_loss']:.4f} in validation, {last['loss']:.4f} in training; "
        f"accuracy {last['val_accuracy']:.4f} and {last['accuracy']:.4f}",
    )


def loss_ratio(evidence: Evidence, network: str) -> Measured:
    """The validation loss in training losses, after the last epoch."""
    return ratio_of_losses(_last(evidence, network))


def ratio_of_losses(last: Mapping[str, float]) -> Measured:
    """The validation loss in training losses."""
    ratio = last["val_loss"] / last["loss"] if last["loss"] else math.inf
    wrong, wrong_training = 1 - last["val_accuracy"], 1 - last["accuracy"]
    return Measured(
        ratio,
        f"{ratio:.1f} times",
        f"{wrong:.2%} of the validation images are wrong, {wrong_training:.2%} of the training "
        "images",
    )


def _last(evidence: Evidence, network: str) -> dict[str, float]:
    last = evidence.network(network).history.iloc[-1]
    return {str(column): float(figure) for column, figure in last.items()}


MEASURES: Mapping[str, Measure] = {
    "epoch_accuracy": Measure("the network's history", epoch_accuracy, "share"),
    "validation_loss": Measure("the network's predictions", validation_loss, "sample"),
    "epochs": Measure("the network's history", epochs),
    "settling": Measure("the network's history", settling),
    "time_ratio": Measure("median seconds of an epoch", time_ratio),
    "time_by_batch_size": Measure("median seconds of an epoch", time_by_batch_size),
    "batch_memory": Measure("bytes counted", batch_memory),
    "validation_better": Measure("the network's last epoch", validation_better),
    "loss_ratio": Measure("the network's last epoch", loss_ratio),
}
