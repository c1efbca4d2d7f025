"""A run that is killed at a random moment is continued by the next one, and loses nothing."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from mnist_assets_tests.tiny import Project

pytestmark = pytest.mark.slow

KILLS = 20


def read_network(path):
    import keras

    keras.saving.load_model(path)


def read_json(path):
    json.loads(path.read_text())


READERS = {
    ".npy": np.load,
    ".npz": np.load,
    ".csv": pd.read_csv,
    ".json": read_json,
    ".keras": read_network,
}


def start(project):
    """`mnist-assets materialize` on the project, as a process of its own."""
    environment = os.environ | project.environment
    command = [
        sys.executable,
        "-c",
        "from mnist_assets.cli.main import main; main()",
        "materialize",
    ]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def wait_for_assets(process, count):
    """Wait until its run has begun and made so many assets, or is over: on a busy machine, too."""
    while (line := process.stdout.readline()) and not line.startswith("Materialising"):
        pass
    while count and (line := process.stdout.readline()):
        count -= "✓" in line


def read_changed_values(project, seen):
    """See that every value is whole; those read before that nothing has written to since, are."""
    for path in (project.folder / "assets").rglob("*.*"):
        if path.suffix in READERS and not any(part.startswith(".") for part in path.parts):
            written = path.stat().st_ino, path.stat().st_mtime_ns
            if seen.get(path) != written:
                READERS[path.suffix](path)
            seen[path] = written


def count_materializations(project):
    with project.instance() as instance:
        return Counter(
            {
                key.to_user_string(): len(instance.fetch_materializations(key, limit=1000).records)
                for key in project.graph(instance).keys
            }
        )


def test_twenty_kills_lose_nothing_and_repeat_nothing(tmp_path):
    project = Project.create(tmp_path)
    chance = np.random.default_rng(0)
    finished_early, seen = 0, {}
    for kill in range(KILLS):
        with start(project) as process:
            wait_for_assets(process, chance.integers(0, 2))
            try:
                process.wait(timeout=chance.uniform(0, 1))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            else:
                finished_early += 1
                # Everything is up to date: something new to do for the runs to come.
                project.edit("networks.yaml", "seed: 1", "seed: 11" if kill % 2 else "seed: 21")
        read_changed_values(project, seen)
    assert finished_early < KILLS / 2
    assert seen
    before = count_materializations(project)
    with project.instance() as instance:
        graph = project.graph(instance)
        unfinished = set(graph.reasons()) | graph.waiting(graph.reasons())
    last = start(project)
    last.communicate(timeout=120)
    assert last.returncode == 0
    after = count_materializations(project)
    again = {key for key in after if after[key] > before[key]}
    assert again <= {key.to_user_string() for key in unfinished}
    with project.instance() as instance:
        assert project.graph(instance).reasons() == {}
        runs = instance.get_run_records(limit=1000)
    # Runs that were killed are recorded as over, whoever looks at them in the web UI.
    assert {record.dagster_run.status.value for record in runs} <= {"SUCCESS", "FAILURE"}
