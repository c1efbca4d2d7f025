"""One run at a time over the same values: a second waits until the first is over.

Where values are in a folder, the lock is the operating system's, on a file beside them. Where they
are at an address, it is Postgres's, if that is where the history is: it keeps runs on any number of
machines apart. With the history in files, only runs of this machine can know of each other. Either
lock ends with the process or the machine that holds it, however that ends.

The process that coordinates a run holds it, from the first step to the last; steps that run
elsewhere do so under its lock.
"""

import fcntl
import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from mnist_assets.orchestration.history import postgres_address

if TYPE_CHECKING:
    from sqlalchemy import Connection

HELD = "MNIST_ASSETS_LOCKS_HELD"  # by this process, or one that it was started by
POLL_INTERVAL = 0.5  # seconds between two tries
# How soon the server learns that the machine at the other end is gone: in half a minute.
_NOTICE_LOSS = (
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4"
)


@dataclass(frozen=True)
class RunLock:
    """What keeps two runs over the same values apart.

    Attributes:
        assets: The folder or address of all values.
        file: The file that is locked, unless Postgres has the lock.
    """

    assets: str
    file: Path

    def hold(
        self, instance: dg.DagsterInstance, on_wait: Callable[[str], None]
    ) -> AbstractContextManager[None]:
        """Hold the lock, waiting for it if another run has it, whose process is told to `on_wait`.

        Within a process it nests, and the processes that one starts work under its lock.
        """
        address = postgres_address(instance) if "://" in self.assets else None
        if address:
            return _nesting(self.assets, lambda: _hold_in_postgres(address, self.assets, on_wait))
        return hold_lock(self.file, on_wait)


def hold_lock(path: Path, on_wait: Callable[[str], None]) -> AbstractContextManager[None]:
    """Hold the lock on a file; see `RunLock.hold`."""
    return _nesting(str(path), lambda: _hold_file(path, on_wait))


@contextmanager
def _nesting(name: str, hold: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """Hold what has this name, but where this process or one that started it holds it already."""
    held = os.environ.get(HELD)
    names = held.split(os.pathsep) if held else []
    digest = hashlib.sha256(name.encode()).hexdigest()
    if digest in names:
        yield
        return
    with hold():
        os.environ[HELD] = os.pathsep.join([*names, digest])
        try:
            yield
        finally:
            if held is None:
                del os.environ[HELD]
            else:
                os.environ[HELD] = held


@contextmanager
def _hold_file(path: Path, on_wait: Callable[[str], None]) -> Iterator[None]:
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
        try:
            yield
        finally:
            file.truncate(0)


@contextmanager
def _hold_in_postgres(address: str, assets: str, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold an advisory lock, which Postgres releases when the connection to it ends."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    number = int.from_bytes(hashlib.sha256(assets.encode()).digest()[:8], "big", signed=True)
    holder = f"mnist-assets process {os.getpid()} on {socket.gethostname()}"
    engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        _set_up(connection, holder)
        waiting = False
        while not _try_lock(connection, number):
            if not waiting:
                on_wait(f"Waiting for another run to end ({_find_holder(connection, number)}).")
                waiting = True
            time.sleep(POLL_INTERVAL)
        yield


def _set_up(connection: "Connection", holder: str) -> None:
    from sqlalchemy import text

    connection.execute(text(_NOTICE_LOSS))
    connection.execute(
        text("SELECT set_config('application_name', :name, false)"), {"name": holder[:63]}
    )


def _try_lock(connection: "Connection", number: int) -> bool:
    from sqlalchemy import text

    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}))


def _find_holder(connection: "Connection", number: int) -> str:
    """Who holds the lock, as it called itself; it may have let go by now."""
    from sqlalchemy import text

    high, low = (number >> 32) & 0xFFFFFFFF, number & 0xFFFFFFFF
    found = connection.scalar(
        text(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND classid = :high AND objid = :low"
        ),
        {"high": high, "low": low},
    )
    return found or "which has just ended"
