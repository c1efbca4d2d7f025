import pytest

from mnist_assets_tests.cli.command import command


@pytest.mark.slow
def test_a_study_is_made_on_request_from_nothing_and_told_of(studied):
    result = studied[1]
    assert result.exit_code == 0
    assert "small: run 5/5, training seed 1, split seed 2: validation accuracy" in result.output
    assert "  ✓ study/small\n" in result.output
    assert "small        training      3  " in result.output
    assert "study/normalised" not in result.output


@pytest.mark.slow
@pytest.mark.usefixtures("studied_project")
def test_a_study_goes_on_with_the_runs_there_are():
    fewer = command("study", "--select", "small", "--seeds", "2")
    assert "small: 3 of 3 runs were finished before" in fewer.output
    assert "check enough_seeds on study/small warns: 2 training and 2 split seeds" in fewer.output
    whole = command("study")
    assert "small: 5 of 5 runs were finished before" in whole.output
    assert "  ✓ study/comparison\n" in whole.output
    assert "Materialising" not in command("study").output


@pytest.mark.usefixtures("project")
def test_a_study_of_a_network_that_is_not_declared_is_one_message():
    result = command("study", "--select", "large")
    assert result.exit_code == 1
    assert result.output.startswith("Error: --select: found large, expected any of small, norm")


@pytest.mark.slow
def test_plain_commands_leave_the_study_out_and_selected_they_do_not(studied_project):
    studied_project.path("study/small", "csv").unlink()
    assert "study" not in command("materialize", "--dry-run").output
    told = [line for line in command("status").output.splitlines() if line.startswith("study")]
    assert [line.split()[:2] for line in told] == [["study/small", "missing"]], "it was once made"
    study = ("--select", 'group:"study"')
    assert "study/small" in command("materialize", "--dry-run", *study).output
    assert "study/small" in command("status", *study).output
    mixed = 'group:"dataset" or key:"preparation/one_hot_examples" or +key:"study/small"'
    result = command("materialize", "--select", mixed)
    assert result.exit_code == 0
    assert "  ✓ study/small\n" in result.output
    assert "  ✓ preparation/one_hot_examples\n" in result.output
