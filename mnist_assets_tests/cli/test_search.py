"""Searches by the command line on a tiny project, with real trainings."""

import numpy as np
import pandas as pd
import pytest

from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.networks.declaration import read_networks
from mnist_assets_tests.cli.command import command, worked_on
from mnist_assets_tests.tiny import Project

SEARCHES = """
searches:
  some:
    description: Of any size.
    training:
      layers:
        - {kind: dense, units: {tune: units, low: 4, high: 16}}
      optimizer: {kind: adam, learning_rate: {tune: rate, low: 0.001, high: 0.1, log: true}}
      batch_size: 32
      epochs: 2
      seed: 1
"""
TIMES = ["training_seconds", "compile_seconds", "seconds"]


def searched(folder, test_labels=None):
    """A project with three trials of a search, one of them adopted; and what the commands told."""
    project = Project.create(folder)
    (folder / "tuning.yaml").write_text(SEARCHES)
    if test_labels is not None:
        file = folder / "raw" / FILE_NAMES["test_labels"]
        content = file.read_bytes()
        file.write_bytes(content[: -len(test_labels)] + test_labels.tobytes())
    with worked_on(project), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_ASSETS_TUNING", str(folder / "tuning.yaml"))
        told = [
            command("tune", "search", "some", "--trials", "3", "--processes", "1"),
            command("tune", "adopt", "some", "--name", "found", "--seeds", "1"),
        ]
    return project, told


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("searched"))


@pytest.mark.slow
def test_a_search_is_made_and_its_best_adopted(found):
    project, (search, adopt) = found
    assert search.exit_code == adopt.exit_code == 0
    assert "some: 0 trials were finished before\n" in search.output
    assert search.output.count("best so far trial") == 3
    assert "  ✓ tuning/search\n" in search.output
    table = pd.read_csv(project.path("tuning/search", "csv"))
    assert list(table["state"]) == ["complete"] * 3
    best = table[table["best"]].squeeze()
    assert f"Trial {best['trial']}: validation accuracy" in adopt.output
    network = read_networks(project.places.networks)["found"]
    assert network.training.layers[0].units == best["value of units"]
    assert f"# Trial {best['trial']} of the search some" in project.places.networks.read_text()


@pytest.mark.slow
def test_the_test_part_decides_nothing(found, tmp_path):
    labels = np.zeros(60, np.uint8)  # of 60 images in four classes
    labels[:4] = range(4)
    poisoned, (search, adopt) = searched(tmp_path, labels)
    assert search.exit_code == adopt.exit_code == 0
    assert np.load(poisoned.path("dataset/train_labels", "npy")).max() == 3
    made = [
        pd.read_csv(project.path("tuning/search", "csv")).drop(columns=TIMES)
        for project in (found[0], poisoned)
    ]
    pd.testing.assert_frame_equal(*made)
    clean, dirty = (project.places.networks.read_text() for project in (found[0], poisoned))
    assert clean == dirty
    assert "found:" in dirty


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("search", "few", "--trials", "1"), 1, "the search: found few, expected one of smallest"),
        (("search", "smallest_dense"), 2, "Give --trials, --minutes or both"),
        (("adopt", "few", "--name", "small"), 1, "--name: found small, which"),
    ],
)
def test_what_cannot_be_is_one_message(arguments, code, message):
    result = command("tune", *arguments)
    assert result.exit_code == code
    assert message in result.output
