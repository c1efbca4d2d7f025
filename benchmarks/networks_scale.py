"""Many networks: what loading the definitions, `status` and a run with nothing to do cost.

The notebook's networks are made once. Of further ones, which are declared as the first of them, the
history gets what it has of that one, and their values are links to its files: nothing is trained.
Run as a program, it adds these to the history of the working folder.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click
import yaml

from benchmarks.graph import MATERIALIZE
from benchmarks.processes import in_turns, run_python
from benchmarks.tables import Row, render
from benchmarks.work import NETWORKS
from mnist_assets.declarations.places import NETWORKS_FILE, PROJECT, Places
from mnist_assets.orchestration.dagster_internals import find_latest_evaluations
from mnist_assets.orchestration.history import CODE_VERSION, DATA_VERSION, INPUT_VERSION
from mnist_assets.orchestration.staleness import NOT_MADE
from mnist_assets.orchestration.storage.fingerprints import PICTURE_FILES

if TYPE_CHECKING:
    import dagster as dg

COUNTS = (1, 3, 30, 200)
LIKE = NETWORKS[0]
SHAPE = "graph.json"  # of each asset what it reads and its checks
DEFINITIONS = """
from mnist_assets.definitions import definitions
definitions().resolve_asset_graph()
"""
# As many assets, inputs and checks with nothing of this project.
BARE = f"""
import json
from pathlib import Path
import dagster as dg

def define(name, reads, checks):
    key = dg.AssetKey.from_user_string(name)
    keys = {{read.replace("/", "_"): dg.AssetKey.from_user_string(read) for read in reads}}
    ins = {{argument: dg.AssetIn(read) for argument, read in keys.items()}}
    specs = [dg.AssetCheckSpec(check, asset=key) for check in checks]
    @dg.asset(key=key, ins=ins, check_specs=specs, io_manager_key="files")
    def make(**values):
        return 1
    return make

shape = json.loads(Path({SHAPE!r}).read_text())
assets = [define(name, **of) for name, of in shape.items()]
dg.Definitions(assets=assets, resources={{"files": dg.mem_io_manager}}).resolve_asset_graph()
"""
TASKS: Mapping[str, Sequence[str]] = {
    "import dagster": ("-c", "import dagster"),
    "bare Dagster": ("-c", BARE),
    "definitions": ("-c", DEFINITIONS),
    "status": ("-c", MATERIALIZE, "status"),
    "nothing to do": ("-c", MATERIALIZE, "materialize"),
}


def run_networks_scale(rounds: int, counts: Sequence[int] = COUNTS) -> list[Row]:
    """Measure; one row for each round, number of networks and task.

    The figure of a row is the wall time of a process from its start to its end.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as folder:
        made = Path(folder) / "made"
        made.mkdir()
        shutil.copy(PROJECT / "dagster.yaml", made)
        run_python(
            ["-c", MATERIALIZE, "materialize"],
            folder=made,
            environment=declare(made, len(NETWORKS)),
        )
        homes = {count: Path(folder) / str(count) for count in counts}
        for count, home in homes.items():
            shutil.copytree(made, home)
            click.echo(f"networks: making up the history of {count}")
            run_python(
                ["-m", "benchmarks.networks_scale"], folder=home, environment=declare(home, count)
            )
        turns = in_turns([f"{count} {task}" for count in counts for task in TASKS], rounds)
        for turn, name in turns:
            count, task = int(name.partition(" ")[0]), name.partition(" ")[2]
            home = homes[count]
            finished = run_python(TASKS[task], folder=home, environment=declare(home, count))
            rows.append(
                {"round": turn, "networks": count, "task": task, "seconds": finished.seconds}
            )
            click.echo(f"networks, round {turn}/{rounds}  {name:20} {finished.seconds:6.2f} s")
    return rows


def show_networks_scale(rows: Sequence[Row]) -> str:
    """Medians over the rounds, and what each network beyond the notebook's adds."""
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row in rows:
        seconds[row["task"], row["networks"]].append(row["seconds"])
    counts = sorted({row["networks"] for row in rows})
    few, many = len(NETWORKS), counts[-1]
    lines = []
    for task in TASKS:
        medians = {count: median(seconds[task, count]) for count in counts}
        each = (medians[many] - medians[few]) / (many - few)
        lines.append(
            [
                task,
                *(f"{medians[count]:.2f}" for count in counts),
                f"{medians[many] / medians[few]:.1f}",
                f"{each * 1000:.1f}",
            ]
        )
    columns = [f"{count} networks, s" for count in counts]
    return render(["", *columns, f"{many} / {few}", "each further network, ms"], lines)


def declare(home: Path, count: int) -> dict[str, str]:
    """Declare so many networks; the variables by which a process works on them."""
    declared = yaml.safe_load(NETWORKS_FILE.read_text(encoding="utf-8"))["networks"]
    networks = {name: declared[name] for name in NETWORKS[:count]}
    for number in range(count - len(NETWORKS)):
        like = networks[LIKE]
        training = {**like["training"], "seed": 100 + number}
        networks[_further(number)] = {**like, "training": training}
    path = home / "networks.yaml"
    path.write_text(yaml.safe_dump({"networks": networks}, sort_keys=False), encoding="utf-8")
    return {
        "DAGSTER_HOME": str(home),
        "MNIST_ASSETS_DATA": str(home / "values"),
        "MNIST_ASSETS_NETWORKS": str(path),
    }


def _further(number: int) -> str:
    return f"further{number}"


def _make_up() -> None:
    """Bring the history of the working folder's project up to date, with what it has, untrained."""
    import dagster as dg

    from mnist_assets.dataset.assets import SOURCE
    from mnist_assets.definitions import build_definitions, build_source, build_storages

    places = Places.from_environment()
    graph = build_definitions(places).resolve_asset_graph()
    storages = build_storages(places)
    source = build_source(places).version()
    shape = {}
    with dg.DagsterInstance.get() as instance:
        versions = {SOURCE: source}
        for key in graph.toposorted_asset_keys:
            node = graph.get(key)
            shape[key.to_user_string()] = {
                "reads": [parent.to_user_string() for parent in sorted(node.parent_keys)],
                "checks": sorted(check.name for check in node.check_keys),
            }
            like = _likeness(key)
            event = instance.get_latest_materialization_event(like)
            made = event.asset_materialization if event else None
            if made is None or not made.tags:
                continue
            if like != key:
                storage = storages[node.assets_def.get_io_manager_key_for_asset_key(key)]
                _link_files(storage.file_of(like).parent, like.path[-1], key.path[-1])
            versions[key] = made.tags[DATA_VERSION]
            _record(instance, node, like, made, versions)
    Path(SHAPE).write_text(json.dumps(shape), encoding="utf-8")


def _likeness(key: dg.AssetKey) -> dg.AssetKey:
    """The asset of the network that a further one is like; any other asset itself."""
    import dagster as dg

    network, _, rest = key.path[-1].partition("_")
    if not network.startswith(_further(0).rstrip("0")):
        return key
    return dg.AssetKey([*key.path[:-1], "_".join(filter(None, (LIKE, rest)))])


def _link_files(folder: Path, like: str, name: str) -> None:
    """Link the value of one asset, and the pictures beside it, to what another's are named."""
    for file in folder.glob(f"{like}.*"):
        os.link(file, folder / file.name.replace(like, name, 1))


def _record(
    instance: dg.DagsterInstance,
    node: Any,
    like: dg.AssetKey,
    made: dg.AssetMaterialization,
    versions: Mapping[dg.AssetKey, str],
) -> None:
    """Record that an asset was made of its present inputs, and its checks evaluated, as another."""
    import dagster as dg

    metadata = dict(made.metadata)
    if pictures := metadata.get(PICTURE_FILES):
        named = {
            name.replace(like.path[-1], node.key.path[-1], 1): of
            for name, of in pictures.value.items()
        }
        metadata[PICTURE_FILES] = dg.MetadataValue.json(named)
    inputs = {
        f"{INPUT_VERSION}{parent.to_user_string()}": versions.get(parent, NOT_MADE)
        for parent in node.parent_keys
    }
    tags = {CODE_VERSION: node.code_version, DATA_VERSION: versions[node.key], **inputs}
    instance.report_runless_asset_event(
        dg.AssetMaterialization(node.key, metadata=metadata, tags=tags)
    )
    of_like = [dg.AssetCheckKey(like, check.name) for check in node.check_keys]
    for check, found in find_latest_evaluations(instance, of_like).items():
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=node.key,
                check_name=check.name,
                passed=found.passed,
                severity=found.severity,
                metadata=found.metadata,
                description=found.description,
            )
        )


if __name__ == "__main__":
    _make_up()
