"""The executor, on jobs that do nothing but note their process."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from mnist_assets.orchestration.executor import limits
from mnist_assets.orchestration.executor.limits import find_obstacle
from mnist_assets.process import count_cores
from mnist_assets_tests.forked import calling
from mnist_assets_tests.orchestration import executor_jobs
from mnist_assets_tests.orchestration.executor_jobs import PATIENCE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only"),
]

HANDED_OVER = {
    "hooked_job": "there are hooks (explore, train)",
    "hooked_op": "there are hooks (explore)",
    "hooked_asset": "there are hooks (explore)",
    "pooled": "steps are in pools (explore)",
    "tagged": "steps are in pools (explore)",
    "dynamic": "outputs are dynamic (list_pictures)",
    "in_memory": "outputs are kept in the memory of a process",
    "asynchronous": "steps are asynchronous (explore)",
}

JOBS = (
    "both_kinds",
    "one_kind",
    "side_by_side",
    "training_alone",
    # What imports TensorFlow before it forks, for all that follow, comes after the others.
    "together",
    "sharing",
    "urgent",
    "failing",
    "dying",
    "twin_dying",
    "retried",
    "failing_once",
    "sharing_after_failure",
    "killed_at_rest",
    "captured_not_at_all",
    "captured_for_nothing",
    *HANDED_OVER,
    "training_first",
    "both_kinds_again",
)


ENDLESS = {"endless": 2, "endless_twins": 3}  # with how many steps, each in its own process


@dataclass(frozen=True)
class Done:
    """What came of a job.

    Attributes:
        hooks: How often one was called.
        messages: What was logged.
        process: The one it was started in.
        steps: Each step that began, with its process, in order.
        imported: By step, the process that imported TensorFlow for it, if one did.
        taken: By step, the threads and the GPU's memory that TensorFlow would take.
    """

    success: bool
    failures: dict
    hooks: int
    messages: list
    process: int
    steps: list
    imported: dict
    taken: dict

    @property
    def order(self):
        return [name for name, _ in self.steps]


def make_home(folder):
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return folder


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """All jobs that come to an end by themselves, in a fresh process."""
    home = make_home(tmp_path_factory.mktemp("home"))
    child = subprocess.Popen(
        [sys.executable, "-m", "mnist_assets_tests.orchestration.executor_jobs", *JOBS],
        env=os.environ | {"DAGSTER_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    output, _ = child.communicate(timeout=900)
    told = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {
        job: Done(
            **outcome,
            process=child.pid,
            steps=steps(home, job),
            imported={name: int(by) for name, _, by, *_ in notes(home, job) if by != "nowhere"},
            taken={name: taken for name, _, _, *taken in notes(home, job)},
        )
        for job, outcome in zip(JOBS, told, strict=True)
    }


def started(home, job):
    """A job under way; and what it tells of itself."""
    return calling(executor_jobs.main, job, environment={"DAGSTER_HOME": str(home)})


def notes(home, job):
    noted = home / f"{job}.txt"
    return [line.split() for line in noted.read_text().splitlines()] if noted.exists() else []


def steps(home, job):
    return [(name, int(process)) for name, process, *_ in notes(home, job)]


@contextmanager
def endless(home, job):
    """A job that does not end, when all its steps have begun; and their processes."""
    with started(home, job) as (child, _):
        deadline = time.monotonic() + PATIENCE
        while len(steps(home, job)) < ENDLESS[job]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield child, [process for _, process in steps(home, job)]


def assert_ends(child):
    child.join(PATIENCE / 2)
    assert child.exitcode is not None


def is_running(process):
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_for_end(processes):
    deadline = time.monotonic() + PATIENCE / 2
    while any(map(is_running, processes)):
        assert time.monotonic() < deadline, "a process outlived its parent"
        time.sleep(0.02)


def test_tensorflow_has_one_process_and_the_rest_another(done):
    job = done["both_kinds"]
    assert job.success
    process = dict(job.steps)
    assert process["train"] == process["predict"] != process["load"] == process["explore"]
    assert job.process not in process.values()
    assert job.order.index("load") < job.order.index("train") < job.order.index("predict")
    assert job.order.index("predict") < job.order.index("evaluate")


def test_networks_are_trained_side_by_side_on_half_of_the_cores_each(done):
    job = done["side_by_side"]
    assert job.success, job.failures
    half = str(max(1, count_cores() // 2))
    assert job.taken["train"] == job.taken["train_another"] == [half, "true"]
    process = dict(job.steps)
    assert process["train"] != process["train_another"]
    assert job.imported == dict.fromkeys(["train", "train_another"], process["train"])


def test_a_training_alone_has_all_cores_and_what_follows_its_process(done):
    job = done["training_alone"]
    assert job.taken["train"] == job.taken["predict"] == ["all", "all"]
    process = dict(job.steps)
    assert process["train"] == process["predict"]
    assert job.imported == dict.fromkeys(["train", "predict"], process["train"])


def test_where_all_waits_for_tensorflow_it_is_imported_once_for_this_and_later_runs(done):
    for name in ("training_first", "both_kinds_again"):
        job = done[name]
        assert job.success
        assert set(job.imported.values()) == {job.process}
        assert job.process not in dict(job.steps).values()


def test_where_nothing_can_run_side_by_side_nothing_is_forked(done):
    job = done["one_kind"]
    assert job.steps == [("load", job.process), ("explore", job.process)]


def test_steps_of_both_kinds_run_at_the_same_time(done):
    assert done["together"].success


def test_a_process_with_nothing_left_for_tensorflow_takes_of_the_rest(done):
    assert done["sharing"].success


def test_what_is_urgent_runs_first(done):
    assert done["urgent"].success
    order = [name for name in done["urgent"].order if name != "train"]
    assert order == ["first", "soon", "later", "last_of_all", "at_the_end"]


def test_a_failure_stops_what_follows_and_nothing_else(done):
    job = done["failing"]
    assert not job.success
    assert job.failures.keys() == {"train"}
    assert set(job.order) == {"train", "train_another", "explore"}


def test_a_process_that_dies_fails_its_step_and_is_replaced(done):
    job = done["dying"]
    assert not job.success
    assert job.failures.keys() == {"train"}
    assert "exit code -9" in job.failures["train"]
    assert set(job.order) == {"train", "train_another", "explore"}


def test_a_twin_that_dies_fails_its_step_and_no_other(done):
    job = done["twin_dying"]
    assert not job.success
    assert job.failures.keys() == {"train_another"}
    assert "The process that ran it died; lack of memory" in job.failures["train_another"]
    assert set(job.order) == {"train", "train_another", "predict", "predict_more", "explore"}
    process = dict(job.steps)
    assert process["predict"] == process["predict_more"] == process["train"]


def test_a_step_whose_process_died_is_retried_as_declared(done):
    assert done["retried"].success
    assert done["retried"].order == ["train", "train", "explore"]


def test_a_step_that_failed_is_retried_as_declared(done):
    assert done["failing_once"].success
    assert done["failing_once"].order == ["train", "train", "explore"]


def test_it_does_so_when_nothing_for_tensorflow_can_follow(done):
    job = done["sharing_after_failure"]
    assert job.failures.keys() == {"train"}
    assert {"draw", "write"} <= set(job.order)


def test_a_process_that_died_at_rest_is_replaced(done):
    job = done["killed_at_rest"]
    assert job.success
    assert dict(job.steps)["train"] != dict(job.steps)["predict"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("captured_not_at_all", "Output is not captured: OSError('disk full')"),
        ("captured_for_nothing", "Captured output is not kept: OSError('disk full')"),
    ],
)
def test_a_run_goes_on_when_its_output_cannot_be_captured(done, name, message):
    job = done[name]
    assert job.success
    assert message in job.messages
    assert job.process not in dict(job.steps).values()


@pytest.mark.parametrize(("name", "reason"), HANDED_OVER.items())
def test_what_two_processes_do_not_do_is_said_and_handed_over(done, name, reason):
    job = done[name]
    assert job.success, job.failures
    assert {process for _, process in job.steps} == {job.process}
    assert f"Steps run one after the other in one process: {reason}." in job.messages
    assert not any("one after the other" in message for message in done["both_kinds"].messages)


@pytest.mark.parametrize(("name", "steps"), [("hooked_job", 2), ("hooked_op", 1)])
def test_hooks_are_called(done, name, steps):
    assert done[name].hooks == steps


def test_steps_are_mapped(done):
    assert sorted(done["dynamic"].order) == ["count", "list_pictures", "look", "look", "train"]


@pytest.mark.parametrize("job", ENDLESS)
@pytest.mark.parametrize("by_web_ui", [True, False], ids=["web UI", "Ctrl-C"])
def test_an_interruption_ends_the_run_and_all_its_processes(home, by_web_ui, job):
    with (
        endless(home, job) as (child, processes),
        dg.DagsterInstance.from_config(str(home)) as instance,
    ):
        assert len(set(processes)) == ENDLESS[job]
        (record,) = instance.get_run_records()
        if by_web_ui:
            instance.report_run_canceling(record.dagster_run)
        for process in [child.pid, *([] if by_web_ui else processes)]:
            os.kill(process, signal.SIGINT)
        assert_ends(child)
        wait_for_end(processes)
        status = instance.get_run_by_id(record.dagster_run.run_id).status
    expected = dg.DagsterRunStatus.CANCELED if by_web_ui else dg.DagsterRunStatus.FAILURE
    assert status == expected  # Dagster takes what nobody requested as a failure


def test_an_interruption_while_tensorflow_is_imported_is_not_lost(home):
    preparing = home / "preparing.txt"
    with started(home, "interrupted_early") as (child, _):
        deadline = time.monotonic() + PATIENCE
        while not (
            steps(home, "interrupted_early") and preparing.exists() and preparing.read_text()
        ):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for process in (child.pid, int(preparing.read_text())):
            os.kill(process, signal.SIGINT)
        (home / "interrupted.txt").touch()
        assert_ends(child)
    assert [name for name, _ in steps(home, "interrupted_early")] == ["explore"]


@pytest.mark.parametrize("job", ENDLESS)
def test_no_process_outlives_a_parent_that_was_killed(home, job):
    with endless(home, job) as (child, processes):
        child.kill()
        assert_ends(child)
        wait_for_end(processes)


def test_a_process_that_cannot_be_forked_to_an_end_is_not(home, monkeypatch):
    job = dg.GraphDefinition(name="empty").to_job()
    plan = SimpleNamespace(get_steps_to_execute_in_topo_order=list, step_keys_to_execute=[])

    def obstacle(instance):
        run = SimpleNamespace(
            job=SimpleNamespace(get_definition=lambda: job),
            instance=SimpleNamespace(is_ephemeral=instance.is_ephemeral),
        )
        return find_obstacle(run, plan)

    with dg.DagsterInstance.local_temp(str(home)) as instance:
        monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
        assert obstacle(instance) is None
        monkeypatch.setattr(limits, "_tensorflow_has_started", lambda: True)
        assert "TensorFlow is in use" in obstacle(instance)
        monkeypatch.undo()
        monkeypatch.setattr(sys, "platform", "darwin")
        assert "on Linux only" in obstacle(instance)
        monkeypatch.undo()
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    with dg.DagsterInstance.ephemeral() as instance:
        assert "in the memory of this process" in obstacle(instance)


def test_tensorflow_survives_a_fork_until_its_runtime_starts():
    """In a process of its own, since that starts once and is not stopped."""
    program = """
from mnist_assets.networks.training import import_tensorflow
from mnist_assets.orchestration.executor.limits import _tensorflow_has_started as has_started

print(has_started())
import_tensorflow()
import tensorflow as tf
from tensorflow.python.eager import context

print(has_started(), has_started(), context.context()._physical_devices is None)
print(tf.config.threading.get_inter_op_parallelism_threads())
tf.zeros(())
print(has_started())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=900
    )
    assert done.stdout.split() == ["False", "False", "False", "True", "0", "True"]
