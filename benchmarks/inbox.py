"""The inbox: pictures a second from file to prediction, beside `predict` on the same files.

The run is what the daemon starts, TensorFlow's import included. A look is what the sensor does
every few seconds: with all files new, and with all of them scored.
"""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import dagster as dg

from benchmarks.graph import MATERIALIZE
from benchmarks.processes import run_python
from benchmarks.tables import Row, render
from mnist_assets.declarations.places import BUNDLED_DATASET, PROJECT, Places

SIZES = (10, 1_000, 10_000)
ENLARGED = 10  # times: to the size of a small photograph
DAY = "2026-01-01"


def run_inbox(sizes: Sequence[int] = SIZES) -> list[Row]:
    """Measure; one row for each number of files."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as folder:
        home = Path(folder)
        shutil.copy(PROJECT / "dagster.yaml", home)
        environment = {
            "DAGSTER_HOME": str(home),
            "MNIST_ASSETS_DATA": str(home / "values"),
            "MNIST_ASSETS_INBOX": str(home / "inbox"),
        }
        run_python(["-c", MATERIALIZE, "materialize"], folder=home, environment=environment)
        for files in sizes:
            shutil.rmtree(home / "inbox", ignore_errors=True)
            shutil.rmtree(home / "values" / "inference" / "predictions", ignore_errors=True)
            _fill(home / "inbox", files)
            read = run_python(
                ["-c", MATERIALIZE, "predict", "--json", "inbox"],
                folder=home,
                environment=environment,
            )
            scored = run_python(["-m", "benchmarks.inbox"], folder=home, environment=environment)
            rows.append({"files": files, "predict": read.seconds, **scored.result})
            click.echo(f"inbox, {files:,} files")
    return rows


def show_inbox(rows: Sequence[Row]) -> str:
    """The rows, and how many files a second that is."""
    lines = [
        [
            f"{row['files']:,}",
            f"{row['predict']:.1f}",
            f"{row['run']:.1f}",
            f"{row['files'] / row['run']:.0f}",
            f"{row['first_look']:.2f}",
            f"{row['look_at_scored']:.2f}",
        ]
        for row in rows
    ]
    columns = ["files", "predict, s", "run, s", "files/s", "first look, s", "look at scored, s"]
    return render(columns, lines)


def _fill(inbox: Path, files: int) -> None:
    """Drop test digits, enlarged and dark on light."""
    import numpy as np
    from PIL import Image

    from mnist_assets.dataset.idx import load_idx
    from mnist_assets.dataset.idx_names import find_idx

    images = load_idx(
        find_idx(BUNDLED_DATASET, "t10k-images-idx3-ubyte"), dimensions=None, sha256=None
    ).values
    inbox.mkdir()
    for index in range(files):
        image = Image.fromarray(255 - np.asarray(images[index % len(images)]))
        image.resize((image.width * ENLARGED, image.height * ENLARGED)).save(
            inbox / f"{index:06}.png"
        )


def _measure() -> dict[str, float]:
    """The seconds of a look, of a run, and of a look after it, over the inbox as it is."""
    from mnist_assets.definitions import build_definitions

    started = time.perf_counter()
    definitions = build_definitions(Places.from_environment())
    repository = definitions.get_repository_def()
    needed = {name: definitions.resources[name] for name in ("inbox_folder", "archive")}
    with dg.DagsterInstance.get() as instance:
        loaded = time.perf_counter() - started

        def look() -> float:
            began = time.perf_counter()
            with dg.build_sensor_context(instance, resources=needed) as context:
                repository.get_sensor_def("inbox")(context)
            return time.perf_counter() - began

        time.sleep(2.5)  # so that the last file counts as finished
        first_look = look()
        instance.add_dynamic_partitions("inbox_days", [DAY])
        began = time.perf_counter()
        run = repository.get_job("__anonymous_asset_job_inbox").execute_in_process(
            instance=instance, partition_key=DAY, run_config={"loggers": {"terminal": {}}}
        )
        if not run.success:
            raise click.ClickException("the run failed")
        seconds = time.perf_counter() - began
        return {"first_look": first_look, "run": loaded + seconds, "look_at_scored": look()}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        click.echo(show_inbox(run_inbox([int(files) for files in sys.argv[1:]])))
    else:
        click.echo(json.dumps(_measure()))
