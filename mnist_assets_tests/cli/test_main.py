import gc
import importlib.metadata
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from mnist_assets.cli.main import main
from mnist_assets.orchestration.versions import libraries
from mnist_assets.process import collection_paused
from mnist_assets_tests.cli.command import command

HEAVY = {"dagster", "tensorflow", "keras", "pandas", "numpy", "sklearn", "scipy", "matplotlib"}


def all_commands(group=main, path=()):
    """Every command, with the words that call it."""
    yield path, group
    for name, each in getattr(group, "commands", {}).items():
        yield from all_commands(each, (*path, name))


def pages():
    return [pytest.param(*each, id=" ".join(each[0]) or "main") for each in all_commands()]


@pytest.mark.parametrize(("path", "called"), pages())
def test_each_page_of_help_has_an_example_and_fits_in_80_columns(path, called):
    page = CliRunner().invoke(main, [*path, "--help"], prog_name="mnist-assets").output
    assert page.startswith(f"Usage: {' '.join(['mnist-assets', *path])} ")
    _, found, examples = page.partition("  Example")
    assert found
    assert f"    mnist-assets {' '.join(path)}" in examples
    assert max(map(len, page.splitlines())) <= 80
    options = [each for each in called.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []
    listed = page.partition("Commands:")[2].partition("Example")[0]
    assert "\\b" not in page
    assert "..." not in listed, "the first sentence of a command is to fit in the list"


def test_there_are_as_many_pages_as_commands():
    paths = {" ".join(path) for path, _ in all_commands()}
    groups = {"", "champion", "champion list", "champion promote", "champion rollback"}
    assert paths == groups | {
        "materialize",
        "status",
        "verify",
        "clean",
        "study",
        "tune",
        "tune search",
        "tune adopt",
        "predict",
        "export",
        "dataset",
        "dataset inspect",
    }


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        (
            {"mnist-assets": "0.1.0", "dagster": "1.13.1", "tensorflow": "2.21.0"},
            "mnist-assets 0.1.0\ndagster 1.13.1\ntensorflow 2.21.0\n",
        ),
        (
            {"dagster": "1.13.1", "tensorflow-cpu": "2.21.0"},
            "mnist-assets (not installed)\ndagster 1.13.1\ntensorflow 2.21.0\n",
        ),
    ],
)
def test_the_version_is_told_with_those_of_dagster_and_tensorflow(monkeypatch, installed, told):
    def version(name):
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(libraries, "version", version)
    result = command("--version")
    assert (result.exit_code, result.output) == (0, told)


def test_a_command_leaves_the_search_for_garbage_as_it_was():
    assert gc.isenabled()
    command("champion", "--help")
    assert gc.isenabled()
    with collection_paused():
        assert not gc.isenabled()
        with collection_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


LOADING = """
import sys
from click.shell_completion import ShellComplete
from mnist_assets.cli.main import main
for words in ["--help"], ["--version"], ["study", "--help"], ["champion", "promote", "--help"]:
    main(words, standalone_mode=False)
completion = ShellComplete(main, {}, "mnist-assets", "_MNIST_ASSETS_COMPLETE")
assert completion.get_completions(["champion", "promote"], "")
completion.get_completions(["champion", "rollback"], "")
print(*sys.modules)
"""


@pytest.mark.slow
def test_help_and_completion_load_nothing_heavy():
    told = subprocess.run(
        [sys.executable, "-c", LOADING], capture_output=True, text=True, check=True
    ).stdout
    loaded = set(told.splitlines()[-1].split())
    assert "mnist_assets.cli.champion" in loaded
    assert HEAVY & loaded == set()


@pytest.mark.slow
def test_it_runs_as_a_module():
    result = subprocess.run(
        [sys.executable, "-m", "mnist_assets.cli", "--version"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("mnist-assets ")
