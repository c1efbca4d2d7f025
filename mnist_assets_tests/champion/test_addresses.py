"""Champions at an address: whatever happens to a writer, there is one whole champion."""

import itertools
import json
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import click
import pytest

from mnist_assets.champion import address_writer, archive, history
from mnist_assets.champion import promotion as change
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.champion.storage import PointerStorage
from mnist_assets.errors import InputError
from mnist_assets.orchestration.storage.addresses import list_folder, look, read_bytes
from mnist_assets.orchestration.storage.changes import put, remove
from mnist_assets_tests.champion.test_archive import (
    FILES,
    NOON,
    assert_log_leads_to_champion,
    explain,
    mark_of,
    write_model,
)
from mnist_assets_tests.forked import calling
from mnist_assets_tests.stores import bucket_address, memory_address


@pytest.fixture
def folder(address):
    return archive.archive_folder(address)


@pytest.fixture
def here():
    with memory_address() as address:
        yield archive.archive_folder(address)


@pytest.fixture
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def promote(models):
    return partial(promote_from, models)


def promote_from(models, folder, mark, **changes):
    """Promote a network whose every file tells `mark`."""
    arguments = {
        "network": "best",
        "replaces": archive.pointed(folder),
        "who": "nightly",
        "why": "significantly better",
        "when": NOON,
    }
    model = write_model(models / f"{mark}.keras", str(mark))
    return change.promote(folder, model, explain(mark), **arguments | changes)


def rollback(folder, version):
    change.rollback(folder, version, who="Ada", why="complaints", when=NOON)


def test_a_champion_is_promoted_rolled_back_and_listed(folder, promote):
    assert archive.current(folder) is None
    assert promote(folder, 1) == "0001-best"
    assert promote(folder, 2, network="given", forced=True, who="Ada") == "0002-given"
    assert mark_of(archive.current(folder)) == "2"
    rollback(folder, "0001-best")
    champion = archive.current(folder)
    assert mark_of(champion) == "1"
    assert champion.explanation() == explain(1)
    assert {path.name for path in list_folder(champion.folder)} == FILES
    assert json.loads(read_bytes(folder / "model.json")) == {
        "version": "0001-best",
        "network": "best",
        "file": "champion/versions/0001-best/model.keras",
    }
    listed = history.list_versions(folder)
    assert listed["version"].tolist() == ["0001-best", "0002-given"]
    assert listed["current"].tolist() == [True, False]
    assert listed["action"].tolist() == ["rollback", "forced promotion"]
    assert_log_leads_to_champion(folder)


def test_what_is_refused_changes_nothing(here, promote):
    with pytest.raises(InputError, match="none was ever promoted"):
        rollback(here, "0001-best")
    promote(here, 1)
    with pytest.raises(InputError, match="found 0001-best, by now, expected None"):
        promote(here, 2, replaces=None)
    with pytest.raises(InputError, match="found 0001-best, the champion"):
        rollback(here, "0001-best")
    assert history.list_versions(here)["version"].tolist() == ["0001-best"]
    assert len(history.promotion_log(here)) == 1


# --- two at once ---


def overtake(monkeypatch, step, promote, folder):
    """Let another promote before a step of the next writer."""
    method = getattr(address_writer.AddressWriter, step)
    others = []

    def call(writer, *arguments):
        if not others:
            others.append(None)
            others.append(promote(folder, "other", network="other"))
        return method(writer, *arguments)

    monkeypatch.setattr(address_writer.AddressWriter, step, call)
    return others


@pytest.mark.parametrize("step", ["add", "log", "point"])
def test_a_writer_that_is_overtaken_is_refused(folder, promote, monkeypatch, step):
    promote(folder, "old")
    others = overtake(monkeypatch, step, promote, folder)
    with pytest.raises(InputError, match="another process that has changed the champion"):
        promote(folder, "mine")
    assert mark_of(archive.current(folder)) == "other"
    assert archive.current(folder).version == others[1]
    assert_log_leads_to_champion(folder)
    remove(folder / "model.json")
    assert archive.pointed(folder) == others[1]


@pytest.mark.parametrize("step", ["add", "log", "point"])
def test_of_two_that_would_be_the_first_one_is_refused(here, promote, monkeypatch, step):
    overtake(monkeypatch, step, promote, here)
    with pytest.raises(InputError, match="another process that has changed the champion"):
        promote(here, "mine")
    assert mark_of(archive.current(here)) == "other"
    assert_log_leads_to_champion(here)


def test_who_logs_last_and_does_not_win_takes_the_line_back(here, promote, monkeypatch):
    promote(here, "old")
    point = address_writer.AddressWriter.point
    first = address_writer.AddressWriter(here)
    monkeypatch.setattr(
        address_writer.AddressWriter,
        "point",
        lambda second, version: (point(first, "0002-best"), point(second, version)),
    )
    told = dict.fromkeys(("when", "action", "who", "why"), "")
    line = json.dumps(told | {"from": "0001-best", "to": "0002-best"})
    with first.alone():
        files = {f"{name}.json": json.dumps({"mark": "first"}) for name in archive.EXPLANATION}
        files = {name: text.encode() for name, text in files.items()}
        model = archive.current(here).model_path.read_bytes()
        first.add("0002-best", {"model.keras": model} | files)
        first.log(f"{line}\n".encode())
        with pytest.raises(InputError, match="another process"):
            promote(here, "second")
    assert archive.log_lines(here)[1:] == [line]
    remove(here / "model.json")
    assert archive.pointed(here) == "0002-best"


def test_a_rollback_that_is_overtaken_is_refused(here, promote, monkeypatch):
    promote(here, 1)
    promote(here, 2)
    overtake(monkeypatch, "point", promote, here)
    with pytest.raises(InputError, match="decide again"):
        rollback(here, "0001-best")
    assert mark_of(archive.current(here)) == "other"
    assert history.list_versions(here)["action"].tolist() == ["promotion"] * 3
    assert_log_leads_to_champion(here)


@pytest.mark.slow
def test_of_many_writers_at_once_exactly_one_wins(s3, models):
    with bucket_address() as address, ThreadPoolExecutor(4) as threads:
        folder = archive.archive_folder(address)

        def try_to(mark, replaces):
            try:
                return promote_from(models, folder, mark, replaces=replaces)
            except InputError as error:
                return error

        for attempt in range(3):
            before = archive.pointed(folder)
            marks = [f"{attempt}-{writer}" for writer in range(4)]
            won = list(threads.map(partial(try_to, replaces=before), marks))
            lost = [outcome for outcome in won if isinstance(outcome, InputError)]
            (winner,) = [
                mark for mark, version in zip(marks, won, strict=True) if version not in lost
            ]
            assert all(re.search("by now|another process", str(error)) for error in lost)
            assert mark_of(archive.current(folder)) == winner
            assert_log_leads_to_champion(folder)


def test_a_line_too_many_does_no_harm_wherever_it_is(here, promote):
    promote(here, 1)
    promote(here, 2)
    lines = archive.log_lines(here)
    lost = json.dumps(json.loads(lines[1]) | {"to": "0003-lost"})
    for order in ([lines[0], lost, lines[1]], [*lines, lost], [lost, *lines]):
        put("".join(f"{line}\n" for line in order).encode(), here / "log.jsonl")
        log = history.promotion_log(here)
        assert log[log["took_effect"]]["to"].tolist() == ["0001-best", "0002-best"]


# --- the value champion/model, which is the pointer ---


@pytest.fixture
def store(tmp_path):
    """Stores a version as the asset's I/O manager does."""

    def store(folder, version):
        storage = PointerStorage(folder.parent)
        storage.write(archive.describe(folder, version), tmp_path / "model.json")
        return storage.place(tmp_path / "model.json", folder / "model.json")

    return store


def test_the_value_that_is_there_is_not_written_again(here, promote, store):
    promote(here, 1)
    before = look(here / "model.json")
    assert store(here, "0001-best") == before == look(here / "model.json")


def test_a_process_that_was_overtaken_does_not_undo_what_another_did(folder, promote, store):
    promote(folder, 1)
    promote(folder, 2)
    with pytest.raises(InputError, match="another champion, by now, expected 0001-best"):
        store(folder, "0001-best")
    with pytest.raises(InputError, match="another champion, by now, expected None"):
        store(folder, None)
    assert archive.pointed(folder) == "0002-best"


@pytest.mark.parametrize("damage", [b"", b"garbage", b"[1]", b'{"version": 7}', b"{}", None])
def test_a_lost_or_damaged_pointer_is_told_from_the_log_and_mended(here, promote, store, damage):
    for mark in (1, 2, 3):
        promote(here, mark)
    rollback(here, "0002-best")
    remove(here / "model.json")
    if damage is not None:
        put(damage, here / "model.json")
    assert mark_of(archive.current(here)) == "2"
    assert_log_leads_to_champion(here)
    store(here, "0002-best")
    assert json.loads(read_bytes(here / "model.json"))["version"] == "0002-best"
    put(b"garbage", here / "model.json")
    assert promote(here, 4) == "0004-best"
    assert mark_of(archive.current(here)) == "4"


def test_without_a_champion_the_value_says_so_and_a_champion_takes_its_place(here, promote, store):
    store(here, None)
    assert archive.pointed(here) is None
    promote(here, 1)
    assert_log_leads_to_champion(here)


# --- what is damaged, superseded or unfinished ---


def test_a_damaged_champion_is_told_and_can_be_rolled_back_from(here, promote):
    promote(here, 1)
    promote(here, 2)
    model = here / "versions" / "0002-best" / "model.keras"
    content = read_bytes(model)
    put(bytes([content[0] ^ 1]) + content[1:], model)
    with pytest.raises(InputError, match=r"roll back to another version \(0001-best\)"):
        archive.current(here)
    assert archive.broken_versions(here) == ["0002-best"]
    rollback(here, "0001-best")
    assert mark_of(archive.current(here)) == "1"


def test_superseded_and_unfinished_versions_are_removed(here, promote):
    for mark in (1, 2):
        promote(here, mark)
    put(b"{}", here / "versions" / "0003-dead" / "decision.json")
    kept = ChampionArchive(assets=str(here.parent))
    assert [left.what for left in kept.superseded(1)] == []  # it may be being written
    assert archive.broken_versions(here) == []
    assert [promote(here, mark) for mark in (4, 5)] == ["0004-best", "0005-best"]
    found = list(kept.superseded(1))
    assert [left.what for left in found] == [
        "superseded champion 0001-best",
        "superseded champion 0002-best",
        "unfinished champion 0003-dead",
    ]
    assert all(left.bytes > 0 for left in found)
    for left in found:
        left.remove()
    assert history.list_versions(here)["version"].tolist() == ["0004-best", "0005-best"]
    assert list(kept.superseded(1)) == []
    assert_log_leads_to_champion(here)


# --- crashes ---


class CrashError(BaseException):
    """As nothing in the archive expects."""


def crash_at(monkeypatch, write):
    """Let a writer die before one of its writes, which is after the one before."""
    left = write

    def dying(function):
        def call(*arguments):
            nonlocal left
            left -= 1
            if left == 0:
                raise CrashError
            function(*arguments)

        return call

    for name in ("create", "replace"):
        monkeypatch.setattr(address_writer, name, dying(getattr(address_writer, name)))


WRITES = {"first": 7, "promotion": 7, "rollback": 2}  # five files, the log, the pointer


@pytest.mark.parametrize(
    ("what", "write"), [(what, n + 1) for what, writes in WRITES.items() for n in range(writes)]
)
def test_a_crash_at_any_write_leaves_one_whole_champion(here, promote, monkeypatch, what, write):
    for mark in {"first": (), "promotion": ("old",), "rollback": ("older", "old")}[what]:
        promote(here, mark)
    before = archive.current(here)
    act = partial(promote, here, "new")
    if what == "rollback":
        act = partial(rollback, here, "0001-best")
    with monkeypatch.context() as patch:
        crash_at(patch, write)
        with pytest.raises(CrashError):
            act()
    assert_log_leads_to_champion(here)
    now = archive.current(here)
    # Where there was no pointer before, the log tells of the first champion.
    done = write - 1 >= WRITES[what] - (what == "first")
    assert mark_of(now) == {"rollback": "older"}.get(what, "new") if done else now == before
    promote(here, "next")
    assert mark_of(archive.current(here)) == "next"
    assert archive.broken_versions(here) == []
    assert_log_leads_to_champion(here)


def test_there_are_no_more_writes_than_crashes_were_tried_at(here, promote, monkeypatch):
    promote(here, 1)
    for what, action in (("promotion", partial(promote, here, 2)), ("rollback", None)):
        with monkeypatch.context() as patch:
            crash_at(patch, WRITES[what] + 1)
            action() if action else rollback(here, "0001-best")
    assert archive.pointed(here) == "0001-best"


def promote_and_roll_back_forever(address, models):
    """Tell that it is ready, and begin."""
    folder = archive.archive_folder(address)
    archive.pointed(folder)
    click.echo("ready", err=True)
    for mark in itertools.count():
        champion = archive.current(folder)
        promote_from(models, folder, mark)
        if champion:
            rollback(folder, champion.version)


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_one_whole_champion(s3, models, promote):
    import numpy as np

    moments = np.random.default_rng(4)
    with bucket_address() as address:
        folder, made = archive.archive_folder(address), 0
        for _ in range(3):
            with calling(promote_and_roll_back_forever, address, models) as (writer, told):
                assert told.readline() == "ready\n"
                writer.join(moments.uniform(0.2, 1.2))
                writer.kill()
            assert writer.exitcode == -signal.SIGKILL
            assert_log_leads_to_champion(folder)
            promote(folder, "next")  # whatever it left behind, the next one goes on
            assert mark_of(archive.current(folder)) == "next"
            assert_log_leads_to_champion(folder)
            assert archive.broken_versions(folder) == []
            made = len(history.list_versions(folder))
        assert made > 5  # they were killed at work, not before it
