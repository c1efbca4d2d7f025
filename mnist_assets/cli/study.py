"""`mnist-assets study`: how far the networks' figures vary by chance."""

from __future__ import annotations

import sys

import click

from mnist_assets.cli.options import network_names
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

EXAMPLES = """\b
Examples:
  mnist-assets study
  mnist-assets study --seeds 30 --select best --select given
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--seeds",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help="With how many seeds each network is trained. Without this option: as settings.yaml says.",
)
@click.option(
    "--select",
    "names",
    metavar="NETWORK",
    multiple=True,
    shell_complete=network_names,
    help="Only this network of networks.yaml; may be repeated. Without this option: all of them, "
    "and how they compare.",
)
def study(seeds: int | None, names: tuple[str, ...]) -> None:
    """Measure how far the networks' accuracies vary by chance.

    Trains each network with many seeds, which takes minutes; a study that was stopped goes on where
    it was. Prints each training as it ends, then mean, standard deviation and range of each
    network's accuracies.

    The exit code is 1 if a training or a check failed, or if an input is wrong.
    """
    from mnist_assets.cli.graph import open_graph, update, working
    from mnist_assets.cli.summary import show_study
    from mnist_assets.declarations.settings import read_settings
    from mnist_assets.networks.declaration import read_networks

    places = Places.from_environment()
    with working(places) as instance:
        settings = read_settings(places.settings).study
        declared = list(read_networks(places.networks))
        networks = _choose_networks(names, declared)
        config = {"seeds": seeds or settings.seeds}
        run_config = {"ops": {f"study__{name}": {"config": config} for name in networks}}
        graph = open_graph(places, instance, run_config, on_request=True)
        wanted = networks if names else [*networks, "comparison"]
        selected = graph.select(" or ".join(f'+key:"study/{name}"' for name in wanted))
        outcome = update(graph, instance, selected, run_config)
        show_study(places, declared, settings.confidence)
    if not outcome.success:
        sys.exit(1)


def _choose_networks(names: tuple[str, ...], declared: list[str]) -> list[str]:
    """The networks of these names, or all.

    Raises:
        InputError: There is none of that name.
    """
    if unknown := [name for name in names if name not in declared]:
        raise InputError(
            "--select",
            seen=", ".join(unknown),
            expected=f"any of {', '.join(declared)}",
            remedy="Name networks that are declared in networks.yaml.",
        )
    return [name for name in declared if name in names or not names]
