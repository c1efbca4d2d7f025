import optuna

from mnist_assets.tuning.search.study import open_storage, open_study, search_once
from mnist_assets.tuning.search.workers import Budget, count_finished, search
from mnist_assets_tests.tuning.search.small import goal, made_up


def once(here, study):
    return search_once(here, study, made_up)


def test_a_budget_of_trials_counts_those_of_before(tmp_path):
    address, here = f"sqlite:///{tmp_path}/tuning.db", goal()
    made = list(search(here, address, Budget(trials=3), once=once))
    assert [trial.number for trial in made] == [0, 1, 2]
    assert made[0].user_attrs["validation_accuracy"] == made[0].value
    assert [trial.number for trial in search(here, address, Budget(trials=4), once=once)] == [3]
    assert list(search(here, address, Budget(trials=4), once=once)) == []
    assert count_finished(open_study(here, open_storage(address))) == 4


def test_a_budget_of_time_begins_no_trial_after_it(tmp_path, monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr("mnist_assets.tuning.search.workers.time.monotonic", lambda: next(now))
    address = f"sqlite:///{tmp_path}/tuning.db"
    # Looked at once at the beginning and before each trial: at 0, then at 1, 2, 3, ...
    assert len(list(search(goal(), address, Budget(seconds=3), once=once))) == 2


def test_failed_trials_are_not_counted():
    study = open_study(goal(), optuna.storages.InMemoryStorage())
    states = optuna.trial.TrialState
    for state in (states.FAIL, states.WAITING, states.PRUNED):
        study.add_trial(optuna.create_trial(state=state))
    assert count_finished(study) == 1
