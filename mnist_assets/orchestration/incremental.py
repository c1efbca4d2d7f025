"""Which assets are out of date and why, and bringing them up to date with no needless step.

Dagster re-runs whatever is selected. Here an asset runs only if it is missing, its code version
changed, a blocking check of it failed, or an input's content changed; and what might turn out
unchanged is waited for before anything that depends on it. All facts come from Dagster's own event
log, so that the web UI shows the same.
"""

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.orchestration.automation import ON_REQUEST
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

Evaluations = Mapping[dg.AssetCheckKey, dg.AssetCheckEvaluation]


class State(StrEnum):
    """Whether an asset's value is what its code and inputs would make now."""

    MISSING = "missing"
    STALE = "stale"
    WAITING = "waiting"
    BROKEN = "broken"
    UP_TO_DATE = "up to date"


@dataclass(frozen=True)
class Run:
    """What came of materialising some assets together.

    Attributes:
        made: The assets that were materialised.
        success: Whether every step and every blocking check went well.
    """

    made: set[dg.AssetKey]
    success: bool


@dataclass(frozen=True)
class _Look:
    """What history and files tell of all assets, read at once: with many networks it takes seconds.

    Attributes:
        made: The latest materialisation of each asset that ever was.
        versions: Data versions of these, and of the sources as they are now.
        evaluations: What each check found last.
        at_file: What tells of a file, by the folder or address that it is below.
    """

    made: Mapping[dg.AssetKey, Materialization]
    versions: Mapping[dg.AssetKey, str | None]
    evaluations: Evaluations
    at_file: Mapping[UPath, Callable[[UPath], FileState]]


class Graph:
    """The assets of a set of definitions, with their history in an instance."""

    def __init__(
        self,
        definitions: dg.Definitions,
        instance: dg.DagsterInstance,
        observed: Mapping[dg.AssetKey, str],
        storages: Mapping[str, FileStorage[Any]],
        run_config: Mapping[str, Any] | None = None,
        *,
        on_request: bool = False,
        upgraded: bool = False,
    ) -> None:
        """Read a graph.

        Args:
            definitions: What defines it.
            instance: Where its history is.
            observed: Content versions of the sources outside the graph, as they are now.
            storages: Where values are, by the keys of their I/O managers.
            run_config: The configuration it is to run with, as Dagster takes it; what it says
                nothing of keeps whatever it was made with.
            on_request: Whether what is made only on request belongs to it, too.
            upgraded: Whether what was made with other versions of libraries is stale.
        """
        self._graph = definitions.resolve_asset_graph()
        self._instance = instance
        self.observed = observed
        self._storages = storages
        self._configured = (run_config or {}).get("ops", {})
        self._on_request = on_request
        self._upgraded = upgraded

    @property
    def keys(self) -> list[dg.AssetKey]:
        """Every asset that can be materialised, each after what it depends on.

        What has partitions is left out: a part is made when it is asked for.
        """
        graph = self._graph
        belonging = {
            key
            for key in graph.materializable_asset_keys
            if not graph.get(key).is_partitioned
            and (self._on_request or not self.is_made_on_request(key))
        }
        return [key for key in graph.toposorted_asset_keys if key in belonging]

    def is_made_on_request(self, key: dg.AssetKey) -> bool:
        """Whether an asset is made only when somebody asks for it by name."""
        return ON_REQUEST in self._graph.get(key).tags

    def select(self, selection: str) -> list[dg.AssetKey]:
        """The assets of a selection in Dagster's language, such as `key:"networks/given"+`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)  # of a parameter that is not used here
            chosen = dg.AssetSelection.from_string(selection).resolve(self._graph)
        return [key for key in self.keys if key in chosen]

    @property
    def declared(self) -> set[dg.AssetKey]:
        """Every asset there is, with partitions or without, and the sources."""
        return set(self._graph.get_all_asset_keys())

    @property
    def checks(self) -> list[dg.AssetCheckKey]:
        """Every check of these assets."""
        whole = set(self.keys)
        return sorted(
            (check for check in self._graph.asset_check_keys if check.asset_key in whole), key=str
        )

    def evaluations(self) -> Evaluations:
        """What each check found last; one that never ran, or did not come to an end, is absent."""
        return find_latest_evaluations(self._instance, self.checks)

    def reasons(self) -> dict[dg.AssetKey, str]:
        """Why each asset that certainly has to run has to: in the order of the graph."""
        return {key: reason for key, (_, reason) in self._out_of_date(self._look()).items()}

    def states(self, selected: Iterable[dg.AssetKey]) -> dict[dg.AssetKey, tuple[State, str]]:
        """Each asset's state and why: what is missing or stale here is so in the web UI, too.

        What waits is up to date for now, but depends on something that has to run. What is broken,
        by a lost file or a failed check, the web UI shows otherwise or cannot see. What was made
        with other versions of libraries than are installed is said to be. Nothing waits for what
        is made on request, but was never made and is not selected.
        """
        look = self._look()
        selected, out_of_date = list(selected), self._out_of_date(look)
        unasked = {key for key in out_of_date if self.is_made_on_request(key)} - look.made.keys()
        asked_for = (out_of_date.keys() - unasked) | {*selected}
        waiting = dict.fromkeys(
            self.waiting([key for key in out_of_date if key in asked_for]),
            (State.WAITING, "runs if its inputs come out different"),
        )
        current = {key: (State.UP_TO_DATE, _upgrades(of)) for key, of in look.made.items()}
        states = current | waiting | out_of_date
        return {key: states[key] for key in selected}

    def states_on_request(self) -> dict[dg.AssetKey, tuple[State, str]]:
        """The same of what is made only on request, as far as it ever was: nothing waits for it."""
        whole = copy(self)
        whole._on_request = True
        requested = [key for key in whole.keys if self.is_made_on_request(key)]
        made = latest_materializations(self._instance, requested)
        return whole.states([key for key in requested if key in made]) if made else {}

    def without_unasked(self, keys: Iterable[dg.AssetKey]) -> list[dg.AssetKey]:
        """These assets but for those made only on request that never were."""
        keys = list(keys)
        requested = [key for key in keys if self.is_made_on_request(key)]
        made = latest_materializations(self._instance, requested)
        return [key for key in keys if key in made or key not in requested]

    def waiting(self, certain: Collection[dg.AssetKey]) -> set[dg.AssetKey]:
        """The assets downstream of `certain` ones, which have to run only if contents change."""
        affected: set[dg.AssetKey] = set()
        for key in self.keys:
            parents = self._graph.get(key).parent_keys
            if any(parent in certain or parent in affected for parent in parents):
                affected.add(key)
        return affected

    def runnable(self, certain: Collection[dg.AssetKey]) -> list[dg.AssetKey]:
        """Those that can run now: nothing upstream of them is still undecided."""
        undecided = self.waiting(certain) - set(certain)
        blocked = self.waiting(undecided)
        return [key for key in self.keys if key in certain and key not in blocked]

    def missing_for_checks(self, selected: Collection[dg.AssetKey]) -> set[dg.AssetKey]:
        """What checks of selected assets read beside these and is not there, with what it needs."""
        checks = {check for key in selected for check in self._graph.get(key).check_keys}
        read = {key for check in checks for key in self._graph.get(check).parent_entity_keys}
        pending = [key for key in read if isinstance(key, dg.AssetKey) and key not in selected]
        if not pending:
            return set()
        out_of_date = self._out_of_date(self._look())
        missing = {key for key, (state, _) in out_of_date.items() if state == State.MISSING}
        found: set[dg.AssetKey] = set()
        while pending:
            key = pending.pop()
            if key in missing - found:
                found.add(key)
                pending += self._graph.get(key).parent_keys
        return found

    def _look(self) -> _Look:
        made = latest_materializations(self._instance, self._graph.get_all_asset_keys())
        versions = {key: of.tags.get(DATA_VERSION) for key, of in made.items()}
        evaluations = find_latest_evaluations(self._instance, [*self._graph.asset_check_keys])
        roots = {of.root for of in self._storages.values()}
        at_file = {root: look_below(root) for root in roots}
        return _Look(made, {**versions, **self.observed}, evaluations, at_file)

    def _out_of_date(
        self, look: _Look, of: Collection[dg.AssetKey] | None = None
    ) -> dict[dg.AssetKey, tuple[State, str]]:
        found = {
            key: next(self._faults(key, look), None) for key in (self.keys if of is None else of)
        }
        return {key: fault for key, fault in found.items() if fault}

    def _faults(self, key: dg.AssetKey, look: _Look) -> Iterator[tuple[State, str]]:
        """Every reason for an asset to run, the plainest first."""
        made = look.made.get(key)
        if made is None:
            yield State.MISSING, NEVER
            return
        node = self._graph.get(key)
        yield from self._file_faults(key, made, look)
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
            if followed.get(name) != look.versions.get(parent, NOT_MADE)
        ]:
            yield State.STALE, f"input changed: {', '.join(changed)}"
        if since := self._made_since(made, look):
            yield State.STALE, f"made since: {', '.join(since)}"
        for check in sorted(node.check_keys):
            evaluation = look.evaluations.get(check)
            if evaluation is None:
                yield State.BROKEN, f"check did not run: {check.name}"
            elif not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                yield State.BROKEN, f"check failed: {check.name}"

    def _made_since(self, made: Materialization, look: _Look) -> list[str]:
        """What an asset went without when it was made, and that is there now.

        Its content need not have changed: it may have been out of date for a while.
        """
        without: Mapping[str, list[str]] = made.metadata.get(WITHOUT) or {}
        if not without:
            return []
        lacking = {dg.AssetKey.from_user_string(key) for of in without.values() for key in of}
        out_of_date = self._out_of_date(look, lacking)
        return [
            name
            for name, keys in without.items()
            if not any(dg.AssetKey.from_user_string(key) in out_of_date for key in keys)
        ]

    def files(self) -> dict[dg.AssetKey, tuple[UPath, Mapping[str, Any]]]:
        """Where the value of each asset that was made is read from, and what was recorded of it."""
        made = latest_materializations(self._instance, self.keys)
        paths = {key: self._file_of(key) for key in self.keys if key in made}
        return {key: (path, made[key].metadata) for key, path in paths.items() if path}

    def _file_of(self, key: dg.AssetKey) -> UPath | None:
        """Where an asset's value is, if a storage of the project keeps it."""
        storage = self._storage_of(key)
        return storage.file_of(key) if storage else None

    def _storage_of(self, key: dg.AssetKey) -> FileStorage[Any] | None:
        definition = self._graph.get(key).assets_def
        return self._storages.get(definition.get_io_manager_key_for_asset_key(key))

    def _file_faults(
        self,
        key: dg.AssetKey,
        made: Materialization,
        look: _Look,
    ) -> Iterator[tuple[State, str]]:
        """What is wrong with the value's file, if a storage of the project keeps it."""
        storage = self._storage_of(key)
        if storage is None:
            return
        path = storage.file_of(key)
        try:
            if fault := find_any_fault(path, made.metadata, look.at_file[storage.root]):
                yield State.BROKEN, fault
        except FileNotFoundError:  # it was lost, or values are looked for elsewhere than before
            yield State.MISSING, f"no file {path}"

    def _is_configured_anew(self, key: dg.AssetKey, made: Materialization) -> bool:
        name = key.to_python_identifier()
        if name not in self._configured:
            return False
        run = self._instance.get_run_by_id(made.run_id)
        of_ops: Any = run.run_config.get("ops") if run else None
        return bool((of_ops or {}).get(name) != self._configured[name])


def _upgrades(made: Materialization) -> str:
    """What was made with other versions of libraries than are installed, or nothing."""
    upgrades = describe_upgrades(made.metadata.get(LIBRARIES, {}))
    return f"made with {upgrades}" if upgrades else ""


def bring_up_to_date(
    graph: Graph,
    selected: Iterable[dg.AssetKey],
    run: Callable[[Mapping[dg.AssetKey, str]], Run],
    *,
    force: bool = False,
) -> Run:
    """Run what has to run, in as few rounds as can be, each asset at most once.

    What follows from a failure is left out; the rest goes on.

    Args:
        graph: The assets and their history.
        selected: The assets to bring up to date; what checks of them read is made if it is missing.
        run: Materialises some assets together, given why each has to run.
        force: Run every selected asset, whether it has to or not.
    """
    wanted, tried, made, success = set(selected), set[dg.AssetKey](), set[dg.AssetKey](), True
    wanted |= graph.missing_for_checks(wanted)
    while True:
        reasons = graph.reasons()
        failed = {key for key in tried if key in reasons}
        certain = (wanted if force else wanted & set(reasons)) - tried - graph.waiting(failed)
        now = graph.runnable(certain)
        if not now:
            return Run(made, success)
        tried |= set(now)
        outcome = run({key: reasons.get(key, "forced") for key in now})
        made |= outcome.made
        success &= outcome.success
