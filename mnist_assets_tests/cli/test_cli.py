import gc
from pathlib import Path

import pytest
from click.testing import CliRunner

from mnist_assets.cli.main import failure_reason, main
from mnist_assets.orchestration.dagster_internals import SerializableErrorInfo
from mnist_assets.process import collection_paused
from mnist_assets_tests.tiny import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A tiny project that the command line works on."""
    project = Project.create(tmp_path)
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    # What forked processes print is not captured here; test_processes.py looks at it.
    obstacle = "mnist_assets.orchestration.executor.executor.find_obstacle"
    monkeypatch.setattr(obstacle, lambda *_: "its output would not be captured")
    return project


def run(*arguments):
    return CliRunner().invoke(main, ["materialize", *arguments], catch_exceptions=False)


def test_it_shows_progress_and_ends_with_a_table(project):
    result = run()
    assert result.exit_code == 0
    assert "small: epoch 3/3, loss" in result.output
    assert "  ✓ evaluation/comparison\n" in result.output
    assert "small             2,004  " in result.output
    assert "0 warned, 0 failed\n" in result.output
    assert f"Values are in {project.places.assets}" in result.output
    again = run()
    assert "Materialising" not in again.output
    assert "Nothing to do" in again.output


def test_a_dry_run_says_what_and_why_and_runs_nothing(project):
    result = run("--dry-run", "--select", 'group:"dataset"')
    assert "dataset/train_images " in result.output
    assert "never materialised" in result.output
    assert not Path(project.places.assets).exists()


def test_a_changed_run_configuration_runs_what_it_configures(project):
    config = project.folder / "run.yaml"
    config.write_text("ops: {networks__small: {config: {seed: 7}}}")
    assert run("--config", str(config)).exit_code == 0
    assert "Nothing to do" in run("--config", str(config)).output
    assert "Nothing to do" in run().output, "what is not said keeps what it was made with"
    config.write_text("ops: {networks__small: {config: {seed: 8}}}")
    result = run("--config", str(config), "--dry-run")
    assert "its run config changed" in result.output
    assert len([line for line in result.output.splitlines() if "config changed" in line]) == 1


def test_a_configuration_that_is_no_mapping_is_one_message(project):
    config = project.folder / "run.yaml"
    config.write_text("- 1")
    result = run("--config", str(config))
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {config}: found list, expected a mapping")


def test_status_is_a_table_of_asset_state_and_why(project):
    assert run("--select", 'group:"dataset"').exit_code == 0
    project.path("dataset/test_labels", "npy").unlink()
    result = CliRunner().invoke(main, ["status"], catch_exceptions=False)
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in result.output.splitlines()}
    assert lines["dataset/train_images"] == "up to date"
    assert lines["dataset/test_labels"].startswith("missing      no file ")
    assert lines["networks/small"] == "missing      never materialised"


def test_a_declaration_that_is_wrong_is_one_message(project):
    project.edit("networks.yaml", "kind: adam", "kind: adamw")
    result = run()
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {project.places.networks}: networks.small")
    assert "'adamw'" in result.output
    assert "Traceback" not in result.output


def test_a_dataset_that_is_not_there_is_one_message(project, monkeypatch):
    monkeypatch.setenv("MNIST_ASSETS_DATASET", "nowhere")
    result = run()
    assert result.exit_code == 1
    assert "nowhere: found No such file or directory" in result.output
    assert "Traceback" not in result.output


def test_a_failed_step_is_told_without_a_traceback(project):
    path = project.folder / "raw" / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    result = run()
    assert result.exit_code == 1
    assert f"dataset failed: {path}" in result.output
    assert "Stopped by the failure above; 0 assets" in result.output
    assert "Traceback" not in result.output


def test_a_failed_check_is_told_and_fails_the_command(project):
    project.edit("settings.yaml", "class_share_tolerance: 0.2", "class_share_tolerance: 0.0001")
    result = run("--select", '+key:"preparation/split"')
    assert result.exit_code == 1
    assert "check class_shares on preparation/split failed: The parts' class" in result.output
    assert "1 failed" in result.output


def command(*arguments):
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_a_study_is_made_on_request_from_nothing_and_told_of(project):
    result = command("study", "--select", "small")
    assert result.exit_code == 0
    assert "small: run 5/5, training seed 1, split seed 2: validation accuracy" in result.output
    assert "  ✓ study/small\n" in result.output
    assert "small        training      3  " in result.output
    assert "study/normalised" not in result.output
    fewer = command("study", "--select", "small", "--seeds", "2")
    assert "small: 3 of 3 runs were finished before" in fewer.output
    assert "check enough_seeds on study/small warns: 2 training and 2 split seeds" in fewer.output
    whole = command("study")
    assert "small: 5 of 5 runs were finished before" in whole.output
    assert "  ✓ study/comparison\n" in whole.output
    assert "Materialising" not in command("study").output


def test_a_study_of_a_network_that_is_not_declared_is_one_message(project):
    result = command("study", "--select", "large")
    assert result.exit_code == 1
    assert result.output.startswith("Error: --select: found large, expected any of small, norm")


def test_plain_commands_leave_the_study_out_and_selected_they_do_not(project):
    assert "study" not in run("--dry-run").output
    assert "study" not in command("status").output
    assert "study/small" in run("--dry-run", "--select", 'group:"study"').output
    assert "study/small" in command("status", "--select", 'group:"study"').output
    mixed = 'group:"dataset" or key:"preparation/one_hot_examples" or +key:"study/small"'
    result = run("--select", mixed)
    assert result.exit_code == 0
    assert "  ✓ study/small\n" in result.output
    assert "  ✓ preparation/one_hot_examples\n" in result.output


def test_a_command_leaves_the_search_for_garbage_as_it_was():
    assert gc.isenabled()
    CliRunner().invoke(main, ["champion", "--help"])
    assert gc.isenabled()
    with collection_paused():
        assert not gc.isenabled()
        with collection_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_interruption_is_told_as_one():
    error = SerializableErrorInfo("\n", [], "DagsterExecutionInterruptedError")
    assert failure_reason(error) == "it was interrupted"
