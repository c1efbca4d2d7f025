"""`mnist-assets verify`: whether every value is what was written."""

from __future__ import annotations

import sys
import time

import click

from mnist_assets.declarations.places import Places

EXAMPLES = """\b
Examples:
  mnist-assets verify
  mnist-assets verify || mnist-assets materialize
"""


@click.command(epilog=EXAMPLES)
def verify() -> None:
    """Read every value and compare it with its hash.

    Finds what `status` cannot see without reading: a file that a bad disk or a copying program
    changed, its size and its time as they were. What differs is named, and made again by the next
    `mnist-assets materialize`.

    The exit code is 1 if a value differs or is gone, or if an input is wrong.
    """
    from mnist_assets.cli.graph import open_graph, working
    from mnist_assets.orchestration.verification import verify as verify_graph

    started = time.perf_counter()
    places = Places.from_environment()
    with working(places) as instance:
        found = verify_graph(open_graph(places, instance, {}, on_request=True))
    for key, fault in found.faults.items():
        click.echo(f"{key.to_user_string():36} {fault}")
    differing = f"not as written: {len(found.faults)}" if found.faults else "all as written"
    click.echo(
        f"{found.files} files, {found.bytes / 1e6:.1f} MB: {differing}; "
        f"{time.perf_counter() - started:.1f} s"
    )
    if found.faults:
        sys.exit(1)
