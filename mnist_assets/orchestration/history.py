"""What Dagster's event log holds of assets and runs, and what a command adds to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from mnist_assets.errors import InputError

CODE_VERSION = "dagster/code_version"
DATA_VERSION = "dagster/data_version"
INPUT_VERSION = "dagster/input_data_version/"
WITHOUT = "without"  # in an asset's metadata: what it could have shown, and the keys that lacked
STARTED_HERE = {"mnist_assets/command": "materialize"}  # tags of a run
VALUES = "mnist_assets/values"  # tag of a run: the folder or address of all values


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


def end_dead_runs(instance: dg.DagsterInstance, assets: str) -> None:
    """Record that runs of a command that was killed are over: whoever has the lock is alone.

    Those over values elsewhere may well be alive: the lock is that of a folder or address.
    """
    status = dg.DagsterRunStatus
    unfinished = dg.RunsFilter(
        tags={**STARTED_HERE, VALUES: assets},
        statuses=[status.NOT_STARTED, status.STARTING, status.STARTED],
    )
    for record in instance.get_run_records(unfinished):
        instance.report_run_failed(record.dagster_run, "The process of this run was killed.")


def open_history() -> dg.DagsterInstance:
    """The run history of DAGSTER_HOME.

    Raises:
        InputError: It is in Postgres, through psycopg 3, with which Dagster cannot follow a run.
    """
    refusal = InputError(
        "dagster.yaml: storage.postgres",
        seen="an address that SQLAlchemy takes for psycopg 3, with which Dagster's NOTIFY fails",
        expected="one that names the other driver",
        remedy="Let postgres_url begin with postgresql+psycopg2://, or make that the scheme of "
        "postgres_db.",
    )
    try:
        instance = dg.DagsterInstance.get()
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise refusal from error
    if address := postgres_address(instance):
        from sqlalchemy import make_url

        if make_url(address).get_dialect().driver == "psycopg":
            raise refusal
    return instance


def postgres_address(instance: dg.DagsterInstance) -> str | None:
    """Address, as SQLAlchemy has them, of the history, if it is in a Postgres database."""
    address: str | None = getattr(instance.event_log_storage, "postgres_url", None)
    return address


def database_beside(instance: dg.DagsterInstance, name: str) -> str:
    """Address, as SQLAlchemy has them, of a database of one's own beside the run history.

    That is a SQLite file of that name in the folder that the history is in; or, where the history
    is in Postgres, a schema of that name there, which is made if need be: Dagster's tables and
    those of other libraries may have the same names.
    """
    address = postgres_address(instance)
    if address is None:
        return f"sqlite:///{Path(instance.root_directory).absolute() / name}.db"
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.schema import CreateSchema

    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(CreateSchema(name, if_not_exists=True))
    engine.dispose()
    of_schema = make_url(address).update_query_dict({"options": f"-csearch_path={name}"})
    return of_schema.render_as_string(hide_password=False)
