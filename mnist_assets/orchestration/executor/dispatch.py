"""The two lanes that a run's steps go through, each with a process: TensorFlow's, and the rest.

Here steps are only handed out, and their events passed on.
"""

from __future__ import annotations

import gc
from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from dagster._core.errors import DagsterExecutionInterruptedError, DagsterSubprocessError
from dagster_shared.error import SerializableErrorInfo

from mnist_assets.networks.training import import_keras
from mnist_assets.orchestration.executor.worker import Ended, StepWorker

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg
    from dagster._core.execution.context.system import PlanExecutionContext
    from dagster._core.execution.plan.active import ActiveExecution
    from dagster._core.execution.plan.step import ExecutionStep

    from mnist_assets.orchestration.executor.worker import Prepare

NEEDS_TENSORFLOW = {"mnist_assets/needs": "tensorflow"}  # tags of an op that does
PRIORITY = "dagster/priority"
INTERRUPTED = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
LOOK_INTERVAL = 0.2  # seconds between looks for an interruption


def needs_tensorflow(step: ExecutionStep) -> bool:
    """Whether a step imports TensorFlow, as its op says."""
    return NEEDS_TENSORFLOW.items() <= step.tags.items()


class _Lane:
    """Steps that are ready, and the process that runs them one after the other.

    Attributes:
        ready: Steps that wait for the process.
        step: What it is at.
        has_outcome: Whether that step has succeeded, failed, or is to be tried again.
        worker: The process.
    """

    def __init__(self, job_context: PlanExecutionContext, prepare: Prepare, *others: _Lane) -> None:
        self._start = partial(StepWorker, job_context, prepare)
        self.ready: list[ExecutionStep] = []
        self.step: ExecutionStep | None = None
        self.has_outcome = False
        self.worker: StepWorker = self._start([other.worker for other in others])

    def replace_dead_worker(self, *others: _Lane) -> None:
        """Start another process in place of one that has died, whose step is dealt with."""
        if self.step is None and not self.worker.is_alive():
            self.worker.close()
            self.worker = self._start([other.worker for other in others])

    def take_next(self) -> ExecutionStep:
        """Take out the most urgent step, of those the one that was ready first."""
        return self.ready.pop(self.ready.index(max(self.ready, key=_priority)))


class Lanes:
    """The two lanes of a run; their processes start at once, and end when it is left."""

    def __init__(
        self, executor: dg.Executor, job_context: PlanExecutionContext, active: ActiveExecution
    ) -> None:
        self._executor = executor
        self._job_context = job_context
        self._active = active
        self._tensorflow = _Lane(job_context, import_tensorflow)
        self._rest = _Lane(job_context, prepare_nothing, self._tensorflow)
        plan = job_context.execution_plan
        steps = plan.get_steps_to_execute_in_topo_order()
        self._tensorflow_left = {step.key for step in steps if needs_tensorflow(step)}
        self._interrupted = False
        self._errors: list[SerializableErrorInfo] = []

    def __enter__(self) -> Lanes:
        """Nothing but itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End them."""
        self._interrupt_workers()  # those at a step are so because something went wrong here
        self._tensorflow.worker.close()
        self._rest.worker.close()

    def run(self) -> Iterator[dg.DagsterEvent]:
        """Run every step, each when what it depends on is there.

        Raises:
            DagsterExecutionInterruptedError: Somebody interrupted the run.
            DagsterSubprocessError: Something outside a step's own code went wrong.
        """
        while self._busy() or not (self._interrupted or self._active.is_complete):
            if self._active.check_for_interrupts():
                self._interrupted = True
                self._active.mark_interrupted()
                self._interrupt_workers()
            if not self._interrupted:
                yield from self._hand_out()
            for lane, step in self._wait():
                yield from self._listen(lane, step)
            yield from self._active.plan_events_iterator(self._job_context)
        if self._errors:
            told = "\n".join(error.to_string() for error in self._errors)
            raise DagsterSubprocessError(  # type: ignore[no-untyped-call]  # Dagster's
                told, subprocess_error_infos=self._errors
            )
        if self._interrupted:
            raise DagsterExecutionInterruptedError

    def _busy(self) -> list[_Lane]:
        return [lane for lane in (self._tensorflow, self._rest) if lane.step]

    def _interrupt_workers(self) -> None:
        for lane in self._busy():
            lane.worker.interrupt()

    def _hand_out(self) -> Iterator[dg.DagsterEvent]:
        for step in self._active.get_steps_to_execute():
            lane = self._tensorflow if needs_tensorflow(step) else self._rest
            lane.ready.append(step)
        yield from self._active.concurrency_event_iterator(self._job_context)
        self._tensorflow.replace_dead_worker(self._rest)
        self._rest.replace_dead_worker(self._tensorflow)
        for lane in (self._rest, self._tensorflow):
            # A process that has all of TensorFlow's steps behind it lends the other a hand, which
            # goes first: it has pictures already drawn.
            source = lane if lane.ready or self._tensorflow_left else self._rest
            if lane.step is None and source.ready:
                lane.step, lane.has_outcome = source.take_next(), False
                self._tensorflow_left.discard(lane.step.key)
                lane.worker.run(lane.step.key, self._active.get_known_state())

    def _wait(self) -> list[tuple[_Lane, ExecutionStep]]:
        """The lanes whose processes have something to tell, with what they are at."""
        heard = wait([lane.worker.connection for lane in self._busy()], LOOK_INTERVAL)
        return [
            (lane, lane.step)
            for lane in (self._tensorflow, self._rest)
            if lane.step and lane.worker.connection in heard
        ]

    def _listen(self, lane: _Lane, step: ExecutionStep) -> Iterator[dg.DagsterEvent]:
        """What a lane's process tells next of its step."""
        try:
            told = lane.worker.receive()
        except (EOFError, OSError):
            exit_code, told = lane.worker.close(), Ended()
            if not lane.has_outcome:
                yield from self._take(lane, self._failure(step, exit_code))
        if not isinstance(told, Ended):
            yield from self._take(lane, told)
            return
        if told.error and not (self._interrupted and told.error.cls_name in INTERRUPTED):
            self._errors.append(told.error)
        if not lane.has_outcome:
            self._active.verify_complete(self._job_context, step.key)
        lane.step = None

    def _take(self, lane: _Lane, event: dg.DagsterEvent) -> Iterator[dg.DagsterEvent]:
        yield event
        self._active.handle_event(event)
        if event.is_step_failure and event.step_key:
            self._tensorflow_left -= self._following(event.step_key)
        lane.has_outcome |= (
            event.is_step_success or event.is_step_failure or event.is_step_up_for_retry
        )

    def _following(self, step_key: str) -> set[str]:
        """All steps that depend on one, which do not run if it fails."""
        plan, found = self._job_context.execution_plan, {step_key}
        for step in plan.get_steps_to_execute_in_topo_order():
            if found & step.get_execution_dependency_keys():
                found.add(step.key)
        return found - {step_key}

    def _failure(self, step: ExecutionStep, exit_code: int | None) -> dg.DagsterEvent:
        """The failure, or retry, of a step whose process died."""
        error = SerializableErrorInfo(
            f"The process that ran it died (exit code {exit_code}; -9 is what lack of memory, or a "
            "person, does). What it had not finished is not stored: materialise it again.",
            [],
            "StepWorkerDied",
        )
        return self._executor.log_failure_or_retry_event_after_error(
            self._job_context.for_step(step), error, self._active.get_known_state()
        )


def _priority(step: ExecutionStep) -> int:
    return int(step.tags.get(PRIORITY, 0))


def import_tensorflow() -> None:
    """What the process for TensorFlow does while others load the dataset."""
    import_keras()
    import tensorflow as tf

    tf.zeros(())  # starts its runtime, too
    gc.freeze()  # what is there by now stays: garbage is not to be looked for in it


def prepare_nothing() -> None:
    """What the other process does: the modules that it needs, its steps import in no time."""
