import re
import shutil
import subprocess
import sys

import pytest

from mnist_assets.networks.loop.compile_cache import _present_cache
from mnist_assets_tests.cli.command import command

NOTHING = "Nothing to remove.\n"


def files_in(project):
    folder = project.folder / "assets"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def own_programs(monkeypatch, tmp_path):
    """Programs that were compiled in this checkout are no affair of these tests."""
    monkeypatch.setattr("mnist_assets.cli.graph.COMPILED", tmp_path / "compiled")


@pytest.mark.usefixtures("made_project")
def test_of_what_was_just_made_everything_is_needed():
    assert command("clean").output == NOTHING


def test_a_removed_networks_files_are_listed_then_removed_and_nothing_else(made_project):
    before = files_in(made_project)
    text = (made_project.folder / "networks.yaml").read_text()
    (made_project.folder / "networks.yaml").write_text(text[: text.index("  normalised:")])
    listed = command("clean").output
    keys = re.findall(r"(\S+), no longer declared", listed)
    assert len(keys) == 7
    assert {key.rpartition("/")[2].partition("_")[0] for key in keys} == {"normalised"}
    assert "`mnist-assets clean --yes` removes this" in listed
    assert files_in(made_project) == before
    mine = made_project.folder / "assets" / "evaluation" / "normalised_notes.txt"
    mine.write_text("mine")
    changed = made_project.path("evaluation/normalised_mistakes", "csv")
    changed.write_text("changed by hand")
    assert "Removed." in command("clean", "--yes").output
    gone = {name for name in before if name not in files_in(made_project)}
    assert gone == {
        name
        for name in before
        if re.match(r"(networks|evaluation)/normalised", name) and "mistakes" not in name
    }
    assert mine.read_text() == "mine"
    assert changed.read_text() == "changed by hand"
    assert command("clean").output == NOTHING


def test_what_a_killed_process_left_is_removed_and_what_one_is_writing_is_not(made_project):
    folder = made_project.folder / "assets" / "networks"
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    (folder / f".small.keras.{ended.pid}.abcd").mkdir()
    writing = folder / ".small.keras.1.abcd"
    writing.mkdir()
    assert f".small.keras.{ended.pid}.abcd" in command("clean", "--yes").output
    assert command("clean").output == NOTHING
    assert writing.is_dir()


def test_superseded_champions_are_removed_but_for_the_latest_and_the_present(made_project):
    versions = made_project.folder / "assets" / "champion" / "versions"
    (present,) = versions.iterdir()
    for number in range(2, 5):
        shutil.copytree(present, versions / f"{number:04}-small")
    made_project.edit("settings.yaml", "champions: 10", "champions: 1")
    told = command("clean", "--yes").output
    assert re.findall(r"superseded champion (\S+)", told) == ["0002-small", "0003-small"]
    assert {path.name for path in versions.iterdir()} == {present.name, "0004-small"}


def test_the_runs_of_a_removed_networks_study_are_removed(made_project):
    studies = made_project.folder / "assets" / "study"
    for network in ("small", "removed"):
        (studies / f"{network}_runs" / "0123").mkdir(parents=True)
    assert "study of removed, no longer declared" in command("clean", "--yes").output
    assert [path.name for path in studies.iterdir()] == ["small_runs"]


@pytest.mark.usefixtures("made_project")
def test_programs_of_another_version_are_removed(tmp_path):
    folder = tmp_path / "compiled"
    old, present = folder / "tensorflow-1.0-cpu", _present_cache(folder)
    for programs in (old, present):
        programs.mkdir(parents=True)
        (programs / "program.pb").write_bytes(bytes(2_000_000))
    assert "2.0 MB  programs of another version: tensorflow-1.0-cpu" in command("clean").output
    command("clean", "--yes")
    assert list(folder.iterdir()) == [present]
