"""Nothing to do and one network changed: the graph, and DVC with the same stages as scripts.

What is changed is a network's seed. DVC runs where its command is on the path; its stages are in
`benchmarks/dvc_stages.py`.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click
import yaml

from benchmarks.graph import MATERIALIZE
from benchmarks.networks_scale import declare
from benchmarks.processes import in_turns, run_python
from benchmarks.tables import Row, medians, render
from benchmarks.work import NETWORKS
from mnist_assets.declarations.places import PROJECT

CHANGED = NETWORKS[0]
IMPORT, NOTHING, ONE = "import dagster", "nothing to do", "one network changed"
DVC_NOTHING, DVC_ONE = "DVC, nothing to do", "DVC, one network changed"
# What training it took in the last run, compiling included, without what follows from it.
TRAINED = f"""
import json
import dagster as dg
with dg.DagsterInstance.get() as instance:
    event = instance.get_latest_materialization_event(dg.AssetKey(["networks", "{CHANGED}"]))
    figures = event.asset_materialization.metadata
print(json.dumps(sum(figures[name].value for name in ("compile_seconds", "training_seconds"))))
"""


def run_changes(rounds: int) -> list[Row]:
    """Measure; one row for each round and task, with how much of its seconds was training."""
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as name:
        graph, stages = Path(name) / "graph", Path(name) / "dvc"
        tasks: dict[str, Callable[[int], tuple[float, float]]] = {
            IMPORT: lambda _: (run_python(["-c", "import dagster"], folder=PROJECT).seconds, 0.0),
            **_graph_tasks(graph),
        }
        if shutil.which("dvc"):
            tasks |= _dvc_tasks(stages)
        else:
            click.echo("Not installed, so left out: DVC")
        rows: list[Row] = []
        for turn, task in in_turns(list(tasks), rounds):
            seconds, training = tasks[task](turn)
            rows.append({"round": turn, "task": task, "seconds": seconds, "training": training})
            click.echo(f"changes, round {turn}/{rounds}  {task:24} {seconds:6.2f} s")
    return rows


def show_changes(rows: Sequence[Row]) -> str:
    """Medians over the rounds."""
    seconds = medians(rows, by="task", column="seconds")
    training = medians(rows, by="task", column="training")
    lines = [
        [
            task,
            f"{of:.2f}",
            f"{of / seconds[IMPORT]:.2f}",
            f"{training[task]:.2f}" if training[task] else "",
            f"{of - training[task]:.2f}" if training[task] else "",
        ]
        for task, of in seconds.items()
    ]
    return render(["", "s", f"/ {IMPORT}", "of it training", "without"], lines)


def _graph_tasks(home: Path) -> Mapping[str, Callable[[int], tuple[float, float]]]:
    home.mkdir()
    shutil.copy(PROJECT / "dagster.yaml", home)
    environment = declare(home, len(NETWORKS))

    def materialize() -> float:
        arguments = ["-c", MATERIALIZE, "materialize"]
        return run_python(arguments, folder=home, environment=environment).seconds

    def change(turn: int) -> tuple[float, float]:
        _change_seed(home / "networks.yaml", turn)
        seconds = materialize()
        trained = run_python(["-c", TRAINED], folder=home, environment=environment)
        return seconds, trained.result

    click.echo("changes: making the graph")
    materialize()
    return {NOTHING: lambda _: (materialize(), 0.0), ONE: change}


def _dvc_tasks(home: Path) -> Mapping[str, Callable[[int], tuple[float, float]]]:
    home.mkdir()
    declare(home, len(NETWORKS))
    (home / "dvc.yaml").write_text(yaml.safe_dump({"stages": _stages()}), encoding="utf-8")
    _dvc(home, "init", "--no-scm", "--quiet")
    _dvc(home, "config", "core.analytics", "false")

    def change(turn: int) -> tuple[float, float]:
        _change_seed(home / "networks.yaml", turn)
        seconds = _dvc(home, "repro", "--quiet")
        return seconds, json.loads((home / f"{CHANGED}.seconds").read_text(encoding="utf-8"))

    click.echo("changes: running all stages by DVC")
    _dvc(home, "repro", "--quiet")
    return {DVC_NOTHING: lambda _: (_dvc(home, "repro", "--quiet"), 0.0), DVC_ONE: change}


def _dvc(home: Path, *arguments: str) -> float:
    """Run DVC; the seconds it took."""
    program = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    return run_python(["-c", program, "dvc", *arguments], folder=home).seconds


def _stages() -> dict[str, dict[str, object]]:
    """What the graph does for the notebook, as DVC declares it."""

    def stage(name: str, *deps: str, outs: Sequence[str], network: str = "") -> dict[str, object]:
        run = f"{sys.executable} -m benchmarks.dvc_stages {name} {network}".strip()
        own = {"params": [{"networks.yaml": [f"networks.{network}"]}]} if name == "train" else {}
        return {"cmd": run, "deps": [*deps], "outs": [*outs], **own}

    raw = str(PROJECT / "data" / "raw" / "mnist")
    prepared = ("dataset.npz", "split.npz", "normalization.npz")
    stages = {
        "dataset": stage("dataset", raw, outs=["dataset.npz"]),
        "exploration": stage("explore", "dataset.npz", outs=["exploration.npz"]),
        "split": stage("split", "dataset.npz", outs=["split.npz"]),
        "normalization": stage("normalize", "dataset.npz", "split.npz", outs=["normalization.npz"]),
    }
    for name in NETWORKS:
        trained, predicted = [f"{name}.keras", f"{name}.seconds"], f"{name}.predictions.npz"
        stages |= {
            f"train_{name}": stage("train", *prepared, outs=trained, network=name),
            f"predict_{name}": stage(
                "predict", trained[0], *prepared[:2], outs=[predicted], network=name
            ),
            f"evaluate_{name}": stage(
                "evaluate", predicted, *prepared[:2], outs=[f"{name}.json"], network=name
            ),
        }
    stages["comparison"] = stage(
        "compare", *(f"{name}.json" for name in NETWORKS), outs=["comparison.csv"]
    )
    return stages


def _change_seed(networks: Path, seed: int) -> None:
    declared = yaml.safe_load(networks.read_text(encoding="utf-8"))
    declared["networks"][CHANGED]["training"]["seed"] = 1000 + seed
    networks.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
