"""The table of contents: every asset, check and resource of the graph, stage by stage.

Loading this imports no TensorFlow; steps do so when they train or predict.
"""

import gc
from functools import lru_cache, partial
from typing import Any

import dagster as dg

from mnist_assets.champion.assets.decision import decision_asset
from mnist_assets.champion.assets.export import champion_export_asset
from mnist_assets.champion.assets.model import champion_asset
from mnist_assets.champion.assets.quality import champion_quality_asset
from mnist_assets.champion.assets.training_log import training_log_asset
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.champion.storage import BundleStorage, PointerStorage
from mnist_assets.claims.assets import claims_asset
from mnist_assets.dataset.assets import dataset_assets
from mnist_assets.dataset.declaration import FILE, beside
from mnist_assets.dataset.source import DatasetSource
from mnist_assets.declarations.places import Places
from mnist_assets.declarations.settings import Settings, read_settings, with_bounds
from mnist_assets.evaluation.assets.comparison import comparison_asset
from mnist_assets.evaluation.assets.networks import evaluation_assets
from mnist_assets.exploration.assets import exploration_assets
from mnist_assets.inference.assets import inbox_sensor, inference_assets
from mnist_assets.inference.resources import Inbox
from mnist_assets.networks.assets import network_assets
from mnist_assets.networks.declaration import always_made, read_networks
from mnist_assets.networks.storage import NetworkStorage, OptionalNetworks
from mnist_assets.networks.training import import_tensorflow
from mnist_assets.orchestration.automation import follow_changes_sensor
from mnist_assets.orchestration.executor import chosen_executor
from mnist_assets.orchestration.retention import retention_job, retention_schedule
from mnist_assets.orchestration.run_lock import RunLock
from mnist_assets.orchestration.schedules import (
    EVERYTHING,
    WHOLE,
    failure_sensor,
    jobs,
    require_cron,
    schedules,
)
from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.formats import file_storages
from mnist_assets.orchestration.storage.optional import group_of
from mnist_assets.orchestration.terminal import terminal
from mnist_assets.orchestration.versions.kept import keep_found
from mnist_assets.preparation.assets import bounded_check, preparation_assets
from mnist_assets.process import collection_paused
from mnist_assets.quality.assets.label_errors import label_errors_asset
from mnist_assets.quality.assets.networks import quality_assets
from mnist_assets.report.assets.page import report_assets
from mnist_assets.report.assets.page_network import page_network_asset
from mnist_assets.study.assets import study_assets
from mnist_assets.study.resources import RunsFolder, study_workers
from mnist_assets.tuning.assets import tuning_assets
from mnist_assets.tuning.declaration import read_searches, read_sweeps
from mnist_assets.tuning.search.assets import search_assets


def build_source(places: Places) -> DatasetSource:
    """Where the dataset comes from, asking mirrors as the settings say."""
    return DatasetSource.declared(places.dataset, read_settings(places.settings).download)


def settings_for(source: DatasetSource, settings: Settings) -> Settings:
    """The settings, with what the dataset at a source sets itself."""
    bounds = source.declaration.bounds
    return with_bounds(settings, bounds, beside(source.folder, FILE)) if bounds else settings


def build_storages(places: Places) -> dict[str, FileStorage[Any]]:
    """Where values are kept, by the keys of their I/O managers, which are the files' endings."""
    return file_storages(places.assets, NetworkStorage, BundleStorage, PointerStorage)


def lock_of(places: Places) -> RunLock:
    """What keeps two runs over the same values apart."""
    return RunLock(places.assets, places.lock)


@collection_paused()
def build_definitions(places: Places) -> dg.Definitions:
    """Build the graph over the given folders.

    Raises:
        InputError: `networks.yaml`, `settings.yaml`, `tuning.yaml` or the dataset's `dataset.yaml`
            holds a value that is not allowed.
    """
    source = build_source(places)
    settings = settings_for(source, read_settings(places.settings))
    require_cron(settings.schedules, places.settings)
    networks = read_networks(places.networks)
    unasked = always_made(networks)
    archive = ChampionArchive(assets=places.assets)
    of_networks = {
        name: [
            *network_assets(name, network, settings),
            *evaluation_assets(name, settings.evaluation, on_request=network.on_request),
        ]
        for name, network in networks.items()
    }
    requested = {name: group_of(of_networks[name]) for name in networks if name not in unasked}
    qualities = {
        name: quality_assets(name, settings, on_request=network.on_request)
        for name, network in networks.items()
    }
    told = {name: requested[name] | group_of(qualities[name]) for name in requested}
    each = [asset for of in (of_networks, qualities) for made in of.values() for asset in made]
    champion_quality = champion_quality_asset(networks, settings, each)
    studies = study_assets(networks, settings)
    sweeps = read_sweeps(networks, places.tuning)
    tuning = tuning_assets(sweeps, networks, settings, places.tuning.name)
    searches = search_assets(read_searches(places.tuning), settings, places.tuning.name)
    assets = [
        *dataset_assets(settings.schedules, settings.dataset, source.declaration.bounds),
        *exploration_assets(settings.grey_levels),
        *preparation_assets(settings.split, settings.normalization),
        *each,
        comparison_asset(networks, requested),
        label_errors_asset(networks, settings),
        decision_asset(networks, settings.champion, requested),
        champion_asset(networks, settings.schedules, requested),
        training_log_asset(networks),
        champion_quality,
        champion_export_asset(),
        *studies,
        *tuning,
        *searches,
        claims_asset(networks, requested, tuning),
        page_network_asset(networks),
        *inference_assets(settings.inbox),
    ]
    made = [asset for asset in assets if isinstance(asset, dg.AssetsDefinition)]
    shown = [champion_quality, *studies, *tuning, *searches]
    assets += report_assets(networks, settings, made, shown, told)
    keep_found()
    return dg.Definitions(
        assets=assets,
        asset_checks=[bounded_check(settings.normalization)],
        jobs=[
            *jobs(unasked),
            retention_job(
                _checks_of(assets),
                settings.history,
                partial(archive.superseded, settings.history.champions),
            ),
        ],
        schedules=[
            *schedules(unasked, settings.schedules),
            retention_schedule(settings.schedules),
        ],
        sensors=[
            follow_changes_sensor(settings.schedules),
            failure_sensor(settings.schedules, settings.notification),
            inbox_sensor(settings.inbox, settings.schedules),
        ],
        resources={
            "source": source,
            "archive": archive,
            "inbox_folder": Inbox(
                folder=places.inbox, predictions=f"{places.assets}/inference/predictions"
            ),
            "optional_inputs": OptionalNetworks(assets=places.assets),
            "runs_folder": RunsFolder(assets=places.assets),
            "sweeps_folder": RunsFolder(assets=places.assets, stage="tuning"),
            "workers": study_workers(settings.study.processes),
            **build_storages(places),
        },
        loggers={"console": dg.colored_console_logger, "terminal": terminal},
        executor=chosen_executor(places.executor, import_tensorflow, lock_of(places)),
    )


def _checks_of(assets: list[Any]) -> list[dg.AssetCheckKey]:
    """The checks that run inside the steps of assets."""
    return [check for asset in assets for check in getattr(asset, "check_keys", ())]


@dg.definitions
def definitions() -> dg.Definitions:
    """The graph over the project's own folders, or those the environment names."""
    built = build_definitions(Places.from_environment())
    gc.freeze()  # what loads it keeps it: garbage is not to be looked for in it
    return built


def everything_job() -> dg.JobDefinition:
    """The job over all assets that are made unasked, for a process that finds it by its name."""
    return present_definitions(Places.from_environment()).resolve_job_def(EVERYTHING)


def whole_job() -> dg.JobDefinition:
    """The same for the job over all assets, those made only on request included."""
    return present_definitions(Places.from_environment()).resolve_job_def(WHOLE)


def present_definitions(places: Places) -> dg.Definitions:
    """The graph over the given folders, built once as long as its declarations stay the same.

    Raises:
        InputError: As for `build_definitions`.
    """
    files = (places.networks, places.settings, places.tuning)
    declared = build_source(places).declaration.model_dump_json()
    return _build_once(places, declared, *(file.is_file() and file.read_bytes() for file in files))


@lru_cache(maxsize=1)  # Dagster asks for a job five times a run
def _build_once(places: Places, *declared: str | bytes | bool) -> dg.Definitions:
    del declared
    return build_definitions(places)
