"""Data larger than memory: time per image and peak memory as the dataset grows.

Run as a program it does one of the measurements, so that each has a process of its own.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.images import read_repeated, require_space
from benchmarks.memory import watched_memory
from benchmarks.processes import run_python
from benchmarks.tables import Row, render
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.places import PROJECT
from mnist_assets.declarations.settings import read_settings
from mnist_assets.exploration.grey import grey_levels, pixel_histogram
from mnist_assets.exploration.summary import average_digits
from mnist_assets.networks.declaration import read_networks
from mnist_assets.preparation.normalization import fit_normalization, normalised_moments
from mnist_assets.preparation.split import split_indices

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

BYTES = 28 * 28 + 1  # an image and its label
# Bytes of pixels that training may hold: a chunk of those on the disk, or all of any size.
CHUNK, ALL = 100_000_000, 10**12
NETWORK = "given"


def run_scale(sizes: Sequence[int]) -> list[Row]:
    """Measure each task on each size; one row for each.

    Raises:
        InputError: The disk has not the space for the largest dataset.
    """
    require_space(Path(tempfile.gettempdir()), max(sizes) * BYTES)
    rows: list[Row] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as name:
            click.echo(f"scale, {size:,} images: writing {size * BYTES / 1e9:.2f} GB to {name}")
            run_python(["-m", "benchmarks.images", name, str(size)], folder=PROJECT)
            for task in TASKS:
                finished = run_python(["-m", "benchmarks.scale", task, name], folder=PROJECT)
                rows.append(
                    {
                        "images": size,
                        "task": task,
                        **finished.result,
                        "peak_with_files_megabytes": finished.peak_with_files_megabytes,
                    }
                )
                click.echo(f"scale, {size:,} images, {task}: {finished.result['seconds']:.1f} s")
    return rows


def show_scale(rows: Sequence[Row]) -> str:
    """Every measurement, in microseconds an image."""
    columns = ["", "images", "s", "us / image", "peak MB", "of it added", "with mapped files"]
    lines = [
        [
            row["task"],
            f"{row['images']:,}",
            f"{row['seconds']:.1f}",
            f"{row['seconds'] / row['images'] * 1e6:.2f}",
            f"{row['peak_megabytes']:.0f}",
            f"{row['peak_megabytes'] - row['megabytes_before']:.0f}",
            f"{row['peak_with_files_megabytes']:.0f}",
        ]
        for task in TASKS
        for row in rows
        if row["task"] == task
    ]
    return render(columns, lines) + (
        "\nPeak: memory of the process's own. Added: since its libraries were loaded. Mapped files "
        "are pages of the disk cache, which the system takes back when it needs them. Compiling is "
        "left out of the seconds."
    )


# A task takes images and labels, prepares what is not measured, and returns what is: it gives back
# the seconds of itself that do not grow with the number of images.
Task = Callable[[], float]


def _explore(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Task:
    import pandas as pd

    del pd  # imports are not measured

    def run() -> float:
        average_digits(images, labels, class_count(labels))
        grey_levels(images)
        pixel_histogram(images)
        return 0.0

    return run


def _normalise(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Task:
    del labels
    settings = read_settings()
    floor = settings.normalization.std_floor

    def run() -> float:
        split = split_indices(len(images), settings.split.validation_share, settings.split.seed)
        normalization = fit_normalization(images, split["train"], floor)
        normalised_moments(images, split["train"], normalization, floor)
        return 0.0

    return run


def _train(images: NDArray[np.uint8], labels: NDArray[np.uint8], memory_limit: int) -> Task:
    import pandas as pd
    import tensorflow as tf

    from mnist_assets.networks.training import train_network

    del pd
    tf.constant(0)
    settings = read_settings()
    training = read_networks()[NETWORK].training.model_copy(update={"epochs": 1})
    split = split_indices(len(images), settings.split.validation_share, settings.split.seed)
    normalization = fit_normalization(images, split["train"], settings.normalization.std_floor)

    def run() -> float:
        _, speed = train_network(
            NETWORK,
            training,
            images,
            labels,
            split,
            normalization,
            classes=class_count(labels),
            memory_limit=memory_limit,
            on_epoch=lambda _: None,
        )
        return speed.compile_seconds

    return run


TASKS = {
    "exploration": _explore,
    "normalisation": _normalise,
    "training, one epoch": partial(_train, memory_limit=CHUNK),
    "training, one epoch, all in memory": partial(_train, memory_limit=ALL),
}


@click.command()
@click.argument("task", type=click.Choice(tuple(TASKS)))
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
def main(task: str, folder: Path) -> None:
    """Print the seconds and megabytes of one task on the dataset in a folder, as JSON."""
    run = TASKS[task](*read_repeated(folder))
    with watched_memory() as memory:
        started = time.perf_counter()
        fixed = run()
        seconds = time.perf_counter() - started - fixed
    result: dict[str, Any] = {
        "seconds": seconds,
        "fixed_seconds": fixed,
        "megabytes_before": memory.before,
        "peak_megabytes": memory.peak,
    }
    click.echo(json.dumps(result))


if __name__ == "__main__":
    main()
