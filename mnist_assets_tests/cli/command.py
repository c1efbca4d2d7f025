"""Calling the command line in a test's own process."""

from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from mnist_assets.cli.main import main


def command(*arguments):
    """What came of `mnist-assets` with these arguments; its errors are the test's."""
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


@contextmanager
def worked_on(project):
    """Let the command line work on a project."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in project.environment.items():
            patch.setenv(name, value)
        # What forked processes print is not captured here; test_processes.py looks at it.
        obstacle = "mnist_assets.orchestration.executor.executor.find_obstacle"
        patch.setattr(obstacle, lambda *_: "its output would not be captured")
        yield project
