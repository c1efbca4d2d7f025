"""`mnist-assets status`: what is up to date and what is not."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from mnist_assets.cli.options import select_option
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    import dagster as dg

    from mnist_assets.orchestration.staleness import State

EXAMPLES = """\b
Examples:
  mnist-assets status
  mnist-assets status evaluation/best
  mnist-assets status --select group:networks --json
  mnist-assets status --check && echo "nothing to do"
"""


@click.command(epilog=EXAMPLES)
@click.argument("key", required=False)
@select_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list: key, state, why.")
@click.option("--check", is_flag=True, help="Exit with code 1 if anything is to be done.")
def status(key: str | None, select: str | None, as_json: bool, check: bool) -> None:
    """Say of each asset whether it is up to date, and if not, why.

    Prints a line for each asset: its key, its state and the reason. With a KEY, only what keeps
    that asset from being up to date, from the first cause to the asset itself. Changes nothing.

    \b
    up to date  its value is what its code and its inputs would make now
    missing     it was never made, or its file is gone
    stale       its code, its declaration or an input has changed
    broken      its file is damaged, or a check of it failed or did not run
    waiting     something that it is made from has to run first

    What is up to date may have been made with other versions of libraries than are installed. It is
    named here, and `mnist-assets materialize --upgraded` makes it again.

    What is made only on request is named once it was made; `mnist-assets materialize --select`
    makes it again.

    The exit code is 1 if an input is wrong, and with --check if an asset that `mnist-assets
    materialize` makes is not up to date; else 0.
    """  # noqa: D301 - \b keeps lines
    from mnist_assets.cli.graph import open_graph, open_instance, select_assets
    from mnist_assets.orchestration.staleness import State

    if key and select:
        raise click.UsageError("Give a KEY or --select, not both.")
    places = Places.from_environment()
    with open_instance() as instance:
        graph = open_graph(places, instance, {}, on_request=bool(key or select))
        if key and key not in {each.to_user_string() for each in graph.keys}:
            raise InputError(
                "KEY",
                seen=key,
                expected="the key of an asset, such as networks/best",
                remedy="`mnist-assets status` lists them.",
            )
        selected = select_assets(graph, f'+key:"{key}"' if key else select)
        states = graph.states(selected)
        requested = {} if key or select else graph.states_on_request()
    to_do = {asset: of for asset, of in states.items() if of[0] != State.UP_TO_DATE}
    if key:
        itself = {asset: of for asset, of in states.items() if asset.to_user_string() == key}
        states = {**to_do, **itself}
    _show(states | requested, as_json=as_json)
    if check and to_do:
        sys.exit(1)


def _show(states: dict[dg.AssetKey, tuple[State, str]], *, as_json: bool) -> None:
    rows = [(key.to_user_string(), str(state), why) for key, (state, why) in states.items()]
    if as_json:
        names = ("key", "state", "why")
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
        return
    for key, state, why in rows:
        click.echo(f"{key:36} {state:12} {why}".rstrip())
