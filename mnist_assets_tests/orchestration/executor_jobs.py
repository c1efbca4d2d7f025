"""Jobs for the local executor, run in a fresh process by its tests.

`python -m mnist_assets_tests.orchestration.executor_jobs JOB...` runs some of them, with a history
in DAGSTER_HOME, and prints as JSON what came of each, a line a job. Every step writes down its
process in the file `<job>.txt` of that folder when it begins, and what TensorFlow would take there.
"""

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock, patch

import click
import dagster as dg

from mnist_assets.orchestration.executor import NEEDS_TENSORFLOW, PRIORITY, local_executor
from mnist_assets.orchestration.executor.needs import QUEUE
from mnist_assets.orchestration.executor.worker import GROWTH, THREADS

PATIENCE = 20  # seconds
TRAINS = {QUEUE: "training"}


def folder():
    return Path(os.environ["DAGSTER_HOME"])


IMPORTED = []  # the process that would have imported TensorFlow, which nobody here needs


def prepare():
    """Note who would import TensorFlow, also for what is forked from it afterwards."""
    if not IMPORTED:
        IMPORTED.append(os.getpid())


EXECUTOR = local_executor(prepare)


def note(context):
    taken = [os.environ.get(name, "all") for name in (THREADS, GROWTH)]
    imported = "".join(map(str, IMPORTED)) or "nowhere"
    with (folder() / f"{context.job_name}.txt").open("a") as file:
        file.write(" ".join([context.op.name, str(os.getpid()), imported, *taken]) + "\n")


def step(name, body=lambda: None, *, tensorflow=False, priority=0, ins=(), retries=0, **options):
    """An op that notes its process, then does something."""

    @dg.op(
        name=name,
        ins={upstream: dg.In(dg.Nothing) for upstream in ins},
        out=dg.Out(dg.Nothing),
        tags={PRIORITY: str(priority)}
        | (NEEDS_TENSORFLOW if tensorflow else {})
        | options.pop("tags", {}),
        retry_policy=dg.RetryPolicy(max_retries=retries, delay=0.3) if retries else None,
        **options,
    )
    def op(context):
        note(context)
        body()

    return op


def meet(mine, other):
    """Wait until the other step is under way, too."""

    def body():
        (folder() / f"{mine} meets {other}").touch()
        deadline = time.monotonic() + PATIENCE
        while not (folder() / f"{other} meets {mine}").exists():
            assert time.monotonic() < deadline, f"{other} does not run beside {mine}"
            time.sleep(0.01)

    return body


def fail():
    raise ValueError("as asked")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_once():
    mark = folder() / "died"
    if not mark.exists():
        mark.touch()
        die()


def fail_once():
    mark = folder() / "failed"
    if not mark.exists():
        mark.touch()
        fail()


def kill_the_trainer():
    """Kill the process that ran the step `train`, which is at rest by now."""
    noted = (folder() / "killed_at_rest.txt").read_text().splitlines()
    process = next(int(line.split()[1]) for line in noted if line.startswith("train "))
    time.sleep(0.3)
    os.kill(process, signal.SIGKILL)
    time.sleep(0.3)  # so that it is dead before the next step is handed out


def last():
    """Take long."""
    for _ in range(PATIENCE * 100):
        time.sleep(0.01)


def job(name, *steps, executor=EXECUTOR, **options):
    """A job of these steps; each runs after those that its `ins` name."""
    definition = dg.GraphDefinition(
        name=name,
        node_defs=steps,
        dependencies={
            op.name: {upstream: dg.DependencyDefinition(upstream) for upstream in op.ins}
            for op in steps
        },
    )
    return definition.to_job(executor_def=executor, **options)


def both_kinds():
    return job_of_both_kinds("both_kinds")


def both_kinds_again():
    return job_of_both_kinds("both_kinds_again")


def job_of_both_kinds(name):
    return job(
        name,
        step("load"),
        step("train", tensorflow=True, ins=["load"]),
        step("predict", tensorflow=True, ins=["train"]),
        step("evaluate", ins=["predict"]),
        step("explore", ins=["load"]),
    )


def one_kind():
    return job("one_kind", step("load"), step("explore", ins=["load"]))


def side_by_side():
    """Two that train and wait for each other; a third that could go on at once."""
    return job(
        "side_by_side",
        step("train", meet("train", "train_another"), tensorflow=True, tags=TRAINS),
        step("train_another", meet("train_another", "train"), tensorflow=True, tags=TRAINS),
        step("explore"),
    )


def training_first():
    return job(
        "training_first",
        step("train", tensorflow=True, tags=TRAINS),
        step("explore", ins=["train"]),
    )


def training_alone():
    return job(
        "training_alone",
        step("train", tensorflow=True, tags=TRAINS),
        step("predict", tensorflow=True, ins=["train"]),
        step("explore"),
    )


def together():
    return job(
        "together",
        step("train", meet("train", "explore"), tensorflow=True),
        step("explore", meet("explore", "train")),
    )


def sharing():
    """After the last step for TensorFlow, two others that wait for each other."""
    return job(
        "sharing",
        step("train", tensorflow=True),
        step("draw", meet("draw", "report"), ins=["train"]),
        step("report", meet("report", "draw"), ins=["train"]),
    )


def urgent():
    return job(
        "urgent",
        step("first"),
        step("later", ins=["first"]),
        step("soon", priority=1, ins=["first"]),
        step("last_of_all", priority=-1, ins=["first"]),
        step("train", meet("train", "at_the_end"), tensorflow=True),
        step("at_the_end", meet("at_the_end", "train"), ins=["last_of_all"]),
    )


def failing():
    return job(
        "failing",
        step("train", fail, tensorflow=True),
        step("predict", tensorflow=True, ins=["train"]),
        step("train_another", tensorflow=True),
        step("explore"),
    )


def dying():
    return job(
        "dying",
        step("train", die, tensorflow=True, priority=1),
        step("predict", tensorflow=True, ins=["train"]),
        step("train_another", tensorflow=True),
        step("explore"),
    )


def twin_dying():
    """Two that train and wait for each other, of which the one begun last then dies."""

    def meet_and_die():
        meet("the twin", "its origin")()
        die()

    return job(
        "twin_dying",
        step("train", meet("its origin", "the twin"), tensorflow=True, tags=TRAINS, priority=1),
        step("train_another", meet_and_die, tensorflow=True, tags=TRAINS),
        step("predict", tensorflow=True, ins=["train"]),
        step("predict_more", tensorflow=True, ins=["train"]),
        step("explore"),
    )


def retried():
    return job(
        "retried",
        step("train", die_once, tensorflow=True, retries=1),
        step("explore", ins=["train"]),
    )


def failing_once():
    return job(
        "failing_once",
        step("train", fail_once, tensorflow=True, retries=1),
        step("explore", ins=["train"]),
    )


def sharing_after_failure():
    """Once nothing for TensorFlow can follow, two other steps that wait for each other."""
    return job(
        "sharing_after_failure",
        step("train", fail, tensorflow=True),
        step("predict", tensorflow=True, ins=["train"]),
        step("draw", meet("draw", "write")),
        step("write", meet("write", "draw")),
    )


def killed_at_rest():
    return job(
        "killed_at_rest",
        step("train", tensorflow=True),
        step("explore", kill_the_trainer, ins=["train"]),
        step("predict", tensorflow=True, ins=["explore"]),
    )


def endless():
    return job("endless", step("train", last, tensorflow=True), step("explore", last))


def endless_twins():
    return job(
        "endless_twins",
        step("train", last, tensorflow=True),
        step("train_another", last, tensorflow=True),
        step("explore"),
    )


def interrupted_early():
    """What prepares waits until it is interrupted; what then would run takes long."""
    return job(
        "interrupted_early",
        step("train", last, tensorflow=True),
        step("explore"),
        executor=local_executor(wait_to_be_interrupted),
    )


def wait_to_be_interrupted():
    (folder() / "preparing.txt").write_text(str(os.getpid()))
    deadline = time.monotonic() + PATIENCE
    while not (folder() / "interrupted.txt").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# What the two processes do not do: each has a step for TensorFlow, and another.


@dg.success_hook
def hook(context):
    pass


def pair(name, *, second=None, **options):
    """A job of two steps that are otherwise fit for two processes."""
    return job(name, step("train", tensorflow=True), second or step("explore"), **options)


def hooked_job():
    return pair("hooked_job", hooks={hook})


def hooked_op():
    @dg.job(executor_def=EXECUTOR)
    def hooked_op():
        step("train", tensorflow=True)()
        step("explore").with_hooks({hook})()

    return hooked_op


def hooked_asset():
    @dg.asset(op_tags=NEEDS_TENSORFLOW)
    def train(context: dg.AssetExecutionContext):
        note(context)

    @dg.asset(hooks={hook})
    def explore(context: dg.AssetExecutionContext):
        note(context)

    everything = dg.define_asset_job("hooked_asset")
    definitions = dg.Definitions([train, explore], jobs=[everything], executor=EXECUTOR)
    return definitions.resolve_job_def("hooked_asset")


def pooled():
    return pair("pooled", second=step("explore", pool="database"))


def tagged():
    return pair("tagged", second=step("explore", tags={"dagster/concurrency_key": "database"}))


def dynamic():
    @dg.op(out=dg.DynamicOut())
    def list_pictures(context):
        note(context)
        for name in "ab":
            yield dg.DynamicOutput(name, mapping_key=name)

    @dg.op
    def look(context, picture):
        note(context)
        return picture

    @dg.op
    def count(context, pictures):
        note(context)
        assert pictures == ["a", "b"]

    @dg.job(executor_def=EXECUTOR)
    def dynamic():
        step("train", tensorflow=True)()
        count(list_pictures().map(look).collect())

    return dynamic


def in_memory():
    return pair("in_memory", resource_defs={"io_manager": dg.mem_io_manager})


def asynchronous():
    @dg.op
    async def explore(context):
        note(context)
        await asyncio.to_thread(lambda: None)

    return pair("asynchronous", second=explore)


def captured_not_at_all():
    return pair("captured_not_at_all")


def captured_for_nothing():
    return pair("captured_for_nothing")


def failing_capture(logs, job_name):
    """The log manager with what it does for one job replaced by what fails, before or after."""
    capture = logs.capture_logs

    @contextmanager
    def capture_and_fail(key):
        with capture(key) as captured:
            yield captured
        raise OSError("disk full")

    replacements = {
        "captured_not_at_all": Mock(side_effect=OSError("disk full")),
        "captured_for_nothing": capture_and_fail,
    }
    return patch.object(logs, "capture_logs", replacements.get(job_name, capture))


def main(*names):
    with dg.DagsterInstance.get() as instance:
        for name in names:
            with failing_capture(instance.compute_log_manager, name):
                result = dg.execute_job(dg.reconstructable(globals()[name]), instance)
            failures = {
                event.step_key: event.step_failure_data.error.message.strip()
                for event in result.all_events
                if event.is_step_failure
            }
            hooks = sum(event.event_type_value == "HOOK_COMPLETED" for event in result.all_events)
            logs = instance.all_logs(result.run_id)
            messages = [entry.user_message for entry in logs if not entry.dagster_event]
            outcome = {"success": result.success, "failures": failures}
            click.echo(json.dumps(outcome | {"hooks": hooks, "messages": messages}))


if __name__ == "__main__":
    main(*sys.argv[1:])
