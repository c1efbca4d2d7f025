"""Which assets are out of date and why, and bringing them up to date with no needless step.

Dagster re-runs whatever is selected. Here an asset runs only if it is missing, its code version
changed, a blocking check of it failed, or an input's content changed (`staleness.py`); and what
might turn out unchanged is waited for before anything that depends on it.
"""

import re
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.orchestration.automation import ON_REQUEST
from mnist_assets.orchestration.dagster_internals import find_latest_evaluations
from mnist_assets.orchestration.history import latest_materializations
from mnist_assets.orchestration.staleness import Staleness, State, storage_of
from mnist_assets.orchestration.storage.files import FileStorage

UPSTREAM = re.compile(r"\d*\+(?=[a-z(*])")  # in a selection as Dagster writes it

Evaluations = Mapping[dg.AssetCheckKey, dg.AssetCheckEvaluation]


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
        self._on_request = on_request
        configured = (run_config or {}).get("ops", {})
        self._staleness = partial(
            Staleness, self._graph, instance, observed, storages, configured, upgraded=upgraded
        )

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
        chosen = _parse(selection).resolve(self._graph)
        return [key for key in self.keys if key in chosen]

    def asked_for(self, selection: str) -> list[dg.AssetKey]:
        """The same, but what is made only on request has to be asked for by more than a `+`.

        `+key:"report/notebook"` is no network that is made on request, which the report shows where
        there is one. What another one that is asked for is made from is asked for, too.
        """
        selected = self.select(selection)
        plain = _parse(selection).to_selection_str()
        named = self.select(UPSTREAM.sub("", plain))
        requested = [key for key in selected if self.is_made_on_request(key)]
        asked = {*named} & {*requested}
        for key in reversed(requested):
            if not asked.isdisjoint(self._graph.get(key).child_keys):
                asked.add(key)
        return [key for key in selected if key in asked or key not in requested]

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
        return {
            key: reason for key, (_, reason) in self._staleness().out_of_date(self.keys).items()
        }

    def states(self, selected: Iterable[dg.AssetKey]) -> dict[dg.AssetKey, tuple[State, str]]:
        """Each asset's state and why: what is missing or stale here is so in the web UI, too.

        What waits is up to date for now, but depends on something that has to run. What is broken,
        by a lost file or a failed check, the web UI shows otherwise or cannot see. What was made
        with other versions of libraries than are installed is said to be. Nothing waits for what
        is made on request, but was never made and is not selected.
        """
        staleness = self._staleness()
        selected, out_of_date = list(selected), staleness.out_of_date(self.keys)
        made = staleness.made.keys()
        unasked = {key for key in out_of_date if self.is_made_on_request(key)} - made
        asked_for = (out_of_date.keys() - unasked) | {*selected}
        waiting = dict.fromkeys(
            self.waiting([key for key in out_of_date if key in asked_for]),
            (State.WAITING, "runs if its inputs come out different"),
        )
        current = {key: staleness.current(key) for key in made}
        states = current | waiting | out_of_date
        return {key: states[key] for key in selected}

    def states_on_request(self) -> dict[dg.AssetKey, tuple[State, str]]:
        """The same of what is made only on request, as far as it ever was: nothing waits for it."""
        whole = copy(self)
        whole._on_request = True
        requested = [key for key in whole.keys if self.is_made_on_request(key)]
        made = latest_materializations(self._instance, requested)
        return whole.states([key for key in requested if key in made]) if made else {}

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
        out_of_date = self._staleness().out_of_date(self.keys)
        missing = {key for key, (state, _) in out_of_date.items() if state == State.MISSING}
        found: set[dg.AssetKey] = set()
        while pending:
            key = pending.pop()
            if key in missing - found:
                found.add(key)
                pending += self._graph.get(key).parent_keys
        return found

    def files(self) -> dict[dg.AssetKey, tuple[UPath, Mapping[str, Any]]]:
        """Where the value of each asset that was made is read from, and what was recorded of it."""
        made = latest_materializations(self._instance, self.keys)
        paths = {key: self._file_of(key) for key in self.keys if key in made}
        return {key: (path, made[key].metadata) for key, path in paths.items() if path}

    def _file_of(self, key: dg.AssetKey) -> UPath | None:
        """Where an asset's value is, if a storage of the project keeps it."""
        storage = storage_of(self._graph, self._storages, key)
        return storage.file_of(key) if storage else None


def _parse(selection: str) -> dg.AssetSelection:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of a parameter that is not used here
        return dg.AssetSelection.from_string(selection)


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
