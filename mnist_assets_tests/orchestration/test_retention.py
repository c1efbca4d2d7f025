"""What a year of nights leaves: as much as a month, and all that tells of the present values."""

from datetime import UTC, datetime, timedelta
from functools import partial

import dagster as dg
import pytest

from mnist_assets.declarations.operation import History
from mnist_assets.declarations.places import INSTANCE_FILE
from mnist_assets.orchestration.dagster_internals import files_of_run
from mnist_assets.orchestration.leftovers import Leftover
from mnist_assets.orchestration.retention import (
    PARTITION,
    find_expired_runs,
    retention_job,
)

pytestmark = pytest.mark.slow

CHECK = dg.AssetCheckKey(dg.AssetKey("a"), "fine")


@dg.asset(check_specs=[dg.AssetCheckSpec("fine", asset="a")])
def a():
    return dg.MaterializeResult(
        metadata={"picture": "x" * 100_000}, check_results=[dg.AssetCheckResult(passed=True)]
    )


@dg.asset
def b():
    return dg.MaterializeResult()


def night(instance, *assets, **tags):
    return dg.materialize(list(assets), instance=instance, tags=tags).run_id


def drop(instance, *, runs, days=30):
    keep = History(runs=runs, days=days, champions=0)
    expired = list(find_expired_runs(instance, [CHECK], keep))
    for run in expired:
        run.remove()
    return expired


def run_ids(instance):
    return {record.dagster_run.run_id for record in instance.get_run_records()}


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def test_the_latest_runs_stay_and_those_that_made_the_present_values(instance):
    of_b = night(instance, b)
    old = [night(instance, a) for _ in range(3)]
    latest = [night(instance, a) for _ in range(2)]
    files = [path for run in old for path in files_of_run(instance, run)]
    expired = drop(instance, runs=2)
    assert len(expired) == 3
    assert all(run.bytes > 100_000 for run in expired)
    assert run_ids(instance) == {of_b, *latest}
    assert [path for path in files if path.exists()] == []
    assert instance.get_latest_materialization_event(dg.AssetKey("b")).run_id == of_b
    assert drop(instance, runs=2) == []
    executions = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=99)
    assert {execution.run_id for execution in executions} == set(latest)


def test_of_the_latest_those_that_are_too_old_go(instance, monkeypatch):
    night(instance, a)
    present = night(instance, a)
    assert drop(instance, runs=9) == []

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            del tz
            return datetime.now(UTC) + timedelta(days=31)

    monkeypatch.setattr("mnist_assets.orchestration.retention.datetime", Later)
    assert len(drop(instance, runs=9, days=30)) == 1
    assert run_ids(instance) == {present}


def test_a_run_that_only_evaluated_a_check_stays_with_the_one_that_made_the_value(instance):
    @dg.asset_check(asset="a", name="fine")
    def fine():
        return dg.AssetCheckResult(passed=True)

    made = night(instance, a)
    graph = dg.Definitions(
        [dg.AssetSpec("a")],
        asset_checks=[fine],
        jobs=[dg.define_asset_job("checks", dg.AssetSelection.all_asset_checks())],
    )
    checked = graph.resolve_job_def("checks").execute_in_process(instance=instance).run_id
    for _ in range(2):
        night(instance, b)
    drop(instance, runs=1)
    assert {made, checked} <= run_ids(instance)


def test_the_last_run_that_made_a_part_stays(instance):
    monday, again, tuesday = (
        night(instance, b, **{PARTITION: day}) for day in ("monday", "monday", "tuesday")
    )
    present = night(instance, b)
    assert len(drop(instance, runs=1)) == 1
    assert run_ids(instance) == {again, tuesday, present}
    assert monday not in run_ids(instance)


def test_the_job_drops_as_well(instance):
    for _ in range(3):
        night(instance, a)
    dropped = []
    further = Leftover("an old champion", 0, partial(dropped.append, "champion"))
    job = retention_job([CHECK], History(runs=1, days=30, champions=0), lambda: [further])
    result = job.execute_in_process(instance=instance)
    assert result.success
    assert len(run_ids(instance)) == 2  # the present value's, and the job's own
    assert dropped == ["champion"]


def test_the_instance_runs_one_at_a_time_and_forgets_ticks(tmp_path, monkeypatch):
    (tmp_path / "dagster.yaml").write_bytes(INSTANCE_FILE.read_bytes())
    monkeypatch.chdir(tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1
        for kind in ("schedule", "sensor"):
            days = instance.get_settings("retention")[kind]["purge_after_days"]
            assert max(days.values() if isinstance(days, dict) else [days]) <= 90
