"""A search whose processes are killed in the middle of their trials."""

import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from optuna.trial import TrialState

from mnist_assets.tuning.search import workers
from mnist_assets.tuning.search.study import finished_trials, open_storage, open_study, search_once
from mnist_assets_tests.tuning.search.small import goal, made_up

SEARCHING = """
import sys
from mnist_assets.tuning.search.workers import Budget, search
from mnist_assets_tests.tuning.search.small import goal
list(search(goal(), sys.argv[1], Budget(trials=1000), processes=2))
"""


@pytest.mark.slow
def test_a_search_that_is_killed_loses_no_finished_trial(tmp_path, monkeypatch):
    address, here = f"sqlite:///{tmp_path}/tuning.db", goal()
    open_at_once = partial(open_storage, heartbeat=1, grace=1)
    study = open_study(here, open_at_once(address))
    searching = subprocess.Popen([sys.executable, "-c", SEARCHING, address])
    try:
        while len(finished_trials(study)) < 2 or not study.get_trials(states=(TrialState.RUNNING,)):
            assert searching.poll() is None
            time.sleep(0.2)
    finally:
        searching.send_signal(signal.SIGKILL)
        searching.wait()
    time.sleep(3)  # its processes end, too, and the storage counts in whole seconds
    before = study.get_trials()
    finished = [trial for trial in before if trial.state == TrialState.COMPLETE]
    # One that had not begun when it was killed is nothing to go on with.
    cut_off = [trial for trial in before if trial.state == TrialState.RUNNING and trial.params]
    assert len(finished) >= 2
    assert all(trial.user_attrs["epochs"] == 4 for trial in finished)  # trained in earnest

    monkeypatch.setattr(workers, "open_storage", open_at_once)
    budget = workers.Budget(trials=len(finished) + len(cut_off) + 1)
    once = partial(search_once, run=made_up)
    made = list(workers.search(here, address, budget, once=once))
    after = study.get_trials()
    assert [after[trial.number] for trial in finished] == finished
    assert {after[trial.number].state for trial in cut_off} <= {TrialState.FAIL}
    tried_again = [trial.params for trial in made]
    assert all(trial.params in tried_again for trial in cut_off)
    assert len(finished_trials(study)) == len(finished) + len(cut_off) + 1
