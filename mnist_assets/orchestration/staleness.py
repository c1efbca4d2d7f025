"""Which assets are out of date, and why, by their history and their files.

All facts come from Dagster's own event log, so that the web UI shows the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.orchestration.dagster_internals import find_latest_evaluations
from mnist_assets.orchestration.history import (
    CODE_VERSION,
    DATA_VERSION,
    WITHOUT,
    Materialization,
    latest_materializations,
)
from mnist_assets.orchestration.storage.addresses import FileState, look_below
from mnist_assets.orchestration.storage.files import LIBRARIES, FileStorage
from mnist_assets.orchestration.storage.fingerprints import find_any_fault
from mnist_assets.orchestration.versions.libraries import describe_upgrades

NOT_MADE = "INITIAL"  # what Dagster records as the version of an input that was never made
NEVER = "never materialised"


class State(StrEnum):
    """Whether an asset's value is what its code and inputs would make now."""

    MISSING = "missing"
    STALE = "stale"
    WAITING = "waiting"
    BROKEN = "broken"
    UP_TO_DATE = "up to date"


class Staleness:
    """What is out of date as history and files are when this is built.

    Attributes:
        made: The latest materialisation of each asset that ever was.
    """

    def __init__(
        self,
        graph: Any,
        instance: dg.DagsterInstance,
        observed: Mapping[dg.AssetKey, str],
        storages: Mapping[str, FileStorage[Any]],
        configured: Mapping[str, Any],
        *,
        upgraded: bool,
    ) -> None:
        """Read the history of all assets at once: with many networks it takes seconds.

        Args:
            graph: Dagster's asset graph.
            instance: Where its history is.
            observed: Content versions of the sources outside the graph, as they are now.
            storages: Where values are, by the keys of their I/O managers.
            configured: The configuration of each step that it is to run with, by the step's name.
            upgraded: Whether what was made with other versions of libraries is stale.
        """
        self._graph = graph
        self._instance = instance
        self._storages = storages
        self._configured = configured
        self._upgraded = upgraded
        self.made = latest_materializations(instance, graph.get_all_asset_keys())
        versions = {key: of.tags.get(DATA_VERSION) for key, of in self.made.items()}
        self._versions = {**versions, **observed}
        self._evaluations = find_latest_evaluations(instance, [*graph.asset_check_keys])
        roots = {of.root for of in storages.values()}
        self._at_file: Mapping[UPath, Callable[[UPath], FileState]] = {
            root: look_below(root) for root in roots
        }

    def out_of_date(self, keys: Iterable[dg.AssetKey]) -> dict[dg.AssetKey, tuple[State, str]]:
        """Those of the assets that have to run, each with its state and the plainest reason."""
        found = {key: next(self._faults(key), None) for key in keys}
        return {key: fault for key, fault in found.items() if fault}

    def current(self, key: dg.AssetKey) -> tuple[State, str]:
        """The state of an asset that was made and is not out of date, with its upgrades if any."""
        return State.UP_TO_DATE, _upgrades(self.made[key])

    def _faults(self, key: dg.AssetKey) -> Iterator[tuple[State, str]]:
        """Every reason for an asset to run, the plainest first."""
        made = self.made.get(key)
        if made is None:
            yield State.MISSING, NEVER
            return
        node = self._graph.get(key)
        yield from self._file_faults(key, made)
        if made.tags.get(CODE_VERSION) != node.code_version:
            yield State.STALE, "its code or declaration changed"
        if self._upgraded and (upgrades := _upgrades(made)):
            yield State.STALE, upgrades
        if self._is_configured_anew(key, made):
            yield State.STALE, "its run config changed"
        followed = made.input_versions
        parents = {parent.to_user_string(): parent for parent in sorted(node.parent_keys)}
        if changed := [
            name
            for name, parent in parents.items()
            if followed.get(name) != self._versions.get(parent, NOT_MADE)
        ]:
            yield State.STALE, f"input changed: {', '.join(changed)}"
        if since := self._made_since(made):
            yield State.STALE, f"made since: {', '.join(since)}"
        for check in sorted(node.check_keys):
            evaluation = self._evaluations.get(check)
            if evaluation is None:
                yield State.BROKEN, f"check did not run: {check.name}"
            elif not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                yield State.BROKEN, f"check failed: {check.name}"

    def _made_since(self, made: Materialization) -> list[str]:
        """What an asset went without when it was made, and that is there now.

        Its content need not have changed: it may have been out of date for a while.
        """
        without: Mapping[str, list[str]] = made.metadata.get(WITHOUT) or {}
        if not without:
            return []
        lacking = {dg.AssetKey.from_user_string(key) for of in without.values() for key in of}
        out_of_date = self.out_of_date(lacking)
        return [
            name
            for name, keys in without.items()
            if not any(dg.AssetKey.from_user_string(key) in out_of_date for key in keys)
        ]

    def _file_faults(self, key: dg.AssetKey, made: Materialization) -> Iterator[tuple[State, str]]:
        """What is wrong with the value's file, if a storage of the project keeps it."""
        storage = storage_of(self._graph, self._storages, key)
        if storage is None:
            return
        path = storage.file_of(key)
        try:
            if fault := find_any_fault(path, made.metadata, self._at_file[storage.root]):
                written = made.metadata.get("path", str(path))
                elsewhere = "" if written == str(path) else f"; the last run wrote to {written}"
                yield State.BROKEN, f"{fault}{elsewhere}"
        except FileNotFoundError:  # it was lost, or values are looked for elsewhere than before
            yield State.MISSING, f"no file {path}"

    def _is_configured_anew(self, key: dg.AssetKey, made: Materialization) -> bool:
        name = key.to_python_identifier()
        if name not in self._configured:
            return False
        run = self._instance.get_run_by_id(made.run_id)
        of_ops: Any = run.run_config.get("ops") if run else None
        return bool((of_ops or {}).get(name) != self._configured[name])


def storage_of(
    graph: Any, storages: Mapping[str, FileStorage[Any]], key: dg.AssetKey
) -> FileStorage[Any] | None:
    """The storage that keeps an asset's value, if it is one of the project's."""
    definition = graph.get(key).assets_def
    return storages.get(definition.get_io_manager_key_for_asset_key(key))


def _upgrades(made: Materialization) -> str:
    """What was made with other versions of libraries than are installed, or nothing."""
    upgrades = describe_upgrades(made.metadata.get(LIBRARIES, {}))
    return f"made with {upgrades}" if upgrades else ""
