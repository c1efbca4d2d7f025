"""The graph and its run history as commands work on them.

This loads Dagster and every definition: commands import it when they run, so that help and
completion do without.
"""

import gc
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import dagster as dg

from mnist_assets.cli.context import native_logs_kept
from mnist_assets.dataset.assets import SOURCE
from mnist_assets.declarations.places import INSTANCE_FILE, PROJECT, Places
from mnist_assets.declarations.settings import read_settings
from mnist_assets.definitions import (
    build_source,
    build_storages,
    everything_job,
    lock_of,
    present_definitions,
    whole_job,
)
from mnist_assets.errors import InputError
from mnist_assets.networks.loop.compile_cache import use_compile_cache
from mnist_assets.orchestration.history import end_dead_runs, observe, open_history
from mnist_assets.orchestration.incremental import Graph, Run, bring_up_to_date
from mnist_assets.orchestration.runs import run_assets

COMPILED = PROJECT / "data" / "cache" / "compiled"


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The run history that `dagster dev` in the project's folder uses, or that of DAGSTER_HOME."""
    if not os.environ.get("DAGSTER_HOME"):
        os.chdir(PROJECT)
        if not Path("dagster.yaml").exists():
            shutil.copyfile(INSTANCE_FILE, "dagster.yaml")
        os.environ["DAGSTER_HOME"] = str(PROJECT)
    with open_history() as instance:
        yield instance


@contextmanager
def working(places: Places) -> Iterator[dg.DagsterInstance]:
    """The run history, for a command that is alone in changing it and the values."""
    with open_instance() as instance, _alone(places, instance):
        end_dead_runs(instance, places.assets)
        yield instance


def _alone(places: Places, instance: dg.DagsterInstance) -> AbstractContextManager[None]:
    return lock_of(places).hold(instance, partial(click.echo, err=True))


def open_graph(
    places: Places,
    instance: dg.DagsterInstance,
    config: Mapping[str, Any],
    *,
    on_request: bool,
    upgraded: bool = False,
) -> Graph:
    """The project's graph with its history, over the dataset as it is now.

    What was made with other versions of libraries is stale if `upgraded` or the settings say so.
    """
    version = build_source(places).version()
    definitions = present_definitions(places)
    graph = Graph(
        definitions,
        instance,
        {SOURCE: version},
        build_storages(places),
        config,
        on_request=on_request,
        upgraded=upgraded or read_settings(places.settings).libraries.remake,
    )
    gc.freeze()  # what is there by now stays: garbage is not to be looked for in it
    return graph


def select_assets(graph: Graph, selection: str | None) -> list[dg.AssetKey]:
    """The assets that a selection in Dagster's language asks for, or all.

    Raises:
        InputError: It is no such selection, or there is no such asset.
    """
    if selection is None:
        return graph.keys
    refusal = InputError(
        "--select",
        seen=selection or "nothing",
        expected="a selection of the graph's assets, such as 'key:\"networks/best\"+'",
        remedy="Correct it: `mnist-assets status` lists the keys.",
    )
    try:
        selected = graph.asked_for(selection)
    except dg.DagsterError as error:
        raise refusal from error
    if not selected:
        raise refusal
    return selected


def update(
    graph: Graph,
    instance: dg.DagsterInstance,
    selected: list[dg.AssetKey],
    config: Mapping[str, Any],
    *,
    force: bool = False,
    quiet: bool = False,
) -> Run:
    """Bring assets up to date; if quiet, tell only of what goes wrong."""
    for source, version in graph.observed.items():
        observe(instance, source, version)
    with native_logs_kept():
        return bring_up_to_date(
            graph,
            selected,
            lambda reasons: _run_job(graph, instance, reasons, config, quiet=quiet),
            force=force,
        )


def _run_job(
    graph: Graph,
    instance: dg.DagsterInstance,
    reasons: Mapping[dg.AssetKey, str],
    config: Mapping[str, Any],
    *,
    quiet: bool,
) -> Run:
    """Materialise assets in one run: the job over everything has none made only on request."""
    gc.enable()  # from here on, values come and go
    use_compile_cache(COMPILED)
    requested = any(graph.is_made_on_request(key) for key in reasons)
    job = whole_job if requested else everything_job
    assets = Places.from_environment().assets
    return run_assets(instance, reasons, config, job, assets=assets, quiet=quiet)
