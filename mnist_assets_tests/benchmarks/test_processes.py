import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from benchmarks import memory, processes


def test_every_implementation_has_each_turn_once_a_round() -> None:
    turns = list(processes.in_turns(["a", "b", "c"], 4))
    assert [name for turn, name in turns if turn == 1] == ["a", "b", "c"]
    assert [name for turn, name in turns if turn == 2] == ["b", "c", "a"]
    assert [name for turn, name in turns if turn == 4] == ["a", "b", "c"]
    assert len(turns) == 12


def test_a_process_is_timed_and_its_last_line_read(tmp_path: Path) -> None:
    program = (
        "import os, time; time.sleep(.1); print('x'); print('{\"folder\": \"%s\"}' % os.getcwd())"
    )
    finished = processes.run_python(["-c", program], folder=tmp_path)
    assert finished.result == {"folder": str(tmp_path)}
    assert 0.1 < finished.seconds < 5
    assert finished.peak_with_files_megabytes > 1


def test_a_process_gets_the_project_and_the_environment(tmp_path: Path) -> None:
    program = "import os, mnist_assets.errors; print(os.environ['SETTING'])"
    finished = processes.run_python(
        ["-c", program], folder=tmp_path, environment={"SETTING": "set"}
    )
    assert finished.output == "set\n"


def test_the_memory_of_a_process_is_seen_from_outside(tmp_path: Path) -> None:
    program = "import time; held = bytearray(100_000_000); time.sleep(.2)"
    finished = processes.run_python(["-c", program], folder=tmp_path)
    assert finished.peak_with_files_megabytes > 100
    assert not finished.peak_megabytes < 100  # NaN where the system does not tell


def test_a_failed_process_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"failed \(3\):\nlast words"):
        processes.run_python(
            ["-c", "import sys; print('last words'); sys.exit(3)"], folder=tmp_path
        )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells anonymous memory apart")
def test_memory_is_watched_while_it_is_held(tmp_path: Path) -> None:
    """In a process of its own: one that has run many tests may hold so much that nobody uses."""
    program = """
import json, time
from benchmarks.memory import INTERVAL, anonymous_megabytes, watched_memory
end = time.monotonic() + 10
with watched_memory() as watched:
    held = b"1" * 50_000_000
    while watched.peak < watched.before + 45 and time.monotonic() < end:
        time.sleep(INTERVAL)
    del held
print(json.dumps([watched.before, watched.peak, anonymous_megabytes()]))
"""
    before, peak, after = processes.run_python(["-c", program], folder=tmp_path).result
    assert peak > before + 45
    assert after < peak
    assert memory.anonymous_megabytes(2**22 + 1) == 0  # no process has this number


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells shared memory apart")
def test_what_a_family_shares_is_counted_once() -> None:
    program = (
        "import os, time\n"
        "shared = bytearray(100_000_000)\n"
        "os.fork() or setattr(os, 'own', bytearray(50_000_000))\n"
        "print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.read(2)  # both are ready
        assert 150 < memory.family_megabytes(process.pid) < 180
        for member in reversed(list(memory._family(process.pid))):
            os.kill(int(member), signal.SIGKILL)
    assert memory.family_megabytes(process.pid) == 0
