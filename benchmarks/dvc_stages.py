"""The notebook's stages as scripts for DVC, each a process that reads and writes files.

They compute with the project's own functions, and draw no pictures.
"""

import csv
import json
from pathlib import Path

import click
import numpy as np

from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.settings import read_settings
from mnist_assets.networks.declaration import read_networks


@click.group()
def main() -> None:
    """Make one stage's files in the working folder."""


@main.command()
def dataset() -> None:
    """Four uint8 arrays from the bundled files, verified."""
    from mnist_assets.dataset.loading import MNIST, load_dataset
    from mnist_assets.declarations.places import BUNDLED_DATASET

    arrays = load_dataset(BUNDLED_DATASET, MNIST).dataset
    np.savez("dataset.npz", **{name: getattr(arrays, name) for name in FILE_NAMES})


@main.command()
def explore() -> None:
    """Averages, extreme digits, class counts, grey levels and pixels."""
    from mnist_assets.exploration.grey import grey_levels, pixel_histogram
    from mnist_assets.exploration.summary import (
        average_digits,
        class_distribution,
        extreme_digits,
    )

    arrays = np.load("dataset.npz")
    images, labels = arrays["train_images"], arrays["train_labels"]
    classes = class_count(labels)
    averages = average_digits(images, labels, classes)
    np.savez(
        "exploration.npz",
        averages=averages,
        extremes=extreme_digits(images, labels, averages).to_records(),
        counts=class_distribution(labels, arrays["test_labels"], classes).to_numpy(),
        grey=grey_levels(images).to_numpy(),
        pixels=pixel_histogram(images).to_numpy(),
    )


@main.command()
def split() -> None:
    """Which training images train and which validate."""
    from mnist_assets.preparation.split import split_indices

    declared = read_settings().split
    count = len(np.load("dataset.npz")["train_labels"])
    np.savez("split.npz", **split_indices(count, declared.validation_share, declared.seed))


@main.command()
def normalize() -> None:
    """Mean and standard deviation of each pixel."""
    from mnist_assets.preparation.normalization import fit_normalization

    images, rows = np.load("dataset.npz")["train_images"], np.load("split.npz")["train"]
    floor = read_settings().normalization.std_floor
    np.savez("normalization.npz", **fit_normalization(images, rows, floor))


@main.command()
@click.argument("network")
def train(network: str) -> None:
    """A network, and the seconds it took to compile and train it."""
    from mnist_assets.networks.training import train_network

    declared = read_networks(Path("networks.yaml"))[network].training
    arrays = np.load("dataset.npz")
    labels = arrays["train_labels"]
    trained, speed = train_network(
        network,
        declared,
        arrays["train_images"],
        labels,
        dict(np.load("split.npz")),
        dict(np.load("normalization.npz")),
        classes=class_count(labels),
        memory_limit=read_settings().training.memory_limit,
        on_epoch=lambda _: None,
    )
    trained.save(Path(f"{network}.keras"))
    seconds = speed.compile_seconds + speed.training_seconds
    Path(f"{network}.seconds").write_text(json.dumps(seconds), encoding="utf-8")


@main.command()
@click.argument("network")
def predict(network: str) -> None:
    """Probabilities of the validation and of the test images."""
    from mnist_assets.evaluation import predictions
    from mnist_assets.networks.stored import StoredNetwork

    arrays, rows = np.load("dataset.npz"), np.load("split.npz")["validation"]
    model = StoredNetwork(Path(f"{network}.keras")).model
    parts = {"validation": arrays["train_images"][rows], "test": arrays["test_images"]}
    np.savez(
        f"{network}.predictions.npz",
        **{part: predictions.predict(model, images) for part, images in parts.items()},
    )


@main.command()
@click.argument("network")
def evaluate(network: str) -> None:
    """Confusion matrices and the figures of each class."""
    from mnist_assets.evaluation import scores

    arrays, rows = np.load("dataset.npz"), np.load("split.npz")["validation"]
    predicted = np.load(f"{network}.predictions.npz")
    found = scores.evaluate(
        validation=(predicted["validation"], arrays["train_labels"][rows]),
        test=(predicted["test"], arrays["test_labels"]),
        classes=class_count(arrays["train_labels"]),
    )
    Path(f"{network}.json").write_text(json.dumps(found), encoding="utf-8")


@main.command()
def compare() -> None:
    """One row a network."""
    with Path("comparison.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["network", "validation", "test"])
        for name in read_networks(Path("networks.yaml")):
            found = json.loads(Path(f"{name}.json").read_text(encoding="utf-8"))
            writer.writerow([name, found["validation"]["accuracy"], found["test"]["accuracy"]])


if __name__ == "__main__":
    main()
