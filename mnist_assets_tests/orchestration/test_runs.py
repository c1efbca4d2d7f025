import dagster as dg

from mnist_assets.orchestration.dagster_internals import SerializableErrorInfo
from mnist_assets.orchestration.history import STARTED_HERE, VALUES, end_dead_runs, observe
from mnist_assets.orchestration.runs import failure_reason


def test_an_interruption_is_told_as_one():
    error = SerializableErrorInfo("\n", [], "DagsterExecutionInterruptedError")
    assert failure_reason(error) == "it was interrupted"


def test_a_source_is_observed_anew_only_where_its_content_changed(instance):
    key = dg.AssetKey("source")
    for version in ("a", "a", "b", "a"):
        observe(instance, key, version)
    records = instance.fetch_observations(key, limit=10).records
    assert [each.asset_observation.tags["dagster/data_version"] for each in records] == [*"aba"]


def test_a_run_that_was_killed_is_recorded_as_over_and_no_other(instance):
    here, elsewhere = ({**STARTED_HERE, VALUES: name} for name in ("here", "elsewhere"))
    dead, alive, other = (
        instance.create_run_for_job(_nothing, tags=tags) for tags in (here, elsewhere, {})
    )
    end_dead_runs(instance, "here")
    status = {each.run_id: each.status for each in instance.get_runs()}
    assert status[dead.run_id] == dg.DagsterRunStatus.FAILURE
    assert status[alive.run_id] == dg.DagsterRunStatus.NOT_STARTED
    assert status[other.run_id] == dg.DagsterRunStatus.NOT_STARTED


@dg.job
def _nothing():
    """A job that was started and never came to an end."""
