"""Training: every implementation on the notebook's three networks, in turns."""

from collections.abc import Sequence
from statistics import median

import click

from benchmarks.implementations import ENTRIES, FIT, KEPT, OURS
from benchmarks.machine import Machine, measure_machine
from benchmarks.processes import Finished, in_turns, run_python
from benchmarks.tables import Row, medians, ratios, render
from benchmarks.work import NETWORKS
from mnist_assets.declarations.places import PROJECT


def run_training(rounds: int) -> list[Row]:
    """Measure; one row for each round, implementation and network.

    The machine's own rate is measured at the beginning of each round, and stands in its rows beside
    the time that a network's arithmetic alone would take at it.
    """
    installed = [name for name, entry in ENTRIES.items() if entry.is_installed]
    if missing := [name for name in ENTRIES if name not in installed]:
        click.echo(f"Not installed, so left out: {', '.join(missing)}")
    _train(KEPT)  # not measured: it leaves the programs that later rounds find
    rows: list[Row] = []
    machines: dict[int, Machine] = {}
    for turn, implementation in in_turns(installed, rounds):
        if turn not in machines:
            machines[turn] = measure_machine()
        machine = machines[turn]
        finished = _train(implementation)
        for network, figures in finished.result.items():
            rows.append(
                {
                    "round": turn,
                    "implementation": implementation,
                    "network": network,
                    **figures,
                    "arithmetic_seconds": machine.arithmetic_seconds[network],
                    "matrix_gigaflops": machine.matrix_gigaflops,
                    "peak_megabytes": finished.peak_megabytes,
                    "peak_with_files_megabytes": finished.peak_with_files_megabytes,
                }
            )
        total = sum(figures["seconds"] for figures in finished.result.values())
        click.echo(f"training, round {turn}/{rounds}  {implementation:22} {total:6.1f} s")
    return rows


def _train(implementation: str) -> Finished:
    return run_python(["-m", "benchmarks.implementations", implementation], folder=PROJECT)


def show_training(rows: Sequence[Row]) -> str:
    """Medians over the rounds, in seconds, with the accuracies they led to."""
    totals = _totals(rows)
    seconds = medians(totals, by="implementation", column="seconds")
    over_ours, over_fit = ratios(seconds, OURS), ratios(seconds, FIT)
    peaks = medians(rows, by="implementation", column="peak_megabytes")
    lines = [
        [
            implementation,
            *(_network_cell(rows, implementation, network) for network in NETWORKS),
            f"{seconds[implementation]:.1f}",
            f"{over_ours[implementation]:.2f}",
            f"{over_fit[implementation]:.2f}",
            f"{peaks[implementation]:.0f}",
        ]
        for implementation in seconds
    ]
    limits = medians(rows, by="network", column="arithmetic_seconds")
    limit = sum(limits.values())
    gigaflops = median(row["matrix_gigaflops"] for row in rows)
    lines.append(
        [
            f"arithmetic at {gigaflops:.0f} GFLOP/s",
            *(f"{limits[network]:.2f}" for network in NETWORKS),
            f"{limit:.1f}",
            f"{limit / seconds[OURS]:.2f}",
            f"{limit / seconds[FIT]:.2f}",
            "",
        ]
    )
    columns = ["", *NETWORKS, "all, s", f"/ {OURS}", f"/ {FIT}", "peak MB"]
    return render(columns, lines) + (
        "\nSeconds, from building the model to its final weights, and the accuracies they led to: "
        "validation (by the implementation) / test (by the benchmark). Peak: memory of the "
        "process's own. Medians."
    )


def _totals(rows: Sequence[Row]) -> list[Row]:
    """The three networks together: one row for each round and implementation."""
    totals: dict[tuple[str, int], float] = {}
    for row in rows:
        turn = (row["implementation"], row["round"])
        totals[turn] = totals.get(turn, 0) + row["seconds"]
    return [
        {"implementation": implementation, "round": turn, "seconds": seconds}
        for (implementation, turn), seconds in totals.items()
    ]


def _network_cell(rows: Sequence[Row], implementation: str, network: str) -> str:
    """Such as `2.10 (0.9688 / 0.9686)`."""
    mine = [
        row for row in rows if (row["implementation"], row["network"]) == (implementation, network)
    ]
    seconds, validation, test = (
        median(row[column] for row in mine)
        for column in ("seconds", "val_accuracy", "test_accuracy")
    )
    return f"{seconds:.2f} ({validation:.4f} / {test:.4f})"
