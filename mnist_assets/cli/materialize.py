"""`mnist-assets materialize`: bring assets up to date."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_assets.cli.options import select_option
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dagster as dg

    from mnist_assets.orchestration.incremental import Graph

EXAMPLES = """\b
Examples:
  mnist-assets materialize
  mnist-assets materialize --dry-run
  mnist-assets materialize --select 'key:"networks/best"+'
"""


@click.command(epilog=EXAMPLES)
@select_option
@click.option("--dry-run", is_flag=True, help="Say what would run, and why; run nothing.")
@click.option("--force", is_flag=True, help="Run every selected asset, whether changed or not.")
@click.option(
    "--upgraded", is_flag=True, help="Run what was made with other versions of libraries, too."
)
@click.option("--quiet", is_flag=True, help="Print nothing but what goes wrong.")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path, resolve_path=True),  # the command works in the project's folder
    help="A YAML file with Dagster's run configuration, as the launchpad of the web UI shows it.",
)
@click.option(
    "--tensorboard",
    metavar="DIR",
    type=click.Path(path_type=Path, resolve_path=True),
    help="Train the selected networks anew and write what TensorBoard shows of it below DIR: loss "
    "and accuracy, and histograms of the weights, after each epoch.",
)
def materialize(
    select: str | None,
    dry_run: bool,
    force: bool,
    upgraded: bool,
    quiet: bool,
    config: Path | None,
    tensorboard: Path | None,
) -> None:
    """Bring assets up to date.

    Makes what is missing or changed, and what follows from it; with nothing to do it takes seconds.
    Each asset, as it is made, and each check that does not pass are told on standard error; the
    networks' accuracies, the checks' outcomes and where the report is, on standard output.

    The exit code is 0 if all went well, 1 if an asset or a check of it failed or an input is wrong,
    2 if the command is called in another way than this page tells.
    """
    from mnist_assets.cli.graph import open_graph, select_assets, update, working
    from mnist_assets.cli.summary import show_summary
    from mnist_assets.declarations.yaml_files import read_mapping

    started = time.perf_counter()
    places = Places.from_environment()
    with working(places) as instance:
        run_config = read_mapping(config) if config else {}
        if "source" in (run_config.get("resources") or {}):
            raise InputError(
                f"{config}: resources",
                seen="source, another dataset for one run",
                expected="none: what is out of date is told by the dataset that is set",
                remedy="Set MNIST_ASSETS_DATASET instead.",
            )
        if tensorboard:
            run_config = _with_logs(run_config, places, tensorboard)
        graph = open_graph(
            places, instance, run_config, on_request=select is not None, upgraded=upgraded
        )
        selected = select_assets(graph, select)
        if dry_run:
            _show_plan(graph, selected)
            return
        outcome = update(graph, instance, selected, run_config, force=force, quiet=quiet)
        if not quiet:
            show_summary(graph, places, outcome, time.perf_counter() - started)
    if not outcome.success:
        sys.exit(1)


def _with_logs(run_config: Mapping[str, Any], places: Places, folder: Path) -> dict[str, Any]:
    """A run configuration by which each network's training writes logs for TensorBoard."""
    from mnist_assets.networks.declaration import read_networks
    from mnist_assets.networks.tensorboard import require_tensorboard

    require_tensorboard()
    ops = dict(run_config.get("ops", {}))
    for name in read_networks(places.networks):
        given = ops.get(f"networks__{name}", {}).get("config", {})
        ops[f"networks__{name}"] = {"config": {**given, "tensorboard": str(folder)}}
    return {**run_config, "ops": ops}


def _show_plan(graph: Graph, selected: list[dg.AssetKey]) -> None:
    """Say which of the selected assets would run, and which only if their inputs change."""
    from mnist_assets.orchestration.staleness import State

    lines = [
        f"{key.to_user_string():40} {why}"
        for key, (state, why) in graph.states(selected).items()
        if state != State.UP_TO_DATE
    ]
    click.echo("\n".join(lines) or "Nothing to do: everything is up to date.")
