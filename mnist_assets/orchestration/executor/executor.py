"""An executor that runs a job's steps in two processes: those that need TensorFlow, and the rest.

Dagster's own executors run either one step after the other, or each in a process that loads the
project, and TensorFlow, anew. Here both processes are forked from the one that has loaded the job,
and last as long as the run: while one imports TensorFlow and trains, the other explores, evaluates
and draws. While it has nothing to do, a twin of the first, which shares what that imported, trains
in its place. Resources are set up before, once, and shared as they are then.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import dagster as dg

from mnist_assets.orchestration.dagster_internals import (
    ExecuteRunWithPlanIterable,
    ExecutionPlan,
    ExecutionStep,
    InProcessExecutor,
    PlanExecutionContext,
    PlanExecutionContextManager,
    PlanOrchestrationContext,
    RetryMode,
    history_kept_open,
)
from mnist_assets.orchestration.executor.dispatch import Dispatcher
from mnist_assets.orchestration.executor.limits import find_obstacle
from mnist_assets.orchestration.executor.needs import needs_tensorflow


class TwoProcessExecutor(dg.Executor):
    """Runs steps in two processes; hands over to Dagster's own where something forbids that."""

    def __init__(self, prepare: Callable[[], None]) -> None:
        self.prepare = prepare

    @property
    def retries(self) -> RetryMode:
        """Retries are made."""
        return RetryMode.ENABLED

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Run the plan; yields the events of all its steps."""
        steps = execution_plan.get_steps_to_execute_in_topo_order()
        both_kinds = len({needs_tensorflow(step) for step in steps}) == 2
        obstacle = find_obstacle(plan_context, execution_plan) if both_kinds else None
        if obstacle:
            plan_context.log.info(f"Steps run one after the other in one process: {obstacle}.")
        if obstacle or not both_kinds:
            with history_kept_open(plan_context.instance, plan_context.run_id):
                yield from InProcessExecutor(self.retries).execute(plan_context, execution_plan)
            return
        plan_context.log.debug(f"Steps run in two processes forked from {os.getpid()}.")
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
            ),
        )

    def _run_plan(
        self, job_context: PlanExecutionContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        if all(map(needs_tensorflow, _first_steps(execution_plan))):
            with suppress(Exception):  # the step that needs it fails by it
                self.prepare()  # here: nothing waits for it, and this process's next runs have it
        logs = job_context.instance.compute_log_manager
        key = logs.build_log_key_for_run(job_context.run_id, "steps")
        with execution_plan.start(job_context.retry_mode) as active, ExitStack() as capture:
            try:
                captured = capture.enter_context(logs.capture_logs(key))
            except Exception as error:  # as with Dagster's own executors, a run goes on without
                job_context.log.warning(f"Output is not captured: {error!r}")
            else:
                yield dg.DagsterEvent.capture_logs(
                    job_context, execution_plan.step_keys_to_execute, key, captured
                )
            with Dispatcher(self, job_context, active, self.prepare) as dispatcher:
                yield from dispatcher.run()
            try:
                capture.close()
            except Exception as error:
                job_context.log.warning(f"Captured output is not kept: {error!r}")


def _first_steps(plan: ExecutionPlan) -> list[ExecutionStep]:
    """The steps that wait for no other."""
    steps = plan.get_steps_to_execute_in_topo_order()
    keys = {step.key for step in steps}
    return [step for step in steps if not keys & step.get_execution_dependency_keys()]


def local_executor(prepare: Callable[[], None]) -> dg.ExecutorDefinition:
    """The executor for one machine, which runs steps in one process or two.

    Args:
        prepare: What a process does that is to run steps for TensorFlow, while others run already:
            importing it, and no more, since it may be forked then. If that fails, the step that
            needs it fails.
    """

    @dg.executor(
        name="local",
        config_schema={
            "processes": dg.Field(
                dg.Enum(
                    "Processes",
                    [
                        dg.EnumValue("one", description="The steps one after the other."),
                        dg.EnumValue(
                            "two",
                            description="Steps that need TensorFlow in one, the rest in another, "
                            "where that can be; else all in one.",
                        ),
                    ],
                ),
                default_value="two",
                description="In how many processes a run's steps are run.",
            )
        },
    )
    def local(init_context: dg.InitExecutorContext) -> dg.Executor:
        """In two processes where that can be, else in one, unless told otherwise."""
        if init_context.executor_config["processes"] == "one":
            return InProcessExecutor(RetryMode.ENABLED)
        return TwoProcessExecutor(prepare)

    return local
