"""Trials one after the other, or side by side in processes, until a budget is used up.

Processes and machines that work at one study know of each other by its storage alone.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_assets.process import count_cores, processes_with_keras
from mnist_assets.study.workers import begin_worker
from mnist_assets.tuning.search.study import (
    Goal,
    import_optuna,
    open_storage,
    open_study,
    search_once,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import optuna


@dataclass(frozen=True)
class Budget:
    """When to begin no further trial: at the first of these.

    Attributes:
        trials: Finished trials of the study, those of before and of other processes included.
        seconds: From now on.
    """

    trials: int | None = None
    seconds: float | None = None


def search(
    goal: Goal,
    address: str,
    budget: Budget,
    *,
    processes: int = 1,
    once: Callable[[Goal, optuna.Study], int] = search_once,
) -> Iterator[optuna.trial.FrozenTrial]:
    """Make trials until the budget is used up; each comes as it ends.

    Args:
        goal: What is searched.
        address: Of the storage.
        budget: How long.
        processes: How many trials at a time. With one, a seed gives the same trials in the same
            order, unless an objective is a time.
        once: What makes a trial, as `search_once` does.
    """
    study = open_study(goal, open_storage(address))
    until = None if budget.seconds is None else time.monotonic() + budget.seconds

    def is_used_up(under_way: int) -> bool:
        if until is not None and time.monotonic() >= until:
            return True
        return budget.trials is not None and count_finished(study) + under_way >= budget.trials

    if processes == 1:
        while not is_used_up(0):
            yield _trial(study, once(goal, study))
        return
    with _pool(processes, goal, address) as pool:
        under_way: set[Future[int]] = set()
        while True:
            while len(under_way) < processes and not is_used_up(len(under_way)):
                under_way.add(pool.submit(_in_worker, once))
            if not under_way:
                return
            ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                yield _trial(study, future.result())


def count_finished(study: optuna.Study) -> int:
    """The trials that came to an end, pruned ones included."""
    states = import_optuna().trial.TrialState
    return len(study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED)))


def _trial(study: optuna.Study, number: int) -> optuna.trial.FrozenTrial:
    return study.get_trials(deepcopy=False)[number]


def _pool(processes: int, goal: Goal, address: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes,
        processes_with_keras(),
        initializer=_begin,
        initargs=(max(count_cores() // processes, 1), goal, address),
    )


_worker: dict[str, Any] = {}  # what a process works at, for as long as it lives


def _begin(threads: int, goal: Goal, address: str) -> None:
    begin_worker(threads)
    _worker.update(goal=goal, study=open_study(goal, open_storage(address)))


def _in_worker(once: Callable[[Goal, optuna.Study], int]) -> int:
    return once(_worker["goal"], _worker["study"])
