import pytest

from mnist_assets_tests.cli.command import command
from mnist_assets_tests.cli.test_completion import offered

SWEEPS = """
sweeps:
  batch_size: {varies: batch_size, values: {small: [64]}}
  rate: {varies: optimizer.learning_rate, seeds: 3, values: {small: [0.001]}}
"""


@pytest.fixture
def swept(project, monkeypatch):
    """A tiny project with sweeps declared."""
    (project.folder / "tuning.yaml").write_text(SWEEPS)
    monkeypatch.setenv("MNIST_ASSETS_TUNING", str(project.folder / "tuning.yaml"))
    return project


@pytest.mark.slow
def test_a_sweep_is_made_on_request_from_nothing_and_told_of(swept):
    result = command("tune", "--select", "rate", "--seeds", "2")
    assert result.exit_code == 0
    assert "rate_runs: training 4/4, small at 0.01, seed 1: validation accuracy" in result.output
    assert "  ✓ tuning/rate\n" in result.output
    assert "check enough_seeds on tuning/rate_runs warns: 2 seeds, of 3 wanted" in result.output
    assert "\nrate: small: " in result.output
    assert "batch_size" not in result.output
    again = command("tune", "--select", "rate")
    assert "rate_runs: 4 of 6 trainings were finished before" in again.output
    (swept.folder / "tuning.yaml").write_text(SWEEPS.replace("  rate:", "  other:"))
    listed = command("clean").output
    assert "sweep rate, no longer declared" in listed
    assert "tuning/rate, no longer declared" in listed
    assert "tuning/rate_runs, no longer declared" in listed


@pytest.mark.usefixtures("swept")
def test_what_is_not_declared_is_one_message():
    result = command("tune", "--select", "width")
    assert result.exit_code == 1
    assert result.output.startswith("Error: --select: found width, expected any of batch_size, ra")


@pytest.mark.usefixtures("project")
def test_without_a_sweep_of_a_declared_network_it_says_where_to_declare_one():
    result = command("tune")
    assert result.exit_code == 1
    assert "found no sweep of a declared network" in result.output
    assert "MNIST_ASSETS_TUNING" in result.output


def test_the_tab_key_offers_sweeps(swept):
    assert offered("tune", "--select", "") == ["batch_size", "rate"]
    assert offered("tune", "--select", "r") == ["rate"]
    (swept.folder / "tuning.yaml").write_text("sweeps: 3")
    assert offered("tune", "--select", "") == []
