"""The whole graph from nothing against the notebook as a plain script, in turns."""

import csv
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from benchmarks.processes import Finished, in_turns, run_python, start_cold
from benchmarks.tables import Row, medians, ratios, render
from benchmarks.work import NETWORKS
from mnist_assets.declarations.places import PROJECT

GRAPH, PART, SCRIPT = "graph from nothing", "what the notebook does", "notebook as a script"
IN_PROCESS, MULTIPROCESS = "graph, Dagster's in-process executor", "graph, Dagster's multiprocess"
# Beyond the notebook are its claims, the networks' quality, the champion and the report.
NOTEBOOKS_PART = " or ".join(
    [
        "group:exploration",
        "group:preparation",
        *(f'+key:"evaluation/{name}"' for name in NETWORKS),
        'key:"evaluation/comparison"',  # not all before it: that is networks made on request, too
    ]
)
MATERIALIZE = "from mnist_assets.cli.main import main; main()"


def run_graph(rounds: int, *, executors: bool) -> list[Row]:
    """Measure, Dagster's own executors included or not; one row a round and implementation.

    The figures of a row are the wall time, the peak memory of all its processes (of a further run
    that is not timed, the same in all rounds), and each network's validation accuracy: that the
    graph stored, that the script printed.
    """
    measured = [name for name in RUN if executors or name not in (IN_PROCESS, MULTIPROCESS)]
    peaks = {
        implementation: _run(implementation, with_family=True)[0].peak_megabytes
        for implementation in measured
    }
    rows: list[Row] = []
    for turn, implementation in in_turns(measured, rounds):
        finished, accuracies = _run(implementation, with_family=False)
        rows.append(
            {
                "round": turn,
                "implementation": implementation,
                "seconds": finished.seconds,
                "peak_megabytes": peaks[implementation],
                **{f"{name}_val_accuracy": accuracies[name] for name in NETWORKS},
            }
        )
        click.echo(f"graph, round {turn}/{rounds}  {implementation:22} {finished.seconds:6.1f} s")
    return rows


def show_graph(rows: Sequence[Row]) -> str:
    """Medians over the rounds."""
    columns = {
        "s": ("seconds", ".1f"),
        "peak MB": ("peak_megabytes", ".0f"),
        **{f"{name}, val. accuracy": (f"{name}_val_accuracy", ".4f") for name in NETWORKS},
    }
    figures = {
        title: medians(rows, by="implementation", column=column)
        for title, (column, _) in columns.items()
    }
    lines = [
        [
            implementation,
            *(f"{figures[title][implementation]:{form}}" for title, (_, form) in columns.items()),
        ]
        for implementation in figures["s"]
    ]
    for implementation, title, over in (
        (GRAPH, "graph / script", SCRIPT),
        (PART, "that part / script", SCRIPT),
        (GRAPH, "graph / in-process", IN_PROCESS),
        (GRAPH, "graph / multiprocess", MULTIPROCESS),
    ):
        if over not in figures["s"]:
            continue
        costs = [
            f"{ratios(figures[figure], over)[implementation]:.2f}" for figure in ("s", "peak MB")
        ]
        lines.append([title, *costs, *[""] * len(NETWORKS)])
    return render(["", *columns], lines)


def _run(implementation: str, *, with_family: bool) -> tuple[Finished, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as folder:
        return RUN[implementation](Path(folder), with_family)


def _run_graph(
    options: Sequence[str], executor: str, folder: Path, with_family: bool
) -> tuple[Finished, dict[str, float]]:
    """Materialise what the options select into an empty folder, with an empty history."""
    config = folder / "config.yaml"
    config.write_text("execution: {config: {processes: one}}\n", encoding="utf-8")
    if executor == "in-process":
        executor, options = "local", [*options, "--config", str(config)]
    # Its places are relative to the working folder.
    shutil.copy(PROJECT / "dagster.yaml", folder)
    start_cold()
    values = folder / "values"
    finished = run_python(
        ["-c", MATERIALIZE, "materialize", *options],
        folder=folder,
        environment={
            "DAGSTER_HOME": str(folder),
            "MNIST_ASSETS_DATA": str(values),
            "MNIST_ASSETS_EXECUTOR": executor,
        },
        with_family=with_family,
    )
    with (values / "evaluation" / "comparison.csv").open(encoding="utf-8") as file:
        accuracies = {
            row["network"]: float(row["validation_accuracy"]) for row in csv.DictReader(file)
        }
    return finished, accuracies


def _run_script(folder: Path, with_family: bool) -> tuple[Finished, dict[str, float]]:
    script = ["-m", "benchmarks.notebook_script"]
    finished = run_python(script, folder=folder, with_family=with_family)
    accuracies: dict[str, Any] = finished.result["val_accuracy"]
    return finished, accuracies


RUN: Mapping[str, Callable[[Path, bool], tuple[Finished, dict[str, float]]]] = {
    GRAPH: partial(_run_graph, (), "local"),
    PART: partial(_run_graph, ("--select", NOTEBOOKS_PART), "local"),
    IN_PROCESS: partial(_run_graph, (), "in-process"),
    MULTIPROCESS: partial(_run_graph, (), "multiprocess"),
    SCRIPT: _run_script,
}
