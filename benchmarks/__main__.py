"""The command line: measure, print the tables, and keep the rows as CSV."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from benchmarks.changes import run_changes, show_changes
from benchmarks.graph import run_graph, show_graph
from benchmarks.inbox import run_inbox, show_inbox
from benchmarks.machine import describe_machine
from benchmarks.networks_scale import run_networks_scale, show_networks_scale
from benchmarks.nights import run_nights, show_nights
from benchmarks.scale import run_scale, show_scale
from benchmarks.search import run_search, show_search
from benchmarks.tables import Row, write_csv
from benchmarks.training import run_training, show_training
from mnist_assets.errors import InputError

RESULTS = Path(__file__).with_name("results")
SIZES, LARGE_SIZE = (10_000, 60_000, 600_000), 6_000_000


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--training/--no-training", default=True, help="Training against other loops.")
@click.option("--graph/--no-graph", default=True, help="The whole graph against the notebook.")
@click.option("--executors", is_flag=True, help="With --graph: Dagster's own executors, too.")
@click.option("--changes/--no-changes", default=True, help="Nothing to do, and one change.")
@click.option("--scale/--no-scale", default=False, help="Data larger than memory, once.")
@click.option("--networks/--no-networks", default=False, help="Up to 200 networks.")
@click.option("--inbox/--no-inbox", default=False, help="Files dropped into the inbox.")
@click.option("--nights/--no-nights", default=False, help="A year of nights, in half an hour.")
@click.option("--search/--no-search", default=False, help="The search against KerasTuner.")
@click.option("--size", "sizes", type=click.IntRange(min=1000), multiple=True, default=SIZES)
@click.option("--large", is_flag=True, help="With --scale: 6 million images too, 4.7 GB of disk.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(
    *,
    rounds: int,
    training: bool,
    graph: bool,
    executors: bool,
    changes: bool,
    scale: bool,
    networks: bool,
    inbox: bool,
    nights: bool,
    search: bool,
    sizes: tuple[int, ...],
    large: bool,
    results: Path,
) -> None:
    """Measure the project on this machine; leave it alone meanwhile."""
    described = describe_machine()
    click.echo(", ".join(f"{name} {value}" for name, value in described.items() if value))
    results.mkdir(parents=True, exist_ok=True)
    machine_file = results / "machine.json"
    machine_file.write_text(
        json.dumps({"rounds": rounds, **described}, indent=2) + "\n", encoding="utf-8"
    )

    def measure(name: str, rows: Sequence[Row], show: Callable[[Sequence[Row]], str]) -> None:
        write_csv(results / f"{name}.csv", rows)
        click.echo(f"\n{show(rows)}\n")

    try:
        if training:
            measure("training", run_training(rounds), show_training)
        if graph:
            measure("graph", run_graph(rounds, executors=executors), show_graph)
        if changes:
            measure("changes", run_changes(rounds), show_changes)
        if scale:
            measure("scale", run_scale((*sizes, *[LARGE_SIZE] * large)), show_scale)
        if networks:
            measure("networks_scale", run_networks_scale(rounds), show_networks_scale)
        if inbox:
            measure("inbox", run_inbox(), show_inbox)
        if nights:
            measure("nights", run_nights(), show_nights)
        if search:
            measure("search", run_search(rounds), show_search)
    except InputError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Kept in {results}")


if __name__ == "__main__":
    main()
