"""A run that is killed, whenever it is, is continued by the next one, and loses nothing."""

import json
import signal
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from mnist_assets_tests.forked import started
from mnist_assets_tests.tiny import Project

pytestmark = pytest.mark.slow

# Each run is killed when it has just made this: after it begins, as it prepares, trains, predicts
# and promotes a champion. Each asset waits for the one before, so that no run makes it earlier.
KILLS = (
    "",
    "dataset/train_images",
    "preparation/split",
    "networks/small",
    "evaluation/small_predictions",
    "evaluation/small",
    "champion/decision",
    "champion/model",
)


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


def wait_for_asset(process, told, name):
    """Wait until its run has begun and made an asset: on a busy machine, too."""
    while not told.readline().startswith("Materialising"):
        assert process.is_alive()
    while name and f"✓ {name}\n" not in told.readline():
        assert process.is_alive()


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


def test_kills_lose_nothing_and_repeat_nothing(tmp_path):
    project = Project.create(tmp_path)
    seen = {}
    for name in KILLS:
        with started(["materialize"], project.environment) as (process, told):
            wait_for_asset(process, told, name)
            process.kill()
        assert process.exitcode == -signal.SIGKILL
        read_changed_values(project, seen)
    assert seen
    before = count_materializations(project)
    with project.instance() as instance:
        graph = project.graph(instance)
        unfinished = set(graph.reasons()) | graph.waiting(graph.reasons())
    with started(["materialize"], project.environment) as (last, told):
        told.read()
    assert last.exitcode == 0
    after = count_materializations(project)
    again = {key for key in after if after[key] > before[key]}
    assert again <= {key.to_user_string() for key in unfinished}
    with project.instance() as instance:
        assert project.graph(instance).reasons() == {}
        runs = instance.get_run_records(limit=1000)
    # Runs that were killed are recorded as over, whoever looks at them in the web UI.
    assert {record.dagster_run.status.value for record in runs} <= {"SUCCESS", "FAILURE"}
