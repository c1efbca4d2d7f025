"""`mnist-assets champion`: see which network serves, put another in its place."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from getpass import getuser

import click

from mnist_assets.cli.options import champion_versions, network_names
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

EXAMPLES = """\b
Examples:
  mnist-assets champion list
  mnist-assets champion promote given --why "fewer parameters"
  mnist-assets champion rollback 0001-best --why "it was better"
"""


def _reason(context: click.Context, parameter: click.Parameter, why: str) -> str:
    del context, parameter
    if not why.strip():
        raise click.BadParameter("it is empty; say why, for the log.")
    return why


why_option = click.option(
    "--why",
    metavar="REASON",
    required=True,
    callback=_reason,
    help="Why it is done: kept in the log.",
)
who_option = click.option(
    "--who",
    metavar="NAME",
    default=getuser,
    help="Who decides it: kept in the log. Without this option: the user who runs the command.",
)


@click.group(epilog=EXAMPLES)
def champion() -> None:
    """See which network serves, or put another in its place.

    The graph promotes a network by itself if it is better by the rules of settings.yaml. These
    commands show what came of it, and let a person decide otherwise.
    """


@champion.command("list", epilog="\b\nExample:\n  mnist-assets champion list")
def list_champions() -> None:
    """List every champion so far, the present one marked.

    Prints a line for each version, the oldest first: a * at the present champion, the version,
    when and how it became the champion, and why.
    """
    from mnist_assets.champion.archive import archive_folder
    from mnist_assets.champion.history import list_versions

    folder = archive_folder(Places.from_environment().assets)
    for row in list_versions(folder).to_dict("records"):
        mark = "*" if row["current"] else " "
        click.echo(f"{mark} {row['version']:20} {row['when']}  {row['action']}: {row['why']}")


@champion.command(
    epilog='\b\nExample:\n  mnist-assets champion promote given --why "fewer parameters"'
)
@click.argument("network", shell_complete=network_names)
@why_option
@who_option
def promote(network: str, why: str, who: str) -> None:
    """Make NETWORK the champion, whatever the decision says.

    NETWORK is a name in networks.yaml. It becomes a new version; those before it are kept. Prints
    what a run prints. The exit code is 1 if the champion was not changed.
    """
    from mnist_assets.networks.declaration import read_networks

    places = Places.from_environment()
    _require_one_of("network to promote", network, read_networks(places.networks))
    _change_champion(places, {"promote": network, "why": why, "who": who})


@champion.command(
    epilog='\b\nExample:\n  mnist-assets champion rollback 0001-best --why "it was better"'
)
@click.argument("version", shell_complete=champion_versions)
@why_option
@who_option
def rollback(version: str, why: str, who: str) -> None:
    """Make an earlier VERSION the champion again.

    VERSION is one that `mnist-assets champion list` names. Prints what a run prints. The exit code
    is 1 if the champion was not changed.
    """
    from mnist_assets.champion.archive import archive_folder
    from mnist_assets.champion.history import list_versions

    places = Places.from_environment()
    versions = list_versions(archive_folder(places.assets))["version"]
    _require_one_of("version to roll back to", version, versions)
    _change_champion(places, {"roll_back_to": version, "why": why, "who": who})


def _require_one_of(what: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name before a run begins, whose failure would leave the champion unchecked."""
    names = list(known)
    if name not in names:
        raise InputError(
            what,
            seen=name,
            expected=f"one of {', '.join(names)}" if names else "none: there is no version yet",
            remedy="`mnist-assets champion list` shows the versions, networks.yaml the networks.",
        )


def _change_champion(places: Places, change: dict[str, str]) -> None:
    """Materialise the champion with a change, so that Dagster's history has it, too."""
    import dagster as dg

    from mnist_assets.cli.graph import working
    from mnist_assets.definitions import everything_job
    from mnist_assets.orchestration.runs import run_assets

    config = {"ops": {"champion__model": {"config": change}}}
    reasons = {dg.AssetKey(["champion", "model"]): ", ".join(change.values())}
    with working(places) as instance:
        if not run_assets(instance, reasons, config, everything_job, assets=places.assets).success:
            sys.exit(1)
