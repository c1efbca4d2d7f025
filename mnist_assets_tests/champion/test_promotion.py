"""Promotion and rollback: whatever happens to a writer, a reader sees one whole champion."""

import builtins
import errno
import fcntl
import io
import itertools
import json
import os
import signal
import sys
import threading
import time
from functools import partial

import click
import numpy as np
import pytest

from mnist_assets.champion import archive, history
from mnist_assets.champion import promotion as change
from mnist_assets.errors import InputError
from mnist_assets_tests.champion.test_archive import (
    NOON,
    assert_consistent,
    explain,
    mark_of,
    promote,
    refuse_links,
    rollback,
    write_model,
)
from mnist_assets_tests.forked import calling

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "champion"


# --- promotion and rollback ---


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
    assert history.list_versions(folder)["version"].tolist() == ["9999-best", "10000-best"]


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
    assert len(history.promotion_log(folder)) == 2


# --- what is refused, and changes nothing ---


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"who": " "}, "who ' '"),
        ({"why": ""}, "why ''"),
        ({"replaces": None}, "found 0001-best, by now, expected None"),
        ({"replaces": "0000-given"}, "Decide again"),
    ],
)
def test_promotion_refuses(folder, changes, message):
    promote(folder, 1)
    with pytest.raises(InputError, match=message):
        promote(folder, 2, **changes)
    assert history.list_versions(folder)["version"].tolist() == ["0001-best"]
    assert len(history.promotion_log(folder)) == 1


@pytest.mark.parametrize(
    "explanation",
    [
        {},
        explain(1) | {"metrics": {"loss": float("nan")}},
        explain(1) | {"versions": {1, 2}},
    ],
)
def test_an_explanation_that_is_not_plain_and_complete_changes_nothing(
    folder, tmp_path, explanation
):
    model = write_model(tmp_path / "best.keras")
    with pytest.raises((KeyError, TypeError, ValueError)):
        change.promote(
            folder, model, explanation, network="a", replaces=None, who="b", why="c", when=NOON
        )
    assert not folder.exists()


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
        change.promote(
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
    assert len(history.promotion_log(folder)) == 1


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


def test_what_a_killed_writer_left_is_no_version_and_goes_away(folder):
    promote(folder, 1)
    left = folder / "versions" / ".new-abc" / "0002-best"
    left.mkdir(parents=True)
    (folder / ".current.new").symlink_to("versions/0002-best")
    assert history.list_versions(folder)["version"].tolist() == ["0001-best"]
    assert promote(folder, 2) == "0002-best"
    assert not left.parent.exists()
    assert_consistent(folder)


# --- the pointer ---


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
        if frame.f_code.co_filename not in {archive.__file__, change.__file__}:
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


def promote_and_roll_back_forever(folder):
    """Tell that it is ready, and begin."""
    click.echo("ready", err=True)
    for mark in itertools.count(1):
        champion = archive.current(folder)
        promote(folder, mark)
        if champion:
            rollback(folder, champion.version)


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_one_whole_champion(folder):
    moments = np.random.default_rng(4)
    versions = []
    for _ in range(10):
        with calling(promote_and_roll_back_forever, folder) as (writer, told):
            assert told.readline() == "ready\n"
            time.sleep(moments.uniform(0, 0.15))
            writer.kill()
        assert writer.exitcode == -signal.SIGKILL
        assert_consistent(folder)
        promote(folder, "after")  # whatever it left behind, the next one goes on
        assert mark_of(archive.current(folder)) == "after"
        assert_consistent(folder)
        assert not list((folder / "versions").glob(".*"))
        versions.append(len(history.list_versions(folder)))
    assert versions[-1] > 20  # they were killed at work, not before it
