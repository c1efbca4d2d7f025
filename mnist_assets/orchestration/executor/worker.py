"""A process that runs steps of a run, forked from the one that has loaded its job.

What it has at its beginning, it shares with its parent: it loads nothing anew. On modules that
Dagster does not document: they are those its own executors are made of.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster._core.execution.plan.execute_plan import dagster_event_sequence_for_step
from dagster._utils.error import serializable_error_info_from_exc_info
from dagster._utils.interrupts import capture_interrupts

from mnist_assets.process import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    import dagster as dg
    from dagster._core.execution.context.system import PlanExecutionContext
    from dagster._core.execution.plan.state import KnownExecutionState
    from dagster_shared.error import SerializableErrorInfo

    Prepare = Callable[[], None]

LONGEST_END = 60  # seconds that a process may take to end, with the processes that it started


@dataclass(frozen=True)
class Ended:
    """Told after a step's last event.

    Attributes:
        error: What ended it from outside its own code, such as an interruption.
    """

    error: SerializableErrorInfo | None = None


class StepWorker:
    """The process, as its parent sees it.

    Attributes:
        connection: Readable when the process has told something, or has died.
    """

    def __init__(
        self, job_context: PlanExecutionContext, prepare: Prepare, siblings: Sequence[StepWorker]
    ) -> None:
        """Start it.

        Args:
            job_context: The run, with its resources.
            prepare: What it does before its first step.
            siblings: All others that live. It lets go of what it inherited of theirs, as they
                would otherwise not notice that their parent has.
        """
        forking = multiprocessing.get_context("fork")
        self.connection, theirs = forking.Pipe()
        inherited = [self.connection, *(sibling.connection for sibling in siblings)]
        self._process = forking.Process(
            target=_serve, args=(theirs, inherited, job_context, prepare)
        )
        self._process.start()
        theirs.close()

    def run(self, step_key: str, known_state: KnownExecutionState) -> None:
        """Have it run a step; what the step does is then told event by event."""
        with suppress(BrokenPipeError):  # of one that has died; `receive` tells
            self.connection.send((step_key, known_state))

    def receive(self) -> dg.DagsterEvent | Ended:
        """What it tells next.

        Raises:
            EOFError: It has died.
            OSError: It has died while it told something.
        """
        told: dg.DagsterEvent | Ended = self.connection.recv()
        return told

    def interrupt(self) -> None:
        """Have it leave the step it runs, as by Ctrl-C."""
        if self._process.pid and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGINT)

    def is_alive(self) -> bool:
        """Whether it can run a step."""
        return self._process.is_alive()

    def close(self) -> int | None:
        """Have it end after its present step, or by force if that takes long; its exit code."""
        self.connection.close()
        self._process.join(LONGEST_END)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return self._process.exitcode


def _serve(
    connection: Connection,
    inherited: Sequence[Connection],
    job_context: PlanExecutionContext,
    prepare: Prepare,
) -> None:
    """Run the steps asked for until nobody asks any more, or listens."""
    end_with_parent()
    for foreign in inherited:
        foreign.close()
    with capture_interrupts():
        with suppress(Exception):  # the step that needs it raises it again, and is told of
            prepare()
        with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # its parent has gone
            while True:
                _run_step(connection, job_context, *connection.recv())


def _run_step(
    connection: Connection,
    job_context: PlanExecutionContext,
    step_key: str,
    known_state: KnownExecutionState,
) -> None:
    error = None
    try:
        step = job_context.execution_plan.get_executable_step_by_key(step_key)
        for event in dagster_event_sequence_for_step(job_context.for_step(step, known_state)):
            connection.send(event)
    except BrokenPipeError:  # its parent has gone
        raise
    except BaseException:  # the parent decides what an interruption or a failed write means
        error = serializable_error_info_from_exc_info(sys.exc_info())
    connection.send(Ended(error))
