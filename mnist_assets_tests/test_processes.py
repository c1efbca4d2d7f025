"""However many processes run the steps, what they make is the same to the byte."""

import os
import subprocess
import sys

import pytest

from mnist_assets.incremental import DATA_VERSION
from mnist_assets_tests.tiny import Project

pytestmark = pytest.mark.slow

NETWORK = 'key:"networks/normalised" or key:"networks/normalised_history"'


COMMAND = "from mnist_assets.cli import main; main()"
FORBIDDING = (
    """
import sys
from mnist_assets.execution import lanes

def forbid():
    sys.modules["tensorflow"] = sys.modules["keras"] = None

lanes.prepare_nothing = forbid
"""
    + COMMAND
)


def run_command(project, program, *arguments):
    """Run the command line on a project, as a user does."""
    environment = os.environ | {
        "DAGSTER_HOME": str(project.folder / "history"),
        "MNIST_ASSETS_DATA": project.places.assets,
        "MNIST_ASSETS_DATASET": project.places.dataset,
        "MNIST_ASSETS_NETWORKS": str(project.places.networks),
        "MNIST_ASSETS_SETTINGS": str(project.places.settings),
    }
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )


def materialize(project, select, processes):
    """Materialise a selection; the hash of every value then there."""
    config = project.folder / "run.yaml"
    config.write_text(f"execution: {{config: {{processes: {processes}}}}}")
    run_command(project, COMMAND, "materialize", "--config", config, "--select", select)
    with project.instance() as instance:
        records = instance.get_asset_records()
        events = [record.asset_entry.last_materialization for record in records]
    made = [event.asset_materialization for event in events if event]
    return {each.asset_key.to_user_string(): each.tags[DATA_VERSION] for each in made}


def test_values_do_not_depend_on_the_number_of_processes(tmp_path):
    (tmp_path / "made").mkdir()
    project = Project.create(tmp_path / "made")
    materialize(project, "group:preparation or group:dataset", "one")
    versions = [
        materialize(project.copy(tmp_path / processes), NETWORK, processes)
        for processes in ("one", "two", "one_a_step")
    ]
    assert {"networks/normalised", "networks/normalised_history"} <= versions[0].keys()
    assert versions[0] == versions[1] == versions[2]


def test_what_imports_tensorflow_says_so(tmp_path):
    """Else both processes of a run would import it, and hold it."""
    project = Project.create(tmp_path)
    output = run_command(project, FORBIDDING, "materialize").stdout
    assert "0 failed" in output
    assert project.path("report/notebook", "html").exists()
