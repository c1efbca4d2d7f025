"""A training's matrix products alone, at their shapes, compiled as its loop is: a roofline for it.

Run as a program, it trains each of the notebook's networks on one thread, in turns with its
products, and prints a table; `--json` for the ratios of some of them.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from benchmarks.tables import render
from benchmarks.work import NETWORKS, Work, compiled_loop, layers_to_logits, load_work
from mnist_assets.networks.layers import Dense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mnist_assets.networks.declaration import Training

TURNS = 5
BATCHES = 100  # in one timing of products


class Product(NamedTuple):
    """A product of a batch's update: (rows, inner) times (inner, columns)."""

    name: str
    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * self.rows * self.inner * self.columns


def products_of(training: Training, pixels: int, classes: int) -> Iterator[Product]:
    """Those of one update: forward, of the weights' gradient, of the inputs' but for the first."""
    inputs, first = pixels, True
    for layer in layers_to_logits(training, classes):
        if isinstance(layer, Dense):
            size, units = training.batch_size, layer.units
            yield Product(f"forward {inputs} to {units}", size, inputs, units)
            yield Product(f"gradient of {inputs} x {units} weights", inputs, size, units)
            if not first:
                yield Product(f"gradient of {inputs} inputs", size, units, inputs)
            inputs, first = units, False


def compiled(product: Product) -> Callable[[], None]:
    """Make a product as often as there are batches, in one compiled program."""
    import tensorflow as tf

    # Of each factor several, one after the other: nothing can be done once for all.
    left = tf.random.stateless_normal((4, product.rows, product.inner), (0, 0))
    right = tf.random.stateless_normal((4, product.inner, product.columns), (0, 1))

    @tf.function(jit_compile=True, autograph=False)
    def run(left: Any, right: Any) -> Any:
        def step(batch: Any, last: Any) -> tuple[Any, Any]:
            del last
            return batch + 1, tf.gather(left, batch % 4) @ tf.gather(right, batch % 4)

        blank = tf.zeros((product.rows, product.columns))
        return tf.while_loop(lambda batch, _: batch < BATCHES, step, (tf.constant(0), blank))[1]

    return lambda: run(left, right).numpy()


def epoch_of(work: Work, training: Training) -> Callable[[], None]:
    """Make the updates of one epoch, by the project's loop, compiled before."""
    from mnist_assets.networks.loop.batches import hold, whole_epoch

    loop = compiled_loop(work, training)
    rows = work.split["train"]
    images, labels = hold(work.dataset.train_images, rows), work.dataset.train_labels[rows]

    def run() -> None:
        import numpy as np

        loop.run_epoch(whole_epoch(images, labels, np.random.default_rng(0)), "products")

    return run


def compare(work: Work, name: str) -> tuple[float, dict[Product, float]]:
    """A network's seconds an update, and of each of its products: the least of some turns."""
    training = work.trainings[name]
    shape = work.dataset.train_images.shape[1:]
    updates = -(-len(work.split["train"]) // training.batch_size)
    epoch = epoch_of(work, training)
    programs = {
        product: compiled(product)
        for product in products_of(training, shape[0] * shape[1], work.classes)
    }
    for program in programs.values():
        program()
    whole, each = [], {product: list[float]() for product in programs}
    for _ in range(TURNS):
        whole.append(_seconds(epoch) / updates)
        for product, program in programs.items():
            each[product].append(_seconds(program) / BATCHES)
    return min(whole), {product: min(seconds) for product, seconds in each.items()}


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def show(update: float, products: dict[Product, float]) -> str:
    """Each product's time and rate, and what of an update is left beside them."""
    lines = [
        [product.name, f"{1e6 * seconds:.0f}", f"{product.operations / seconds / 1e9:.0f}"]
        for product, seconds in products.items()
    ]
    alone, operations = sum(products.values()), sum(product.operations for product in products)
    lines += [
        ["all products", f"{1e6 * alone:.0f}", f"{operations / alone / 1e9:.0f}"],
        ["an update", f"{1e6 * update:.0f}", f"{operations / update / 1e9:.0f}"],
        ["update / products", f"{update / alone:.2f}", ""],
    ]
    return render(["", "microseconds", "GFLOP/s"], lines)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NETWORKS))
@click.option("--json", "as_json", is_flag=True, help="Print the ratios alone, as JSON.")
def main(names: tuple[str, ...], *, as_json: bool) -> None:
    """Compare, on one thread: several wait for each other."""
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    work, ratios = load_work(), {}
    for name in names or NETWORKS:
        update, products = compare(work, name)
        ratios[name] = update / sum(products.values())
        if not as_json:
            click.echo(f"{name}\n{show(update, products)}\n")
    if as_json:
        click.echo(json.dumps(ratios))


if __name__ == "__main__":
    main()
