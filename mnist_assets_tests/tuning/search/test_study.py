import os
import time
from dataclasses import replace

import numpy as np
import optuna
import pytest

from mnist_assets.errors import InputError
from mnist_assets.tuning.search.declaration import Search
from mnist_assets.tuning.search.study import (
    find_studies,
    finished_trials,
    import_optuna,
    open_storage,
    open_study,
    search_once,
)
from mnist_assets_tests.forked import calling
from mnist_assets_tests.tuning.search.small import goal, made_up

KILLED = 9  # exit code


def searched(goal, trials, storage=None, run=made_up):
    storage = storage or optuna.storages.InMemoryStorage()
    for _ in range(trials):  # each as if by a process of its own
        search_once(goal, open_study(goal, storage), run)
    return open_study(goal, storage)


def parameters(study):
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize(
    "declared",
    [
        {"sampler": {"kind": "tpe", "startup_trials": 3}},
        {
            "sampler": {"kind": "nsga2", "population": 4},
            "objectives": ["validation_accuracy", "parameters"],
        },
    ],
)
def test_a_seed_gives_the_same_trials_however_often_the_process_begins_anew(declared):
    wanted = searched(goal(**declared), 10)
    at_once = open_study(goal(**declared), optuna.storages.InMemoryStorage())
    for _ in range(10):
        search_once(goal(**declared), at_once, made_up)
    assert parameters(at_once) == parameters(wanted)
    assert len({str(values) for values in parameters(wanted)}) > 8
    assert parameters(searched(goal(seed=1, **declared), 10)) != parameters(wanted)


def test_the_sampler_learns_what_is_better():
    found = searched(goal(sampler={"kind": "tpe", "startup_trials": 5}), 30)
    late = [trial.value for trial in found.trials[15:]]
    assert np.median(late) > np.median([trial.value for trial in found.trials[:5]])
    assert found.best_trial.params["units"] >= 35


def test_a_trial_keeps_its_training_and_what_was_measured():
    found = searched(goal(objectives=["validation_accuracy", "latency"]), 1)
    (trial,) = found.trials
    told = trial.user_attrs
    assert trial.values == [told["validation_accuracy"], 0.001]
    assert told["training"]["layers"][0] == {
        "kind": "dense",
        "units": trial.params["units"],
        "activation": "relu",
    }
    assert told["parameters"] == made_up_parameters(told["training"])
    assert found.metric_names == ["validation_accuracy", "latency"]
    assert found.directions == [
        optuna.study.StudyDirection.MAXIMIZE,
        optuna.study.StudyDirection.MINIMIZE,
    ]


def made_up_parameters(training):
    units = training["layers"][0]["units"]
    return 11 * units + 3 * (units + 1) + 4 * units * (len(training["layers"]) - 1)


def test_trainings_that_are_refused_are_pruned_with_the_reason():
    def diverges(training, part, on_epoch, timed):
        raise InputError("epoch 1", seen="NaN", expected="a loss", remedy="Lower it.")

    (diverged,) = searched(goal(), 1, run=diverges).trials
    assert diverged.state == optuna.trial.TrialState.PRUNED
    assert diverged.user_attrs["refused"].startswith("epoch 1: found NaN")
    few = searched(goal(parameters_at_most=100), 12)
    for trial in few.trials:
        is_large = made_up_parameters(trial.user_attrs["training"]) > 100
        assert is_large == (trial.state == optuna.trial.TrialState.PRUNED)
        assert is_large == ("at most 100" in trial.user_attrs.get("refused", ""))
    assert 0 < len(finished_trials(few)) < 12


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_trainings_that_fall_behind_end_early(pruner):
    found = searched(goal(pruner=pruner, seed=3), 25)
    early = [trial for trial in found.trials if trial.state == optuna.trial.TrialState.PRUNED]
    assert early
    assert all(0 < len(trial.intermediate_values) < 4 for trial in early)
    assert max(trial.intermediate_values[1] for trial in early) < found.best_value / 4


def test_what_decides_trials_has_a_study_of_its_own():
    here = goal()
    others = [
        goal(objectives=["validation_accuracy", "parameters"]),
        goal(parameters_at_most=9),
        goal(images=41),
        replace(here, name="other"),
    ]
    assert len({here.study, *(other.study for other in others)}) == 5
    assert goal(seed=8, sampler={"kind": "nsga2"}, pruner="median").study == here.study


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"objectives": ["validation_accuracy"] * 2}, "each objective once"),
        ({"objectives": ["parameters"]}, "validation_accuracy among the objectives"),
        ({"objectives": ["test_accuracy"]}, "objectives"),
        (
            {"objectives": ["validation_accuracy", "parameters"], "pruner": "median"},
            "pruner none where there are several objectives",
        ),
        ({"sampler": {"kind": "grid"}}, "sampler"),
    ],
)
def test_a_search_that_cannot_be_is_refused(declared, message):
    with pytest.raises(ValueError, match=message):
        Search.model_validate({"description": "A", "training": {}} | declared)


def end_in_a_trial(address):
    """Go on with the study, and end the process in the middle of a trial."""
    here = goal()

    def end(*_, **__):
        os._exit(KILLED)

    search_once(here, open_study(here, open_storage(address, heartbeat=1, grace=1)), end)


@pytest.mark.slow
def test_values_of_a_process_that_was_killed_are_tried_again(tmp_path):
    address = f"sqlite:///{tmp_path}/tuning.db"
    here = goal()
    study = open_study(here, open_storage(address, heartbeat=1, grace=1))
    search_once(here, study, made_up)
    with calling(end_in_a_trial, address) as (process, told):
        told.read()
    assert process.exitcode == KILLED
    assert study.trials[1].state == optuna.trial.TrialState.RUNNING
    time.sleep(2.2)  # the storage counts in whole seconds
    search_once(here, study, made_up)
    first, dead, again = study.trials
    assert first.state == again.state == optuna.trial.TrialState.COMPLETE
    assert dead.state == optuna.trial.TrialState.FAIL
    assert again.params == dead.params
    assert list(find_studies([here, goal(images=50)], address)) == ["small"]


def test_without_optuna_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install 'mnist-assets\[tuning\]'"):
        import_optuna()
