"""Options that several commands have, and what the Tab key offers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import click

from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

ShellComplete: TypeAlias = Callable[[click.Context, click.Parameter, str], list[str]]

select_option = click.option(
    "--select",
    metavar="SELECTION",
    help="Only these assets, as Dagster's selection language names them: 'group:networks' is a "
    "stage, 'key:\"networks/best\"' one asset; a + before it adds all that it is made from, but "
    "for what is made only on request, and a + after it all that is made from it. Without this "
    "option: every asset but those made only on request: study, tuning, and what networks.yaml "
    "says so of.",
)


def completed(read: Callable[[Places], Iterable[str]]) -> ShellComplete:
    """What completes a name: those that `read` finds in the project and that begin so."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        del context, parameter
        try:
            names = list(read(Places.from_environment()))
        except InputError:  # while a line is typed there is nowhere to tell it; the command does
            return []
        return [name for name in names if name.startswith(incomplete)]

    return complete


@completed
def network_names(places: Places) -> Iterable[str]:
    """The declared networks."""
    from mnist_assets.networks.declaration import read_networks

    return read_networks(places.networks)


@completed
def champion_versions(places: Places) -> Iterable[str]:
    """The champion's versions that can be rolled back to."""
    from mnist_assets.champion.archive import archive_folder, whole_versions

    return [each.version for each in whole_versions(archive_folder(places.assets))]
