"""Machines in small: checkouts that share no folder, with an environment of their own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import mnist_assets
from mnist_assets_tests.tiny import Project

PACKAGE = Path(mnist_assets.__file__).parent
PATIENCE = 300  # seconds
WORKER = "mnist_assets.orchestration.executor.celery_workers"
INSTANCE = """
storage:
  postgres:
    postgres_url: {address}
telemetry: {{enabled: false}}
"""


@dataclass
class Machine:
    """A checkout with its own declarations and dataset; processes run in it."""

    folder: Path
    environment: dict
    processes: list = field(default_factory=list)
    _worker: subprocess.Popen | None = None
    _starts: int = 0

    @classmethod
    def create(cls, folder, **environment):
        """Copy the package and a tiny project into a folder."""
        checkout = folder / "checkout"
        checkout.mkdir(parents=True)
        shutil.copytree(
            PACKAGE, checkout / "mnist_assets", ignore=shutil.ignore_patterns("__pycache__")
        )
        (checkout / "pyproject.toml").write_text("")  # makes it the project's folder
        project = Project.create(folder)
        if history := environment.pop("history", None):
            text = INSTANCE.format(address=history)
            (folder / "history" / "dagster.yaml").write_text(text)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MNIST_ASSETS_", "DAGSTER_", "AWS_", "FSSPEC_"))
        }
        own = {
            **inherited,
            **project.environment,
            "PYTHONPATH": str(checkout),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
            **environment,
        }
        return cls(folder, own)

    def start(self, *arguments, log="log"):
        """Start Python with these arguments, at the head of a group that can be killed whole."""
        with (self.folder / log).open("ab") as written:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder / "checkout",
                env=self.environment,
                stdout=written,
                stderr=written,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_command(self, *arguments, log="log"):
        return self.start("-m", "mnist_assets.cli", *arguments, log=log)

    def begin_worker(self, name):
        """Start a Celery worker that takes any step."""
        self._worker = self.start(
            *("-m", "celery", "-A", WORKER, "worker", "-Q", "dagster,training", "-l", "INFO"),
            *("-c", "1", "-n", f"{name}@%h", "--without-gossip", "--without-mingle"),
            log="worker",
        )
        self._starts += 1
        return self

    def wait_for_worker(self):
        self.wait_for_line("worker", " ready.", count=self._starts)

    def has_worker(self):
        return self._worker is not None and self._worker.poll() is None

    def kill_worker(self):
        self.kill(self._worker)

    def command(self, *arguments):
        """Run a command to its end; what it printed, and whether all went well."""
        return self.finish(self.start_command(*arguments, log="command"))

    def finish(self, process):
        """Wait for a command that was started with the log `command`."""
        code = process.wait(PATIENCE)
        told = self.told("command")
        (self.folder / "command").unlink()
        return code, told

    def told(self, log="log"):
        path = self.folder / log
        return path.read_text() if path.exists() else ""

    def wait_for_line(self, log, *words, count=1):
        """Wait until one of these was written so many times; which one it was."""
        gives_up = time.monotonic() + PATIENCE
        while time.monotonic() < gives_up:
            told = self.told(log)
            if found := next((each for each in words if told.count(each) >= count), None):
                return found
            time.sleep(0.05)
        raise TimeoutError(f"none of {words} in\n{self.told(log)[-3000:]}")

    def kill(self, process):
        """As if the machine lost power, as far as this process and those it started go."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)
