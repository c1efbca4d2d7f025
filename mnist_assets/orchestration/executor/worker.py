"""A process that runs steps of a run, forked from the one that has loaded its job.

What it has at its beginning, it shares with its parent: it loads nothing anew.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection

import dagster as dg

from mnist_assets.orchestration.dagster_internals import (
    ExecutionStep,
    KnownExecutionState,
    PlanExecutionContext,
    SerializableErrorInfo,
    capture_interrupts,
    dagster_event_sequence_for_step,
    history_kept_open,
    serializable_error_info_from_exc_info,
)
from mnist_assets.orchestration.executor.needs import needs_tensorflow
from mnist_assets.process import end_with_parent

THREADS = "TF_NUM_INTRAOP_THREADS"  # how many TensorFlow uses, when it starts
GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"  # whether it takes of a GPU's memory only what it needs
LONGEST_END = 60  # seconds that a process may take to end, with the processes that it started


@dataclass(frozen=True)
class StepEnded:
    """Sent after a step's last event, with what ended it from outside its own code, if anything."""

    error: SerializableErrorInfo | None = None


class Worker:
    """The process, as its parent sees it; a new one takes its place if it dies.

    Attributes:
        connection: Readable when the process has sent something, or has died.
        step: The one it runs.
        has_outcome: Whether that step has succeeded, failed, or is to be tried again.
    """

    def __init__(
        self,
        job_context: PlanExecutionContext,
        prepare: Callable[[], None],
        *,
        threads: int | None,
        at_once: bool = False,
    ) -> None:
        """Start it.

        Args:
            job_context: The run.
            prepare: Called before the first step for TensorFlow.
            threads: That TensorFlow may use beside the other process, if the user's environment
                does not say; None for one each core, with nothing beside.
            at_once: Whether it prepares before anything else.
        """
        self._task = job_context, prepare, threads, at_once
        self.step: ExecutionStep | None = None
        self.has_outcome = False
        self._start()

    def _start(self) -> None:
        forking = multiprocessing.get_context("fork")
        self.connection, theirs = forking.Pipe()
        self._process = forking.Process(target=_serve, args=(theirs, *self._task))
        self._process.start()
        theirs.close()

    def run(self, step: ExecutionStep, known_state: KnownExecutionState) -> None:
        """Have it run a step; what the step does is then sent event by event."""
        if not self._process.is_alive():
            self.close()
            self._start()
        self.step, self.has_outcome = step, False
        self._send((step.key, known_state))

    def receive(self) -> dg.DagsterEvent | StepEnded:
        """What it sends next.

        Raises:
            EOFError: It has died.
            OSError: It has died while it sent something.
        """
        message: dg.DagsterEvent | StepEnded = self.connection.recv()
        return message

    def interrupt(self) -> None:
        """Have it leave the step it runs, if it runs one, as by Ctrl-C."""
        if self.step and self._process.pid and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGINT)

    def close(self) -> int | None:
        """Have it end after its present step, or by force if that takes long; its exit code."""
        self._send(None)
        self._process.join(LONGEST_END)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()
        return self._process.exitcode

    def _send(self, message: tuple[str, KnownExecutionState] | None) -> None:
        with suppress(OSError):  # it has died, which whoever receives learns of
            self.connection.send(message)


def _serve(
    connection: Connection,
    job_context: PlanExecutionContext,
    prepare: Callable[[], None],
    threads: int | None,
    at_once: bool,
) -> None:
    """Run the steps asked for until there are no more."""
    end_with_parent()
    if threads:
        os.environ.setdefault(THREADS, str(threads))
        os.environ.setdefault(GROWTH, "true")  # the first of two would take all of it

    @cache
    def prepare_once() -> None:
        with suppress(Exception):  # the step that needs it raises it again, and fails
            prepare()

    with (
        history_kept_open(job_context.instance, job_context.run_id),
        capture_interrupts(),
    ):
        if at_once:
            prepare_once()
        while request := connection.recv():
            step_key, known_state = request
            step = job_context.execution_plan.get_executable_step_by_key(step_key)
            try:
                if needs_tensorflow(step):
                    prepare_once()
                step_context = job_context.for_step(step, known_state)
                for event in dagster_event_sequence_for_step(step_context):
                    connection.send(event)
            except BaseException:  # the parent decides what an interruption, say, means
                connection.send(StepEnded(serializable_error_info_from_exc_info(sys.exc_info())))
            else:
                connection.send(StepEnded())
