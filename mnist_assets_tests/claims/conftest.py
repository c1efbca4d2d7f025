"""The notebook's side of a claim made otherwise, and a graph in small."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mnist_assets.claims import networks, notebook
from mnist_assets.claims.graph import Graph, NetworkValues
from mnist_assets.claims.sections import MODULES
from mnist_assets.evaluation.comparison import compare_networks, comparison_row
from mnist_assets.evaluation.scores import evaluate
from mnist_assets.exploration import grey
from mnist_assets.exploration import summary as exploration
from mnist_assets.networks.declaration import read_networks
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.tuning.declaration import read_sweeps
from mnist_assets.tuning.training import tabulate
from mnist_assets.tuning.variation import points_of
from mnist_assets_tests.tuning.tables import run_of

NAMES = {"GIVEN": "given", "SIMPLEST": "simplest", "BEST": "best"}


@pytest.fixture
def printed(monkeypatch):
    """Lets the notebook print and set other things, by the names that they have in the modules."""

    def change(**values):
        for module in (notebook, networks, *MODULES):
            for name, value in values.items():
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, value)
        changed = {NAMES[name]: value for name, value in values.items() if name in NAMES}
        monkeypatch.setattr(notebook, "NETWORKS", notebook.NETWORKS | changed)

    return change


@pytest.fixture
def with_logs(printed):
    """Lets networks have other logs, each a list of (loss, accuracy, val_loss, val_accuracy)."""

    def change(**logs):
        printed(
            **{
                name: replace(
                    notebook.NETWORKS[NAMES[name]],
                    log=[notebook.Epoch(10, *line) for line in log],
                )
                for name, log in logs.items()
            }
        )

    return change


def make_graph(trainings):
    """A graph's values, of 300 + 100 images of 28 x 28 pixels in ten classes."""
    generator = np.random.default_rng(0)
    labels = [np.arange(count, dtype=np.uint8) % 10 for count in (300, 100)]
    images = []
    for of_part in labels:
        lit = generator.integers(1, 256, (len(of_part), 28, 28)).astype(np.uint8)
        shown = generator.random(lit.shape) < (1 + of_part[:, None, None]) / 20
        images.append(np.where(shown, lit, 0).astype(np.uint8))
    images[0][:, 0, 0] = 0
    images[0][0, 5, :2] = 0, 255
    (train, test), (train_labels, test_labels) = images, labels
    order = generator.permutation(300).astype(np.int32)
    split = {"train": order[:270], "validation": order[270:]}
    averages = exploration.average_digits(train, train_labels, 10)
    made = {
        name: make_network(training, train_labels[split["validation"]], test_labels, seed)
        for seed, (name, training) in enumerate(trainings.items())
    }
    rows = [
        comparison_row(
            name,
            parameters=parameters_of(network.training.layers, (28, 28), 10)["total"],
            history=network.history,
            evaluation=network.evaluation,
        )
        for name, network in made.items()
    ]
    return Graph(
        train_images=train,
        train_labels=train_labels,
        test_images=test,
        test_labels=test_labels,
        summary=exploration.summarise(train, train_labels, test, test_labels),
        average_digits=averages,
        extreme_digits=exploration.extreme_digits(train, train_labels, averages),
        grey_levels=grey.grey_levels(train),
        pixel_histogram=grey.pixel_histogram(train),
        split=split,
        normalization=fit_normalization(train, split["train"], 25.5),
        comparison=compare_networks(rows),
        networks=made,
    )


def make_network(training, validation_labels, test_labels, seed):
    """A network that is right on about four in five images."""
    generator = np.random.default_rng(seed)

    def predict(labels):
        scores = generator.random((len(labels), 10)) + 0.6 * np.eye(10)[labels]
        probabilities = np.exp(5 * scores)
        return (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)

    predictions = {"validation": predict(validation_labels), "test": predict(test_labels)}
    evaluation = evaluate(
        validation=(predictions["validation"], validation_labels),
        test=(predictions["test"], test_labels),
        classes=10,
    )
    epochs = np.arange(1, training.epochs + 1)
    history = pd.DataFrame(
        {
            "epoch": epochs,
            "loss": 1 / epochs,
            "accuracy": 1 - 0.3 / epochs,
            "val_loss": 1.1 / epochs,
            "val_accuracy": 1 - 0.4 / epochs,
            "seconds": (seed + 1) / epochs,
        }
    )
    return NetworkValues(training, history, evaluation, predictions)


def make_sweeps(declared):
    """The sweeps that come with the package: each value does better than the one before it."""
    return {
        name: make_sweep(
            [
                point
                for network in sweep.networks
                for point in points_of(sweep, network, declared[network].training, name)
            ]
        )
        for name, sweep in read_sweeps(declared).items()
    }


def make_sweep(points):
    runs = [
        [
            run_of(seed, 0.7 + place / 100, 0.69, 0.8 + place / 100 + seed / 1000)
            for seed in range(3)
        ]
        for place, _ in enumerate(points)
    ]
    return tabulate(points, runs, (28, 28), 10)


@pytest.fixture(scope="package")
def graph():
    """With the notebook's networks, as they are declared, and all sweeps of these."""
    declared = read_networks()
    made = make_graph({name: declared[name].training for name in notebook.NETWORKS})
    return replace(made, sweeps=make_sweeps(declared))
