"""`mnist-assets tune`: what each choice of the networks' training is worth."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mnist_assets.cli.options import completed
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = """\b
Examples:
  mnist-assets tune
  mnist-assets tune --select batch_size --select optimizer
  mnist-assets tune --seeds 2
"""


@completed
def _sweep_names(places: Places) -> Iterable[str]:
    """The declared sweeps."""
    from mnist_assets.networks.declaration import read_networks
    from mnist_assets.tuning.declaration import read_sweeps

    return read_sweeps(read_networks(places.networks), places.tuning)


@click.group(epilog=EXAMPLES, invoke_without_command=True)
@click.option(
    "--select",
    "names",
    metavar="SWEEP",
    multiple=True,
    shell_complete=_sweep_names,
    help="Only this sweep of tuning.yaml; may be repeated. Without this option: all of them, and "
    "what they say together.",
)
@click.option(
    "--seeds",
    metavar="NUMBER",
    type=click.IntRange(min=2),
    help="With how many seeds each value is tried: fewer take less time. Without this option: as "
    "tuning.yaml says.",
)
@click.pass_context
def tune(context: click.Context, names: tuple[str, ...], seeds: int | None) -> None:
    """Measure what each choice of the networks' training is worth.

    Without a command: changes one thing at a time, as tuning.yaml declares, and trains with each
    value over several seeds, judged on validation images alone. It takes minutes; what was stopped
    goes on where it was. Prints each training as it ends, then what each sweep says.

    The exit code is 1 if a training or a check failed, or if an input is wrong.
    """
    if context.invoked_subcommand is None:
        _sweep(names, seeds)


def _sweep(names: tuple[str, ...], seeds: int | None) -> None:
    from mnist_assets.cli.graph import open_graph, update, working
    from mnist_assets.cli.summary import show_sweeps
    from mnist_assets.networks.declaration import read_networks
    from mnist_assets.tuning.declaration import read_sweeps

    places = Places.from_environment()
    with working(places) as instance:
        declared = read_sweeps(read_networks(places.networks), places.tuning)
        sweeps = _choose_sweeps(names, list(declared))
        config = {name: {"config": {"seeds": seeds or declared[name].seeds}} for name in sweeps}
        run_config = {"ops": {f"tuning__{name}_runs": of for name, of in config.items()}}
        graph = open_graph(places, instance, run_config, on_request=True)
        wanted = sweeps if names else [*sweeps, "overview"]
        selected = graph.select(" or ".join(f'+key:"tuning/{name}"' for name in wanted))
        outcome = update(graph, instance, selected, run_config)
        show_sweeps(instance, sweeps)
    if not outcome.success:
        sys.exit(1)


def _choose_sweeps(names: tuple[str, ...], declared: list[str]) -> list[str]:
    """The sweeps of these names, or all.

    Raises:
        InputError: There is none of that name, or none at all.
    """
    if not declared:
        raise InputError(
            "tuning.yaml",
            seen="no sweep of a declared network",
            expected="one at least",
            remedy="Declare sweeps of the networks in networks.yaml, in a file that "
            "MNIST_ASSETS_TUNING names.",
        )
    if unknown := [name for name in names if name not in declared]:
        raise InputError(
            "--select",
            seen=", ".join(unknown),
            expected=f"any of {', '.join(declared)}",
            remedy="Name sweeps that are declared in tuning.yaml.",
        )
    return [name for name in declared if name in names or not names]
