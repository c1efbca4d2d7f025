"""`make run` in fresh clones of some commits, in turns: from nothing to the report.

What a package registry sends is kept by pip and uv between the rounds, for all commits alike.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

import click

from benchmarks.__main__ import RESULTS
from benchmarks.processes import in_turns
from benchmarks.tables import Row, medians, ratios, render, write_csv
from mnist_assets.declarations.places import PROJECT

UNSET = ("DAGSTER_HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV")


@click.command()
@click.argument("commits", nargs=-1, required=True)
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(*, commits: tuple[str, ...], rounds: int, results: Path) -> None:
    """Measure `make run` at each of the COMMITS, and hold it against that at the first."""
    rows: list[Row] = []
    for turn, commit in in_turns(list(commits), rounds):
        seconds = _make_run(commit)
        rows.append({"round": turn, "commit": commit, "seconds": seconds})
        click.echo(f"make run, round {turn}/{rounds}  {commit:10} {seconds:6.1f} s")
    write_csv(results / "fresh_clone.csv", rows)
    seconds_of = medians(rows, by="commit", column="seconds")
    over_first = ratios(seconds_of, commits[0])
    lines = [
        [commit, f"{of:.1f}", f"{over_first[commit]:.2f}"] for commit, of in seconds_of.items()
    ]
    click.echo(render(["", "s", f"/ {commits[0]}"], lines))


def _make_run(commit: str) -> float:
    """The seconds that it takes in a clone of its own."""
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as folder:
        _run("git", "clone", "--quiet", str(PROJECT), folder)
        _run("git", "-C", folder, "checkout", "--quiet", commit)
        started = time.perf_counter()
        _run("make", "--directory", folder, "run")
        return time.perf_counter() - started


def _run(*command: str) -> None:
    environment = {name: of for name, of in os.environ.items() if name not in UNSET}
    subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603 - those above


if __name__ == "__main__":
    main()
