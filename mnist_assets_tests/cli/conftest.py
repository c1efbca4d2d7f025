"""Tiny projects that the command line works on."""

import pytest

from mnist_assets_tests.cli.command import command, worked_on
from mnist_assets_tests.tiny import Project


@pytest.fixture
def project(tmp_path):
    """A project in which nothing is made."""
    with worked_on(Project.create(tmp_path)) as project:
        yield project


@pytest.fixture
def made_project(made_project):
    """A project in which everything is made."""
    with worked_on(made_project) as project:
        yield project


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A project with a study of one network alone; and what came of the command."""
    with worked_on(Project.create(tmp_path_factory.mktemp("studied"))) as project:
        return project, command("study", "--select", "small")


@pytest.fixture
def studied_project(studied, tmp_path):
    """A project with a study of one network alone."""
    with worked_on(studied[0].copy(tmp_path / "copy")) as project:
        yield project
