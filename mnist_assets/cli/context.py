"""What a command works in: the run history, alone in changing it, with errors as messages."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import dagster as dg

from mnist_assets.declarations.places import INSTANCE_FILE, PROJECT, Places
from mnist_assets.errors import InputError
from mnist_assets.orchestration.run_lock import hold_lock

STARTED_HERE = {"mnist_assets/command": "materialize"}


@contextmanager
def explained_errors() -> Iterator[None]:
    """Show what is wrong with an input as one message, without a traceback."""
    try:
        yield
    except InputError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The run history that `dagster dev` in the project's folder uses, or that of DAGSTER_HOME."""
    if not os.environ.get("DAGSTER_HOME"):
        os.chdir(PROJECT)
        if not Path("dagster.yaml").exists():
            shutil.copyfile(INSTANCE_FILE, "dagster.yaml")
        os.environ["DAGSTER_HOME"] = str(PROJECT)
    with dg.DagsterInstance.get() as instance:
        yield instance


@contextmanager
def working(places: Places) -> Iterator[dg.DagsterInstance]:
    """The run history, for a command that is alone in changing it and the values."""
    with open_instance() as instance, hold_lock(places.lock, click.echo):
        end_dead_runs(instance)
        yield instance


@contextmanager
def native_logs_in(path: Path) -> Iterator[None]:
    """Send what is written to the process's standard error to a file, progress stays on the output.

    TensorFlow reports at start-up, past any Python setting, which processor features it was built
    for and that it found no GPU. An error that ends the command is shown after this.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    visible = os.dup(2)
    with path.open("w") as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(visible, 2)
            os.close(visible)


def end_dead_runs(instance: dg.DagsterInstance) -> None:
    """Record that runs of this command that were killed are over: whoever has the lock is alone."""
    status = dg.DagsterRunStatus
    unfinished = dg.RunsFilter(
        tags=STARTED_HERE, statuses=[status.NOT_STARTED, status.STARTING, status.STARTED]
    )
    for record in instance.get_run_records(unfinished):
        instance.report_run_failed(record.dagster_run, "The process of this run was killed.")
