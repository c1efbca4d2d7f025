"""What the notebook says of its best network, and of the hyperparameters that it tuned by hand."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.claims import networks, notebook
from mnist_assets.claims.claim import Evidence, Section, here, own, read_as, run
from mnist_assets.claims.graph import Graph
from mnist_assets.claims.notebook import BEST, HIGHEST_TEST_ACCURACY
from mnist_assets.claims.rules import ABOVE, AT_MOST, BELOW, Bound, Within
from mnist_assets.formatting import MINUS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAST_LINE, LAST_EPOCH = "the last line of its log", "the network's last epoch"

best_network = Section("Model with highest test accuracy")


@best_network.heading("Model with highest test accuracy", "higher", "highest")
def highest_test_accuracy(graph: Graph) -> Evidence:
    yield networks.lead(graph, HIGHEST_TEST_ACCURACY, "test")


summary = Section("Model summary", "best")
summary.output("dense_139 (Dense) (None, 256) 200960", BEST.summary)(
    partial(networks.layers, "best"), "best-layers"
)
summary.output(
    "Total params: 244,554 Trainable params: 243,658 Non-trainable params: 896", BEST.totals
)(partial(networks.totals, "best"), "best-totals")

training = Section("Model training", "best")
training.code("number_of_epochs = 10", BEST.epochs)(
    partial(networks.epochs, "best"), "best-epochs-in-code"
)
training.output("acc: 0.9985", BEST.log[-1].accuracy)(
    partial(networks.training_accuracy, "best"), "best-training-accuracy"
)
training.output("val_loss: 0.0939", BEST.log[-1].val_loss)(
    partial(networks.validation_loss, "best"), "best-validation-loss"
)
training.output("val_acc: 0.9732", BEST.log[-1].val_accuracy)(
    partial(networks.validation_accuracy, "best"), "best-validation-accuracy"
)

final_analysis = Section("Final analysis and evaluation of our best model")


@final_analysis.heading("evaluation of our best model", "higher", "the best")
@read_as("the highest validation accuracy")
def best_model(graph: Graph) -> Evidence:
    highest = {name: networks.highest_logged(name) for name in notebook.NETWORKS}
    is_highest = all(highest["best"] > highest[name] for name in highest if name != "best")
    text = ", ".join(f"{name} {value:.4f}" for name, value in highest.items())
    how = "the highest figures in its logs"
    yield own(how, "higher" if is_highest else "lower", text=text)
    yield networks.lead(graph, "best", "validation")


depth = Section("Number of layers")


@depth.text("the larger it is the higher we could lose performance in our model", 0, "worse")
@read_as(
    "could: the deepest network loses more from training to validation accuracy than the shallowest"
)
def more_layers_lose_performance(graph: Graph) -> Evidence:
    depths = {name: len(network.hidden_widths) for name, network in notebook.NETWORKS.items()}
    deepest, shallowest = max(depths, key=depths.__getitem__), min(depths, key=depths.__getitem__)
    last = [notebook.NETWORKS[name].real_epochs[-1] for name in (deepest, shallowest)]
    pairs = [(epoch.accuracy, epoch.val_accuracy) for epoch in last]
    yield own("its logs", *_losses_by_depth(pairs))
    rows = [networks.last_epoch(graph, name) for name in (deepest, shallowest)]
    pairs = [(row["accuracy"], row["val_accuracy"]) for row in rows]
    yield here("both networks' last epochs", *_losses_by_depth(pairs))


def _losses_by_depth(pairs: Sequence[tuple[float, float]]) -> tuple[float, Bound, str, str]:
    """What the first of two networks loses from training to validation more than the second."""
    (train, validation), (other_train, other_validation) = pairs
    lost, other_lost = train - validation, other_train - other_validation
    gain = f"{validation - other_validation:+.4f}".replace("-", MINUS)
    detail = f"yet its validation accuracy differs by {gain}; they differ in more than depth"
    return lost - other_lost, ABOVE, f"{lost:.4f} against {other_lost:.4f}", detail


epochs = Section("Number of epochs")


@epochs.text(
    "After some iterations, we should be able to observe some kind of converging", 0.1, "converging"
)
@read_as("the last epoch changes validation accuracy by under a tenth of what the second did")
def converges(graph: Graph) -> Evidence:
    yield own("its log", *_settled([epoch.val_accuracy for epoch in BEST.log]))
    accuracies = graph.network("best").history["val_accuracy"].tolist()
    yield here(networks.HISTORY, *_settled(accuracies))


def _settled(accuracies: Sequence[float]) -> tuple[float, Bound, str]:
    """The last change in that of the second epoch; infinite where that made none."""
    changes = [after - before for before, after in pairwise(accuracies)]
    ratio = abs(changes[-1] / changes[0]) if changes[0] else math.inf
    text = f"{changes[0]:+.4f}, then {changes[-1]:+.4f}".replace("-", MINUS)
    return ratio, BELOW, text


batches = Section("Batch-size")


@batches.text("the smaller the batch is, the more we update parameters", True, "more updates")
def smaller_batch_more_updates(_: Graph) -> Evidence:
    sizes = sorted({network.batch_size for network in notebook.NETWORKS.values()})
    updates = [networks.updates(size) for size in sizes]
    more = all(more > fewer for more, fewer in pairwise(updates))
    text = ", ".join(f"{n:,} updates of {size}" for n, size in zip(updates, sizes, strict=True))
    yield run("updates of an epoch counted", more, text=text)


@batches.text(
    "A network is training faster when the batch size is small (due to a smaller memory footprint)",
    True,
    "faster",
)
@read_as("the smaller the batches of the three networks, the less time an image takes")
def small_batches_train_faster(graph: Graph) -> Evidence:
    detail = "a network's size counts, too"
    printed = notebook.NETWORKS.values()
    rise, text = networks.rise({of.batch_size: networks.time_an_image(of) for of in printed})
    yield own("the times in its logs", rise, text=text, detail=detail)
    unit = 1e6 / len(graph.split["train"])
    rise, text = networks.rise(
        {
            graph.network(name).training.batch_size: unit * networks.epoch_seconds(graph, name)
            for name in notebook.NETWORKS
        }
    )
    yield here("median seconds of an epoch", rise, text=text, detail=detail)


tracking = Section("Tracking validation loss")


@tracking.text(
    "validation loss/accuracy is the part of the data the network has not seen before",
    0,
    "not seen",
)
@read_as("leaving the validation images out moves no pixel's mean, which is taken from its input")
def validation_not_seen(graph: Graph) -> Evidence:
    largest = float(np.abs(graph.notebook_moments[0] - graph.normalization["mean"]).max())
    yield run(
        "pixel means of all training images against those that train",
        largest,
        Within(0.001),
        f"up to {largest:.2f} grey levels",
        f"it fits mean and standard deviation on all {len(graph.train_images):,} images before it "
        f"sets {len(graph.split['validation']):,} aside: a small leak, but one",
    )


@tracking.figure(
    "in both cases the validation gets a better score", [True, True], "better in loss and accuracy"
)
def validation_scores_better(graph: Graph) -> Evidence:
    better, text = _better(BEST.log[-1]._asdict())
    yield own(LAST_LINE, better, text=text)
    better, text = _better(networks.last_epoch(graph, "best"))
    yield here(LAST_EPOCH, better, text=text)


def _better(last: Mapping[str, float]) -> tuple[list[bool], str]:
    """Whether validation is better than training, in loss and in accuracy."""
    losses = f"loss {last['val_loss']:.4f} in validation, {last['loss']:.4f} in training"
    accuracies = f"accuracy {last['val_accuracy']:.4f} and {last['accuracy']:.4f}"
    better = [last["val_loss"] < last["loss"], last["val_accuracy"] > last["accuracy"]]
    return better, f"{losses}; {accuracies}"


@tracking.text(
    "the gap is pretty small between the training and validation results", 0.05, "pretty small"
)
@read_as("validation accuracy at most 5 percentage points below training accuracy")
def gap_pretty_small(graph: Graph) -> Evidence:
    yield own(LAST_LINE, *_gap(BEST.log[-1]._asdict()))
    yield here(LAST_EPOCH, *_gap(networks.last_epoch(graph, "best")))


def _gap(last: Mapping[str, float]) -> tuple[float, Bound, str, str]:
    """How far validation accuracy is below training accuracy, and what the losses say."""
    gap = last["accuracy"] - last["val_accuracy"]
    ratio = last["val_loss"] / last["loss"] if last["loss"] else math.inf
    accuracies = f"{last['accuracy']:.4f} in training, {last['val_accuracy']:.4f} in validation"
    detail = f"accuracy {accuracies}; but validation loss is {ratio:.1f} times the training loss"
    return gap, AT_MOST, f"{gap:.4f}".replace("-", MINUS), detail
