"""The one choice of what runs steps: this machine, or workers elsewhere by Dagster's executors."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from mnist_assets.errors import InputError
from mnist_assets.orchestration.dagster_internals import (
    ExecutionPlan,
    PlanOrchestrationContext,
    RetryMode,
)
from mnist_assets.orchestration.executor.executor import local_executor
from mnist_assets.orchestration.run_lock import RunLock

VARIABLE = "MNIST_ASSETS_EXECUTOR"


def chosen_executor(name: str, prepare: Callable[[], None], lock: RunLock) -> dg.ExecutorDefinition:
    """The executor of a name, each of whose runs holds the lock.

    Args:
        name: `local`, `multiprocess`, `celery` or `kubernetes`.
        prepare: What a local process does that is to run steps for TensorFlow.
        lock: Kept from a run's first step to its last by the process that coordinates it.

    Raises:
        InputError: There is no such executor, or its library is not installed.
    """
    makers: Mapping[str, Callable[[], dg.ExecutorDefinition]] = {
        "local": lambda: local_executor(prepare),
        "multiprocess": lambda: dg.multiprocess_executor,
        "celery": _celery,
        "kubernetes": _kubernetes,
    }
    if name not in makers:
        raise InputError(
            VARIABLE,
            seen=name,
            expected=f"one of {', '.join(makers)}",
            remedy="Correct it, or leave it unset for local.",
        )
    try:
        return _locked(makers[name](), lock)
    except ImportError as error:
        raise InputError(
            VARIABLE,
            seen=f"{name}, without its library ({error})",
            expected=f"what the extra [{name}] brings",
            remedy=f"Install it: pip install 'mnist-assets[{name}]'.",
        ) from error


def _celery() -> dg.ExecutorDefinition:
    from mnist_assets.orchestration.executor.celery_workers import celery_executor

    return celery_executor


def _kubernetes() -> dg.ExecutorDefinition:
    from dagster_k8s import k8s_job_executor

    executor: dg.ExecutorDefinition = k8s_job_executor
    return executor


def _locked(executor: dg.ExecutorDefinition, lock: RunLock) -> dg.ExecutorDefinition:
    def create(context: dg.InitExecutorContext) -> dg.Executor:
        make = executor.executor_creation_fn
        assert make  # noqa: S101 - every definition of an executor that is not configured anew has it
        return LockedExecutor(make(context), lock)

    return dg.ExecutorDefinition(
        name=executor.name,
        config_schema=executor.config_schema,  # type: ignore[arg-type]  # takes what it returns
        requirements=executor.get_requirements,
        executor_creation_fn=create,
        description=executor.description,
    )


class LockedExecutor(dg.Executor):
    """Runs steps as another does, under the lock; otherwise it is the other."""

    def __init__(self, executor: dg.Executor, lock: RunLock) -> None:
        self._executor = executor
        self._lock = lock

    def __getattr__(self, name: str) -> Any:
        """What Dagster's executors ask of the one that a run has, beside what all have."""
        return getattr(self._executor, name)

    @property
    def retries(self) -> RetryMode:
        """Those of the other."""
        return self._executor.retries

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Run the plan once the lock is had; yields the events of all its steps."""
        with self._lock.hold(plan_context.instance, plan_context.log.info):
            yield from self._executor.execute(plan_context, execution_plan)
