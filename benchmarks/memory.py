"""How much memory of its own a process takes at most: not the files it maps, which cost nothing."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.02  # seconds between looks
FAMILY_INTERVAL = 0.5  # a look at shared memory takes up to a tenth of a second


@dataclass
class Memory:
    """Anonymous resident memory of a process, megabytes; NaN where the system does not tell.

    Attributes:
        before: When the watching began.
        peak: The most seen since.
    """

    before: float
    peak: float


def anonymous_megabytes(process: int | str = "self") -> float:
    """A process's anonymous resident memory now: 0 if it has ended, NaN if this is not Linux."""
    if not Path("/proc/self/status").exists():
        return math.nan
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    for line in status.splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def family_megabytes(process: int | str) -> float:
    """The same of a process with all that it started, what they share counted once.

    The system goes through all their pages for it, which slows them down.
    """
    total = 0.0
    for member in _family(process):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended since
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))
    return total * 1024 / 1e6 if Path("/proc/self/smaps_rollup").exists() else math.nan


def _family(process: int | str) -> Iterator[int | str]:
    """A process, and the processes that it and they started."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            started = children.read_text(encoding="utf-8").split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in started:
            yield from _family(child)


@contextmanager
def watched_memory(
    process: int | str = "self",
    measure: Callable[[int | str], float] = anonymous_megabytes,
    interval: float = INTERVAL,
) -> Iterator[Memory]:
    """Look at a process's memory again and again, from a thread."""
    before = measure(process)
    memory = Memory(before, before)
    stop = threading.Event()

    def look() -> None:
        memory.peak = max(memory.peak, measure(process))

    def watch() -> None:
        while not stop.wait(interval):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()
        look()
