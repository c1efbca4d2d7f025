"""Values are looked for where they would be read: folders and histories never mix."""

import shutil

import numpy as np
import pytest

from mnist_assets.orchestration.staleness import State
from mnist_assets_tests.tiny import blank_pictures, without_xla

pytestmark = pytest.mark.slow


@pytest.fixture
def project(materialized):
    return materialized[0]


def states_of(project, instance):
    graph = project.graph(instance)
    return {state for state, _ in graph.states(graph.keys).values()}


@pytest.mark.parametrize("address", ["{}/other", "memory://other"])
def test_at_another_address_every_value_is_missing(project, address):
    with project.instance() as instance:
        elsewhere = project.at(assets=address.format(project.folder))
        assert states_of(elsewhere, instance) == {State.MISSING}
        assert states_of(project, instance) == {State.UP_TO_DATE}


def test_in_another_folder_everything_is_made_and_the_first_one_stays(project, tmp_path):
    project = project.copy(tmp_path / "copy")
    elsewhere = project.at(assets=str(tmp_path / "elsewhere"))
    with project.instance() as instance:
        with without_xla(), blank_pictures():
            outcome = elsewhere.update(instance)
        assert outcome.success, outcome.failures()
        assert {key for key in outcome.made if key.startswith("networks/")} == {
            "networks/small",
            "networks/small_history",
            "networks/normalised",
            "networks/normalised_history",
        }
        assert states_of(elsewhere, instance) == {State.UP_TO_DATE}
        graph = project.graph(instance)
        first = graph.states(graph.keys)
        whys = [why for state, why in first.values() if state == State.BROKEN]
        assert whys
        assert all(f"; the last run wrote to {tmp_path / 'elsewhere'}" in why for why in whys)
    for name in ("networks/small.keras", "report/notebook.html", "champion/current/model.keras"):
        assert (tmp_path / "elsewhere" / name).is_file()
        assert (tmp_path / "copy" / "assets" / name).is_file()


def moved(project, folder):
    """The project, that was in one folder with all it has made, in another."""
    first = project.copy(folder / "before")
    first.folder.rename(folder / "after")
    return project.within(folder / "after")


def mounted(project, folder):
    """The project, seen under another name."""
    (folder / "mount").symlink_to(project.copy(folder / "disk").folder)
    return project.within(folder / "mount")


def copied(project, folder):
    """A copy, all of whose files have new times, beside the project."""
    return project.within(
        shutil.copytree(project.folder, folder / "copy", copy_function=shutil.copy)
    )


@pytest.mark.parametrize("elsewhere", [copied, moved, mounted])
def test_elsewhere_all_is_up_to_date_until_its_own_files_are_touched(project, tmp_path, elsewhere):
    there = elsewhere(project, tmp_path)
    with there.instance() as instance:
        assert states_of(there, instance) == {State.UP_TO_DATE}
    assets = there.folder / "assets"
    (assets / "networks" / "small.keras").unlink()
    with (assets / "exploration" / "summary.json").open("r+b") as file:
        file.truncate(100)
    altered = assets / "evaluation" / "comparison.csv"
    altered.write_text(altered.read_text().replace("0", "1", 1))
    with there.instance() as instance:
        graph = there.graph(instance)
        states = {
            key.to_user_string(): state
            for key, (state, _) in graph.states(graph.keys).items()
            if state not in {State.UP_TO_DATE, State.WAITING}
        }
        assert states == {
            "networks/small": State.MISSING,
            "exploration/summary": State.BROKEN,
            "evaluation/comparison": State.BROKEN,
        }
        assert set(there.update(instance).made) == set(states)
        assert states_of(there, instance) == {State.UP_TO_DATE}


def test_a_champion_of_another_dataset_counts_as_none_and_is_replaced(project, tmp_path):
    there = project.copy(tmp_path / "copy")
    generator = np.random.default_rng(0)
    labels = np.arange(400, dtype=np.uint8) % 2
    images = generator.integers(0, 60, (400, 8, 8)).astype(np.uint8)
    images[labels == 1, 2:6] += 150
    np.savez(tmp_path / "two.npz", x_train=images, y_train=labels)
    there = there.at(dataset=str(tmp_path / "two.npz"))
    with there.instance() as instance:
        with without_xla(), blank_pictures():
            outcome = there.update(instance)
        assert outcome.success, outcome.failures()
        assert states_of(there, instance) == {State.UP_TO_DATE}
    versions = sorted((there.folder / "assets" / "champion" / "versions").iterdir())
    assert len(versions) == 2
    assert (there.folder / "assets" / "champion" / "current").readlink().name == versions[1].name
