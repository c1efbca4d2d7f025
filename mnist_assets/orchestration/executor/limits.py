"""What a run in two processes cannot do: Dagster's own executor, which can, then runs it."""

import inspect
import sys
from collections.abc import Iterable, Iterator

import dagster as dg

from mnist_assets.orchestration.dagster_internals import (
    ExecutionPlan,
    ExecutionStep,
    PlanOrchestrationContext,
    can_isolate_steps,
)

POOL = "dagster/concurrency_key"  # the tag that named a step's pool before steps had pools


def find_obstacle(run: PlanOrchestrationContext, plan: ExecutionPlan) -> str | None:
    """The first reason why a run's steps cannot be run in two processes, if there is one."""
    return next(_obstacles(run, plan), None)


def _obstacles(run: PlanOrchestrationContext, plan: ExecutionPlan) -> Iterator[str]:
    job, steps = run.job.get_definition(), plan.get_steps_to_execute_in_topo_order()
    if sys.platform != "linux":  # on macOS the system's own libraries may not survive it
        yield "a process is forked on Linux only"
    if _tensorflow_has_started():
        yield "TensorFlow is in use here and does not survive a fork"
    if run.instance.is_ephemeral:
        yield "the run's history is in the memory of this process"
    if not can_isolate_steps(job):
        yield "outputs are kept in the memory of a process"
    mapped = set(plan.step_keys_to_execute) - {step.key for step in steps}
    dynamic = [step for step in steps if any(out.is_dynamic for out in step.step_outputs)]
    if mapped or dynamic:
        yield f"outputs are dynamic{_named(dynamic)}"
    if hooked := [step for step in steps if job.get_all_hooks_for_handle(step.node_handle)]:
        yield f"there are hooks{_named(hooked)}"
    if pooled := [step for step in steps if step.pool or POOL in step.tags]:
        yield f"steps are in pools{_named(pooled)}"
    if waiting := [step for step in steps if _is_async(step, job)]:
        yield f"steps are asynchronous{_named(waiting)}"  # all on one loop, which cannot be forked


def _tensorflow_has_started() -> bool:
    """Whether its runtime is in use, which has threads; to have imported it starts none."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None:
        return False
    # To ask for anything would look for GPUs, which does not survive a fork.
    set_threads = tensorflow.config.threading.set_inter_op_parallelism_threads
    try:  # what cannot be changed any more tells it; 0 is the default
        for threads in (1, 0):
            set_threads(threads)
    except RuntimeError:
        return True
    return False


def _named(steps: Iterable[ExecutionStep]) -> str:
    return f" ({', '.join(step.key for step in steps)})"


def _is_async(step: ExecutionStep, job: dg.JobDefinition) -> bool:
    compute = job.get_op(step.node_handle).definition.compute_fn
    function = getattr(compute, "decorated_fn", compute)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
