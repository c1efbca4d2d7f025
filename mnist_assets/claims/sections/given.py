"""What the notebook says of the network given by the course, of its loss and of optimisers."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.claims import networks, notebook, sweeps
from mnist_assets.claims.claim import Evidence, Section, here, own, read_as, run
from mnist_assets.claims.graph import Graph, NotCheckable
from mnist_assets.claims.notebook import BEST, GIVEN
from mnist_assets.claims.rules import ABOVE, AT_MOST, BELOW, Bound, Within, ahead, written
from mnist_assets.formatting import MINUS
from mnist_assets.networks.layers import Dense
from mnist_assets.networks.optimizers import SGD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_RATE = 0.01  # of Keras's SGD

construction = Section("Model construction", "given")


@construction.text(
    "a hidden layer with 128 neurons, and the second one is the output layer with 10 neurons",
    [128, 10],
)
def two_dense_layers(graph: Graph) -> Evidence:
    yield own("the summary it prints", [width for width, _ in GIVEN.summary[1:]])
    layers = graph.network("given").training.layers
    widths = [layer.units for layer in layers if isinstance(layer, Dense)]
    yield here("dense layers of the network", [*widths, len(graph.average_digits)])


@construction.code("It returns an array of 10 probabilities that sum to 1", [10, 1, 1], "10, sum 1")
def probabilities_sum_to_1(graph: Graph) -> Evidence:
    predictions = graph.network("given").predictions
    rows = np.concatenate([predictions["validation"], predictions["test"]])
    sums = rows.sum(axis=1, dtype=np.float64)
    yield here(
        "all probabilities it gives summed",
        [rows.shape[1], float(sums.min()), float(sums.max())],
        Within(1e-5),
        f"{rows.shape[1]}, sums {sums.min():.6f} to {sums.max():.6f}",
        f"over {len(rows):,} images",
    )


cross_entropy = Section("Cross entropy")


@cross_entropy.text("would have a cross entropy loss of 0", 0)
def perfect_model_has_no_loss(_: Graph) -> Evidence:
    loss = _log_loss(1)
    yield run("the formula evaluated", loss, text=f"{loss:z.4f}")


@cross_entropy.text(
    "probability decreases as log loss increases rapidly, and as predicted probability increases, "
    "log loss decreases slowly",
    1,
    "steep, then flat",
)
@read_as("from 0.1 to 0.2 the loss falls by more than from 0.8 to 0.9")
def loss_rises_as_probability_falls(_: Graph) -> Evidence:
    steep, flat = _log_loss(0.1) - _log_loss(0.2), _log_loss(0.8) - _log_loss(0.9)
    text = f"by {steep:.3f}, then by {flat:.3f}"
    yield run("the formula evaluated", steep / flat, ABOVE, text)


def _log_loss(probability: float) -> float:
    """The cross-entropy of an image whose true class gets a probability."""
    return -math.log(probability)


sgd = Section("Standard stochastic Gradient Descent (SGD)")


@sgd.text(
    "In SGD we perform a parameter update for each training example and label",
    1,
    "1 image an update",
)
@read_as("by the textbook's SGD, whose batches are single images")
def update_for_each_example(_: Graph) -> Evidence:
    images, updates = networks.images_trained(), networks.updates(1)
    yield run(
        "updates of an epoch counted",
        images / updates,
        text=f"{updates:,} updates an epoch of {images:,} images",
        detail=f"its own SGD updates by batches of {GIVEN.batch_size}, "
        f"{networks.updates(GIVEN.batch_size):,} times an epoch",
    )


adam = Section("Adam optimizer")


@adam.text(
    "It results in faster convergence and reduced oscillations", "better", "faster, steadier"
)
@read_as(
    "with a momentum of 0.9, the given network's validation accuracy is higher after one epoch, "
    "and falls less from epoch to epoch"
)
def momentum_converges_faster(graph: Graph) -> Evidence:
    plain = GIVEN.optimizer.model_dump(exclude_defaults=True)
    pair = (plain | {"momentum": 0.9}, plain)
    first = [sweeps.after_first_epoch(graph, "optimizer", "given", of) for of in pair]
    fallen = [sweeps.fallen(graph, "optimizer", "given", of) for of in pair]
    faster, steadier = sweeps.paired(*first), sweeps.paired(*fallen[::-1])
    how = "trained with it and without"
    text = sweeps.in_points({"after one epoch": faster})
    yield here(how, [faster], ahead, text)
    falls = " instead of ".join(f"{100 * of.mean():.2f}" for of in fallen)
    yield here(f"{how}, all falls added", [steadier], ahead, f"{text}; falls of {falls} points")


@adam.text("we don't have to manually tune the learning rate")
def no_manual_learning_rate(_: Graph) -> Evidence:
    rates = [
        written(network.optimizer.learning_rate)
        for network in notebook.NETWORKS.values()
        if not isinstance(network.optimizer, SGD)
    ]
    raise NotCheckable(
        "a textbook's statement about ADAGrad, with which no network is trained; with Adam, the "
        f"notebook sets a rate by hand for each network ({', '.join(rates)})"
    )


nadam = Section("Nesterov Adam optimizer")


@nadam.text(
    "according to some literature, that Adam is the best optimizer to use", "better", "the best"
)
@read_as(
    "of two networks, trained with each optimizer at the best of the learning rates tried, the "
    "validation accuracy is highest with Adam"
)
def adam_is_best(graph: Graph) -> Evidence:
    found, rivals = {}, {}
    for name in ("given", "best"):
        adam_s, others = (sweeps.best_of(graph, "optimizer", name, adam=of) for of in (True, False))
        reached = partial(sweeps.reached, graph, "optimizer", name)
        found[name] = sweeps.paired(reached(adam_s), reached(others))
        rivals[name] = f"{name} {adam_s} against {others}"
    how = "trained with several optimizers"
    detail = ", ".join(rivals.values())
    yield here(how, [*found.values()], ahead, sweeps.in_points(found), detail)


@nadam.text("we are going to use Adam in each of our models", ["adam", "adam"])
@read_as("in its own two networks: it calls the other one the given network")
def adam_in_each_model(_: Graph) -> Evidence:
    kinds = {name: network.optimizer.kind for name, network in notebook.NETWORKS.items()}
    given = kinds.pop("given")
    yield own("its code", list(kinds.values()), detail=f"the given network has {given}")


metrics = Section("Metrics")


@metrics.code(
    "#the loss function measures how accurate the model is", -0.9, "loss and accuracy agree"
)
@read_as(
    "over a network's epochs, validation loss and validation accuracy have a rank correlation of "
    f"at most {written(-0.9)} (Spearman)"
)
def loss_measures_accuracy(graph: Graph) -> Evidence:
    logs = {
        name: [[epoch.val_loss, epoch.val_accuracy] for epoch in network.real_epochs]
        for name, network in notebook.NETWORKS.items()
    }
    columns = ["val_loss", "val_accuracy"]
    yield own("its logs", *_rank_correlations(logs))
    histories = {name: graph.network(name).history[columns].to_numpy().tolist() for name in logs}
    yield here("the networks' histories", *_rank_correlations(histories))


def _rank_correlations(
    epochs: Mapping[str, Sequence[Sequence[float]]],
) -> tuple[list[float], Bound, str]:
    """Of loss and accuracy over each network's epochs, with the rule for them, and in words."""
    from scipy.stats import spearmanr

    found = {name: float(spearmanr(pairs).statistic) for name, pairs in epochs.items()}
    text = ", ".join(f"{name} {value:.3f}".replace("-", MINUS) for name, value in found.items())
    return list(found.values()), AT_MOST, text


@metrics.code(
    "#accuracy : the fraction of images that are correctly classified", BEST.log[-1].val_accuracy
)
@read_as("the last accuracy in the log of best is the share on its confusion matrix's diagonal")
def accuracy_is_share_correct(graph: Graph) -> Evidence:
    matrix = np.array(notebook.CONFUSION_MATRIX)
    correct, images = int(matrix.trace()), int(matrix.sum())
    yield own(
        "recomputed from its confusion matrix",
        correct / images,
        Within(0.00005),
        f"{correct / images:.5f} ({correct:,} of {images:,})",
    )
    yield from networks.validation_accuracy("best", graph)


summary = Section("Model summary", "given")
summary.output(
    "dense_134 (Dense) (None, 128) 100480 dense_135 (Dense) (None, 10) 1290", GIVEN.summary
)(partial(networks.layers, "given"), "given-layers")
summary.output("Total params: 101,770", GIVEN.totals)(
    partial(networks.totals, "given"), "given-totals"
)

training = Section("Model training", "given")


@training.text("a batch size smaller than the number of samples requires less memory", 1, "less")
@read_as("bytes of a batch in bytes of all samples, as float32")
def small_batch_needs_less_memory(graph: Graph) -> Evidence:
    size, images = graph.network("given").training.batch_size, len(graph.split["train"])
    image = 4 * graph.train_images[0].size
    text = f"{size * image / 1e6:.1f} MB instead of {images * image / 1e6:.1f} MB"
    yield here("bytes counted", size / images, BELOW, text)


@training.text(
    "in this case the gradient will also be less accurate (more oscillations)",
    "better",
    "more oscillations",
)
@read_as(
    "from epoch to epoch, validation accuracy falls by more in all with the smallest batches tried "
    "than with the largest"
)
def small_batch_less_accurate_gradient(graph: Graph) -> Evidence:
    found, sizes = {}, []
    for name in notebook.NETWORKS:
        ends = sweeps.smallest_and_largest(graph, "batch_size", name)
        found[name] = sweeps.paired(*(sweeps.fallen(graph, "batch_size", name, of) for of in ends))
        sizes.append(f"{name} {' and '.join(ends)}")
    how = f"trained with batches of both sizes: {', '.join(sizes)}"
    yield here(how, [*found.values()], ahead, sweeps.in_points(found))


training.code("number_of_epochs = 10", GIVEN.epochs)(
    partial(networks.epochs, "given"), "given-epochs-in-code"
)


@training.output("Train on 54000 samples, validate on 6000 samples", [54_000, 6_000])
def printed_split(graph: Graph) -> Evidence:
    sizes = [len(graph.split[part]) for part in ("train", "validation")]
    yield here("images counted", sizes)


training.output(r"val\_acc: 0.9310", GIVEN.log[0].val_accuracy)(
    partial(networks.accuracy_after, 1, "given"), "given-first-validation-accuracy"
)


@training.output("2s 42us/step")
def given_speed(_: Graph) -> Evidence:
    raise NotCheckable("the notebook's machine is not known")


training.output("acc: 0.9822", GIVEN.log[-1].accuracy)(
    partial(networks.training_accuracy, "given"), "given-training-accuracy"
)
training.output("val_loss: 0.1247", GIVEN.log[-1].val_loss)(
    partial(networks.validation_loss, "given"), "given-validation-loss"
)
training.output("val_acc: 0.9667", GIVEN.log[-1].val_accuracy)(
    partial(networks.validation_accuracy, "given"), "given-validation-accuracy"
)


@training.text(
    "obtain an accuracy of approximately 96% (depending on each running) after 10 epochs", 0.96
)
@read_as("within one percentage point")
def approximately_96(graph: Graph) -> Evidence:
    yield own("its log", GIVEN.log[-1].val_accuracy, Within(0.01))
    yield here(networks.EVALUATION, networks.accuracy(graph, "given").rate, Within(0.01))


@training.text(r"better than the one provided in \$Keras\_\_example\$, with only 91%", 0.91, "91 %")
@read_as(
    f"with the rate that Keras's SGD has of itself, {DEFAULT_RATE}, this network reaches that "
    "within a percentage point"
)
def better_than_the_example(graph: Graph) -> Evidence:
    example = sweeps.reached(graph, "learning_rate", "given", DEFAULT_RATE)
    accuracy = float(example.mean())
    detail = f"the mean of {len(example)} trainings; the example itself is not in the notebook"
    yield here("trained with that rate", accuracy, Within(0.01), f"{accuracy:.4f}", detail)


@training.text("we only had to modify the learning rate", "better", "a higher accuracy")
@read_as(f"from {DEFAULT_RATE}, Keras's own rate, to {written(GIVEN.optimizer.learning_rate)}")
def learning_rate_alone(graph: Graph) -> Evidence:
    rates = (GIVEN.optimizer.learning_rate, DEFAULT_RATE)
    found = sweeps.paired(*(sweeps.reached(graph, "learning_rate", "given", of) for of in rates))
    yield here("trained with both rates", [found], ahead, sweeps.in_points({"given": found}))


@training.text("it has too many parameters: 101.770!", GIVEN.totals[0])
def too_many_parameters(graph: Graph) -> Evidence:
    total, *_ = networks.parameters(graph, "given")
    yield here("parameters of the network counted", total)
