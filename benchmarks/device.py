"""A declared network trained with seed after seed on whatever device there is, such as a GPU.

    python -m benchmarks.device most_accurate_convolutional --minutes 9

Nothing of the declaration changes between devices. Accuracies on the test part say how good the
network is and decide nothing.
"""

import time
from pathlib import Path

import click
import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.tables import write_csv
from benchmarks.work import load_work
from mnist_assets.networks.declaration import read_networks
from mnist_assets.networks.training import train_network

RESULTS = Path(__file__).with_name("results") / "device.csv"


@click.command()
@click.argument("name", type=click.Choice(list(read_networks())))
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--minutes", type=float, default=9.0, show_default=True, help="Begin none after.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(name: str, seeds: int, minutes: float, results: Path) -> None:
    """Train NAME with the seeds 0, 1, 2, … and write a row a training."""
    work, training, rows = load_work(), read_networks()[name].training, []
    pixels = work.dataset.test_images[..., None].astype(np.float32)
    deadline = time.monotonic() + 60 * minutes
    for seed in range(seeds):
        if time.monotonic() > deadline:
            break
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
        predicted = trained.model.predict(pixels, batch_size=1000, verbose=0).argmax(axis=1)
        accuracy = float(np.mean(predicted == work.dataset.test_labels))
        rows.append(
            {
                "network": name,
                "seed": seed,
                "device": speed.device,
                "processor": describe_machine()["processor"],
                "test_accuracy": accuracy,
                "validation_accuracy": float(trained.history["val_accuracy"].iloc[-1]),
                "compile_seconds": round(speed.compile_seconds, 1),
                "training_seconds": round(speed.training_seconds, 1),
                "images_per_second": round(speed.images_per_second),
                "gigaflops": round(speed.gigaflops, 1),
            }
        )
        click.echo(f"seed {seed}: test {accuracy:.4f}, {speed.images_per_second:,.0f} images/s")
    write_csv(results, rows)
    mean = np.mean([row["test_accuracy"] for row in rows])
    click.echo(f"{name}, {len(rows)} seeds: mean test accuracy {mean:.4f}; {results}")


if __name__ == "__main__":
    main()
