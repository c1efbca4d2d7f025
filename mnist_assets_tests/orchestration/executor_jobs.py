"""Jobs for the two-process executor, run in a fresh process by its tests.

`python -m mnist_assets_tests.orchestration.executor_jobs JOB...` runs some of them, with a history
in DAGSTER_HOME, and prints as JSON what came of each, a line a job. Every step writes down its
process in the file `<job>.txt` of that folder when it begins.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import click
import dagster as dg

from mnist_assets.orchestration.executor import dispatch as lanes
from mnist_assets.orchestration.executor.dispatch import NEEDS_TENSORFLOW, PRIORITY
from mnist_assets.orchestration.executor.executor import side_by_side

PATIENCE = 20  # seconds


def folder():
    return Path(os.environ["DAGSTER_HOME"])


def note(context):
    with (folder() / f"{context.job_name}.txt").open("a") as file:
        file.write(f"{context.op.name} {os.getpid()}\n")


def step(name, body=lambda: None, *, tensorflow=False, priority=0, ins=(), retries=0):
    """An op that notes its process, then does something."""

    @dg.op(
        name=name,
        ins={upstream: dg.In(dg.Nothing) for upstream in ins},
        out=dg.Out(dg.Nothing),
        tags={PRIORITY: str(priority)} | (NEEDS_TENSORFLOW if tensorflow else {}),
        retry_policy=dg.RetryPolicy(max_retries=retries) if retries else None,
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


def last():
    """Take long."""
    for _ in range(PATIENCE * 100):
        time.sleep(0.01)


def job(name, *steps):
    """A job of these steps; each runs after those that its `ins` name."""
    definition = dg.GraphDefinition(
        name=name,
        node_defs=list(steps),
        dependencies={
            op.name: {upstream: dg.DependencyDefinition(upstream) for upstream in op.ins}
            for op in steps
        },
    )
    return definition.to_job(executor_def=side_by_side)


def both_kinds():
    return job(
        "both_kinds",
        step("load"),
        step("train", tensorflow=True, ins=["load"]),
        step("predict", tensorflow=True, ins=["train"]),
        step("evaluate", ins=["predict"]),
        step("explore", ins=["load"]),
    )


def one_kind():
    return job("one_kind", step("load"), step("explore", ins=["load"]))


def together():
    return job(
        "together",
        step("train", meet("train", "explore"), tensorflow=True),
        step("explore", meet("explore", "train")),
    )


def lending():
    """After the last step for TensorFlow, two others that wait for each other."""
    return job(
        "lending",
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


def lending_after_failure():
    """Once nothing for TensorFlow can follow, two other steps that wait for each other."""
    return job(
        "lending_after_failure",
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


def main(*names):
    lanes.import_tensorflow = lambda: None  # which takes seconds, and nobody here needs
    with dg.DagsterInstance.get() as instance:
        for name in names:
            result = dg.execute_job(dg.reconstructable(globals()[name]), instance)
            failures = {
                event.step_key: event.step_failure_data.error.message.strip()
                for event in result.all_events
                if event.is_step_failure
            }
            click.echo(json.dumps({"success": result.success, "failures": failures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
