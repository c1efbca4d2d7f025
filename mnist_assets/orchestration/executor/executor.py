"""An executor that runs a job's steps in two processes: those that need TensorFlow, and the rest.

Dagster's own executors run either one step after the other, or each in a process that loads the
project, and TensorFlow, anew. Here both processes are forked from the one that has loaded the job,
and last as long as the run: while one imports TensorFlow and trains, the other explores, evaluates
and draws. This one only hands out steps, so that it never waits for one to end.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.executor_definition import multiple_process_executor_requirements
from dagster._core.events import EngineEventData
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.compute_logs import create_compute_log_file_key
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor
from dagster._core.executor.multiprocess import MultiprocessExecutor
from dagster._utils.error import serializable_error_info_from_exc_info

from mnist_assets.orchestration.executor.dispatch import Lanes, needs_tensorflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dagster._core.execution.context.system import (
        PlanExecutionContext,
        PlanOrchestrationContext,
    )
    from dagster._core.execution.plan.plan import ExecutionPlan


class SideBySideExecutor(dg.Executor):
    """Runs steps in two processes, but for dynamic outputs; hooks are not called."""

    @property
    def retries(self) -> RetryMode:
        """Retries are made."""
        return RetryMode.ENABLED

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Run the plan; yields the events of all its steps."""
        steps = execution_plan.get_steps_to_execute_in_topo_order()
        if len({needs_tensorflow(step) for step in steps}) < 2:  # nothing to run side by side
            yield from InProcessExecutor(self.retries).execute(plan_context, execution_plan)
            return
        yield dg.DagsterEvent.engine_event(
            plan_context,
            f"Executing steps in two processes forked from this one (pid: {os.getpid()})",
            EngineEventData.multiprocess(os.getpid(), execution_plan.step_keys_to_execute),
        )
        yield from ExecuteRunWithPlanIterable(
            execution_plan=execution_plan,
            iterator=self._run_plan,
            execution_context_manager=PlanExecutionContextManager(
                job=plan_context.job,
                retry_mode=plan_context.retry_mode,
                execution_plan=execution_plan,
                run_config=plan_context.run_config,
                dagster_run=plan_context.dagster_run,
                instance=plan_context.instance,
                raise_on_error=plan_context.raise_on_error,
                output_capture=plan_context.output_capture,
                step_dependency_config=self.step_dependency_config,
            ),
        )

    def _run_plan(
        self, job_context: PlanExecutionContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        logs = job_context.instance.compute_log_manager
        name = create_compute_log_file_key()  # type: ignore[no-untyped-call]  # Dagster's
        log_key = logs.build_log_key_for_run(job_context.run_id, name)
        with ExitStack() as stack:
            claims = stack.enter_context(
                InstanceConcurrencyContext(job_context.instance, job_context.dagster_run)
            )
            active = stack.enter_context(
                execution_plan.start(
                    job_context.retry_mode,
                    instance_concurrency_context=claims,
                    step_dependency_config=self.step_dependency_config,
                )
            )
            try:
                captured = stack.enter_context(logs.capture_logs(log_key))
            except Exception:  # as with Dagster's own executors, a run goes on without
                error = serializable_error_info_from_exc_info(sys.exc_info())
                yield dg.DagsterEvent.engine_event(
                    job_context, "Output is not captured", EngineEventData(error=error)
                )
            else:
                yield dg.DagsterEvent.capture_logs(
                    job_context, execution_plan.step_keys_to_execute, log_key, captured
                )
            yield from stack.enter_context(Lanes(self, job_context, active)).run()


def can_fork(instance: dg.DagsterInstance) -> bool:
    """Whether this process can be forked, to an end.

    A TensorFlow that is in use does not survive it, on macOS the system's own libraries may not,
    and what is told to a history in memory would be lost.
    """
    return sys.platform == "linux" and "tensorflow" not in sys.modules and not instance.is_ephemeral


def _requirements(config: Mapping[str, Any]) -> Sequence[dg.ExecutorRequirement]:
    """What Dagster has to make sure of: that each new process finds job, history and values."""
    return multiple_process_executor_requirements() if config["processes"] == "one_a_step" else []


@dg.executor(
    name="side_by_side",
    config_schema={
        "processes": dg.Field(
            dg.Enum(
                "Processes",
                [
                    dg.EnumValue("one", description="The steps one after the other."),
                    dg.EnumValue(
                        "two", description="Steps that need TensorFlow in one, the rest in another."
                    ),
                    dg.EnumValue("one_a_step", description="Each step in a new one."),
                ],
            ),
            default_value="two",
            description="In how many processes a run's steps are run.",
        )
    },
    requirements=_requirements,
)
def side_by_side(init_context: dg.InitExecutorContext) -> dg.Executor:
    """In two processes where that can be, else in one, unless told otherwise."""
    processes = init_context.executor_config["processes"]
    if processes == "one_a_step":
        return MultiprocessExecutor(RetryMode.ENABLED, max_concurrent=None)
    if processes == "two" and can_fork(init_context.instance):
        return SideBySideExecutor()
    return InProcessExecutor(RetryMode.ENABLED)
