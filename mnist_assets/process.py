"""What a process of this project does about memory that lasts, its cores and its parent's end."""

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess


@contextmanager
def collection_paused() -> Iterator[None]:
    """Pause the search for garbage, for what makes hundreds of thousands of lasting objects.

    Measured: it takes a quarter off importing Keras, and off a command that finds nothing to do.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def processes_with_keras() -> BaseContext:
    """How to start processes that train: forked from one that has imported Keras, once for all.

    A process forked from one in which TensorFlow is in use could not use it. On other systems than
    Linux, whose own libraries may not survive it, each is started anew.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keras"])
    return context


def count_cores() -> int:
    """Cores that this process may use, as far as the operating system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def end_with_parent(parent: BaseProcess | None = None) -> None:
    """Leave at once when the parent, or the one given, is killed, which nobody else would tell."""
    ends_first = parent or multiprocessing.parent_process()
    threading.Thread(target=_await_end, args=(ends_first,), daemon=True).start()


def _await_end(process: BaseProcess | None) -> None:
    if process:
        process.join()
    os._exit(1)
