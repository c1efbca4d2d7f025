"""A declared network trained with seed after seed, on whatever device there is, such as a GPU.

    python -m benchmarks.networks most_accurate_convolutional --minutes 9

Nothing of the declaration changes between devices. Accuracies on the test part say how good the
network is and decide nothing.
"""

import time
from pathlib import Path

import click
import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.tables import write_csv
from benchmarks.work import Work, load_work
from mnist_assets.networks.declaration import Training, read_networks
from mnist_assets.networks.history import until_kept
from mnist_assets.networks.training import train_network

RESULTS = Path(__file__).with_name("results") / "networks.csv"


@click.command()
@click.argument("name", type=click.Choice(list(read_networks())))
@click.option("--seeds", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--minutes", type=float, default=600.0, show_default=True, help="Begin none after.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(name: str, seeds: int, minutes: float, results: Path) -> None:
    """Train NAME with the seeds 0, 1, 2, … and write a row a training; those there are stay."""
    import pandas as pd

    work, training = load_work(), read_networks()[name].training
    rows = pd.read_csv(results).to_dict("records") if results.exists() else []
    done = {row["seed"] for row in rows if row["network"] == name}
    deadline = time.monotonic() + 60 * minutes
    for seed in sorted({*range(seeds)} - done):
        if time.monotonic() > deadline:
            break
        row = {"network": name, "seed": seed, **_train(name, training, seed, work)}
        # Another process may have written meanwhile.
        rows = pd.read_csv(results).to_dict("records") if results.exists() else []
        write_csv(results, [*rows, row])
        click.echo(", ".join(f"{column} {value}" for column, value in row.items()))


def _train(name: str, training: Training, seed: int, work: Work) -> dict[str, object]:
    """Train with a seed, and tell what came of it and what it cost."""
    trained, speed = train_network(
        name,
        training.model_copy(update={"seed": seed}),
        work.dataset.train_images,
        work.dataset.train_labels,
        work.split,
        work.normalization,
        classes=work.classes,
        memory_limit=work.memory_limit,
        on_epoch=lambda _: None,
    )
    pixels = work.dataset.test_images[..., None].astype(np.float32)
    predicted = trained.model.predict(pixels, batch_size=1000, verbose=0).argmax(axis=1)
    kept = until_kept(trained.history, training)
    return {
        "parameters": trained.model.count_params(),
        "validation_accuracy": float(kept["val_accuracy"].iloc[-1]),
        "test_accuracy": float(np.mean(predicted == work.dataset.test_labels)),
        "training_seconds": round(speed.training_seconds, 1),
        "images_per_second": round(speed.images_per_second),
        "gigaflops": round(speed.gigaflops, 1),
        "device": speed.device,
        "processor": describe_machine()["processor"],
    }


if __name__ == "__main__":
    main()
