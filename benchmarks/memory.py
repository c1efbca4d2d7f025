"""How much memory of its own a process takes at most: not the files it maps, which cost nothing."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.02  # seconds between looks


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


@contextmanager
def watched_memory(process: int | str = "self") -> Iterator[Memory]:
    """Look at a process's memory again and again, from a thread."""
    before = anonymous_megabytes(process)
    memory = Memory(before, before)
    stop = threading.Event()

    def look() -> None:
        memory.peak = max(memory.peak, anonymous_megabytes(process))

    def watch() -> None:
        while not stop.wait(INTERVAL):
            look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()
        look()
