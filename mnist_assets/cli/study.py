"""`mnist-assets study`: how far the networks' figures vary by chance."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from mnist_assets.cli.options import network_names
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mnist_assets.networks.declaration import Network

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
    help="Only this network of networks.yaml; may be repeated. Without this option: all that are "
    "not made only on request, and how they compare.",
)
@click.option(
    "--record",
    is_flag=True,
    help="Then keep the runs with the package: its report shows them where no study was made.",
)
def study(seeds: int | None, names: tuple[str, ...], record: bool) -> None:
    """Measure how far the networks' accuracies vary by chance.

    Trains each network with many seeds, which takes minutes; a study that was stopped goes on where
    it was. Prints each training as it ends, then mean, standard deviation and range of each
    network's accuracies.

    The exit code is 1 if a training or a check failed, or if an input is wrong.
    """
    from mnist_assets.cli.graph import open_graph, update, working
    from mnist_assets.cli.summary import show_study
    from mnist_assets.declarations.settings import read_settings
    from mnist_assets.networks.declaration import always_made, read_networks

    places = Places.from_environment()
    with working(places) as instance:
        settings = read_settings(places.settings).study
        declared = read_networks(places.networks)
        networks = _choose_networks(names, list(declared)) if names else always_made(declared)
        config = {"seeds": seeds or settings.seeds}
        run_config = {"ops": {f"study__{name}": {"config": config} for name in networks}}
        graph = open_graph(places, instance, run_config, on_request=True)
        also = [] if names else ['key:"study/comparison"']
        upstream = " or ".join(f'+key:"study/{name}"' for name in networks)
        selected = graph.select(" or ".join([upstream, *also]))
        outcome = update(graph, instance, selected, run_config)
        show_study(places, declared, settings.confidence)
        if record and outcome.success:
            _record(places, declared, networks)
    if not outcome.success:
        sys.exit(1)


def _record(places: Places, declared: Mapping[str, Network], networks: list[str]) -> None:
    """Write the runs of these networks into the package's file.

    Raises:
        InputError: They are of another dataset than MNIST.
    """
    import pandas as pd

    from mnist_assets.dataset.description import Description
    from mnist_assets.orchestration.storage.addresses import open_address
    from mnist_assets.study.recorded import RECORDED, describe_machine, record

    folder = open_address(places.assets)
    described = (folder / "dataset" / "description.json").read_text(encoding="utf-8")
    if not Description.from_json(json.loads(described)).mnist:
        raise InputError(
            "--record", seen="another dataset", expected="MNIST", remedy="Leave the option out."
        )
    made = {}
    for name in networks:
        with (folder / "study" / f"{name}.csv").open() as file:
            made[name] = pd.read_csv(file)
    text = record(RECORDED.read_text(encoding="utf-8"), declared, made, describe_machine())
    RECORDED.write_text(text, encoding="utf-8")
    click.echo(f"Recorded in {RECORDED}")


def _choose_networks(names: tuple[str, ...], declared: list[str]) -> list[str]:
    """The networks of these names, in the order of their declaration.

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
    return [name for name in declared if name in names]
