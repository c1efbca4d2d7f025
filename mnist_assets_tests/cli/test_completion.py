import zipfile

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from mnist_assets.champion.archive import EXPLANATION, MODEL, archive_folder
from mnist_assets.cli.main import main
from mnist_assets_tests.cli.command import command

VARIABLE = "_MNIST_ASSETS_COMPLETE"


def offered(*words):
    """What the Tab key offers for the last of these words."""
    completion = ShellComplete(main, {}, "mnist-assets", VARIABLE)
    return [item.value for item in completion.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture
def versions(project):
    """Champions that can be rolled back to, and one that lacks a file."""
    folder = archive_folder(project.places.assets) / "versions"
    for version in ("0001-small", "0002-normalised", "0003-small"):
        (folder / version).mkdir(parents=True)
        for part in EXPLANATION:
            (folder / version / f"{part}.json").touch()
        with zipfile.ZipFile(folder / version / MODEL, "w"):
            pass
    (folder / "0003-small" / MODEL).unlink()


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["st"], ["status", "study"]),
        (["materialize", "--d"], ["--dry-run"]),
        (["champion", "r"], ["rollback"]),
        (["study", "--select", ""], ["small", "normalised"]),
        (["study", "--select", "small", "--select", "n"], ["normalised"]),
        (["champion", "promote", "s"], ["small"]),
        (["champion", "rollback", ""], ["0001-small", "0002-normalised"]),
        (["champion", "rollback", "0002"], ["0002-normalised"]),
    ],
    ids=" ".join,
)
def test_the_tab_key_offers(words, expected):
    assert offered(*words) == expected


def test_what_is_wrong_with_an_input_is_not_told_while_a_line_is_typed(project, monkeypatch):
    project.edit("networks.yaml", "kind: adam", "kind: adagrad")
    assert offered("study", "--select", "") == []
    monkeypatch.setenv("MNIST_ASSETS_DATA", "memory://values")
    assert offered("champion", "rollback", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_help_says_how_a_shell_learns_it(shell):
    assert f"{VARIABLE}={shell}_source mnist-assets" in command("--help").output
    script = CliRunner().invoke(
        main, env={VARIABLE: f"{shell}_source"}, prog_name="mnist-assets", catch_exceptions=False
    )
    assert script.exit_code == 0
    assert f"{VARIABLE}={shell}_complete" in script.output
