"""Values are looked for where they would be read: folders and histories never mix."""

import pytest

from mnist_assets.orchestration.incremental import State

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
        outcome = elsewhere.update(instance)
        assert outcome.success, outcome.failures()
        assert {key for key in outcome.made if key.startswith("networks/")} == {
            "networks/small",
            "networks/small_history",
            "networks/normalised",
            "networks/normalised_history",
        }
        assert states_of(elsewhere, instance) == {State.UP_TO_DATE}
    for name in ("networks/small.keras", "report/notebook.html", "champion/current/model.keras"):
        assert (tmp_path / "elsewhere" / name).is_file()
        assert (tmp_path / "copy" / "assets" / name).is_file()


def test_a_copy_is_up_to_date_until_its_own_files_are_touched(project, tmp_path):
    copied = project.copy(tmp_path / "copied")
    with copied.instance() as instance:
        assert states_of(copied, instance) == {State.UP_TO_DATE}
    (copied.folder / "assets" / "networks" / "small.keras").unlink()
    with (copied.folder / "assets" / "exploration" / "summary.json").open("a") as file:
        file.write("\n")
    with copied.instance() as instance:
        graph = copied.graph(instance)
        states = {
            key.to_user_string(): state for key, (state, _) in graph.states(graph.keys).items()
        }
    assert states["networks/small"] == State.MISSING
    assert states["exploration/summary"] == State.BROKEN
    assert states["networks/normalised"] == State.UP_TO_DATE
