"""Options that several commands have, and what the Tab key offers for them."""

from __future__ import annotations

import click

from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

select_option = click.option(
    "--select",
    metavar="SELECTION",
    help="Only these assets, as Dagster's selection language names them: 'group:networks' is a "
    "stage, 'key:\"networks/best\"' one asset; a + before it adds all that it is made from, a + "
    "after it all that is made from it. Without this option: every asset but those made only "
    "on request: study, tuning, and what networks.yaml says so of.",
)


def network_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The declared networks that begin so."""
    del context, parameter
    from mnist_assets.networks.declaration import read_networks

    try:
        names = list(read_networks(Places.from_environment().networks))
    except InputError:  # while a line is being typed there is nowhere to tell it; the command does
        return []
    return [name for name in names if name.startswith(incomplete)]


def champion_versions(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """The champion's versions that begin so, of those that can be rolled back to."""
    del context, parameter
    from mnist_assets.champion.archive import archive_folder, whole_versions

    try:
        champions = whole_versions(archive_folder(Places.from_environment().assets))
    except InputError:  # as above
        return []
    return [each.version for each in champions if each.version.startswith(incomplete)]
