"""Kept fast: ratios held against those committed, in a minute and a half; CI runs it.

Seconds differ from machine to machine, and on a shared one from minute to minute. So function calls
are counted where most of the time goes to Python's; and times are held against those of something
else measured right before and after. A ratio that is too large is measured again before it counts.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import mean, median

import click
import yaml

from benchmarks.graph import MATERIALIZE
from benchmarks.networks_scale import DEFINITIONS, declare
from benchmarks.processes import in_turns, run_python, start_cold
from benchmarks.tables import render
from benchmarks.work import NETWORKS
from mnist_assets.declarations.places import PROJECT

COMMITTED = Path(__file__).with_name("results") / "kept_fast.json"
ALLOWED = 1.25  # times the committed ratio
ROUNDS, ATTEMPTS = 3, 3

Task = Callable[[Path], float]
COUNT = """
import cProfile, pstats, sys
program = sys.argv.pop(1)
profile = cProfile.Profile()
try:
    profile.runctx(program, {"__name__": "__main__"}, {})
except SystemExit as end:
    assert not end.code, end.code
sys.stdout.write(f"\\n{pstats.Stats(profile).total_calls}")
"""


def measure(names: Iterable[str], rounds: int, seen: dict[str, list[float]]) -> None:
    """Add to what was seen the ratio of each."""
    for turn, name in in_turns(list(names), rounds):
        with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as folder:
            ratio = RATIOS[name](Path(folder))
        seen.setdefault(name, []).append(ratio)
        click.echo(f"kept fast, round {turn}/{rounds}  {name:40} {ratio:.3f}")


def medians_of(seen: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median ratio of each."""
    return {name: median(ratios) for name, ratios in seen.items()}


def too_slow(ratios: Mapping[str, float], committed: Mapping[str, float]) -> list[str]:
    """Those whose ratio is larger than allowed."""
    return [name for name, ratio in ratios.items() if ratio > ALLOWED * committed[name]]


def show(ratios: Mapping[str, float], committed: Mapping[str, float]) -> str:
    """The ratios beside the committed ones."""
    lines = [
        [
            name,
            f"{ratio:.2f}",
            f"{committed[name]:.2f}",
            f"{ratio / committed[name]:.2f}",
        ]
        for name, ratio in ratios.items()
    ]
    return render(["", "ratio", "committed", "of it"], lines)


def _calls(program: str, *arguments: str, networks: int = len(NETWORKS)) -> Task:
    """Functions that a program calls, over so many networks, to those of importing Dagster."""

    def count(folder: Path) -> float:
        environment = declare(folder, networks)
        first, again = (
            run_python(["-c", COUNT, program, *arguments], folder=folder, environment=environment)
            for _ in range(2)
        )
        # The first may have read the source.
        return float(min(first.result, again.result) / _calls_of_import())

    return count


@cache
def _calls_of_import() -> int:
    """Functions that importing Dagster calls."""
    return int(run_python(["-c", COUNT, "import dagster"], folder=PROJECT).result)


def _graph(folder: Path) -> float:
    """Processor time of the graph, an epoch each, to that of importing what it is made with."""
    environment = declare(folder, len(NETWORKS))
    _shorten(folder / "networks.yaml")
    start_cold()
    imports = ["-c", "import dagster, keras"]
    before, graph, after = (
        run_python(run, folder=folder, environment=environment).processor_seconds
        for run in (imports, ["-c", MATERIALIZE, "materialize"], imports)
    )
    return graph / mean([before, after])


def _shorten(networks: Path) -> None:
    """Have each network train for an epoch, good or not: what else the graph does is measured."""
    declared = yaml.safe_load(networks.read_text(encoding="utf-8"))
    for network in declared["networks"].values():
        network["training"]["epochs"] = 1
        network["thresholds"] = {"validation_accuracy": 0.5, "generalization_gap": 0.5}
    networks.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")


def _training(_: Path) -> float:
    """Time of the training loop to that of its matrix products alone."""
    run = ["-m", "benchmarks.products", "--json", NETWORKS[0]]
    return float(run_python(run, folder=PROJECT).result[NETWORKS[0]])


RATIOS: Mapping[str, Task] = {
    "definitions / import dagster": _calls(DEFINITIONS),
    "definitions, 30 networks / import dagster": _calls(DEFINITIONS, networks=30),
    "status / import dagster": _calls(MATERIALIZE, "status"),
    "graph, one epoch / imports": _graph,
    "training / its products": _training,
}


@click.command()
@click.option("--commit", is_flag=True, help="Keep what is measured as what is held against.")
def main(*, commit: bool) -> None:
    """Measure, print the ratios, and fail if one is larger than allowed, however often measured."""
    seen: dict[str, list[float]] = {}
    measure(RATIOS, ROUNDS if commit else 1, seen)
    if commit:
        rounded = {name: round(ratio, 3) for name, ratio in medians_of(seen).items()}
        COMMITTED.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    for _ in range(ATTEMPTS - 1):
        if slow := too_slow(medians_of(seen), committed):
            measure(slow, ROUNDS - 1, seen)
    click.echo(f"\n{show(medians_of(seen), committed)}")
    if slow := too_slow(medians_of(seen), committed):
        raise click.ClickException(
            f"slower than {ALLOWED} times what is committed: {', '.join(slow)}. Where that is "
            "meant, python -m benchmarks.kept_fast --commit"
        )


if __name__ == "__main__":
    main()
