"""Steps on a queue of workers, by Dagster's Celery executor, and what such a worker runs.

    celery -A mnist_assets.orchestration.executor.celery_workers worker -Q dagster,training -c 1

Dagster's executor waits for ever for a step whose worker, or whose message, is lost. Here each step
is watched: a worker that no longer answers, or a message that is neither waiting nor being worked
at, is a failure of the step, and the next run goes on from what was finished. A message is
acknowledged only when its step is over, so that no worker holds one that it is not working at;
what a lost worker held is handed out again after hours, and dropped, since its run is over.
"""

import os
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
from celery import Celery, Task
from celery.exceptions import Ignore
from dagster_celery.config import DEFAULT_CONFIG
from dagster_celery.core_execution_loop import core_celery_execution_loop
from dagster_celery.executor import (
    CeleryExecutor,
    _submit_task,  # sends a step; all that is added here is what becomes of its result
)
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from mnist_assets.errors import InputError
from mnist_assets.orchestration.dagster_internals import (
    ExecutionPlan,
    ExecutionStep,
    KnownExecutionState,
    PlanOrchestrationContext,
    RetryMode,
    SerializableErrorInfo,
    run_of_sent_step,
    serialize_value,
)

BROKER, RESULTS = "MNIST_ASSETS_BROKER", "MNIST_ASSETS_RESULTS"
LONGEST_STEP = 12 * 3600  # seconds after which Redis hands a message out again
WATCH_INTERVAL, WATCHES = 5.0, 4  # seconds, and how many in a row have to find nothing
PING_TIMEOUT = 2.0  # seconds
OVER = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}

_CONFIG = {
    **DEFAULT_CONFIG,
    "broker_transport_options": {
        **DEFAULT_CONFIG["broker_transport_options"],
        "visibility_timeout": LONGEST_STEP,
    },
    "broker_connection_retry_on_startup": True,
    "result_backend_always_retry": True,  # it may be restarted
    "result_backend_max_retries": 20,
    "task_acks_late": True,
    "task_track_started": True,
    "worker_prefetch_multiplier": 1,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
}


class StepTask(Task):  # type: ignore[misc]  # Celery ships no types
    """The task that runs a step, unless its run is over."""

    abstract = True

    def before_start(self, task_id: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Drop a step whose run ended while its message was with a worker that was lost."""
        del task_id, args
        run_id = run_of_sent_step(kwargs["execute_step_args_packed"])
        with dg.DagsterInstance.get() as instance:
            run = instance.get_run_by_id(run_id)
        if run is None or run.status in OVER:
            raise Ignore


def _celery_executor() -> CeleryExecutor:
    """The executor that knows broker and results.

    Raises:
        InputError: The environment names no broker.
    """
    broker = os.environ.get(BROKER)
    if not broker:
        raise InputError(
            BROKER,
            seen="nothing",
            expected="the address of a broker, such as redis://localhost:6379/0",
            remedy="Set it to the one that the workers listen to, for them and for this process.",
        )
    by_default = broker if broker.startswith(("redis", "sentinel")) else "rpc://"
    return WatchingExecutor(
        RetryMode.ENABLED, broker, os.environ.get(RESULTS) or by_default, config_source=_CONFIG
    )


class WatchedStep:
    """What came of a step sent to a queue, as Dagster's executor asks for it."""

    def __init__(
        self, app: Celery, result: Any, queue: str, fail: Callable[[str], dg.DagsterEvent]
    ) -> None:
        self._app, self._result = app, result
        self._queue, self._fail = queue, fail
        self._next_watch = time.monotonic() + WATCH_INTERVAL
        self._found_nothing = 0
        self._problem = ""

    def ready(self) -> bool:
        """Whether it is over, or never will be."""
        if self._result.ready():
            return True
        if time.monotonic() > self._next_watch:
            problem = self._find_problem()
            self._found_nothing = self._found_nothing + 1 if problem else 0
            self._next_watch = time.monotonic() + WATCH_INTERVAL
            if self._found_nothing == WATCHES and not self._result.ready():
                self._problem = problem
        return bool(self._problem)

    def get(self) -> Any:
        """The events of the step, its failure if its worker or its message was lost."""
        return [serialize_value(self._fail(self._problem))] if self._problem else self._result.get()

    def revoke(self) -> None:
        """Have it not begun."""
        self._result.revoke()

    def _find_problem(self) -> str:
        """What is wrong with a step that is not over, or nothing."""
        if self._result.state == "STARTED":
            worker = self._result.info["hostname"]
            answers = self._app.control.ping([worker], timeout=PING_TIMEOUT, limit=1)
            return "" if answers else f"The worker that ran it, {worker}, does not answer"
        with self._app.connection_for_read() as connection:
            waiting = connection.default_channel.queue_declare(self._queue, passive=True)
        if waiting.message_count:
            return ""
        return f"Its message is lost: the queue {self._queue} is empty and no worker has it"


class WatchingExecutor(CeleryExecutor):  # type: ignore[misc]  # it ships no types
    """Dagster's Celery executor, with each step watched."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        """Run the plan; yields the events of all its steps."""
        events: Iterator[dg.DagsterEvent] = core_celery_execution_loop(
            plan_context, execution_plan, step_execution_fn=self._submit
        )
        return events

    def _submit(
        self,
        app: Celery,
        plan_context: PlanOrchestrationContext,
        step: ExecutionStep,
        queue: str,
        priority: int,
        known_state: KnownExecutionState,
    ) -> WatchedStep:
        if self.broker.startswith(("redis", "sentinel")):
            priority = 10 - priority  # there the lowest number comes first
        with warnings.catch_warnings():
            # Dagster defines the same task again for each step.
            warnings.filterwarnings("ignore", r"Task name .* is already registered")
            result = _submit_task(app, plan_context, step, queue, priority, known_state)

        def fail(problem: str) -> dg.DagsterEvent:
            error = SerializableErrorInfo(
                f"StepLost: {problem}. What it had not finished is not stored: materialise it "
                "again.",
                [],
                "StepLost",
            )
            event: dg.DagsterEvent = self.log_failure_or_retry_event_after_error(
                plan_context.for_step(step), error, known_state
            )
            return event

        return WatchedStep(app, result, queue, fail)


@dg.executor(name="celery", requirements=list(dg.ExecutorRequirement))
def celery_executor(_: dg.InitExecutorContext) -> dg.Executor:
    """Each step by one of the workers that listen to its queue."""
    executor: dg.Executor = _celery_executor()
    return executor


def _worker_app() -> Celery:
    app = make_app(_celery_executor().app_args())
    create_task(app, base=StepTask)
    return app


def __getattr__(name: str) -> Celery:
    """`app`, which the command `celery` asks for: made for a worker only."""
    if name == "app":
        return _worker_app()
    raise AttributeError(name)
