"""When things run by themselves: retraining by the clock, and what is told of failures.

All of it is off until switched on, in the web UI or by `schedules.running` in `settings.yaml`.
"""

import hashlib
import subprocess
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg

from mnist_assets.declarations.operation import Notification, Schedules
from mnist_assets.errors import InputError
from mnist_assets.orchestration.automation import ON_REQUEST

RETRAIN, EVERYTHING, WHOLE, STUDY = "retrain", "everything", "whole", "study"
TUNING = "tuning"


def jobs(networks: Iterable[str]) -> list[Any]:
    """What schedules run, every network with what follows or the whole graph; study and tuning.

    Networks that are made only on request are not among them.
    """
    names = list(networks)
    keys = [dg.AssetKey(["networks", name]) for name in names]
    by_file = dg.AssetSelection.assets(dg.AssetKey(["inference", "predictions"]))
    requested = dg.AssetSelection.tag(ON_REQUEST, "true")
    studies = dg.AssetSelection.assets(*(["study", name] for name in (*names, "comparison")))
    return [
        dg.define_asset_job(
            RETRAIN,
            dg.AssetSelection.assets(*keys).downstream() - by_file - requested,
            description="Train every network anew, with what follows from it.",
        ),
        dg.define_asset_job(
            EVERYTHING,
            dg.AssetSelection.all() - by_file - requested,
            description="Materialise every asset anew, but for what is made only on request.",
        ),
        dg.define_asset_job(
            WHOLE,
            dg.AssetSelection.all() - by_file,
            description="All there is, what is made only on request included: to choose from.",
        ),
        dg.define_asset_job(
            STUDY,
            (studies.upstream() - requested) | studies,
            description="Train every network with many seeds, going on where a study was stopped.",
        ),
        dg.define_asset_job(
            TUNING,
            dg.AssetSelection.groups(TUNING).upstream(),
            description="Change one thing at a time in how networks are trained, going on where it "
            "was stopped.",
        ),
    ]


def require_cron(settings: Schedules, path: Path) -> None:
    """Require that whatever says when something runs is what Dagster takes for it.

    Args:
        settings: When things run.
        path: The file that says so, for errors.

    Raises:
        InputError: One is no cron expression.
    """
    for name in ("nightly", "weekly", "observe", "retention"):
        cron = getattr(settings, name)
        try:
            dg.ScheduleDefinition(name=name, job_name=RETRAIN, cron_schedule=cron)
        except dg.DagsterInvalidDefinitionError as error:
            raise InputError(
                f"{path}: schedules.{name}",
                seen=repr(cron),
                expected="a cron expression: minute, hour, day, month and day of the week",
                remedy="Correct it: '0 2 * * *' is each night at two.",
            ) from error


def schedules(networks: Iterable[str], settings: Schedules) -> list[dg.ScheduleDefinition]:
    """Nightly retraining with new seeds, and the weekly rebuild of everything."""
    names = list(networks)
    status = (
        dg.DefaultScheduleStatus.RUNNING if settings.running else dg.DefaultScheduleStatus.STOPPED
    )

    @dg.schedule(
        name="retrain_nightly",
        job_name=RETRAIN,
        cron_schedule=settings.nightly,
        execution_timezone=settings.time_zone,
        default_status=status,
        description="Train every network with a seed derived from the scheduled time.",
    )
    def retrain_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        tick = context.scheduled_execution_time
        return dg.RunRequest(run_key=tick.isoformat(), run_config=seeds_at(names, tick))

    weekly = dg.ScheduleDefinition(
        name="rebuild_weekly",
        job_name=EVERYTHING,
        cron_schedule=settings.weekly,
        execution_timezone=settings.time_zone,
        default_status=status,
        description="Materialise every asset anew, but for what is made only on request.",
    )
    return [retrain_nightly, weekly]


def seeds_at(networks: Iterable[str], tick: datetime) -> dict[str, object]:
    """The run configuration that gives each network the seed of a tick, always the same one."""
    return {
        "ops": {
            f"networks__{name}": {"config": {"seed": derive_seed(name, tick)}} for name in networks
        }
    }


def derive_seed(network: str, tick: datetime) -> int:
    """A seed in 0 to 2**32 - 1 from a network's name and the instant of a tick."""
    instant = f"{network} {tick.timestamp():.0f}"
    return int.from_bytes(hashlib.sha256(instant.encode()).digest()[:4], "big")


def failure_sensor(settings: Schedules, notification: Notification) -> dg.SensorDefinition:
    """Tells of every failed run: in its log, and to the declared command."""
    command = list(notification.command)

    @dg.run_failure_sensor(
        name="failed_runs",
        description="Log each failed run, and tell the command declared under notification.",
        default_status=dg.DefaultSensorStatus.RUNNING
        if settings.running
        else dg.DefaultSensorStatus.STOPPED,
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> None:
        message = f"Run {context.dagster_run.run_id} failed: {context.failure_event.message}"
        context.log.error(message)
        if command:
            subprocess.run(command, input=message, text=True, check=True, timeout=60)  # noqa: S603 - the command is the user's own setting

    return failed_runs
