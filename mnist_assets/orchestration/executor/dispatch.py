"""Handing out a run's steps to processes: one for those that need TensorFlow, one for the rest.

While there is nothing for the latter, a twin of the former runs steps in its place.

Here no step is run: events are passed on, and this never waits for one step to end.
"""

from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from typing import Self

import dagster as dg

from mnist_assets.orchestration.dagster_internals import (
    ActiveExecution,
    DagsterExecutionInterruptedError,
    DagsterSubprocessError,
    ExecutionStep,
    PlanExecutionContext,
    SerializableErrorInfo,
)
from mnist_assets.orchestration.executor.needs import PRIORITY, needs_tensorflow, trains
from mnist_assets.orchestration.executor.worker import (
    Child,
    StepEnded,
    Twin,
    Worker,
    serve,
    serve_prepared,
)
from mnist_assets.process import count_cores

INTERRUPTED = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
POLL_INTERVAL = 0.2  # seconds between looks for an interruption


def _priority(step: ExecutionStep) -> int:
    return int(step.tags.get(PRIORITY, 0))


class Dispatcher:
    """The processes of a run: they start at once, and end when it is left."""

    def __init__(
        self,
        executor: dg.Executor,
        job_context: PlanExecutionContext,
        active: ActiveExecution,
        prepare: Callable[[], None],
    ) -> None:
        """Start the processes; that which is for TensorFlow calls `prepare`, and forks its twin.

        Where several steps train, each of these two has half of the cores: on all of them,
        trainings that run side by side would take as long as one after the other.
        `docs/networks.md` tells what of it is seen in the weights.
        """
        self._executor = executor
        self._job_context = job_context
        self._active = active
        self._steps = job_context.execution_plan.get_steps_to_execute_in_topo_order()
        self._left = {step.key for step in self._steps if needs_tensorflow(step)}  # not over yet
        self._ready: list[ExecutionStep] = []  # steps that wait for a process, first come first
        self._is_prepared = False  # whether the first has run a step
        self._interrupted = False
        self._errors: list[SerializableErrorInfo] = []
        side_by_side = sum(map(trains, self._steps)) > 1
        threads = max(1, count_cores() // 2) if side_by_side else None
        self._twin = Twin()
        self._tensorflow = Child(serve_prepared, job_context, prepare, threads, self._twin.theirs)
        self._twin.theirs.close()
        self._rest = Child(serve, job_context)
        self._workers: tuple[Worker, ...] = (self._rest, self._twin, self._tensorflow)

    def __enter__(self) -> Self:
        """Nothing but itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes; the twin before that which waits for its end."""
        for worker in self._workers:
            worker.interrupt()  # at a step it is only because something went wrong here
        for worker in self._workers:
            worker.close()

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
                for worker in self._busy():
                    worker.interrupt()
            if not self._interrupted:
                self._hand_out()
            heard = wait([worker.connection for worker in self._busy()], POLL_INTERVAL)
            for worker in self._busy():
                if worker.step and worker.connection in heard:
                    yield from self._receive(worker, worker.step)
            yield from self._active.plan_events_iterator(self._job_context)
        if self._interrupted and all(error.cls_name in INTERRUPTED for error in self._errors):
            raise DagsterExecutionInterruptedError
        if self._errors:
            raise DagsterSubprocessError(  # type: ignore[no-untyped-call]  # Dagster's
                "\n".join(error.to_string() for error in self._errors),
                subprocess_error_infos=self._errors,
            )

    def _busy(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.step]

    def _hand_out(self) -> None:
        """Have each process at rest run the most urgent step that is for it, of those the first.

        If there is none, that for TensorFlow takes of the other's, once it is prepared or if
        nothing is left for it; and in place of the other, while that for TensorFlow is busy, its
        twin runs a step for TensorFlow. What comes for the other then runs at once, too.
        """
        self._ready += self._active.get_steps_to_execute()
        self._give(self._tensorflow, needs_tensorflow)
        self._give(self._rest, lambda step: not needs_tensorflow(step))
        if self._is_prepared or not self._left:
            self._give(self._tensorflow, lambda _: True)
        is_busy = self._tensorflow.step and not self._tensorflow.has_outcome
        if is_busy and not self._rest.step and self._twin.is_there():
            self._give(self._twin, needs_tensorflow)

    def _give(self, worker: Worker, fits: Callable[[ExecutionStep], bool]) -> None:
        """Have a process run a step that fits, if it is at rest and there is one."""
        fitting = [step for step in self._ready if fits(step)]
        if fitting and not worker.step:
            step = max(fitting, key=_priority)
            self._ready.remove(step)
            worker.run(step, self._active.get_known_state())

    def _receive(self, worker: Worker, step: ExecutionStep) -> Iterator[dg.DagsterEvent]:
        """What a process sends next of the step it runs."""
        try:
            message = worker.receive()
        except (EOFError, OSError):
            exit_code, message = worker.close(), StepEnded()
            if not worker.has_outcome:
                yield from self._take(worker, self._failure(step, exit_code))
        if not isinstance(message, StepEnded):
            yield from self._take(worker, message)
            return
        if message.error:
            self._errors.append(message.error)
        if not worker.has_outcome:
            self._active.verify_complete(self._job_context, step.key)
        worker.step = None

    def _take(self, worker: Worker, event: dg.DagsterEvent) -> Iterator[dg.DagsterEvent]:
        yield event
        self._active.handle_event(event)
        self._is_prepared |= worker is self._tensorflow and event.is_step_success
        if event.step_key and event.is_step_success:
            self._left.discard(event.step_key)
        elif event.step_key and event.is_step_failure:
            self._left -= self._with_dependents(event.step_key)
        worker.has_outcome |= (
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
        told = "" if exit_code is None else f" (exit code {exit_code})"
        error = SerializableErrorInfo(
            f"StepWorkerDied: The process that ran it died{told}; lack of memory, or a person, "
            "does that, with -9. What it had not finished is not stored: materialise it again.",
            [],
            "StepWorkerDied",
        )
        return self._executor.log_failure_or_retry_event_after_error(
            self._job_context.for_step(step), error, self._active.get_known_state()
        )
