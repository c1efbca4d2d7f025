"""What a command runs in: native libraries' logs in a file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mnist_assets.declarations.places import PROJECT

NATIVE_LOGS = PROJECT / "data" / "dagster" / "tensorflow.log"


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
