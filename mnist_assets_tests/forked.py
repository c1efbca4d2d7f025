"""Processes forked from one that has loaded the project and imported Keras.

To start a process, to load the definitions and to import TensorFlow takes as long as all that a
command does on a tiny project. What it imported counts as not in use, so that a run forks as usual.
"""

import multiprocessing
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from mnist_assets.cli.main import main
from mnist_assets_tests.tiny import blank_pictures

PATIENCE = 900  # seconds
CONTEXT = multiprocessing.get_context("forkserver")
LOADED = [__name__, "mnist_assets.definitions", "keras"]


@dataclass(frozen=True)
class Done:
    """What a command told."""

    stdout: str
    stderr: str


def _call(function, arguments, environment, output, errors):
    os.environ.clear()  # what it had when the first process was started
    os.environ.update(environment)
    os.dup2(os.open(output, os.O_WRONLY), 1)
    os.dup2(errors.fileno(), 2)
    function(*arguments)


@contextmanager
def calling(function, *arguments, environment=MappingProxyType({}), output=os.devnull):
    """A process that calls a function; and what this tells on standard error, as it does so."""
    CONTEXT.set_forkserver_preload(LOADED)
    reader, writer = CONTEXT.Pipe(duplex=False)
    environment = os.environ | dict(environment)
    process = CONTEXT.Process(target=_call, args=(function, arguments, environment, output, writer))
    process.start()
    writer.close()
    try:
        with reader, os.fdopen(os.dup(reader.fileno())) as told:
            yield process, told
            process.join(PATIENCE)
    finally:
        process.kill()


def call_command(arguments):
    """Call `mnist-assets`, with no picture drawn in any of its processes."""
    with blank_pictures():
        main(arguments)


def started(arguments, environment, output=os.devnull):
    """A command under way; and what it tells of itself, as it does so."""
    return calling(call_command, arguments, environment=environment, output=output)


def run_command(arguments, environment):
    """Run a command to its end, which has to be a good one."""
    with tempfile.NamedTemporaryFile("r") as output:
        with started(arguments, environment, output.name) as (process, told):
            errors = told.read()
        assert process.exitcode == 0, errors
        return Done(output.read(), errors)
