"""What commands end with: networks, accuracies, checks and where everything is."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import click
from dagster import AssetCheckSeverity, AssetKey, DagsterInstance
from upath import UPath

from mnist_assets.declarations.places import Places
from mnist_assets.orchestration.history import latest_materializations
from mnist_assets.orchestration.incremental import Graph, Run
from mnist_assets.orchestration.storage.addresses import open_address
from mnist_assets.study.summary import KINDS, PARTS, summarise


def show_summary(graph: Graph, places: Places, outcome: Run, seconds: float) -> None:
    """Print the closing table; after a failure, no figures that may be of before."""
    click.echo()
    comparison = open_address(places.assets) / "evaluation" / "comparison.csv"
    if outcome.success and comparison.exists():
        show_networks(comparison)
    outcomes = Counter(check_outcomes(graph))
    click.echo(
        f"Checks: {outcomes['passed']} passed, {outcomes['warned']} warned, "
        f"{outcomes['failed']} failed"
        + (f", {outcomes['not run']} not run" if outcomes["not run"] else "")
    )
    click.echo(f"{_done(outcome)}; {seconds:.1f} s. Values are in {places.assets}")
    report = open_address(places.assets) / "report" / "notebook.html"
    if outcome.success and report.exists():
        click.echo(f"Read the report: {report}")


def _done(outcome: Run) -> str:
    made = f"{len(outcome.made)} asset{'' if len(outcome.made) == 1 else 's'} materialised"
    if not outcome.success:
        return f"Stopped by the failure above; {made}"
    return made if outcome.made else "Nothing to do: everything is up to date"


def show_networks(comparison: UPath) -> None:
    """Print the networks side by side, accuracies with their 95 % intervals."""
    click.echo(
        f"{'network':12} {'parameters':>10}  {'validation accuracy':24} {'test accuracy':24}"
    )
    with comparison.open() as file:
        for row in csv.DictReader(file):
            click.echo(
                f"{row['network']:12} {int(row['parameters']):>10,}  "
                f"{_interval(row, 'validation'):24} {_interval(row, 'test'):24}"
            )


def show_study(places: Places, networks: Iterable[str], confidence: float) -> None:
    """Print what the runs of each network say, of those that a study was made of."""
    import pandas as pd

    click.echo()
    click.echo(
        f"{'network':12} {'varied':10} {'runs':>4}  {'validation accuracy':33} test accuracy"
    )
    for network in networks:
        path = open_address(places.assets) / "study" / f"{network}.csv"
        if path.exists():
            with path.open() as file:
                summary = summarise(pd.read_csv(file), confidence, None)
            for kind in KINDS:
                validation, test = (_spread(summary[kind][part]) for part in PARTS)
                runs = summary[kind]["runs"]
                click.echo(f"{network:12} {kind:10} {runs:>4}  {validation:33} {test}")
    click.echo("Mean ± standard deviation (minimum-maximum).")


def show_sweeps(instance: DagsterInstance, sweeps: Iterable[str]) -> None:
    """Print what each sweep says, of those that were made."""
    keys = {name: AssetKey(["tuning", name]) for name in sweeps}
    latest = latest_materializations(instance, keys.values())
    for name, key in keys.items():
        if key in latest:
            click.echo(f"\n{name}: {latest[key].metadata.get('shows', '')}")


def _spread(described: Mapping[str, Any]) -> str:
    mean, std, low, high = (described[name] for name in ("mean", "std", "minimum", "maximum"))
    if mean is None:
        return "no finished run"
    return f"{mean:.4f} ± {std or 0:.4f} ({low:.4f}-{high:.4f})"


def _interval(row: dict[str, str], part: str) -> str:
    accuracy, low, high = (float(row[f"{part}_{name}"]) for name in ("accuracy", "low", "high"))
    return f"{accuracy:.4f} ({low:.4f}-{high:.4f})"


def check_outcomes(graph: Graph) -> list[str]:
    """The latest outcome of every check: passed, warned, failed or not run.

    A check of what nobody asked for is not missed.
    """
    outcomes = []
    evaluations = graph.evaluations()
    for check in graph.checks:
        evaluation = evaluations.get(check)
        if evaluation is None:
            if not graph.is_made_on_request(check.asset_key):
                outcomes.append("not run")
        elif evaluation.passed:
            outcomes.append("passed")
        elif evaluation.severity == AssetCheckSeverity.ERROR:
            outcomes.append("failed")
        else:
            outcomes.append("warned")
    return outcomes
