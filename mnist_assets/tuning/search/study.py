"""Searching a space of trainings by Optuna, trial by trial, in a storage that outlives the process.

What a trial is and costs is `trials.py`, processes side by side `workers.py`, and what the
trials say together `table.py`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.orchestration.versions.content import content_version
from mnist_assets.tuning.search.declaration import MAXIMISED, NSGA2, Search
from mnist_assets.tuning.search.space import Range, Space, Tunable
from mnist_assets.tuning.search.trials import Measured, TrainingPart, run_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from optuna import Study, Trial
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

    from mnist_assets.networks.training import Epoch

# Seconds: how often a trial shows that its process lives, and after how many without a sign it is
# held to be dead and its values are tried again.
HEARTBEAT, GRACE = 5, 30
MOST_RETRIES = 3  # of values whose process was killed each time: they may be what kills it
LOCKED = 60  # seconds to wait for another process that writes to the same SQLite file


@dataclass(frozen=True)
class Goal:
    """A search on certain data.

    Attributes:
        name: The search's.
        search: Its declaration.
        space: Its space.
        part: What is learnt.
    """

    name: str
    search: Search
    space: Space
    part: TrainingPart

    @property
    def study(self) -> str:
        """The study's name in the storage: what is declared or learnt otherwise is another."""
        decides = {
            "training": self.search.training,
            "objectives": self.search.objectives,
            "parameters_at_most": self.search.parameters_at_most,
            "data": [
                content_version(value)
                for value in (self.part.images, self.part.labels, dict(self.part.split))
            ],
        }
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
        return f"{self.name}-{digest[:8]}"


def import_optuna() -> Any:
    """Optuna, which tells of what goes wrong alone.

    Raises:
        InputError: It is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise InputError(
            "mnist-assets tune search",
            seen="no Optuna in this environment",
            expected="the optional extra tuning",
            remedy="Install it: pip install 'mnist-assets[tuning]', or in a checkout "
            "pip install -e '.[tuning]'.",
        ) from error
    optuna.logging.set_verbosity(logging.ERROR)
    return optuna


def open_storage(address: str, heartbeat: int = HEARTBEAT, grace: int = GRACE) -> Any:
    """The storage of all studies, at an address as SQLAlchemy has them."""
    optuna = import_optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RDBStorage(
            address,
            engine_kwargs={"connect_args": {"timeout": LOCKED}}
            if address.startswith("sqlite")
            else {"pool_pre_ping": True},
            heartbeat_interval=heartbeat,
            grace_period=grace,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(
                MOST_RETRIES
            ),
        )


def open_study(goal: Goal, storage: Any) -> Study:
    """The study of a search, with the trials that there are."""
    optuna = import_optuna()
    search = goal.search
    study: Study = optuna.create_study(
        storage=storage,
        sampler=seeded_sampler(search),
        pruner=_pruner(search),
        study_name=goal.study,
        directions=["maximize" if each == MAXIMISED else "minimize" for each in search.objectives],
        load_if_exists=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(list(search.objectives))
    study.set_user_attr("search", goal.name)
    return study


def seeded_sampler(search: Search) -> BaseSampler:
    """The declared sampler, with a seed of its own for each trial.

    One seed for a process would begin the same row of random values in each process that works at a
    study, and again in each that goes on with it.
    """
    optuna = import_optuna()
    base: Any = optuna.samplers.BaseSampler
    declared = search.sampler

    def build(seed: int) -> Any:
        if isinstance(declared, NSGA2):
            return optuna.samplers.NSGAIISampler(population_size=declared.population, seed=seed)
        return optuna.samplers.TPESampler(n_startup_trials=declared.startup_trials, seed=seed)

    class Seeded(base):  # type: ignore[misc]  # imported where it is used
        def __init__(self) -> None:
            self._of_trial = build(search.seed)

        def before_trial(self, study: Any, trial: Any) -> None:
            seeds = np.random.SeedSequence([search.seed, trial.number]).generate_state(1)
            self._of_trial = build(int(seeds[0]))
            self._of_trial.before_trial(study, trial)

        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            return self._of_trial.infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, space: Any) -> Any:
            return self._of_trial.sample_relative(study, trial, space)

        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            return self._of_trial.sample_independent(study, trial, name, distribution)

        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            self._of_trial.after_trial(study, trial, state, values)

    return Seeded()


def _pruner(search: Search) -> Any:
    pruners = import_optuna().pruners
    match search.pruner:
        case "median":
            return pruners.MedianPruner()
        case "hyperband":
            return pruners.HyperbandPruner()
        case _:
            return pruners.NopPruner()


def search_once(goal: Goal, study: Study, run: Callable[..., Measured] = run_trial) -> int:
    """Make one trial; one whose process was killed is made again first, once that is sure.

    A training that is refused, has too many parameters, or whose loss is not finite is pruned, with
    the reason beside it.

    Args:
        goal: What is searched.
        study: Its study.
        run: What trains, as `run_trial` does.

    Returns:
        The trial's number.
    """
    numbers: list[int] = []

    def objective(trial: Trial) -> tuple[float, ...]:
        numbers.append(trial.number)
        return _try(goal, trial, run)

    study.optimize(objective, n_trials=1)
    return numbers[-1]


def _try(goal: Goal, trial: Trial, run: Callable[..., Measured]) -> tuple[float, ...]:
    search = goal.search
    is_single = len(search.objectives) == 1
    try:
        training = goal.space.fill(lambda tunable: suggest(trial, tunable))
        trial.set_user_attr("training", training.plain())
        _require_few(goal.part.parameters(training), search.parameters_at_most)
        measured = run(
            training,
            goal.part,
            on_epoch=lambda epoch: _prune(trial, epoch) if is_single else None,
            timed="latency" in search.objectives,
        )
    except InputError as error:
        trial.set_user_attr("refused", str(error))
        raise import_optuna().TrialPruned(str(error)) from error
    for name, value in asdict(measured).items():
        trial.set_user_attr(name, value)
    return tuple(getattr(measured, name) for name in search.objectives)


def suggest(trial: Trial, tunable: Tunable) -> Any:
    """The value that the sampler picks for what is left open."""
    if not isinstance(tunable, Range):
        return trial.suggest_categorical(tunable.tune, tunable.ends)
    limits: dict[str, Any] = {"low": tunable.low, "high": tunable.high, "log": tunable.log}
    if tunable.is_whole:
        return trial.suggest_int(tunable.tune, step=int(tunable.step or 1), **limits)
    return trial.suggest_float(tunable.tune, step=tunable.step, **limits)


def _require_few(parameters: int, most: int | None) -> None:
    if most is not None and parameters > most:
        raise InputError(
            "parameters_at_most",
            seen=f"{parameters:,} parameters",
            expected=f"at most {most:,}",
            remedy="Nothing is to be done: the network is not trained.",
        )


def _prune(trial: Trial, epoch: Epoch) -> None:
    """End a training that falls behind."""
    trial.report(epoch.val_accuracy, epoch.epoch)
    if trial.should_prune():
        raise import_optuna().TrialPruned(f"behind after {epoch.epoch} epochs")


def finished_trials(study: Study) -> list[FrozenTrial]:
    """The trials whose training ran to its end."""
    return study.get_trials(deepcopy=False, states=(import_optuna().trial.TrialState.COMPLETE,))


def find_studies(goals: Iterable[Goal], address: str) -> dict[str, Study]:
    """The studies of those searches that have trials, by the searches' names."""
    optuna = import_optuna()
    storage = open_storage(address)
    there = set(optuna.get_all_study_names(storage))
    found = {
        goal.name: optuna.load_study(study_name=goal.study, storage=storage)
        for goal in goals
        if goal.study in there
    }
    return {name: study for name, study in found.items() if study.get_trials(deepcopy=False)}
