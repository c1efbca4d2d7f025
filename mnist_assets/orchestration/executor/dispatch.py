"""Handing out a run's steps to two processes, one for those that need TensorFlow, one for the rest.

Here no step is run: events are passed on, and this never waits for one step to end.
"""

from __future__ import annotations

from functools import partial
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from mnist_assets.orchestration.dagster_internals import (
    DagsterExecutionInterruptedError,
    DagsterSubprocessError,
    SerializableErrorInfo,
)
from mnist_assets.orchestration.executor.worker import StepEnded, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import dagster as dg

    from mnist_assets.orchestration.dagster_internals import (
        ActiveExecution,
        ExecutionStep,
        KnownExecutionState,
        PlanExecutionContext,
    )

NEEDS_TENSORFLOW = {"mnist_assets/needs": "tensorflow"}  # tags of an op that does
PRIORITY = "dagster/priority"
INTERRUPTED = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
POLL_INTERVAL = 0.2  # seconds between looks for an interruption


def needs_tensorflow(step: ExecutionStep) -> bool:
    """Whether a step imports TensorFlow, as its op says."""
    return NEEDS_TENSORFLOW.items() <= step.tags.items()


class WorkerQueue:
    """Steps that are ready, and the process that runs them one after the other.

    Attributes:
        ready: Steps that wait for the process, first come first.
        step: The one it runs.
        has_outcome: Whether that step has succeeded, failed, or is to be tried again.
        worker: The process.
    """

    def __init__(
        self, job_context: PlanExecutionContext, prepare: Callable[[], None] | None = None
    ) -> None:
        self._start = partial(Worker, job_context, prepare)
        self.ready: list[ExecutionStep] = []
        self.step: ExecutionStep | None = None
        self.has_outcome = False
        self.worker = self._start()

    def run_next_of(self, source: WorkerQueue, known_state: KnownExecutionState) -> None:
        """Run a queue's most urgent step, of those the first, in a new process if this one died."""
        if not self.worker.is_alive():
            self.worker.close()
            self.worker = self._start()
        self.step, self.has_outcome = max(source.ready, key=_priority), False
        source.ready.remove(self.step)
        self.worker.run(self.step.key, known_state)


def _priority(step: ExecutionStep) -> int:
    return int(step.tags.get(PRIORITY, 0))


class Dispatcher:
    """The two queues of a run; their processes start at once, and end when it is left."""

    def __init__(
        self,
        executor: dg.Executor,
        job_context: PlanExecutionContext,
        active: ActiveExecution,
        prepare: Callable[[], None],
    ) -> None:
        """Start both processes.

        Args:
            executor: Whose run it is.
            job_context: The run, with its resources.
            active: The state of its steps.
            prepare: What the process for TensorFlow does before its first step.
        """
        self._executor = executor
        self._job_context = job_context
        self._active = active
        self._steps = job_context.execution_plan.get_steps_to_execute_in_topo_order()
        self._left = {step.key for step in self._steps if needs_tensorflow(step)}  # not over yet
        self._interrupted = False
        self._errors: list[SerializableErrorInfo] = []
        self._tensorflow = WorkerQueue(job_context, prepare)
        self._rest = WorkerQueue(job_context)

    def __enter__(self) -> Dispatcher:
        """Nothing but itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End both processes."""
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
                self._hand_out()
            busy = self._busy()
            heard = wait([queue.worker.connection for queue in busy], POLL_INTERVAL)
            for queue in busy:
                if queue.step and queue.worker.connection in heard:
                    yield from self._receive(queue, queue.step)
            yield from self._active.plan_events_iterator(self._job_context)
        if self._interrupted and all(error.cls_name in INTERRUPTED for error in self._errors):
            raise DagsterExecutionInterruptedError
        if self._errors:
            raise DagsterSubprocessError(  # type: ignore[no-untyped-call]  # Dagster's
                "\n".join(error.to_string() for error in self._errors),
                subprocess_error_infos=self._errors,
            )

    def _busy(self) -> list[WorkerQueue]:
        return [queue for queue in (self._tensorflow, self._rest) if queue.step]

    def _interrupt_workers(self) -> None:
        for queue in self._busy():
            queue.worker.interrupt()

    def _hand_out(self) -> None:
        for step in self._active.get_steps_to_execute():
            queue = self._tensorflow if needs_tensorflow(step) else self._rest
            queue.ready.append(step)
        # With nothing left for TensorFlow, its process takes of the rest, after the other one,
        # which has pictures already drawn.
        for queue, source in (
            (self._rest, self._rest),
            (self._tensorflow, self._tensorflow if self._left else self._rest),
        ):
            if source.ready and not queue.step:
                queue.run_next_of(source, self._active.get_known_state())

    def _receive(self, queue: WorkerQueue, step: ExecutionStep) -> Iterator[dg.DagsterEvent]:
        """What a process sends next of the step it runs."""
        try:
            message = queue.worker.receive()
        except (EOFError, OSError):
            exit_code, message = queue.worker.close(), StepEnded()
            if not queue.has_outcome:
                yield from self._take(queue, self._failure(step, exit_code))
        if not isinstance(message, StepEnded):
            yield from self._take(queue, message)
            return
        if message.error:
            self._errors.append(message.error)
        if not queue.has_outcome:
            self._active.verify_complete(self._job_context, step.key)
        queue.step = None

    def _take(self, queue: WorkerQueue, event: dg.DagsterEvent) -> Iterator[dg.DagsterEvent]:
        yield event
        self._active.handle_event(event)
        if event.step_key and event.is_step_success:
            self._left.discard(event.step_key)
        elif event.step_key and event.is_step_failure:
            self._left -= self._with_dependents(event.step_key)
        queue.has_outcome |= (
            event.is_step_success or event.is_step_failure or event.is_step_up_for_retry
        )

    def _with_dependents(self, step_key: str) -> set[str]:
        """A step and all that depend on it, which do not run if it fails."""
        found = {step_key}
        for step in self._steps:
            if found & step.get_execution_dependency_keys():
                found.add(step.key)
        return found

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
