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
