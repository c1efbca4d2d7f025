import json

import pytest

from mnist_assets_tests.cli.command import command


def test_status_is_a_table_of_asset_state_and_why(project):
    assert command("materialize", "--select", 'group:"dataset"').exit_code == 0
    project.path("dataset/test_labels", "npy").unlink()
    result = command("status")
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in result.output.splitlines()}
    assert lines["dataset/train_images"] == "up to date"
    assert lines["dataset/test_labels"].startswith("missing      no file ")
    assert lines["networks/small"] == "missing      never materialised"


@pytest.mark.parametrize("selection", ['key:"networks/bset"', "group:digits", "no such", "tag:"])
def test_a_selection_of_nothing_is_refused(project, selection):
    result = command("status", "--select", selection)
    assert result.exit_code == 1
    assert f"--select: found {selection}, expected a selection" in result.output


def test_for_a_script_it_is_json_and_an_exit_code(made_project):
    result = command("status", "--json", "--check")
    told = json.loads(result.output)
    assert result.exit_code == 0
    assert {each["state"] for each in told} == {"up to date"}
    made_project.path("networks/small", "keras").unlink()
    result = command("status", "--json", "--check", "--select", "group:networks")
    assert result.exit_code == 1
    assert json.loads(result.output)[0] == {
        "key": "networks/normalised",
        "state": "up to date",
        "why": "",
    }
    assert "missing" in {each["state"] for each in json.loads(result.output)}
    assert command("status").exit_code == 0


def test_of_one_asset_it_tells_the_causes_from_the_first(made_project):
    made_project.path("preparation/split", "npz").unlink()
    lines = command("status", "evaluation/small").output.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["preparation/split", "missing"],
        ["preparation/normalization", "waiting"],
        ["networks/small", "waiting"],
        ["networks/small_history", "waiting"],
        ["evaluation/small_predictions", "waiting"],
        ["evaluation/small", "waiting"],
    ]


@pytest.mark.usefixtures("made_project")
def test_of_one_asset_that_is_up_to_date_it_says_so():
    assert command("status", "evaluation/small").output == f"{'evaluation/small':36} up to date\n"


@pytest.mark.usefixtures("project")
def test_a_key_and_a_selection_are_one_too_many():
    assert command("status", "networks/small", "--select", "*").exit_code == 2


@pytest.mark.usefixtures("project")
def test_a_key_of_nothing_is_refused():
    result = command("status", "nope/key")
    assert result.exit_code == 1
    assert result.output.startswith("Error: KEY: found nope/key, expected the key of an asset")


@pytest.mark.usefixtures("made_project")
def test_a_place_that_cannot_be_used_is_one_message(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_text("no folder")
    monkeypatch.setenv("MNIST_ASSETS_DATA", str(file))
    result = command("status")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {file}/")
    assert "found Not a directory, expected a place that can be read and written" in result.output
