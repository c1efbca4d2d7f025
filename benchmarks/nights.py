"""A year of nights: what the run history takes, and what it costs to look at, night after night.

The graph is made once. Each night then gives one more run, with what the first one recorded of
values and checks, which is nearly all that a run takes, after which the history is cut back as the
schedule does it.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import dagster as dg

from benchmarks.graph import MATERIALIZE
from benchmarks.processes import run_python
from benchmarks.tables import Row, render
from mnist_assets.declarations.places import PROJECT, Places
from mnist_assets.declarations.settings import read_settings
from mnist_assets.definitions import build_definitions
from mnist_assets.orchestration.retention import find_expired_runs

NIGHTS = (1, 50, 100, 200, 400)
RECORDED = (
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
)


def run_nights(nights: Sequence[int] = NIGHTS) -> list[Row]:
    """Measure; one row for each of these nights.

    The figures of a row are the megabytes of the history on the disk, the runs in it, and the
    seconds of `mnist-assets status` and of reading what the web UI's first page shows.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="mnist-assets-bench-") as folder:
        home = Path(folder)
        shutil.copy(PROJECT / "dagster.yaml", home)
        environment = {"DAGSTER_HOME": str(home), "MNIST_ASSETS_DATA": str(home / "values")}
        run_python(["-c", MATERIALIZE, "materialize"], folder=home, environment=environment)
        with _working_in(home), dg.DagsterInstance.from_config(str(home)) as instance:
            checks = list(build_definitions(Places()).resolve_asset_graph().asset_check_keys)
            keep = read_settings().history
            for night in range(1, max(nights) + 1):
                _repeat_the_last_run(instance)
                for run in list(find_expired_runs(instance, checks, keep)):
                    run.remove()
                if night in nights:
                    rows.append(_measure(instance, night, home, environment))
                    click.echo(f"nights, {night}/{max(nights)}")
    return rows


def show_nights(rows: Sequence[Row]) -> str:
    """The rows as they are."""
    forms = {"night": "d", "megabytes": ".1f", "runs": "d", "status": ".2f", "first_page": ".3f"}
    lines = [[f"{row[name]:{form}}" for name, form in forms.items()] for row in rows]
    return render(["night", "history, MB", "runs", "status, s", "first page, s"], lines)


def _measure(
    instance: dg.DagsterInstance, night: int, home: Path, environment: dict[str, str]
) -> Row:
    status = run_python(["-c", MATERIALIZE, "status"], folder=home, environment=environment)
    started = time.perf_counter()
    instance.get_run_records(limit=25)
    instance.get_asset_records()
    first_page = time.perf_counter() - started
    size = sum(path.stat().st_size for path in (home / "data").rglob("*") if path.is_file())
    return {
        "night": night,
        "megabytes": size / 1e6,
        "runs": instance.get_runs_count(),
        "status": status.seconds,
        "first_page": first_page,
    }


def _repeat_the_last_run(instance: dg.DagsterInstance) -> None:
    """Record one more run, with the last one's materialisations and evaluations."""
    (last,) = instance.get_run_records(limit=1)
    run = dg.DagsterRun(job_name=last.dagster_run.job_name, status=dg.DagsterRunStatus.SUCCESS)
    instance.add_run(run)
    now = time.time()
    for entry in instance.all_logs(last.dagster_run.run_id):
        event = entry.dagster_event
        if event is None or event.event_type not in RECORDED:
            continue
        again = dg.EventLogEntry(
            error_info=None,
            level=entry.level,
            user_message=entry.user_message,
            run_id=run.run_id,
            timestamp=now,
            step_key=entry.step_key,
            job_name=entry.job_name,
            dagster_event=event,
        )
        instance.event_log_storage.store_event(again)


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """The places in `dagster.yaml` are relative to the working folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


if __name__ == "__main__":
    click.echo(show_nights(run_nights([int(night) for night in sys.argv[1:]] or NIGHTS)))
