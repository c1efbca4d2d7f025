"""What Dagster's event log holds of assets and runs, and what a command adds to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

CODE_VERSION = "dagster/code_version"
DATA_VERSION = "dagster/data_version"
INPUT_VERSION = "dagster/input_data_version/"
WITHOUT = "without"  # in an asset's metadata: what it could have shown, and the keys that lacked
STARTED_HERE = {"mnist_assets/command": "materialize"}


@dataclass(frozen=True)
class Materialization:
    """The latest of an asset; nothing, if there is none."""

    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    run_id: str = ""

    @property
    def input_versions(self) -> dict[str, str]:
        """The data version of each input, by its key."""
        return {
            tag.removeprefix(INPUT_VERSION): version
            for tag, version in self.tags.items()
            if tag.startswith(INPUT_VERSION)
        }


def latest_materializations(
    instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]
) -> dict[dg.AssetKey, Materialization]:
    """Of those assets that were ever materialised."""
    latest = {}
    for record in instance.get_asset_records(list(keys)):
        event = record.asset_entry.last_materialization
        if event and (made := event.asset_materialization):
            metadata = {name: item.value for name, item in made.metadata.items()}
            latest[made.asset_key] = Materialization(made.tags or {}, metadata, event.run_id)
    return latest


def observe(instance: dg.DagsterInstance, key: dg.AssetKey, version: str) -> None:
    """Record the content of a source outside the graph, if it is not the one recorded last."""
    latest = instance.fetch_observations(key, limit=1).records
    observation = latest[0].asset_observation if latest else None
    if observation is None or observation.tags.get(DATA_VERSION) != version:
        instance.report_runless_asset_event(dg.AssetObservation(key, tags={DATA_VERSION: version}))


def end_dead_runs(instance: dg.DagsterInstance) -> None:
    """Record that runs of a command that was killed are over: whoever has the lock is alone."""
    status = dg.DagsterRunStatus
    unfinished = dg.RunsFilter(
        tags=STARTED_HERE, statuses=[status.NOT_STARTED, status.STARTING, status.STARTED]
    )
    for record in instance.get_run_records(unfinished):
        instance.report_run_failed(record.dagster_run, "The process of this run was killed.")


def address_beside(instance: dg.DagsterInstance) -> str:
    """Where a database of one's own is beside the run history, as SQLAlchemy has addresses.

    That is the history's own Postgres, or a SQLite file in the folder that it is in.
    """
    if address := getattr(instance.event_log_storage, "postgres_url", None):
        return str(address)
    return f"sqlite:///{instance.root_directory}/tuning.db"
