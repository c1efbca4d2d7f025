"""One setting chooses what runs steps; what a step needs reaches Celery's queues and pods."""

import os
import sys
from importlib import import_module
from pathlib import Path

import dagster as dg
import pytest

from mnist_assets.declarations.operation import Needs
from mnist_assets.errors import InputError
from mnist_assets.orchestration.executor import chosen_executor
from mnist_assets.orchestration.executor.needs import QUEUE, tags_of
from mnist_assets.orchestration.run_lock import HELD, RunLock

NEEDS = Needs(queue="training", cpus=2, memory_gigabytes=4, gpus=1)


def choose(name):
    """The executor of a name, whose lock is a file below DAGSTER_HOME, or the working folder."""
    folder = Path(os.environ.get("DAGSTER_HOME", ""))
    return chosen_executor(name, lambda: None, RunLock(str(folder / "values"), folder / "lock"))


def celery_job():
    @dg.op(tags=tags_of(NEEDS), out=dg.Out(dg.Nothing))
    def train(context):
        context.log.info("the lock is held" if HELD in os.environ else "there is no lock")

    @dg.op(ins={"train": dg.In(dg.Nothing)})
    def evaluate():
        pass

    @dg.job(executor_def=choose("celery"))
    def two_queues():
        evaluate(train())

    return two_queues


@pytest.mark.parametrize("name", ["local", "multiprocess", "celery", "kubernetes"])
def test_each_name_is_an_executor_with_what_that_can_be_told(name):
    if library := {"celery": "dagster_celery", "kubernetes": "dagster_k8s"}.get(name):
        pytest.importorskip(library)
    executor = choose(name)
    assert executor.name in {name, "multi_or_in_process_executor", "k8s"}
    schema = getattr(executor.config_schema.as_field().config_type, "fields", {})
    told = {"local": "processes", "multiprocess": "max_concurrent", "kubernetes": "job_namespace"}
    assert name not in told or told[name] in schema


def test_an_unknown_executor_is_refused_with_those_that_there_are():
    with pytest.raises(InputError) as refused:
        choose("slurm")
    assert "MNIST_ASSETS_EXECUTOR" in str(refused.value)
    assert "slurm" in str(refused.value)
    assert "local, multiprocess, celery, kubernetes" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "library"), [("celery", "dagster_celery"), ("kubernetes", "dagster_k8s")]
)
def test_an_executor_whose_library_is_missing_names_its_extra(monkeypatch, name, library):
    monkeypatch.setitem(sys.modules, library, None)
    for module in list(sys.modules):
        if module.startswith(f"{library}.") or module.endswith(".celery_workers"):
            monkeypatch.delitem(sys.modules, module)
    with pytest.raises(InputError, match=rf"pip install 'mnist-assets\[{name}\]'"):
        choose(name)


def test_celery_gets_each_step_through_its_queue_under_the_lock(tmp_path, monkeypatch):
    loop = pytest.importorskip("dagster_celery.core_execution_loop")
    celery_workers = import_module("mnist_assets.orchestration.executor.celery_workers")
    monkeypatch.setattr(loop, "TICK_SECONDS", 0)
    monkeypatch.setitem(celery_workers._CONFIG, "task_always_eager", True)  # in this process
    monkeypatch.setenv("MNIST_ASSETS_BROKER", "memory://")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        dg.execute_job(dg.reconstructable(celery_job), instance) as result,
    ):
        assert result.success
        told = [entry.message for entry in instance.all_logs(result.run_id)]
        submitted = [message for message in told if message.startswith("Submitting")]
        assert submitted == [
            'Submitting celery task for step "train" to queue "training".',
            'Submitting celery task for step "evaluate" to queue "dagster".',
        ]
        assert "the lock is held" in told
    assert HELD not in os.environ


def test_celery_without_a_broker_is_refused_before_any_step(tmp_path, monkeypatch):
    pytest.importorskip("dagster_celery")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        job = dg.reconstructable(celery_job)
        with pytest.raises(InputError, match="MNIST_ASSETS_BROKER"):
            dg.execute_job(job, instance, raise_on_error=True)


def test_what_a_step_needs_is_said_to_both():
    assert tags_of(NEEDS)[QUEUE] == "training"
    without_gpus = tags_of(NEEDS.model_copy(update={"gpus": 0}))
    assert "gpu" not in without_gpus["dagster-k8s/config"]
