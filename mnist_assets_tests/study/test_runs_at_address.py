"""Finished runs at an address: another machine goes on with them."""

import math
import os
import subprocess
import sys

import pytest

from mnist_assets.declarations.places import PROJECT
from mnist_assets.orchestration.storage.addresses import list_folder
from mnist_assets.orchestration.storage.changes import put
from mnist_assets.study.resources import RunsFolder
from mnist_assets.study.runs import KeptRuns, remove_others, run_of
from mnist_assets.study.training import Run, Seeds
from mnist_assets_tests.stores import bucket_address

RUNS = [Run(0, 3, 0.9, 0.8, 1.5, None), Run(5, 2, math.nan, math.nan, 0.1, "epoch 1: NaN")]


@pytest.fixture
def folder(address):
    return RunsFolder(assets=address).path("small")


def test_a_run_that_is_kept_is_found_and_a_damaged_one_is_none(folder):
    kept = KeptRuns(folder, "abc", run_of)
    assert kept.read() == {}
    for run in RUNS:
        kept.keep(run)
    assert KeptRuns(folder, "abc", run_of).read()[Seeds(0, 3)] == RUNS[0]
    put(b"[]", folder / "abc" / "training_0_split_3.json")
    assert list(kept.read()) == [Seeds(5, 2)]


def test_runs_of_a_sweep_beside_are_taken_over_and_what_is_outdated_is_removed(folder):
    KeptRuns(folder, "old", run_of).keep(RUNS[1])
    KeptRuns(folder.parent / "other_runs", "abc", run_of).keep(RUNS[0])
    kept = KeptRuns(folder, "abc", run_of)
    assert list(kept.read_with_siblings()) == list(kept.read()) == [Seeds(0, 3)]
    remove_others(folder, ["abc"])
    assert [path.name for path in list_folder(folder)] == ["abc"]


def test_whatever_has_runs_is_found_by_name(address):
    runs = RunsFolder(assets=address, stage="tuning")
    assert list(runs.kept()) == []
    for name in ("width", "depth"):
        KeptRuns(runs.path(name), "abc", run_of).keep(RUNS[0])
    put(b"", runs.path("width").parent / "width.csv")
    assert [(name, str(path)) for name, path in runs.kept()] == [
        (name, f"{address}/tuning/{name}_runs") for name in ("depth", "width")
    ]


KEEPING = """
import os, signal, sys
from mnist_assets_tests.study.test_runs_at_address import *
kept = KeptRuns(RunsFolder(assets=sys.argv[1]).path("small"), "abc", run_of)
kept.keep(RUNS[0])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_what_a_process_kept_before_it_was_killed_another_goes_on_with(s3):
    with bucket_address() as address:
        command = [sys.executable, "-c", KEEPING, address]
        killed = subprocess.run(command, cwd=PROJECT, env=os.environ | s3, check=False)
        assert killed.returncode == -9
        kept = KeptRuns(RunsFolder(assets=address).path("small"), "abc", run_of)
        assert kept.read() == {Seeds(0, 3): RUNS[0]}
