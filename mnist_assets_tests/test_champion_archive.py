"""Champions on disk: whatever happens to a writer, a reader sees one whole champion."""

import builtins
import errno
import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mnist_assets.errors import InputError
from mnist_assets.steps import champion_archive as archive

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILES = {"model.keras", "decision.json", "declaration.json", "metrics.json", "versions.json"}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """Tests end processes, never the machine."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


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
    return archive.promote(folder, model, explain(mark), **arguments | changes)


def rollback(folder, version):
    archive.rollback(folder, version, who="Ada", why="complaints", when=NOON)


def mark_of(champion):
    """What all files of a champion tell, which has to be the same."""
    with zipfile.ZipFile(champion.model_path) as model:
        marks = {model.read("config.json").decode()}
    marks |= {str(part["mark"]) for part in champion.explanation().values()}
    assert len(marks) == 1
    return marks.pop()


def assert_consistent(folder):
    """Every version is whole, and the changes that took effect lead from none to the champion."""
    champion = archive.current(folder)
    log = archive.promotion_log(folder)
    steps = log[log["took_effect"]].to_dict("records")
    assert [step["from"] for step in steps] == [None, *(step["to"] for step in steps)][:-1]
    assert (steps[-1]["to"] if steps else None) == (champion and champion.version)
    if champion:
        mark_of(champion)
    for version in (folder / "versions").glob("[!.]*"):
        assert {path.name for path in version.iterdir()} == FILES


# --- promotion and rollback ---


def test_without_an_archive_there_is_no_champion(folder):
    assert archive.current(folder) is None
    assert list(archive.list_versions(folder).columns) == [
        *("version", "current", "when", "action", "who", "why")
    ]
    assert len(archive.list_versions(folder)) == len(archive.promotion_log(folder)) == 0
    assert not folder.exists()


def test_a_champion_is_kept_with_all_that_explains_it(folder):
    assert promote(folder, 1) == "0001-best"
    champion = archive.current(folder)
    assert champion.version == "0001-best"
    assert champion.model_path == folder / "versions" / "0001-best" / "model.keras"
    assert champion.explanation() == explain(1)
    assert {path.name for path in champion.folder.iterdir()} == FILES
    assert champion.model_path.read_bytes() == (folder / "current" / "model.keras").read_bytes()


def test_versions_are_numbered_and_earlier_ones_are_never_changed(folder):
    promote(folder, 1, network="given")
    first = archive.current(folder)
    before = {path: path.read_bytes() for path in first.folder.iterdir()}
    assert [promote(folder, mark) for mark in (2, 3)] == ["0002-best", "0003-best"]
    assert {path: path.read_bytes() for path in first.folder.iterdir()} == before
    assert mark_of(first) == "1"
    assert mark_of(archive.current(folder)) == "3"


def test_numbers_go_on_after_9999(folder):
    promote(folder, 1)
    (folder / "versions" / "0001-best").rename(folder / "versions" / "9999-best")
    (folder / "current").unlink()
    assert promote(folder, 2, replaces=None) == "10000-best"
    assert archive.list_versions(folder)["version"].tolist() == ["9999-best", "10000-best"]


def test_rollback_makes_an_earlier_champion_current(folder):
    for mark in (1, 2, 3):
        promote(folder, mark)
    rollback(folder, "0002-best")
    assert archive.current(folder).version == "0002-best"
    assert promote(folder, 4) == "0004-best"
    assert_consistent(folder)


def test_rollback_to_an_unknown_version_names_the_known_ones(folder):
    with pytest.raises(InputError, match="none was ever promoted"):
        rollback(folder, "0001-best")
    promote(folder, 1)
    promote(folder, 2)
    for unknown in ("0003-best", "", ".", "../versions/0001-best"):
        with pytest.raises(InputError, match="expected another of 0001-best, 0002-best"):
            rollback(folder, unknown)
    with pytest.raises(InputError, match="found 0002-best, the champion"):
        rollback(folder, "0002-best")
    assert archive.current(folder).version == "0002-best"
    assert len(archive.promotion_log(folder)) == 2


def test_every_change_is_logged_with_who_why_and_when(folder):
    promote(folder, 1)
    promote(folder, 2, forced=True, who="Zoë", why="I know\nbetter")
    rollback(folder, "0001-best")
    time_text = "2026-03-01T12:00:00+00:00"
    expected = [
        (time_text, "promotion", "nightly", "significantly better", None, "0001-best", True),
        (time_text, "forced promotion", "Zoë", "I know\nbetter", "0001-best", "0002-best", True),
        (time_text, "rollback", "Ada", "complaints", "0002-best", "0001-best", True),
    ]
    log = archive.promotion_log(folder)
    assert list(log.itertuples(index=False, name=None)) == expected
    assert len((folder / "log.jsonl").read_text().splitlines()) == 3
    versions = archive.list_versions(folder)
    assert versions["version"].tolist() == ["0001-best", "0002-best"]
    assert versions["current"].tolist() == [True, False]
    assert versions["action"].tolist() == ["rollback", "forced promotion"]
    assert versions["who"].tolist() == ["Ada", "Zoë"]


# --- what is refused, and changes nothing ---


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"who": " "}, "who ' '"),
        ({"why": ""}, "why ''"),
        ({"when": NOON.replace(tzinfo=None)}, "a time with its zone"),
        ({"replaces": None}, "found 0001-best, by now, expected None"),
        ({"replaces": "0000-given"}, "Decide again"),
    ],
)
def test_promotion_refuses(folder, changes, message):
    promote(folder, 1)
    with pytest.raises(InputError, match=message):
        promote(folder, 2, **changes)
    assert archive.list_versions(folder)["version"].tolist() == ["0001-best"]
    assert len(archive.promotion_log(folder)) == 1


@pytest.mark.parametrize(
    ("explanation", "message"),
    [
        ({}, "found nothing"),
        (explain(1) | {"more": 1}, "found decision, declaration, metrics, versions, more"),
        (explain(1) | {"metrics": {"loss": float("nan")}}, "found metrics: Out of range float"),
        (explain(1) | {"versions": {1, 2}}, "found versions: Object of type set"),
    ],
)
def test_promotion_refuses_an_explanation_that_is_not_plain_and_complete(
    folder, tmp_path, explanation, message
):
    model = write_model(tmp_path / "best.keras")
    with pytest.raises(InputError, match=message):
        archive.promote(
            folder, model, explanation, network="a", replaces=None, who="b", why="c", when=NOON
        )
    assert archive.current(folder) is None


def damage_nothing_is_there(model):
    model.unlink()


def damage_cut_short(model):
    model.write_bytes(model.read_bytes()[:-30])


def damage_flip_a_byte(model):
    model.write_bytes(model.read_bytes().replace(b"content", b"kontent"))


@pytest.mark.parametrize("damage", [damage_nothing_is_there, damage_cut_short, damage_flip_a_byte])
def test_a_missing_or_damaged_model_never_becomes_champion(folder, damage):
    promote(folder, 1)
    model = write_model(folder.parent / "challenger.keras", "content")
    damage(model)
    with pytest.raises(InputError, match=r"challenger\.keras"):
        archive.promote(
            folder,
            model,
            explain(2),
            network="a",
            replaces="0001-best",
            who="b",
            why="c",
            when=NOON,
        )
    assert mark_of(archive.current(folder)) == "1"
    assert list((folder / "versions").iterdir()) == [folder / "versions" / "0001-best"]
    assert len(archive.promotion_log(folder)) == 1


def test_a_second_writer_is_refused_and_can_go_on_later(folder):
    promote(folder, 1)
    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)  # which only who asks for all of it is kept out by
        with pytest.raises(InputError, match="another process that is changing the champion"):
            promote(folder, 2)
        with pytest.raises(InputError, match="Wait until it is done"):
            rollback(folder, "0001-best")
        assert mark_of(archive.current(folder)) == "1"  # readers are not kept out
    assert promote(folder, 2) == "0002-best"


def test_a_champion_with_missing_files_is_told_and_can_be_rolled_back_from(folder):
    promote(folder, 1)
    promote(folder, 2)
    (folder / "versions" / "0002-best" / "metrics.json").unlink()
    with pytest.raises(InputError, match="roll back to another version: 0001-best"):
        archive.current(folder)
    rollback(folder, "0001-best")
    assert mark_of(archive.current(folder)) == "1"
    assert archive.list_versions(folder)["version"].tolist() == ["0001-best"]


def test_what_a_killed_writer_left_is_no_version_and_goes_away(folder):
    promote(folder, 1)
    left = folder / "versions" / ".new-abc" / "0002-best"
    left.mkdir(parents=True)
    (folder / ".current.new").symlink_to("versions/0002-best")
    assert archive.list_versions(folder)["version"].tolist() == ["0001-best"]
    assert promote(folder, 2) == "0002-best"
    assert not left.parent.exists()
    assert_consistent(folder)


def test_other_things_in_the_folder_of_versions_are_left_alone(folder):
    promote(folder, 1)
    (folder / "versions" / "notes").mkdir()
    (folder / "versions" / "0002-best.zip").touch()
    assert promote(folder, 2) == "0002-best"
    assert archive.list_versions(folder)["version"].tolist() == ["0001-best", "0002-best"]
    assert (folder / "versions" / "notes").exists()


# --- the pointer ---


def test_the_archive_can_be_moved(folder, tmp_path):
    promote(folder, 1)
    moved = folder.rename(tmp_path / "elsewhere")
    assert mark_of(archive.current(moved)) == "1"
    assert (moved / "current" / "model.keras").is_file()


def refuse_links(monkeypatch, number):
    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "symlink_to", refuse)


def test_without_symbolic_links_the_pointer_is_json(folder, monkeypatch):
    refuse_links(monkeypatch, errno.EPERM)
    promote(folder, 1)
    promote(folder, 2)
    assert json.loads((folder / "current.json").read_text()) == {"version": "0002-best"}
    assert not (folder / "current").is_symlink()
    rollback(folder, "0001-best")
    assert mark_of(archive.current(folder)) == "1"
    assert_consistent(folder)


def test_a_link_takes_over_from_a_json_pointer(folder, monkeypatch):
    with monkeypatch.context() as patched:
        refuse_links(patched, errno.ENOTSUP)
        promote(folder, 1)
    promote(folder, 2)
    assert mark_of(archive.current(folder)) == "2"
    assert_consistent(folder)


@pytest.mark.parametrize(("number", "links"), [(errno.ENOSPC, False), (errno.EPERM, True)])
def test_a_link_that_fails_for_another_reason_is_no_reason_for_json(
    folder, monkeypatch, number, links
):
    if links:
        promote(folder, 1)
    refuse_links(monkeypatch, number)
    with pytest.raises(OSError, match=os.strerror(number)):
        promote(folder, 2)
    assert not (folder / "current.json").exists()
    assert_consistent(folder)


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


# --- the log ---


def test_a_line_cut_short_is_no_entry_and_the_next_one_stands_alone(folder):
    promote(folder, 1)
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"when": "2026-03-01T')
    assert len(archive.promotion_log(folder)) == 1
    promote(folder, 2)
    assert archive.promotion_log(folder)["to"].tolist() == ["0001-best", "0002-best"]


def test_a_damaged_line_is_named(folder):
    promote(folder, 1)
    promote(folder, 2)
    log = folder / "log.jsonl"
    log.write_text(log.read_text().replace('"when"', "when", 1))
    with pytest.raises(InputError, match=r"log\.jsonl, line 1"):
        archive.promotion_log(folder)


def test_an_entry_without_effect_is_marked(folder, monkeypatch):
    promote(folder, 1)
    with monkeypatch.context() as patched:
        refuse_links(patched, errno.ENOSPC)
        with pytest.raises(OSError, match="space"):
            promote(folder, 2)
    assert archive.promotion_log(folder)["took_effect"].tolist() == [True, False]
    promote(folder, 3)
    assert archive.promotion_log(folder)["took_effect"].tolist() == [True, False, True]
    versions = archive.list_versions(folder)
    assert versions["version"].tolist() == ["0001-best", "0002-best", "0003-best"]
    assert versions["when"].isna().tolist() == [False, True, False]
    assert_consistent(folder)


# --- crashes ---


class CrashError(BaseException):
    """As nothing in the archive expects."""


FILE_OPERATIONS = [
    *[(os, name) for name in ("mkdir", "open", "remove", "rename", "replace", "symlink", "unlink")],
    (builtins, "open"),
    (io, "open"),
]


def crash_after(steps, action):
    """Run an action, and raise at its step `steps`; whether there is one.

    A step is a line of the archive that is reached for the first time, or an operation on files.
    """
    reached, left = set(), steps

    def step():
        nonlocal left
        left -= 1
        if left == 0:
            raise CrashError

    def trace(frame, event, _):
        if frame.f_code.co_filename != archive.__file__:
            return None
        if event == "line" and frame.f_lineno not in reached:
            reached.add(frame.f_lineno)
            step()
        return trace

    def stepping(operation):
        def operate(*args, **kwargs):
            step()
            return operation(*args, **kwargs)

        return operate

    before = sys.gettrace()
    with pytest.MonkeyPatch.context() as patched:
        for module, name in FILE_OPERATIONS:
            patched.setattr(module, name, stepping(getattr(module, name)))
        sys.settrace(trace)
        try:
            action()
        except CrashError:
            return True
        finally:
            sys.settrace(before)
    return False


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files left open
@pytest.mark.parametrize("step", ["first", "promotion", "rollback"])
def test_a_crash_at_any_step_leaves_the_old_champion_or_the_new(tmp_path, step):
    new = "older" if step == "rollback" else "new"
    changed, crashed = [], True
    while crashed:
        folder = tmp_path / str(len(changed))
        for mark in {"first": (), "promotion": ("old",), "rollback": ("older", "old")}[step]:
            promote(folder, mark)
        if step == "rollback":
            action = partial(rollback, folder, "0001-best")
        else:
            action = partial(promote, folder, new)
        before = archive.current(folder)
        crashed = crash_after(len(changed) + 1, action)
        after = archive.current(folder)
        assert_consistent(folder)
        assert after == before or mark_of(after) == new
        changed.append(after != before)
        promote(folder, "next")
        assert not list(folder.glob("versions/.*"))
        assert mark_of(archive.current(folder)) == "next"
    assert changed == sorted(changed)  # switched in one step, and for good
    assert changed.index(True) > 20


def test_readers_always_see_one_whole_champion(folder):
    promote(folder, 0)
    done, marks, failures = threading.Event(), set(), []

    def read():
        while not done.is_set():
            try:
                marks.add(mark_of(archive.current(folder)))
            except BaseException as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    deadline = time.monotonic() + 10
    while len(marks) < 4 and time.monotonic() < deadline:
        promote(folder, time.monotonic_ns())
        rollback(folder, "0001-best")
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(marks) >= 4


WRITER = """
import sys
from pathlib import Path
from mnist_assets_tests.test_champion_archive import archive, promote, rollback
folder = Path(sys.argv[1])
print("ready", flush=True)
mark = 0
while True:
    mark += 1
    champion = archive.current(folder)
    promote(folder, mark)
    if champion:
        rollback(folder, champion.version)
"""


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_one_whole_champion(folder):
    moments = np.random.default_rng(4)
    versions = []
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, folder],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        ) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(moments.uniform(0, 0.15))
            writer.send_signal(signal.SIGKILL)
        assert writer.returncode == -signal.SIGKILL
        assert_consistent(folder)
        promote(folder, "after")  # whatever it left behind, the next one goes on
        assert mark_of(archive.current(folder)) == "after"
        assert_consistent(folder)
        assert not list((folder / "versions").glob(".*"))
        versions.append(len(archive.list_versions(folder)))
    assert versions[-1] > 20  # they were killed at work, not before it


@pytest.mark.slow
def test_a_champion_is_loaded_in_two_lines_of_plain_keras(folder, tmp_path):
    import keras

    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    made.save(tmp_path / "best.keras")
    archive.promote(
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
