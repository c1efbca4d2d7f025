"""Processes that run steps of a run, forked from the one that has loaded its job.

What one has at its beginning, it shares with what it is forked from: it loads nothing anew.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

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
from mnist_assets.process import end_with_parent

THREADS = "TF_NUM_INTRAOP_THREADS"  # how many TensorFlow uses, when it starts
GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"  # whether it takes of a GPU's memory only what it needs
END_INTERVAL = 0.01  # seconds between looks whether a process has ended
LONGEST_END = 60  # seconds that a process may take to end, with the processes that it started


@dataclass(frozen=True)
class StepEnded:
    """Sent after a step's last event, with what ended it from outside its own code, if anything."""

    error: SerializableErrorInfo | None = None


class Worker:
    """A process, as seen by the one that hands out the steps.

    Attributes:
        connection: Readable when the process has sent something, or has died.
        step: The one it runs.
        has_outcome: Whether that step has succeeded, failed, or is to be tried again.
    """

    connection: Connection

    def __init__(self) -> None:
        self.step: ExecutionStep | None = None
        self.has_outcome = False
        self._pid: int | None = None

    def run(self, step: ExecutionStep, known_state: KnownExecutionState) -> None:
        """Have it run a step; what the step does is then sent event by event."""
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
        if self.step and self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGINT)

    def close(self) -> int | None:
        """Have it end after its present step; its exit code, if that can be told."""
        self._send(None)
        self.connection.close()
        return None

    def _send(self, message: tuple[str, KnownExecutionState] | None) -> None:
        with suppress(OSError):  # it has died, which whoever receives learns of
            self.connection.send(message)


class Child(Worker):
    """A process forked from this one; a new one takes its place if it dies."""

    def __init__(self, serve: Callable[..., None], *arguments: object) -> None:
        """Start it, as `serve(connection, *arguments)`."""
        super().__init__()
        self._task = serve, arguments
        # A twin ends when the first of them lets go of what it was forked with.
        self._replaced: list[BaseProcess] = []
        self._start()

    def _start(self) -> None:
        serve, arguments = self._task
        self.connection, theirs = multiprocessing.Pipe()
        forking = multiprocessing.get_context("fork")
        self._process = forking.Process(target=serve, args=(theirs, *arguments))
        self._process.start()
        self._pid = self._process.pid
        theirs.close()

    def run(self, step: ExecutionStep, known_state: KnownExecutionState) -> None:
        """Have it run a step; what the step does is then sent event by event."""
        if not self._process.is_alive():
            self.close()
            self._replaced.append(self._process)
            self._start()
        super().run(step, known_state)

    def interrupt(self) -> None:
        """Have it leave the step it runs, if it runs one, as by Ctrl-C."""
        if self._process.is_alive():
            super().interrupt()

    def close(self) -> int | None:
        """Have it end after its present step, or by force if that takes long; its exit code."""
        self._send(None)
        deadline = time.monotonic() + LONGEST_END
        while self._process.is_alive() and time.monotonic() < deadline:
            time.sleep(END_INTERVAL)  # `join` would wait for its twin, which has its sentinel, too
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()
        return self._process.exitcode


class Twin(Worker):
    """A process that another one forks from itself, so that both share what it imported.

    None takes its place if it dies.

    Attributes:
        theirs: The end of the connection that is the process's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connection, self.theirs = multiprocessing.Pipe()

    def receive(self) -> dg.DagsterEvent | StepEnded:
        """What it sends next, which also tells which process it is."""
        message = super().receive()
        if isinstance(message, dg.DagsterEvent):
            self._pid = message.pid
        return message

    def is_there(self) -> bool:
        """Whether it has not died, when it runs no step."""
        return not self.connection.closed and not self.connection.poll()


def serve(connection: Connection, job_context: PlanExecutionContext) -> None:
    """Run the steps asked for until there are no more."""
    end_with_parent()
    with connection, capture_interrupts():
        _run_steps(connection, job_context)


def serve_prepared(
    connection: Connection,
    job_context: PlanExecutionContext,
    prepare: Callable[[], None],
    threads: int | None,
    twin: Connection,
) -> None:
    """The same once prepared, in this process and in a twin of it.

    Args:
        connection: To whoever asks.
        job_context: The run.
        prepare: Called once, before both.
        threads: That TensorFlow may use in each, if the user's environment does not say; None for
            one each core, with nothing beside.
        twin: The twin's connection; closed if there is a twin already.
    """
    parent = multiprocessing.parent_process()
    end_with_parent(parent)
    if threads:
        os.environ.setdefault(THREADS, str(threads))
        os.environ.setdefault(GROWTH, "true")  # the first of two would take all of it
    with connection, capture_interrupts():  # an interruption meanwhile is for the first step
        with suppress(Exception):  # the step that needs it fails by it
            prepare()
        if not twin.closed:
            arguments = (twin, job_context, connection, parent)
            forking = multiprocessing.get_context("fork")
            with suppress(OSError):  # there may be no room for it
                forking.Process(target=_serve_as_twin, args=arguments).start()
            twin.close()
        _run_steps(connection, job_context)


def _serve_as_twin(
    connection: Connection,
    job_context: PlanExecutionContext,
    others: Connection,
    parent: BaseProcess | None,
) -> None:
    others.close()  # else the end of the other would not be noticed
    end_with_parent(parent)
    with connection, capture_interrupts():
        _run_steps(connection, job_context)


def _run_steps(connection: Connection, job_context: PlanExecutionContext) -> None:
    with history_kept_open(job_context.instance, job_context.run_id):
        while request := connection.recv():
            step_key, known_state = request
            step = job_context.execution_plan.get_executable_step_by_key(step_key)
            try:
                step_context = job_context.for_step(step, known_state)
                for event in dagster_event_sequence_for_step(step_context):
                    connection.send(event)
            except BaseException:  # the parent decides what an interruption, say, means
                connection.send(StepEnded(serializable_error_info_from_exc_info(sys.exc_info())))
            else:
                connection.send(StepEnded())
