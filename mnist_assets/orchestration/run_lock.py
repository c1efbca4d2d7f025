"""One run at a time: a second waits until the first is over, whoever started it.

The lock is the operating system's, on a file beside the values: it ends with the process that holds
it, however that process ends. Values kept at a remote address are locked for this machine only.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

HELD = "MNIST_ASSETS_LOCKS_HELD"  # by this process, or one that it was started by: paths


@contextmanager
def hold_lock(path: Path, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock, waiting for it if another process has it, whom its file names to `on_wait`.

    Within a process it nests, and the processes that one starts work under its lock.
    """
    held = os.environ.get(HELD)
    names = held.split(os.pathsep) if held else []
    if str(path) in names:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            on_wait(f"Waiting for another run to end ({file.read().strip()}).")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        os.environ[HELD] = os.pathsep.join([*names, str(path)])
        try:
            yield
        finally:
            if held is None:
                del os.environ[HELD]
            else:
                os.environ[HELD] = held
            file.truncate(0)


class RunLock(dg.ConfigurableResource):  # type: ignore[type-arg]  # its value is itself
    """Held from a run's first step to its last; with a process for each step, step by step."""

    file: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["RunLock"]:
        """Hold the lock while the resource is in use."""
        log = context.log
        with hold_lock(Path(self.file), lambda message: log.info(message) if log else None):
            yield self


def locked(storage: dg.IOManager) -> dg.IOManagerDefinition:
    """A storage that is only in use while the resource `run_lock` is held."""

    def provide(context: dg.InitResourceContext) -> dg.IOManager:
        del context
        return storage

    return dg.IOManagerDefinition(resource_fn=provide, required_resource_keys={"run_lock"})
