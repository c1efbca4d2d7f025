"""Does anything cost more than it did? Ratios of processor time, against those committed.

    python -m benchmarks.regressions            # fails where one is a quarter worse
    python -m benchmarks.regressions --record   # commits to what is measured here

Each figure is the least processor time of several runs, which another program on the machine hardly
changes, over that of something else, measured in turns with it. Another kind of processor may have
another ratio, so that it is only held against its own.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmarks.implementations import FIT, KEPT
from benchmarks.machine import describe_machine
from benchmarks.networks_scale import DEFINITIONS, declare
from benchmarks.processes import in_turns, run_python
from benchmarks.tables import Row, render, write_csv
from mnist_assets.declarations.places import PROJECT

RESULTS = Path(__file__).with_name("results") / "regressions.csv"
ALLOWED = 1.25  # times the ratio that was committed
FEW, MANY = 3, 200  # networks
IMPORT = "import dagster"
TASKS: Mapping[str, tuple[int, Sequence[str]]] = {
    IMPORT: (FEW, ("-c", IMPORT)),
    f"definitions of {MANY} networks": (MANY, ("-c", DEFINITIONS)),
    "training": (FEW, ("-m", "benchmarks.implementations", KEPT)),
    "training by fit": (FEW, ("-m", "benchmarks.implementations", FIT)),
}
RATIOS = {
    f"definitions of {MANY} networks": IMPORT,
    "training": "training by fit",
}


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--record", is_flag=True, help="Commit to what is measured, on this processor.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(rounds: int, record: bool, results: Path) -> None:
    """Measure; where a ratio is a quarter worse than before, measure again, then fail.

    On a kind of processor for which nothing is committed it only tells.
    """
    import pandas as pd

    kept = pd.read_csv(results).to_dict("records") if results.exists() else []
    processor = describe_machine()["processor"]
    seconds = measure(rounds)
    if record:
        others = [row for row in kept if row["processor"] != processor]
        rows = [
            {"processor": processor, "what": what, "over": over, "ratio": ratio}
            for (what, over), ratio in zip(RATIOS.items(), ratios(seconds).values(), strict=True)
        ]
        write_csv(results, [*others, *rows])
        click.echo(f"Kept in {results}")
        return
    committed = committed_ratios(kept, processor)
    if worse(ratios(seconds), committed):
        seconds = {name: min(seconds[name], again) for name, again in measure(rounds).items()}
    click.echo(show(ratios(seconds), committed))
    if found := worse(ratios(seconds), committed):
        raise click.ClickException(
            f"A quarter worse than committed in {results}: {', '.join(found)}. Find what it costs, "
            "or commit to it by --record and say why."
        )


def measure(rounds: int) -> dict[str, float]:
    """The least processor seconds of each task."""
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as name:
        environments = {}
        for count in (FEW, MANY):
            home = Path(name) / str(count)
            home.mkdir()
            shutil.copy(PROJECT / "dagster.yaml", home)
            environments[count] = declare(home, count)
        # Once unmeasured: what it finds in the source, and compiles, is kept.
        for networks, arguments in (TASKS[task] for task in RATIOS):
            run_python(arguments, folder=Path(name), environment=environments[networks])
        for _, task in in_turns(list(TASKS), rounds):
            networks, arguments = TASKS[task]
            finished = run_python(arguments, folder=Path(name), environment=environments[networks])
            least[task] = min(finished.processor_seconds, least.get(task, float("inf")))
    return least


def ratios(seconds: Mapping[str, float]) -> dict[str, float]:
    """Of each thing watched over what it is held against."""
    return {what: seconds[what] / seconds[over] for what, over in RATIOS.items()}


def committed_ratios(rows: Sequence[Row], processor: str) -> dict[str, float]:
    """Those of this kind of processor, as far as there are any."""
    return {row["what"]: row["ratio"] for row in rows if row["processor"] == processor}


def worse(seen: Mapping[str, float], committed: Mapping[str, float]) -> list[str]:
    """What is more than a quarter worse."""
    return [
        what
        for what, ratio in seen.items()
        if what in committed and ratio > ALLOWED * committed[what]
    ]


def show(seen: Mapping[str, float], committed: Mapping[str, float]) -> str:
    """Each ratio beside the one committed."""
    lines = [
        [f"{what} / {over}", f"{seen[what]:.3f}", f"{committed.get(what, float('nan')):.3f}"]
        for what, over in RATIOS.items()
    ]
    return render(["processor time", "now", "committed"], lines)


if __name__ == "__main__":
    main()
