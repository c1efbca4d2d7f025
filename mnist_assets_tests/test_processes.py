"""However many processes run the steps, what they make is the same to the byte."""

import os
import subprocess
import sys

import dagster as dg
import pytest

from mnist_assets.orchestration.history import DATA_VERSION
from mnist_assets_tests.forked import run_command
from mnist_assets_tests.tiny import Project

pytestmark = pytest.mark.slow

PATIENCE = 900  # seconds
# No process may import TensorFlow but the one that is prepared for it.
FORBIDDING = """
import sys
from mnist_assets import definitions

class Forbidding:
    @staticmethod
    def find_spec(name, path, target=None):
        if name in ("tensorflow", "keras"):
            raise ImportError(f"{name} is imported by a step that does not say so")

def import_tensorflow(allowed=definitions.import_tensorflow):
    sys.meta_path.remove(Forbidding)
    allowed()

sys.meta_path.insert(0, Forbidding)
definitions.import_tensorflow = import_tensorflow
from mnist_assets.cli.main import main

main()
"""


def run_forbidding(project, *arguments):
    """Run the command line on a project, with no TensorFlow but where it may be."""
    return subprocess.run(
        [sys.executable, "-c", FORBIDDING, *arguments],
        env=os.environ | project.environment,
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE,
    )


def versions(project):
    """The hash of every value that was made, by key."""
    with project.instance() as instance:
        records = instance.get_asset_records()
        events = [record.asset_entry.last_materialization for record in records]
    made = [event.asset_materialization for event in events if event]
    return {each.asset_key.to_user_string(): each.tags[DATA_VERSION] for each in made}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project made by two processes, one of which has no TensorFlow; and what they told."""
    project = Project.create(tmp_path_factory.mktemp("made"))
    return project, run_forbidding(project, "materialize").stdout


def test_what_imports_tensorflow_says_so(made):
    """Else both processes of a run would import it, and hold it."""
    project, told = made
    assert "0 failed" in told
    assert "report/notebook" in versions(project)


TWO = 'key:"networks/normalised" or key:"exploration/summary"'


def test_values_do_not_depend_on_the_number_of_processes(made, tmp_path):
    project = made[0].copy(tmp_path / "copy")
    config = tmp_path / "run.yaml"
    config.write_text("execution: {config: {processes: one}}")
    arguments = ["materialize", "--config", str(config), "--force", "--select", TWO]
    told = run_command(arguments, project.environment).stdout
    assert "2 assets materialised" in told
    assert versions(project) == versions(made[0])


def test_values_do_not_depend_on_the_executor(made, tmp_path):
    """By Dagster's own, which starts a process for each step: here, forked from a loaded one."""
    project = made[0].copy(tmp_path / "copy")
    multiprocess = {"MNIST_ASSETS_EXECUTOR": "multiprocess"}
    config = tmp_path / "run.yaml"
    loaded = "{preload_modules: [mnist_assets.definitions, keras]}"
    config.write_text(f"execution: {{config: {{start_method: {{forkserver: {loaded}}}}}}}")
    arguments = ["materialize", "--config", str(config), "--force", "--select", TWO]
    done = run_command(arguments, project.environment | multiprocess)
    assert "2 assets materialised" in done.stdout
    assert versions(project) == versions(made[0])
    with project.instance() as instance:
        (run,) = instance.get_runs(limit=1)
        started = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START)
    assert len({entry.dagster_event.pid for entry in started}) == len(started) == 2


def test_a_study_with_processes_of_its_own_comes_to_an_end(made, tmp_path):
    project = made[0].copy(tmp_path / "copy")
    project.edit("settings.yaml", "processes: 1", "processes: 2")
    arguments = ["study", "--select", "small", "--seeds", "2"]
    told = run_command(arguments, project.environment).stderr
    assert "✓ study/small" in told
