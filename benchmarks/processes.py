"""Running what is measured in a process of its own, and in turns."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.memory import (
    FAMILY_INTERVAL,
    INTERVAL,
    anonymous_megabytes,
    family_megabytes,
    watched_memory,
)
from mnist_assets.declarations.places import PROJECT

TAIL = 3000  # characters of a failed process's last words that are shown


@dataclass(frozen=True)
class Finished:
    """A process that ended well.

    Attributes:
        output: Its standard output.
        seconds: Wall time from its start to its end, the interpreter's start included.
        processor_seconds: Processor time of it and of the processes that it started and waited for.
        peak_megabytes: Its largest memory of its own, seen from outside.
        peak_with_files_megabytes: Its largest resident memory, mapped files included, such as the
            libraries. The system counts the starting process's memory as the least, so whoever
            measures has to be small: no TensorFlow.
    """

    output: str
    seconds: float
    processor_seconds: float
    peak_megabytes: float
    peak_with_files_megabytes: float

    @property
    def result(self) -> Any:
        """What its last line says, which is JSON."""
        return json.loads(self.output.splitlines()[-1])


def start_cold() -> None:
    """Have what is run next compile and read all code anew, as in a fresh checkout."""
    for kept in ("compiled", "code"):
        shutil.rmtree(PROJECT / "data" / "cache" / kept, ignore_errors=True)


def run_python(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    with_family: bool = False,
) -> Finished:
    """Run this Python with the given arguments in a folder, with the project importable.

    Args:
        arguments: What follows `python`, such as `-m` and a module.
        folder: The working folder.
        environment: Variables to set beside those of this process.
        with_family: Count the memory of the processes it starts, too, which takes a part of its
            time.

    Raises:
        click.ClickException: It failed; with the end of what it wrote.
    """
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH")))),
        "TF_CPP_MIN_LOG_LEVEL": "2",  # TensorFlow's greetings would bury a real message
        **(environment or {}),
    }
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # the arguments are this package's own
            [sys.executable, *arguments], stdout=output, stderr=errors, cwd=folder, env=variables
        )
        try:
            watch = (anonymous_megabytes, INTERVAL)
            if with_family:
                watch = (family_megabytes, FAMILY_INTERVAL)
            with watched_memory(process.pid, *watch) as memory:
                _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: nothing measured may go on in the background
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (output, errors):
            stream.seek(0)
        if process.returncode:
            last_words = (output.read() + errors.read())[-TAIL:]
            raise click.ClickException(
                f"python {' '.join(arguments)} failed ({process.returncode}):\n{last_words}"
            )
        kilobyte = 1 if sys.platform == "darwin" else 1024
        with_files = usage.ru_maxrss * kilobyte / 1e6
        processor_seconds = usage.ru_utime + usage.ru_stime
        return Finished(output.read(), seconds, processor_seconds, memory.peak, with_files)


def in_turns(names: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Each name once a round, each round beginning one name later, so that noise falls on all.

    Yields:
        The round, from 1, and the name.
    """
    for turn in range(rounds):
        first = turn % len(names)
        for name in (*names[first:], *names[:first]):
            yield turn + 1, name
