"""Champions on disk: what is kept of each, and what is told where a file is missing."""

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mnist_assets.champion import archive, history
from mnist_assets.champion import promotion as change
from mnist_assets.errors import InputError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES = {"model.keras", "decision.json", "declaration.json", "metrics.json", "versions.json"}

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "champion"


def write_model(path, content="weights"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as model:
        model.writestr("config.json", content)
    return path


def explain(mark):
    return {name: {"mark": mark} for name in archive.EXPLANATION}


def promote(folder, mark, **changes):
    """Promote a network whose every file tells `mark`."""
    arguments = {
        "network": "best",
        "replaces": champion.version if (champion := archive.current(folder)) else None,
        "who": "nightly",
        "why": "significantly better",
        "when": NOON,
    }
    model = write_model(folder.parent / "networks" / "best.keras", str(mark))
    return change.promote(folder, model, explain(mark), **arguments | changes)


def rollback(folder, version):
    change.rollback(folder, version, who="Ada", why="complaints", when=NOON)


def mark_of(champion):
    """What all files of a champion tell, which has to be the same."""
    with zipfile.ZipFile(champion.model_path) as model:
        marks = {model.read("config.json").decode()}
    marks |= {str(part["mark"]) for part in champion.explanation().values()}
    assert len(marks) == 1
    return marks.pop()


def assert_log_leads_to_champion(folder):
    """The changes that took effect lead from none to the champion, which is whole."""
    champion = archive.current(folder)
    log = history.promotion_log(folder)
    steps = log[log["took_effect"]].to_dict("records")
    assert [step["from"] for step in steps] == [None, *(step["to"] for step in steps)][:-1]
    assert (steps[-1]["to"] if steps else None) == (champion and champion.version)
    if champion:
        mark_of(champion)
    assert archive.check_current(folder, champion and champion.version).passed


def assert_consistent(folder):
    """Every version is whole, and the log leads to the champion."""
    assert_log_leads_to_champion(folder)
    for version in (folder / "versions").glob("[!.]*"):
        assert {path.name for path in version.iterdir()} == FILES


def refuse_links(monkeypatch, number):
    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "symlink_to", refuse)


def test_without_an_archive_there_is_no_champion(folder):
    assert archive.current(folder) is None
    assert list(history.list_versions(folder).columns) == [
        *("version", "current", "when", "action", "who", "why")
    ]
    assert len(history.list_versions(folder)) == len(history.promotion_log(folder)) == 0
    assert not folder.exists()


def test_a_champion_is_kept_with_all_that_explains_it(folder):
    assert promote(folder, 1) == "0001-best"
    champion = archive.current(folder)
    assert champion.version == "0001-best"
    assert champion.model_path == folder / "versions" / "0001-best" / "model.keras"
    assert champion.explanation() == explain(1)
    assert {path.name for path in champion.folder.iterdir()} == FILES
    assert champion.model_path.read_bytes() == (folder / "current" / "model.keras").read_bytes()


def test_a_champion_with_missing_files_is_told_and_can_be_rolled_back_from(folder):
    promote(folder, 1)
    promote(folder, 2)
    (folder / "versions" / "0002-best" / "metrics.json").unlink()
    with pytest.raises(InputError, match=r"roll back to another version \(0001-best\)"):
        archive.current(folder)
    rollback(folder, "0001-best")
    assert mark_of(archive.current(folder)) == "1"
    assert history.list_versions(folder)["version"].tolist() == ["0001-best"]


def test_other_things_in_the_folder_of_versions_are_left_alone(folder):
    promote(folder, 1)
    (folder / "versions" / "notes").mkdir()
    (folder / "versions" / "0002-best.zip").touch()
    assert promote(folder, 2) == "0002-best"
    assert history.list_versions(folder)["version"].tolist() == ["0001-best", "0002-best"]
    assert (folder / "versions" / "notes").exists()


def test_the_archive_can_be_moved(folder, tmp_path):
    promote(folder, 1)
    moved = folder.rename(tmp_path / "elsewhere")
    assert mark_of(archive.current(moved)) == "1"
    assert (moved / "current" / "model.keras").is_file()


def test_a_copy_that_followed_the_link_is_told(folder):
    promote(folder, 1)
    (folder / "current").unlink()
    (folder / "current").mkdir()
    with pytest.raises(InputError, match="found a folder or file, as some ways of copying"):
        archive.current(folder)
    with pytest.raises(InputError, match="Delete it, and roll back"):
        promote(folder, 2, replaces="0001-best")
    (folder / "current").rmdir()
    rollback(folder, "0001-best")
    assert mark_of(archive.current(folder)) == "1"


def test_the_champion_is_checked_to_be_the_one_expected_and_an_archive(folder):
    assert archive.check_current(folder, None).passed is True
    promote(folder, 1)
    assert archive.check_current(folder, "0001-best").passed is True
    another = archive.check_current(folder, None)
    assert another.passed is False
    assert another.seen == {"version": "0001-best", "whole": True}
    archive.current(folder).model_path.write_bytes(b"no archive")
    damaged = archive.check_current(folder, "0001-best")
    assert damaged.passed is False
    assert damaged.message.startswith("Files of the champion 0001-best are missing or damaged")


@pytest.mark.slow
def test_a_champion_is_loaded_in_two_lines_of_plain_keras(folder, tmp_path):
    import keras

    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    made.save(tmp_path / "best.keras")
    change.promote(
        folder,
        tmp_path / "best.keras",
        explain(1),
        network="best",
        replaces=None,
        who="nightly",
        why="first",
        when=NOON,
    )
    model = keras.saving.load_model(folder / "current" / "model.keras")
    pixels = np.ones((4, 3), np.float32)
    np.testing.assert_array_equal(model(pixels), made(pixels))
