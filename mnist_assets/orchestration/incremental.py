"""Which assets are out of date and why, and bringing them up to date with no needless step.

Dagster re-runs whatever is selected. Here an asset runs only if it is missing, its code version
changed, a blocking check of it failed, or an input's content changed; and what might turn out
unchanged is waited for before anything that depends on it. All facts come from Dagster's own event
log, so that the web UI shows the same.
"""

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.orchestration.automation import ON_REQUEST
from mnist_assets.orchestration.dagster_internals import find_latest_evaluations
from mnist_assets.orchestration.storage.files import PICTURE_FILES, FileStorage
from mnist_assets.orchestration.storage.fingerprints import find_fault

CODE_VERSION = "dagster/code_version"
DATA_VERSION = "dagster/data_version"
INPUT_VERSION = "dagster/input_data_version/"
NOT_MADE = "INITIAL"  # what Dagster records as the version of an input that was never made
NEVER = "never materialised"
GONE = "no file "  # and its path: it was lost, or values are looked for elsewhere than before

Versions = Mapping[dg.AssetKey, str | None]


class State(StrEnum):
    """Whether an asset's value is what its code and inputs would make now."""

    MISSING = "missing"
    STALE = "stale"
    WAITING = "waiting"
    BROKEN = "broken"
    UP_TO_DATE = "up to date"


def _state(reason: str) -> State:
    if reason == NEVER or reason.startswith(GONE):
        return State.MISSING
    return State.BROKEN if reason.startswith(("its file", "check")) else State.STALE


@dataclass(frozen=True)
class Known:
    """What the event log holds of an asset's latest materialisation (or observation)."""

    tags: Mapping[str, str]
    metadata: Mapping[str, Any]
    run_id: str

    def file_fault(self, path: UPath) -> str | None:
        """What is wrong with the value's file where it would be read, wherever it was written.

        Or with the file of a picture beside it.
        """
        try:
            if fault := find_fault(path, self.metadata):
                return fault
        except FileNotFoundError:
            return f"{GONE}{path}"
        for name, remembered in self.metadata.get(PICTURE_FILES, {}).items():
            picture = path.with_name(name)
            try:
                if fault := find_fault(picture, remembered):
                    return fault
            except FileNotFoundError:
                return f"its file was lost: {picture}"
        return None


@dataclass(frozen=True)
class Run:
    """What came of materialising some assets together.

    Attributes:
        made: The assets that were materialised.
        success: Whether every step and every blocking check went well.
    """

    made: set[dg.AssetKey]
    success: bool


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
        """
        self._graph = definitions.resolve_asset_graph()
        self._instance = instance
        self.observed = observed
        self._storages = storages
        self._configured = (run_config or {}).get("ops", {})
        self._on_request = on_request

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
    def checks(self) -> list[dg.AssetCheckKey]:
        """Every check of these assets."""
        whole = set(self.keys)
        return sorted(
            (check for check in self._graph.asset_check_keys if check.asset_key in whole), key=str
        )

    def evaluations(self) -> Mapping[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
        """What each check found last; one that never ran, or did not come to an end, is absent."""
        return find_latest_evaluations(self._instance, self.checks)

    def reasons(self) -> dict[dg.AssetKey, str]:
        """Why each asset that certainly has to run has to: in the order of the graph."""
        known, evaluations = self._known(), self.evaluations()
        versions = {key: facts.tags.get(DATA_VERSION) for key, facts in known.items()}
        versions |= self.observed
        return {
            key: reason
            for key in self.keys
            if (reason := next(self._why(key, known.get(key), versions, evaluations), None))
        }

    def states(self, selected: Iterable[dg.AssetKey]) -> dict[dg.AssetKey, tuple["State", str]]:
        """Each asset's state and why: what is missing or stale here is so in the web UI, too.

        What waits is up to date for now, but depends on something that has to run. What is broken,
        by a lost file or a failed check, the web UI shows otherwise or cannot see.
        """
        reasons = self.reasons()
        waiting = self.waiting(reasons)
        states = {}
        for key in selected:
            if reason := reasons.get(key):
                states[key] = (_state(reason), reason)
            elif key in waiting:
                states[key] = (State.WAITING, "runs if its inputs come out different")
            else:
                states[key] = (State.UP_TO_DATE, "")
        return states

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

    def _known(self) -> dict[dg.AssetKey, Known]:
        known = {}
        for record in self._instance.get_asset_records(list(self._graph.get_all_asset_keys())):
            entry = record.asset_entry
            if entry.last_materialization and (
                materialization := entry.last_materialization.asset_materialization
            ):
                metadata = {name: item.value for name, item in materialization.metadata.items()}
                known[entry.asset_key] = Known(
                    materialization.tags or {}, metadata, entry.last_materialization.run_id
                )
        return known

    def _file_of(self, key: dg.AssetKey) -> UPath | None:
        """Where a value would be read from; None if no storage of the project keeps it."""
        definition = self._graph.get(key).assets_def
        storage = self._storages.get(definition.get_io_manager_key_for_asset_key(key))
        return storage.file_of(key) if storage else None

    def _is_configured_anew(self, key: dg.AssetKey, known: Known) -> bool:
        name = key.to_python_identifier()
        if name not in self._configured:
            return False
        run = self._instance.get_run_by_id(known.run_id)
        of_ops: Any = run.run_config.get("ops") if run else None
        before = (of_ops or {}).get(name)
        return bool(before != self._configured[name])

    def _why(
        self,
        key: dg.AssetKey,
        known: Known | None,
        versions: Versions,
        evaluations: Mapping[dg.AssetCheckKey, dg.AssetCheckEvaluation],
    ) -> Iterator[str]:
        """Every reason for an asset to run, the plainest first."""
        node = self._graph.get(key)
        if known is None:
            yield NEVER
            return
        file = self._file_of(key)
        if file and (fault := known.file_fault(file)):
            yield fault
        if known.tags.get(CODE_VERSION) != node.code_version:
            yield "its code or declaration changed"
        if self._is_configured_anew(key, known):
            yield "its run config changed"
        changed = [
            parent.to_user_string()
            for parent in sorted(node.parent_keys)
            if known.tags.get(f"{INPUT_VERSION}{parent.to_user_string()}")
            != versions.get(parent, NOT_MADE)
        ]
        if changed:
            yield f"input changed: {', '.join(changed)}"
        for check in sorted(node.check_keys):
            evaluation = evaluations.get(check)
            if evaluation is None:
                yield f"check did not run: {check.name}"
            elif not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                yield f"check failed: {check.name}"


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
        selected: The assets to bring up to date.
        run: Materialises some assets together, given why each has to run.
        force: Run every selected asset, whether it has to or not.

    Returns:
        What all rounds together made.
    """
    wanted, tried, made, success = set(selected), set[dg.AssetKey](), set[dg.AssetKey](), True
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
