"""`mnist-assets status`: what is up to date and what is not."""

from __future__ import annotations

import click

from mnist_assets.cli.options import select_option
from mnist_assets.declarations.places import Places

EXAMPLES = """\b
Examples:
  mnist-assets status
  mnist-assets status --select group:networks
"""


@click.command(epilog=EXAMPLES)
@select_option
def status(select: str | None) -> None:
    r"""Say of each asset whether it is up to date, and if not, why.

    Prints a line for each asset: its key, its state and the reason. Changes nothing.

    \b
    up to date  its value is what its code and its inputs would make now
    missing     it was never made, or its file is gone
    stale       its code, its declaration or an input has changed
    broken      its file is damaged, or a check of it failed or did not run
    waiting     something that it is made from has to run first

    The exit code is 0 whatever the states are, and 1 if an input is wrong.
    """
    from mnist_assets.cli.graph import open_graph, open_instance, select_assets

    places = Places.from_environment()
    with open_instance() as instance:
        graph = open_graph(places, instance, {}, on_request=select is not None)
        for key, (state, why) in graph.states(select_assets(graph, select)).items():
            click.echo(f"{key.to_user_string():36} {state:12} {why}".rstrip())
