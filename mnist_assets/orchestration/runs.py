"""Materialising assets in one run, in this process, and telling what came of it."""

from collections.abc import Callable, Mapping
from typing import Any

import click
import dagster as dg

from mnist_assets.errors import InputError
from mnist_assets.orchestration.dagster_internals import SerializableErrorInfo, history_kept_open
from mnist_assets.orchestration.executor import INTERRUPTED
from mnist_assets.orchestration.history import STARTED_HERE, VALUES
from mnist_assets.orchestration.incremental import Run
from mnist_assets.orchestration.staleness import NEVER


def run_assets(
    instance: dg.DagsterInstance,
    reasons: Mapping[dg.AssetKey, str],
    config: Mapping[str, Any],
    job: Callable[[], dg.JobDefinition],
    *,
    assets: str,
    quiet: bool = False,
) -> Run:
    """Materialise assets with their checks in one run, in this process, telling of it.

    Args:
        instance: The run history.
        reasons: Why each of the assets has to run.
        config: The run configuration; what it says of other assets is left out.
        job: Makes the job: a function of a module, which other processes find by its name.
        assets: The folder or address of all values.
        quiet: Whether nothing is told but what goes wrong.
    """
    steps = {key.to_python_identifier() for key in reasons}
    ops = {name: of_op for name, of_op in config.get("ops", {}).items() if name in steps}
    if not quiet:
        _announce(reasons)
    # Unlike execute_in_process this does not hold on to every value until the run is over.
    with (
        history_kept_open(instance),
        dg.execute_job(
            dg.reconstructable(job),
            instance=instance,
            asset_selection=list(reasons),
            run_config={
                **config,
                "ops": ops,
                "loggers": {"terminal": {"config": {"quiet": quiet}}},
            },
            tags={**STARTED_HERE, VALUES: assets},
        ) as result,
    ):
        return _explain(result)


def _announce(reasons: Mapping[dg.AssetKey, str]) -> None:
    """Say how many assets will be made, and which of them anew."""
    click.echo(f"Materialising {len(reasons)} asset{'s' if len(reasons) > 1 else ''}:", err=True)
    for key, reason in reasons.items():
        if reason != NEVER:
            click.echo(f"  {key.to_user_string()}: {reason}", err=True)


def _explain(result: dg.JobExecutionResult) -> Run:
    """Say why steps failed, and what a run made."""
    for event in result.all_events:
        if event.is_step_failure and (reason := failure_reason(event.step_failure_data.error)):
            click.secho(f"{event.step_key} failed: {reason}", fg="red", err=True)
    made = {event.asset_key for event in result.all_events if event.is_step_materialization}
    return Run({key for key in made if key}, result.success)


def failure_reason(error: SerializableErrorInfo | None) -> str:
    """What to tell a person of a failed step; nothing if a check has already told it."""
    chain = []
    while error:
        chain.append(error)
        error = error.cause
    if not chain or chain[-1].cls_name == "DagsterAssetCheckFailedError":
        return ""
    if any(link.cls_name in INTERRUPTED for link in chain):
        return "it was interrupted"
    told = next((link for link in chain if link.cls_name == InputError.__name__), chain[-1])
    return told.message.partition(": ")[2].strip()
