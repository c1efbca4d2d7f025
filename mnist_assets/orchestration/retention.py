"""How much of the run history is kept, so that a year of nights takes no more room than a month.

What is up to date is told from the history: the run that made an asset's present value, or the last
one that made a part of it, and the one that evaluated a check last, are kept however old they are.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import dagster as dg

from mnist_assets.declarations.operation import History, Schedules
from mnist_assets.orchestration.dagster_internals import (
    drop_run,
    files_of_run,
    runs_of_latest_evaluations,
)
from mnist_assets.orchestration.leftovers import Leftover

RETENTION = "retention"
WHAT = "Drop runs and superseded champions that are neither needed nor kept by the settings."
PARTITION = "dagster/partition"  # the tag of a run that made a part of an asset
OVER = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def find_expired_runs(
    instance: dg.DagsterInstance, checks: Collection[dg.AssetCheckKey], keep: History
) -> Iterator[Leftover]:
    """The runs that are over and not needed, beyond the number or the age that is kept.

    Args:
        instance: The run history.
        checks: Every check of the graph.
        keep: How many runs are kept, and for how long.
    """
    made = [record.asset_entry.last_materialization for record in instance.get_asset_records()]
    needed = {event.run_id for event in made if event}
    needed |= runs_of_latest_evaluations(instance, checks)
    parts: set[str] = set()
    oldest = datetime.now(UTC) - timedelta(days=keep.days)
    for number, record in enumerate(instance.get_run_records(dg.RunsFilter(statuses=OVER))):
        run, created = record.dagster_run, record.create_timestamp.replace(tzinfo=UTC)
        is_kept = number < keep.runs and created >= oldest
        if (part := run.tags.get(PARTITION)) and part not in parts:
            parts.add(part)  # a later run made it than all that follow
            is_kept = True
        if not is_kept and run.run_id not in needed:
            files = files_of_run(instance, run.run_id)
            yield Leftover(
                f"run of {created:%Y-%m-%d %H:%M}: {run.run_id}",
                sum(path.stat().st_size for path in files),
                partial(drop_run, instance, run.run_id),
            )


def retention_job(
    checks: Collection[dg.AssetCheckKey],
    keep: History,
    further: Callable[[], Iterable[Leftover]] = tuple,
) -> dg.JobDefinition:
    """The job that drops what the settings do not keep: runs, and what `further` finds."""

    @dg.op
    def drop_the_past(context: dg.OpExecutionContext) -> None:
        for leftover in [*find_expired_runs(context.instance, checks, keep), *further()]:
            leftover.remove()
            context.log.info(f"Dropped: {leftover.what}")

    @dg.job(
        name=RETENTION,
        description=WHAT,
        executor_def=dg.in_process_executor,
    )
    def retention() -> None:
        drop_the_past()

    return retention


def retention_schedule(settings: Schedules) -> dg.ScheduleDefinition:
    """When the daemon runs that job."""
    return dg.ScheduleDefinition(
        name="retention_daily",
        job_name=RETENTION,
        cron_schedule=settings.retention,
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING
        if settings.running
        else dg.DefaultScheduleStatus.STOPPED,
        description=WHAT,
    )
