"""Kept fast: ratios held against those committed, in two minutes; CI runs it.

Seconds differ from machine to machine, and on a shared one from minute to minute. Processor time
over that of something else on the same machine, each the least of some rounds, differs by a few
percent. A ratio that is too large is measured again before it counts.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import yaml

from benchmarks.graph import MATERIALIZE
from benchmarks.networks_scale import DEFINITIONS, declare
from benchmarks.processes import in_turns, run_python
from benchmarks.tables import render
from benchmarks.work import NETWORKS
from mnist_assets.declarations.places import PROJECT

COMMITTED = Path(__file__).with_name("results") / "kept_fast.json"
ALLOWED = 1.25  # times the committed ratio
ROUNDS, ATTEMPTS = 2, 4

IMPORT, PRODUCTS = "import dagster", "matrix products"
DEFINED, DEFINED_MANY, STATUS = "definitions", "definitions, 30 networks", "status"
GRAPH, TRAINING = "graph, one epoch", "training"
AGAINST = {
    DEFINED: IMPORT,
    DEFINED_MANY: IMPORT,
    STATUS: IMPORT,
    GRAPH: IMPORT,
    TRAINING: PRODUCTS,
}
# Several threads wait for each other, which counts as work.
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "XLA_FLAGS": "--xla_backend_optimization_level=1 --xla_cpu_multi_thread_eigen=false",
}
# Seconds for 10^9 operations.
MULTIPLY = "from benchmarks.machine import matrix_gigaflops; print(1 / matrix_gigaflops())"
TRAIN = f"""
import dataclasses
from benchmarks.work import load_work
from mnist_assets.networks.training import train_network

work = load_work()
training = work.trainings["{NETWORKS[0]}"].model_copy(update={{"epochs": 3}})
_, speed = train_network(
    "kept_fast", training, work.dataset.train_images, work.dataset.train_labels, work.split,
    work.normalization, classes=work.classes, memory_limit=work.memory_limit,
    on_epoch=lambda epoch: None,
)
print(1 / speed.gigaflops)
"""


def measure(names: Sequence[str], rounds: int, least: dict[str, float]) -> None:
    """Measure each in turns, and keep the least seen of it."""
    for turn, name in in_turns(names, rounds):
        with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as folder:
            seconds = TASKS[name](Path(folder))
        least[name] = min(seconds, least.get(name, seconds))
        click.echo(f"kept fast, round {turn}/{rounds}  {name:26} {seconds:8.4f} s")


def ratios_of(least: Mapping[str, float]) -> dict[str, float]:
    """Each task's figure over that which it is held against."""
    return {name: least[name] / least[against] for name, against in AGAINST.items()}


def too_slow(ratios: Mapping[str, float], committed: Mapping[str, float]) -> list[str]:
    """The tasks whose ratio is larger than allowed."""
    return [name for name, ratio in ratios.items() if ratio > ALLOWED * committed[name]]


def show(ratios: Mapping[str, float], committed: Mapping[str, float]) -> str:
    """The ratios beside the committed ones."""
    lines = [
        [
            f"{name} / {AGAINST[name]}",
            f"{ratio:.2f}",
            f"{committed[name]:.2f}",
            f"{ratio / committed[name]:.2f}",
        ]
        for name, ratio in ratios.items()
    ]
    return render(["", "ratio", "committed", "of it"], lines)


def _processor_seconds(program: Sequence[str], networks: int) -> Callable[[Path], float]:
    def task(folder: Path) -> float:
        environment = declare(folder, networks)
        _shorten(folder / "networks.yaml")
        return run_python(program, folder=folder, environment=environment).processor_seconds

    return task


def _shorten(networks: Path) -> None:
    """Have each network train for an epoch, good or not: what else the graph does is measured."""
    declared = yaml.safe_load(networks.read_text(encoding="utf-8"))
    for network in declared["networks"].values():
        network["training"]["epochs"] = 1
        network["thresholds"] = {"validation_accuracy": 0.5, "generalization_gap": 0.5}
    networks.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")


def _printed(program: str) -> Callable[[Path], float]:
    def task(_: Path) -> float:
        arguments = ["-c", program]
        return float(run_python(arguments, folder=PROJECT, environment=ONE_THREAD).result)

    return task


TASKS: Mapping[str, Callable[[Path], float]] = {
    IMPORT: _processor_seconds(["-c", "import dagster"], 3),
    DEFINED: _processor_seconds(["-c", DEFINITIONS], 3),
    DEFINED_MANY: _processor_seconds(["-c", DEFINITIONS], 30),
    STATUS: _processor_seconds(["-c", MATERIALIZE, "status"], 3),
    GRAPH: _processor_seconds(["-c", MATERIALIZE, "materialize"], 3),
    PRODUCTS: _printed(MULTIPLY),
    TRAINING: _printed(TRAIN),
}


@click.command()
@click.option("--commit", is_flag=True, help="Keep what is measured as what is held against.")
def main(*, commit: bool) -> None:
    """Measure, print the ratios, and fail if one is larger than allowed, however often measured."""
    least: dict[str, float] = {}
    measure(list(TASKS), ROUNDS, least)
    if commit:
        rounded = {name: round(ratio, 3) for name, ratio in ratios_of(least).items()}
        COMMITTED.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    for _ in range(ATTEMPTS - 1):
        if not (slow := too_slow(ratios_of(least), committed)):
            break
        measure([*{name: None for of in slow for name in (AGAINST[of], of)}], 1, least)
    click.echo(f"\n{show(ratios_of(least), committed)}")
    if slow := too_slow(ratios_of(least), committed):
        raise click.ClickException(
            f"slower than {ALLOWED} times what is committed: {', '.join(slow)}. Where that is "
            "meant, python -m benchmarks.kept_fast --commit"
        )


if __name__ == "__main__":
    main()
