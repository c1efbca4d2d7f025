"""Tiny projects that the command line works on."""

from contextlib import contextmanager

import pytest

from mnist_assets_tests.cli.command import command
from mnist_assets_tests.tiny import Project


@contextmanager
def worked_on(project):
    """Let the command line work on a project, with its history in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(project.folder))
        for name, value in project.environment.items():
            patch.setenv(name, value)
        # What forked processes print is not captured here; test_processes.py looks at it.
        obstacle = "mnist_assets.orchestration.executor.executor.find_obstacle"
        patch.setattr(obstacle, lambda *_: "its output would not be captured")
        yield project


def create(folder):
    """A project with nothing made."""
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return Project.create(folder)


@pytest.fixture
def project(tmp_path):
    """A project in which nothing is made."""
    with worked_on(create(tmp_path)) as project:
        yield project


@pytest.fixture(scope="session")
def materialized(tmp_path_factory):
    """A project in which everything is made, not to be changed; and what came of the command."""
    with worked_on(create(tmp_path_factory.mktemp("materialized"))) as project:
        return project, command("materialize")


@pytest.fixture
def made_project(materialized, tmp_path):
    """A project in which everything is made."""
    with worked_on(materialized[0].copy(tmp_path / "copy")) as project:
        yield project


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A project with a study of one network alone; and what came of the command."""
    with worked_on(create(tmp_path_factory.mktemp("studied"))) as project:
        return project, command("study", "--select", "small")


@pytest.fixture
def studied_project(studied, tmp_path):
    """A project with a study of one network alone."""
    with worked_on(studied[0].copy(tmp_path / "copy")) as project:
        yield project
