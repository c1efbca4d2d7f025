"""What a command runs in: errors as messages, native libraries' logs in a file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from mnist_assets.declarations.places import PROJECT
from mnist_assets.errors import InputError

NATIVE_LOGS = PROJECT / "data" / "dagster" / "tensorflow.log"


@contextmanager
def explained_errors() -> Iterator[None]:
    """Show what is wrong with an input as one message, without a traceback."""
    try:
        yield
    except InputError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def native_logs_kept() -> Iterator[None]:
    """Send what is written to the process's standard error to a file, progress stays on the output.

    TensorFlow reports at start-up, past any Python setting, which processor features it was built
    for and that it found no GPU. An error that ends the command is shown after this.
    """
    NATIVE_LOGS.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    visible = os.dup(2)
    with NATIVE_LOGS.open("w") as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(visible, 2)
            os.close(visible)
