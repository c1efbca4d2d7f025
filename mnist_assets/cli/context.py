"""What a command runs in: native libraries' logs in a file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr

from mnist_assets.declarations.places import PROJECT

NATIVE_LOGS = PROJECT / "data" / "dagster" / "tensorflow.log"


@contextmanager
def native_logs_kept() -> Iterator[None]:
    """Send what native libraries write to standard error to a file; what Python writes is shown.

    TensorFlow reports at start-up, past any Python setting, which processor features it was built
    for and that it found no GPU.
    """
    NATIVE_LOGS.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    with NATIVE_LOGS.open("w") as log, os.fdopen(os.dup(2), "w", buffering=1) as visible:
        os.dup2(log.fileno(), 2)
        of_process = sys.stderr is sys.__stderr__  # else somebody reads it already, as tests do
        try:
            with redirect_stderr(visible) if of_process else nullcontext():
                yield
        finally:
            visible.flush()
            os.dup2(visible.fileno(), 2)
