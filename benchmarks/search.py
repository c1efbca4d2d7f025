"""Trials a minute of the search, and of KerasTuner on the same space, in turns."""

from collections.abc import Sequence
from importlib.util import find_spec

import click

from benchmarks.processes import in_turns, run_python
from benchmarks.searches import BATCH_SIZE, EPOCHS, KERAS_TUNER, SEARCHES
from benchmarks.tables import Row, medians, ratios, render
from mnist_assets.declarations.places import PROJECT

TRIALS = 4


def run_search(rounds: int) -> list[Row]:
    """Measure; one row for each round and implementation.

    Raises:
        click.ClickException: KerasTuner is not installed.
    """
    if find_spec("keras_tuner") is None:
        raise click.ClickException("KerasTuner is not installed: it is in the group `bench`.")
    rows: list[Row] = []
    for turn, implementation in in_turns(tuple(SEARCHES), rounds):
        arguments = ["-m", "benchmarks.searches", implementation, str(TRIALS)]
        result = run_python(arguments, folder=PROJECT).result
        rows.append({"round": turn, "implementation": implementation, "trials": TRIALS, **result})
        click.echo(f"search, round {turn}/{rounds}  {implementation:26} {result['seconds']:6.1f} s")
    return rows


def show_search(rows: Sequence[Row]) -> str:
    """Medians over the rounds."""
    by = "implementation"
    seconds, trials = medians(rows, by, "seconds"), rows[0]["trials"]
    faster = ratios(seconds, KERAS_TUNER)
    processor = medians(rows, by, "processor_seconds")
    training, compiling, best = (
        medians(rows, by, column)
        for column in ("training_seconds", "compile_seconds", "best_validation_accuracy")
    )
    lines = [
        [
            name,
            f"{60 * trials / taken:.1f}",
            f"{1 / faster[name]:.1f}",
            f"{processor[name]:.0f}",
            f"{100 * training[name] / taken:.0f} %",
            f"{100 * compiling[name] / taken:.0f} %" if compiling[name] else "",
            f"{best[name]:.4f}",
        ]
        for name, taken in seconds.items()
    ]
    columns = [
        "",
        "trials/min",
        f"x {KERAS_TUNER}",
        "processor s",
        "training",
        "compiling",
        "best validation",
    ]
    return render(columns, lines) + (
        f"\n{trials} trials of {EPOCHS} epochs in batches of {BATCH_SIZE}. Training: part of the "
        "time that epochs take, validation included; KerasTuner's compiling is in its first epoch. "
        "Medians."
    )
