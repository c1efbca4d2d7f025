"""`mnist-assets clean`: remove what nothing needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mnist_assets.declarations.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg

    from mnist_assets.orchestration.leftovers import Leftover

EXAMPLES = """\b
Examples:
  mnist-assets clean
  mnist-assets clean --yes
"""


@click.command(epilog=EXAMPLES)
@click.option("--yes", is_flag=True, help="Remove it, too.")
def clean(yes: bool) -> None:
    """List what nothing needs any more, with its size.

    \b
    runs        beyond the number and the age that settings.yaml keeps, but for
                those that made the present values; the training log stays
    values      of assets that are no longer declared, as of a removed network
    unfinished  files of processes that were killed
    studies     of networks that are no longer declared
    sweeps      that are no longer declared
    champions   beyond the number that settings.yaml keeps, never the present
    programs    compiled for another TensorFlow, another processor or a search

    Nothing else is touched: neither other files in the same folders, nor values that something else
    has changed. The exit code is 1 if an input is wrong.
    """  # noqa: D301 - \b keeps lines
    from mnist_assets.cli.graph import working

    places = Places.from_environment()
    with working(places) as instance:
        found = list(_find(instance, places))
        for leftover in found:
            if yes:
                leftover.remove()
            click.echo(f"{leftover.bytes / 1e6:9.1f} MB  {leftover.what}")
    if not found:
        click.echo("Nothing to remove.")
        return
    total = sum(leftover.bytes for leftover in found) / 1e6
    told = "Removed" if yes else "`mnist-assets clean --yes` removes this"
    click.echo(f"{total:9.1f} MB  in all. {told}.")


def _find(instance: dg.DagsterInstance, places: Places) -> Iterator[Leftover]:
    from mnist_assets.champion.resources import ChampionArchive
    from mnist_assets.cli.graph import COMPILED, open_graph
    from mnist_assets.cli.search import TRIAL_PROGRAMS
    from mnist_assets.declarations.settings import read_settings
    from mnist_assets.networks.declaration import read_networks
    from mnist_assets.networks.loop.compile_cache import other_caches
    from mnist_assets.orchestration.leftovers import (
        find_undeclared_values,
        find_unfinished_files,
        folder_left,
    )
    from mnist_assets.orchestration.retention import find_expired_runs
    from mnist_assets.orchestration.storage.addresses import open_address
    from mnist_assets.study.resources import RunsFolder
    from mnist_assets.tuning.declaration import read_sweeps

    declared = read_networks(places.networks)
    keep = read_settings(places.settings).history
    graph = open_graph(places, instance, {}, on_request=True)
    yield from find_expired_runs(instance, graph.checks, keep)
    yield from find_undeclared_values(instance, open_address(places.assets), graph.declared)
    yield from find_unfinished_files(open_address(places.assets))
    yield from ChampionArchive(assets=places.assets).superseded(keep.champions)
    sweeps = read_sweeps(declared, places.tuning)
    for stage, what, wanted in (("study", "study of", declared), ("tuning", "sweep", sweeps)):
        for name, folder in RunsFolder(assets=places.assets, stage=stage).kept():
            if name not in wanted:
                yield folder_left(f"{what} {name}, no longer declared: {folder}", folder)
    if (trials := COMPILED.with_name(TRIAL_PROGRAMS)).is_dir():
        yield folder_left("programs of a search's trials", trials)
    for programs in other_caches(COMPILED):
        yield folder_left(f"programs of another version: {programs.name}", programs)
