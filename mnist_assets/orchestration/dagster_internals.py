"""Every name that this package uses and Dagster does not document, each with its reason.

No other module imports from `dagster._…` or `dagster_shared`. `dg.Executor` is public, but neither
what its `execute` is given nor anything to run a step with is: these are what Dagster's own
executors are made of. When one moves, `test_dagster_internals.py` says which, and who needs it; it
also lists the undocumented members of documented classes.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import dagster as dg
from dagster._core.errors import (
    DagsterExecutionInterruptedError,  # ends a run as interrupted
    DagsterSubprocessError,  # ends a run with what went wrong in a process outside a step's code
)
from dagster._core.execution.api import ExecuteRunWithPlanIterable  # a run's beginning and end
from dagster._core.execution.context.system import (
    PlanExecutionContext,  # a run with its resources
    PlanOrchestrationContext,  # a run without them: what an executor is given
)
from dagster._core.execution.context_creation_job import (
    PlanExecutionContextManager,  # makes the first of the second
)
from dagster._core.execution.plan.active import ActiveExecution  # which steps can run, told events
from dagster._core.execution.plan.execute_plan import (
    dagster_event_sequence_for_step,  # runs a step: inputs, checks, outputs, failure, retry
)
from dagster._core.execution.plan.plan import (
    ExecutionPlan,  # the steps of a run
    can_isolate_steps,  # whether each output of a job is kept where another process finds it
)
from dagster._core.execution.plan.state import KnownExecutionState  # what a step has to know of all
from dagster._core.execution.plan.step import ExecutionStep  # its key, tags, pool and outputs
from dagster._core.execution.retries import RetryMode  # what Dagster's executors ask for
from dagster._core.executor.in_process import InProcessExecutor  # handed over to
from dagster._core.storage.event_log import (
    SqlEventLogStorage,  # where what checks found is
    SqliteEventLogStorage,  # where a run's events are
)
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable  # as for the first
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,  # where what is known of all runs is
)
from dagster._core.storage.sqlite import (
    SQLITE_BUSY_TIMEOUT_SECONDS,  # how long one process waits for another that writes
)
from dagster._utils.error import serializable_error_info_from_exc_info  # an error, to be pickled
from dagster._utils.interrupts import capture_interrupts  # delays Ctrl-C to where a step expects it
from dagster_shared.error import SerializableErrorInfo  # an error as an event has it
from dagster_shared.serdes import serialize_value  # events as Celery workers send them
from sqlalchemy import Connection, Engine, create_engine

__all__ = [
    "INDEX_SHARD_NAME",
    "ActiveExecution",
    "AssetCheckExecutionsTable",
    "DagsterExecutionInterruptedError",
    "DagsterSubprocessError",
    "ExecuteRunWithPlanIterable",
    "ExecutionPlan",
    "ExecutionStep",
    "InProcessExecutor",
    "KnownExecutionState",
    "PlanExecutionContext",
    "PlanExecutionContextManager",
    "PlanOrchestrationContext",
    "RetryMode",
    "SerializableErrorInfo",
    "SqlEventLogStorage",
    "SqliteEventLogStorage",
    "can_isolate_steps",
    "capture_interrupts",
    "dagster_event_sequence_for_step",
    "drop_run",
    "files_of_run",
    "find_latest_evaluations",
    "history_kept_open",
    "run_of_sent_step",
    "runs_of_latest_evaluations",
    "serializable_error_info_from_exc_info",
    "serialize_value",
]


def find_latest_evaluations(
    instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]
) -> Mapping[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
    """What each check found last; one that never ran, or did not come to an end, is absent.

    The documented way asks for one check at a time, which takes a second for fifty.
    """
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)
    events = {
        check: record.event.dagster_event for check, record in records.items() if record.event
    }
    return {
        check: event.asset_check_evaluation_data
        for check, event in events.items()
        if event and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    }


def run_of_sent_step(packed: Mapping[str, Any]) -> str:
    """The id of the run that a step is of which was sent to a Celery worker."""
    from dagster._grpc.types import ExecuteStepArgs  # what is sent
    from dagster._serdes import unpack_value  # out of what Celery has made of it

    return unpack_value(dict(packed), as_type=ExecuteStepArgs).run_id


def runs_of_latest_evaluations(
    instance: dg.DagsterInstance, checks: Collection[dg.AssetCheckKey]
) -> set[str]:
    """The ids of the runs that evaluated each check last; the reason is the same."""
    storage = instance.event_log_storage
    executions = storage.get_latest_asset_check_execution_by_key(list(checks))
    return {execution.run_id for execution in executions.values()}


def drop_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove a run with its events, what its steps printed and what its checks found.

    The last is what `DagsterInstance.delete_run` leaves, and it is a third of a megabyte a night.
    """
    files = files_of_run(instance, run_id)
    instance.delete_run(run_id)
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        evaluations = AssetCheckExecutionsTable
        with storage.index_connection() as connection:
            connection.execute(evaluations.delete().where(evaluations.c.run_id == run_id))
    for path in files:
        path.unlink(missing_ok=True)


# What a history is asked with each event, and only a migration changes.
LASTING_ANSWERS = ("has_table", "has_secondary_index", "has_asset_key_col")


@contextmanager
def history_kept_open(instance: dg.DagsterInstance, run_id: str | None = None) -> Iterator[None]:
    """Keep open the files that a run's events go to, where the history is in SQLite's files.

    Dagster makes an engine, opens and closes the file for each event: what an engine has compiled
    is lost, and whoever is the last to close a file writes all of its log into it. Both together
    take three times as long as storing the event. It also asks with each event what tables and
    indexes there are: here, once. To be used in the process that has the events, since SQLite's
    connections outlive no fork.

    Args:
        instance: The run history.
        run_id: The run; else each whose events are stored meanwhile.
    """
    if not isinstance(instance.event_log_storage, SqliteEventLogStorage):
        yield
        return
    storage = instance.event_log_storage
    engines = dict[str, Engine]()
    # Not what the parent process may have put in its place, whose connections are its own.
    open_anew = partial(SqliteEventLogStorage.run_connection, storage)

    def connect(shard: str) -> AbstractContextManager[Connection]:
        if run_id not in {None, shard} and shard != INDEX_SHARD_NAME:
            return cast("AbstractContextManager[Connection]", open_anew(shard))
        if shard not in engines:
            with open_anew(shard):  # which makes what it does not find
                engines[shard] = create_engine(
                    storage.conn_string_for_shard(shard),
                    connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
                )
        return engines[shard].begin()

    replaced = {
        "run_connection": connect,
        "index_connection": partial(connect, INDEX_SHARD_NAME),
        **{name: cache(getattr(storage, name)) for name in LASTING_ANSWERS},
    }
    before = {name: getattr(storage, name) for name in replaced}
    vars(storage).update(replaced)
    try:
        yield
    finally:
        vars(storage).update(before)
        for engine in engines.values():
            engine.dispose()


def files_of_run(instance: dg.DagsterInstance, run_id: str) -> list[Path]:
    """The files that hold a run's events alone, none where the history is in one database.

    Dagster removes the events, but not the files, which are as large as before.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    events = Path(storage.path_for_shard(run_id))
    return [path for path in events.parent.glob(f"{events.name}*") if path.is_file()]
