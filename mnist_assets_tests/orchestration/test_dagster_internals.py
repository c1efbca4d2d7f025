"""Names that Dagster does not document: which of them moved, and what depends on it."""

import inspect
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import pytest

from mnist_assets.orchestration import dagster_internals
from mnist_assets.orchestration.dagster_internals import (
    SqliteEventLogStorage,
    find_latest_evaluations,
    history_kept_open,
)

# By name: the module of mnist_assets that depends on it, and the parameters and members it uses.
IMPORTED = {
    "ActiveExecution": (
        "orchestration/executor/dispatch.py",
        """check_for_interrupts get_known_state get_steps_to_execute handle_event is_complete
        mark_interrupted plan_events_iterator verify_complete""",
    ),
    "DagsterExecutionInterruptedError": ("orchestration/executor/dispatch.py", ""),
    "DagsterSubprocessError": ("orchestration/executor/dispatch.py", ""),
    "ExecuteRunWithPlanIterable": (
        "orchestration/executor/executor.py",
        "execution_plan iterator execution_context_manager __iter__",
    ),
    "ExecutionPlan": (
        "orchestration/executor/executor.py",
        "get_executable_step_by_key get_steps_to_execute_in_topo_order start step_keys_to_execute",
    ),
    "ExecutionStep": (
        "orchestration/executor/limits.py",
        "get_execution_dependency_keys key node_handle pool step_outputs tags",
    ),
    "InProcessExecutor": ("orchestration/executor/executor.py", "retries execute"),
    "KnownExecutionState": ("orchestration/executor/worker.py", ""),
    "PlanExecutionContext": (
        "orchestration/executor/dispatch.py",
        "execution_plan for_step instance log retry_mode run_id",
    ),
    "PlanExecutionContextManager": (
        "orchestration/executor/executor.py",
        "job retry_mode execution_plan run_config dagster_run instance raise_on_error",
    ),
    "PlanOrchestrationContext": (
        "orchestration/executor/executor.py",
        "dagster_run instance job log raise_on_error retry_mode run_config",
    ),
    "RetryMode": ("orchestration/executor/executor.py", "ENABLED"),
    "AssetCheckExecutionsTable": ("orchestration/retention.py", "delete c"),
    "SqlEventLogStorage": ("orchestration/retention.py", "index_connection"),
    "SqliteEventLogStorage": (
        "orchestration/retention.py",
        " ".join(["path_for_shard", "run_connection", *dagster_internals.LASTING_ANSWERS]),
    ),
    "SerializableErrorInfo": ("orchestration/runs.py", "cause cls_name message stack to_string"),
    "can_isolate_steps": ("orchestration/executor/limits.py", "job_def"),
    "capture_interrupts": ("orchestration/executor/worker.py", ""),
    "dagster_event_sequence_for_step": ("orchestration/executor/worker.py", "step_context"),
    "drop_run": ("orchestration/retention.py", "instance run_id"),
    "files_of_run": ("orchestration/retention.py", "instance run_id"),
    "INDEX_SHARD_NAME": ("orchestration/executor/worker.py", ""),
    "history_kept_open": ("orchestration/executor/worker.py", "instance run_id"),
    "find_latest_evaluations": ("orchestration/incremental.py", "instance checks"),
    "run_of_sent_step": ("orchestration/executor/celery_workers.py", "packed"),
    "runs_of_latest_evaluations": ("orchestration/retention.py", "instance checks"),
    "serialize_value": ("orchestration/executor/celery_workers.py", "val"),
    "serializable_error_info_from_exc_info": ("orchestration/executor/worker.py", "exc_info"),
}
# Members of documented classes, and of what these return, that are themselves not documented.
REACHED = {
    dg.AssetCheckKey: ("orchestration/staleness.py", "asset_key name"),
    dg.AssetSelection: ("orchestration/incremental.py", "from_string resolve to_selection_str"),
    dg.DagsterEvent: (
        "orchestration/executor/dispatch.py",
        "capture_logs is_step_failure is_step_success is_step_up_for_retry step_key",
    ),
    dg.DagsterInstance: (
        "orchestration/executor/executor.py",
        "compute_log_manager event_log_storage is_ephemeral report_run_failed",
    ),
    dg.Definitions: ("orchestration/incremental.py", "resolve_asset_graph resolve_job_def"),
    dg.Executor: (
        "orchestration/executor/dispatch.py",
        "log_failure_or_retry_event_after_error",
    ),
    dg.JobDefinition: ("orchestration/executor/limits.py", "get_all_hooks_for_handle get_op"),
    dg.OpDefinition: ("orchestration/executor/limits.py", "compute_fn"),
    type(dg.Definitions().resolve_asset_graph()): (
        "orchestration/incremental.py",
        "asset_check_keys get get_all_asset_keys materializable_asset_keys toposorted_asset_keys",
    ),
}


def missing(thing, names):
    """Those of the names that are neither parameters nor members of a thing."""
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):  # a table and an enumeration have none
        parameters = {}
    return [name for name in names.split() if name not in parameters and not hasattr(thing, name)]


@pytest.mark.parametrize(
    ("thing", "dependent", "names"),
    [
        *((getattr(dagster_internals, name, None), *used) for name, used in IMPORTED.items()),
        *((thing, *used) for thing, used in REACHED.items()),
    ],
    ids=[*IMPORTED, *(thing.__name__ for thing in REACHED)],
)
def test_each_has_what_is_used_of_it(thing, dependent, names):
    assert not missing(thing, names), (
        f"Dagster {version('dagster')}: {thing} has no {', '.join(missing(thing, names))}; "
        f"mnist_assets/{dependent} depends on it"
    )


def test_each_that_is_imported_is_looked_at():
    assert set(IMPORTED) == set(dagster_internals.__all__)


def test_a_failed_process_is_told_with_its_errors():
    error = dagster_internals.SerializableErrorInfo("told", [], "ValueError")
    raised = dagster_internals.DagsterSubprocessError("told", subprocess_error_infos=[error])
    assert raised.subprocess_error_infos == [error]


def test_a_parameter_or_member_that_moved_is_noticed():
    assert missing(dagster_internals.can_isolate_steps, "job_def job") == ["job"]
    assert missing(dagster_internals.ExecutionStep, "key pool_key") == ["pool_key"]


MOVED = """
import sys
import dagster._core.execution.plan.active as moved
import pytest

del moved.ActiveExecution
sys.exit(pytest.main(["--collect-only", sys.argv[1]]))
"""


@pytest.mark.slow
def test_a_name_that_moved_ends_the_tests_with_its_name():
    told = subprocess.run(
        [sys.executable, "-c", MOVED, __file__], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "moved what mnist_assets/orchestration depends on" in told.stdout + told.stderr
    assert "cannot import name 'ActiveExecution'" in told.stdout + told.stderr


def test_a_history_kept_open_is_not_written_out_at_each_event(tmp_path: Path) -> None:
    @dg.op
    def step(context: dg.OpExecutionContext) -> None:
        shard = Path(storage.path_for_shard(context.run_id))
        logs = [shard.with_name(f"{shard.name}-wal"), shard.with_name("index.db-wal")]
        context.log_event(dg.AssetMaterialization("before"))
        seen.append([log.exists() for log in logs])
        with history_kept_open(context.instance, context.run_id):
            context.log_event(dg.AssetMaterialization("during"))
            seen.append([log.exists() for log in logs])
        seen.append([log.exists() for log in logs])

    seen: list[list[bool]] = []
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        storage = instance.event_log_storage
        assert isinstance(storage, SqliteEventLogStorage)
        assert dg.GraphDefinition("job", node_defs=[step]).execute_in_process(instance=instance)
        assert seen == [[False, False], [True, True], [False, False]]
        with history_kept_open(instance, "a run without events"):
            pass
    with history_kept_open(dg.DagsterInstance.ephemeral(), "run"):
        pass


def test_a_history_kept_open_is_asked_once_what_it_has_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def has_table_noting(storage: SqliteEventLogStorage, name: str) -> bool:
        asked.append(name)
        return has_table(storage, name)

    def report_check() -> int:
        before = len(asked)
        evaluation = dg.AssetCheckEvaluation(dg.AssetKey("digits"), "whole", passed=True)
        instance.report_runless_asset_event(evaluation)
        return len(asked) - before

    asked: list[str] = []
    has_table = SqliteEventLogStorage.has_table
    monkeypatch.setattr(SqliteEventLogStorage, "has_table", has_table_noting)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        with history_kept_open(instance):
            assert [report_check() for _ in range(3)] == [1, 0, 0]
        assert [report_check() for _ in range(2)] == [1, 1]
        key = dg.AssetCheckKey(dg.AssetKey("digits"), "whole")
        (record,) = find_latest_evaluations(instance, [key]).values()
        assert record.passed
