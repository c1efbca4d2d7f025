from pathlib import Path

import pytest

from mnist_assets.preparation import split as splitting
from mnist_assets_tests.cli.command import command
from mnist_assets_tests.faults.fault import in_function
from mnist_assets_tests.faults.preparation import overlapping


def run(*arguments):
    return command("materialize", *arguments)


def test_it_shows_progress_and_ends_with_a_table(materialized):
    project, result = materialized
    assert result.exit_code == 0
    assert "small: epoch 3/3, loss" in result.output
    assert "  ✓ evaluation/comparison\n" in result.output
    assert "small             2,004  " in result.output
    assert "0 warned, 0 failed\n" in result.output
    assert f"Values are in {project.places.assets}" in result.output


@pytest.mark.usefixtures("made_project")
def test_what_is_up_to_date_is_left_alone():
    again = run()
    assert "Materialising" not in again.output
    assert "Nothing to do" in again.output


def test_a_dry_run_says_what_and_why_and_runs_nothing(project):
    result = run("--dry-run", "--select", 'group:"dataset"')
    assert "dataset/train_images " in result.output
    assert "never materialised" in result.output
    assert not Path(project.places.assets).exists()


@pytest.mark.slow
def test_a_changed_run_configuration_runs_what_it_configures(made_project):
    config = made_project.folder / "run.yaml"
    config.write_text("ops: {networks__small: {config: {seed: 7}}}")
    network = ("--select", 'key:"networks/small"')
    first = run("--config", config, *network)
    assert first.exit_code == 0
    assert "networks/small: its run config changed\n" in first.output
    assert "Nothing to do" in run("--config", config, *network).output
    unsaid = run(*network)
    assert "Nothing to do" in unsaid.output, "what is not said keeps what it was made with"
    config.write_text("ops: {networks__small: {config: {seed: 8}}}")
    result = run("--config", config, "--dry-run")
    assert "its run config changed" in result.output
    assert len([line for line in result.output.splitlines() if "config changed" in line]) == 1


@pytest.mark.parametrize(
    ("content", "said", "remedy"),
    [
        ("- 1", "found list, expected a mapping", "as Dagster's launchpad shows it."),
        (
            "resources: {source: {config: {location: elsewhere}}}",
            "resources: found source, another dataset",
            "Set MNIST_ASSETS_DATASET instead.",
        ),
    ],
)
def test_a_configuration_that_cannot_be_run_with_is_one_message(project, content, said, remedy):
    config = project.folder / "run.yaml"
    config.write_text(content)
    result = run("--config", config)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {config}: {said}")
    assert remedy in result.output


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("selection", ["large", "(((", ""])
def test_a_selection_that_names_no_asset_is_one_message(selection):
    result = run("--dry-run", "--select", selection)
    assert result.exit_code == 1
    found = selection or "nothing"
    assert result.output.startswith(f"Error: --select: found {found}, expected a selection")


def test_a_declaration_that_is_wrong_is_one_message(project):
    project.edit("networks.yaml", "kind: adam", "kind: adams")
    result = run()
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {project.places.networks}: networks.small")
    assert "'adams'" in result.output
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("project")
def test_a_dataset_that_is_not_there_is_one_message(monkeypatch):
    monkeypatch.setenv("MNIST_ASSETS_DATASET", "nowhere")
    result = run()
    assert result.exit_code == 1
    assert "nowhere: found No such file or directory" in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_a_failed_step_is_told_without_a_traceback(project):
    path = project.folder / "raw" / "t10k-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    result = run("--select", '+key:"preparation/split"')
    assert result.exit_code == 1
    assert f"dataset failed: {path}" in result.output
    assert "Stopped by the failure above; 0 assets" in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
def test_after_a_failure_no_figures_of_before_are_shown(made_project):
    assert "small             2,004  " in run().output
    path = made_project.folder / "raw" / "t10k-labels-idx1-ubyte"
    path.write_bytes(bytes(8) + path.read_bytes()[8:])
    result = run()
    assert result.exit_code == 1
    assert "Stopped by the failure above" in result.output
    assert "2,004" not in result.output
    assert "Read the report" not in result.output


@pytest.mark.slow
def test_a_failed_check_is_told_and_fails_the_command(project, monkeypatch):
    in_function(splitting, "split_indices", overlapping)(project, monkeypatch)
    result = run("--select", '+key:"preparation/split"')
    assert result.exit_code == 1
    assert "check complete_and_disjoint on preparation/split failed: The split" in result.output
    assert "1 failed" in result.output


@pytest.mark.slow
def test_progress_is_no_output_and_quiet_there_is_neither(project, monkeypatch):
    split = ("--select", '+key:"preparation/split"')
    told = run(*split, "--quiet")
    assert (told.exit_code, told.stdout, told.stderr) == (0, "", "")
    told = run(*split, "--force")
    assert "  ✓ preparation/split\n" in told.stderr
    assert "Materialising" not in told.stdout
    assert "3 assets materialised" in told.stdout
    in_function(splitting, "split_indices", overlapping)(project, monkeypatch)
    told = run(*split, "--force", "--quiet")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.count("\n") == 1
    assert "check complete_and_disjoint on preparation/split failed" in told.stderr


@pytest.mark.slow
def test_what_a_check_reads_is_made_with_what_is_checked(project):
    told = run("--select", '+key:"preparation/normalization"')
    assert told.exit_code == 0, told.output
    assert project.path("dataset/test_images", "npy").exists()
    assert not project.path("dataset/test_labels", "npy").exists()


@pytest.mark.slow
def test_logs_for_tensorboard_are_written_for_the_networks_selected(made_project):
    folder = made_project.folder / "logs"
    result = run("--tensorboard", folder, "--select", 'key:"networks/small"')
    assert result.exit_code == 0
    assert list(folder.glob("small/train/events*"))
    assert list(folder.glob("small/validation/events*"))


@pytest.mark.usefixtures("project")
def test_without_tensorboard_its_logs_are_refused_before_anything_is_made(monkeypatch):
    from mnist_assets.networks import tensorboard

    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    result = run("--tensorboard", "logs")
    assert result.exit_code == 1
    assert "pip install 'mnist-assets[tensorboard]'" in result.output
