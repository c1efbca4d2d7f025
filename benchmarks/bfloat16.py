"""Training in bfloat16 against float32: what it takes, and how accurate the networks become.

Run as a program, it trains each of the notebook's networks from several seeds by the project's
loop, in both precisions in turns, and prints a table. In bfloat16 only the layers' products and
activations are: the weights, their updates and the softmax stay float32, as Keras's policy
`mixed_bfloat16` has it.
"""

from __future__ import annotations

import time
from statistics import mean, median
from typing import TYPE_CHECKING, NamedTuple

import click

from benchmarks.tables import render
from benchmarks.work import NETWORKS, Work, compiled_loop, load_work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnist_assets.networks.declaration import Training

PRECISIONS = ("float32", "mixed_bfloat16")


class Trained(NamedTuple):
    """A training's wall time without compiling, and the validation accuracy it led to."""

    seconds: float
    accuracy: float


def train(work: Work, training: Training, precision: str) -> Trained:
    """Train a network with its hidden layers in a precision."""
    from mnist_assets.networks.training import train_epochs

    images, labels = work.dataset.train_images, work.dataset.train_labels
    loop = compiled_loop(work, training, precision)
    count = len(work.split["train"])
    started = time.perf_counter()
    *_, last = train_epochs(loop, images, labels, work.split, count, precision)
    return Trained(time.perf_counter() - started, last.val_accuracy)


def show(trained: Mapping[tuple[str, str], Sequence[Trained]]) -> str:
    """A line a network, of what came of each seed in each precision."""
    lines = []
    for network in dict.fromkeys(network for network, _ in trained):
        seconds, accuracy = [], []
        for precision in PRECISIONS:
            runs = trained[network, precision]
            seconds.append(median(run.seconds for run in runs))
            accuracy.append(mean(run.accuracy for run in runs))
        lines.append(
            [
                network,
                *(f"{value:.2f}" for value in (*seconds, seconds[1] / seconds[0])),
                *(f"{value:.4f}" for value in accuracy),
            ]
        )
    columns = [f"{precision}, s" for precision in PRECISIONS]
    return render(["", *columns, "ratio", *(f"{name}, accuracy" for name in PRECISIONS)], lines)


@click.command()
@click.option("--seeds", type=click.IntRange(min=1), default=10, show_default=True)
def main(seeds: int) -> None:
    """Compare medians of the seconds, and mean accuracies on the validation images."""
    work = load_work()
    trained: dict[tuple[str, str], list[Trained]] = {}
    for network in NETWORKS:
        for seed in range(seeds):
            training = work.trainings[network].model_copy(update={"seed": seed})
            for precision in PRECISIONS:
                runs = trained.setdefault((network, precision), [])
                runs.append(train(work, training, precision))
    click.echo(show(trained))


if __name__ == "__main__":
    main()
