import os
import subprocess
import sys
import time

import pytest

from mnist_assets.orchestration.run_lock import HELD, hold_lock

HOLDER = """
import sys, time
from pathlib import Path
from mnist_assets.orchestration.run_lock import hold_lock
with hold_lock(Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def holder(tmp_path):
    """Starts another process that holds the lock for some seconds."""
    processes = []

    def start(seconds):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path / "lock"), str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_the_second_waits_and_is_told_for_whom(tmp_path, holder):
    process, told = holder(1.0), []
    started = time.monotonic()
    with hold_lock(tmp_path / "lock", told.append):
        waited = time.monotonic() - started
    assert told == [f"Waiting for another run to end (process {process.pid})."]
    assert waited > 0.5


@pytest.mark.slow
def test_a_holder_that_was_killed_holds_nothing(tmp_path, holder):
    process, told = holder(60), []
    process.kill()
    process.wait()
    with hold_lock(tmp_path / "lock", told.append):
        assert told == []


def test_it_nests_within_a_process(tmp_path):
    with hold_lock(tmp_path / "lock", print), hold_lock(tmp_path / "lock", print):
        pass


@pytest.mark.slow
def test_a_process_that_the_holder_starts_does_not_wait(tmp_path, holder):
    with hold_lock(tmp_path / "lock", print):
        holder(0)
    assert HELD not in os.environ
