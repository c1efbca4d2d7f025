"""A process that runs steps of a run, forked from the one that has loaded its job.

What it has at its beginning, it shares with its parent: it loads nothing anew.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_assets.orchestration.dagster_internals import (
    capture_interrupts,
    dagster_event_sequence_for_step,
    serializable_error_info_from_exc_info,
)
from mnist_assets.process import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    import dagster as dg

    from mnist_assets.orchestration.dagster_internals import (
        KnownExecutionState,
        PlanExecutionContext,
        SerializableErrorInfo,
    )

LONGEST_END = 60  # seconds that a process may take to end, with the processes that it started


@dataclass(frozen=True)
class StepEnded:
    """Sent after a step's last event.

    Attributes:
        error: What ended it from outside its own code, such as an interruption.
    """

    error: SerializableErrorInfo | None = None


class Worker:
    """The process, as its parent sees it.

    Attributes:
        connection: Readable when the process has sent something, or has died.
    """

    def __init__(
        self, job_context: PlanExecutionContext, prepare: Callable[[], None] | None = None
    ) -> None:
        """Start it.

        Args:
            job_context: The run, with its resources.
            prepare: What it does before its first step.
        """
        forking = multiprocessing.get_context("fork")
        self.connection, theirs = forking.Pipe()
        self._process = forking.Process(target=_serve, args=(theirs, job_context, prepare))
        self._process.start()
        theirs.close()

    def run(self, step_key: str, known_state: KnownExecutionState) -> None:
        """Have it run a step; what the step does is then sent event by event."""
        self._send((step_key, known_state))

    def receive(self) -> dg.DagsterEvent | StepEnded:
        """What it sends next.

        Raises:
            EOFError: It has died.
            OSError: It has died while it sent something.
        """
        message: dg.DagsterEvent | StepEnded = self.connection.recv()
        return message

    def interrupt(self) -> None:
        """Have it leave the step it runs, as by Ctrl-C."""
        if self._process.pid and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGINT)

    def is_alive(self) -> bool:
        """Whether it can run a step."""
        return self._process.is_alive()

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
    prepare: Callable[[], None] | None,
) -> None:
    """Run the steps asked for until there are no more."""
    end_with_parent()
    with capture_interrupts():
        if prepare:
            with suppress(Exception):  # the step that needs it raises it again, and fails
                prepare()
        while request := connection.recv():
            connection.send(StepEnded(_run_step(connection, job_context, *request)))


def _run_step(
    connection: Connection,
    job_context: PlanExecutionContext,
    step_key: str,
    known_state: KnownExecutionState,
) -> SerializableErrorInfo | None:
    """Run a step and send its events; returns what ended it from outside its own code."""
    try:
        step = job_context.execution_plan.get_executable_step_by_key(step_key)
        for event in dagster_event_sequence_for_step(job_context.for_step(step, known_state)):
            connection.send(event)
    except BaseException:  # the parent decides what an interruption or a failed write means
        return serializable_error_info_from_exc_info(sys.exc_info())
    return None
