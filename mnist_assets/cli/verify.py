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
    `mnist-assets materialize`; but a champion has to be restored, rolled back or promoted anew.

    The exit code is 1 if a value differs or is gone, or if an input is wrong.
    """
    from mnist_assets.cli.graph import open_graph, working
    from mnist_assets.orchestration.verification import verify as verify_graph

    started = time.perf_counter()
    places = Places.from_environment()
    with working(places) as instance:
        found = verify_graph(open_graph(places, instance, {}, on_request=True))
    faults = {key.to_user_string(): fault for key, fault in found.faults.items()}
    faults |= _broken_champions(places)
    for key, fault in faults.items():
        click.echo(f"{key:36} {fault}")
    differing = f"not as written: {len(faults)}" if faults else "all as written"
    click.echo(
        f"{found.files} files, {found.bytes / 1e6:.1f} MB: {differing}; "
        f"{time.perf_counter() - started:.1f} s"
    )
    if faults:
        sys.exit(1)


def _broken_champions(places: Places) -> dict[str, str]:
    """What is wrong with champions, whose files are no value of an asset."""
    from mnist_assets.champion.archive import archive_folder, broken_versions

    folder = archive_folder(places.assets)
    return {
        f"champion {version}": f"missing or damaged files: {folder / 'versions' / version}"
        for version in broken_versions(folder)
    }
