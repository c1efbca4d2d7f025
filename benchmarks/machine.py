"""The machine that was measured on: what it is, how fast it multiplies, and the limit that sets.

Run as a program, it measures the rate and prints it as JSON: TensorFlow stays out of the process
that measures the others.
"""

import datetime
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.processes import run_python
from benchmarks.work import load_work
from mnist_assets.declarations.places import PROJECT

LIBRARIES = ("tensorflow", "keras", "numpy", "dagster", "matplotlib", "torch", "jax")
SIZE = 1024  # of the matrices
PRODUCTS = 20  # in one timing: about 0.3 s on two cores
TIMINGS = 7


def describe_machine() -> dict[str, Any]:
    """The processor, cores, memory, and versions of what runs on it; today's date."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pages, page_size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": _processor(),
        "cores": cores,
        "memory_gigabytes": round(pages * page_size / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{library: _version(library) for library in LIBRARIES},
    }


@dataclass(frozen=True)
class Machine:
    """What the machine can do.

    Attributes:
        matrix_gigaflops: Its rate in float32 matrix products.
        arithmetic_seconds: By network, the time of its training's dense products at that rate.
    """

    matrix_gigaflops: float
    arithmetic_seconds: dict[str, float]


def measure_machine() -> Machine:
    """Measure the machine as it is now, in a process of its own."""
    return Machine(**run_python(["-m", "benchmarks.machine"], folder=PROJECT).result)


def _processor() -> str:
    """The processor's name; Linux keeps it in a file, and `platform` does not look there."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def matrix_gigaflops() -> float:
    """The rate of float32 matrix products in TensorFlow, the median of some timings."""
    import tensorflow as tf

    matrix = tf.random.stateless_normal((SIZE, SIZE), (0, 0)) / SIZE**0.5  # keeps its magnitude
    rates = []
    for _ in range(TIMINGS + 1):
        started = time.perf_counter()
        product = matrix
        for _ in range(PRODUCTS):
            product = matrix @ product
        product.numpy()
        rates.append(PRODUCTS * 2 * SIZE**3 / (time.perf_counter() - started) / 1e9)
    return median(rates[1:])  # the first also started TensorFlow


def arithmetic_seconds(gigaflops: float) -> dict[str, float]:
    """By network, the time of its training's dense products at the given rate."""
    from mnist_assets.networks.model import build_network, count_training_operations

    work = load_work()
    seconds = {}
    for name, training in work.trainings.items():
        model = build_network(
            training.layers, work.normalization, classes=work.classes, seed=0, name=name
        )
        images = len(work.split["train"]) * training.epochs
        seconds[name] = images * count_training_operations(model) / gigaflops / 1e9
    return seconds


if __name__ == "__main__":
    rate = matrix_gigaflops()
    click.echo(json.dumps(asdict(Machine(rate, arithmetic_seconds(rate)))))
