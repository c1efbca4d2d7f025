"""The inbox at an address: listed at once, fetched to be read, put aside with the reason."""

import hashlib
import threading
from types import SimpleNamespace

import fsspec
import pandas as pd
import pytest

from mnist_assets.errors import InputError
from mnist_assets.inference import entries, scored
from mnist_assets.inference.inbox import look_at, quarantine
from mnist_assets.inference.resources import Inbox
from mnist_assets.orchestration.storage.addresses import file_system, open_address
from mnist_assets.orchestration.storage.changes import put
from mnist_assets_tests.stores import Requests, bucket_address, memory_address

LIMITS = SimpleNamespace(settled_seconds=0, largest_file=100)
MEMORY = fsspec.get_filesystem_class("memory")
ROWS = pd.DataFrame({"digit": [7]})


@pytest.fixture
def inbox(address):
    return Inbox(folder=f"{address}/inbox", predictions=f"{address}/predictions")


def drop(inbox, name, content=b"a picture"):
    put(content, inbox.path / name)


def names_below(path):
    start = len(path.path.rstrip("/")) + 1
    return sorted(name[start:] for name in file_system(path).find(path.path))


def score(inbox, names=None, day="2026-01-01"):
    """Score the files that are waiting, all or some."""
    with inbox.waiting_files(LIMITS, 1000, print) as files:
        rows = [scored.name_file(ROWS, file) for file in files if names in (None, file.entry.name)]
    table = pd.concat(rows).to_csv(index=False)
    put(table.encode(), open_address(inbox.predictions) / f"{day}.csv")


def waiting(inbox, most=1000, told=print):
    with inbox.waiting_files(LIMITS, most, told) as files:
        return [file.entry.name for file in files]


def test_files_come_under_their_own_names_and_go_again(inbox):
    contents = {f"{number}.png": b"picture %d" % number for number in range(20)}
    for name, content in contents.items():
        drop(inbox, name, content)
    with inbox.waiting_files(LIMITS, 1000, print) as files:
        assert {file.path.name: file.path.read_bytes() for file in files} == contents
        assert [str(file.entry.path) for file in files] == [
            f"{inbox.folder}/{name}" for name in sorted(contents)
        ]
        assert all(file.is_copy and file.is_as_listed for file in files)
    assert not any(file.path.exists() for file in files)
    assert names_below(inbox.path) == sorted(contents)


def test_no_inbox_and_an_empty_one_have_no_files(inbox):
    assert waiting(inbox) == []
    drop(inbox, ".hidden")
    drop(inbox, "7.png.part")
    assert waiting(inbox) == []


def test_a_table_tells_which_object_its_rows_are_of(inbox):
    drop(inbox, "7.png")
    score(inbox)
    (row,) = scored.read_table(open_address(inbox.predictions) / "2026-01-01.csv").to_dict(
        "records"
    )
    (entry,) = entries.list_entries(inbox.path)
    assert (row["file"], row["bytes"]) == ("7.png", "9")
    assert row["modified"] == str(entry.modified) != "0"
    assert row["sha256"] == hashlib.sha256(b"a picture").hexdigest()
    assert inbox.table("2026-01-02") is None


def test_what_was_scored_is_known_and_what_is_new_is_not(inbox):
    for name in ("1.png", "2.png", "3.png"):
        drop(inbox, name, name.encode())
    score(inbox, "1.png")
    assert waiting(inbox) == ["2.png", "3.png"]
    assert waiting(inbox, most=1) == ["2.png"]
    drop(inbox, "1.png", b"another content")
    assert waiting(inbox) == ["1.png", "2.png", "3.png"]


def test_of_the_same_content_under_one_name_there_is_one_file(inbox):
    for name in ("7.jpg", "7.png", "8.png"):
        drop(inbox, name)
    assert waiting(inbox) == ["7.jpg", "8.png"]


def test_no_more_of_a_large_file_is_fetched_than_shows_that_it_is(inbox):
    drop(inbox, "7.png", b"x" * 1000)
    drop(inbox, "8.png", b"")
    with inbox.waiting_files(LIMITS, 10, print) as files:
        assert [file.path.stat().st_size for file in files] == [101, 0]


def test_what_cannot_be_read_is_put_aside_with_its_reason(inbox):
    told = []
    for content in (b"1", b"2"):
        drop(inbox, "7.png", content)
        (entry,) = entries.list_entries(inbox.path)
        inbox.put_aside(entry, f"It is {content!r}.", told.append)
    aside = inbox.quarantine
    assert str(aside) == f"{inbox.folder}-quarantine"
    assert names_below(aside) == [
        *("7-2.png", "7-2.png.reason.txt", "7.png", "7.png.reason.txt"),
    ]
    assert file_system(aside).cat_file(f"{aside.path}/7-2.png") == b"2"
    assert file_system(aside).cat_file(f"{aside.path}/7-2.png.reason.txt") == b"It is b'2'.\n"
    assert told[0] == f"7.png is now {aside}/7.png: It is b'1'."
    assert waiting(inbox) == []


def test_a_folder_is_put_aside_whole(inbox):
    drop(inbox, "more/7.png")
    drop(inbox, "more/deep/8.png")
    drop(inbox, "9.png")
    told = []
    assert waiting(inbox, told=told.append) == ["9.png"]
    assert names_below(inbox.path) == ["9.png"]
    assert names_below(inbox.quarantine) == ["more.reason.txt", "more/7.png", "more/deep/8.png"]
    assert "put its files into the inbox one by one" in told[0]


# --- of one kind of store only, as nothing of it depends on which ---


@pytest.fixture
def here():
    with memory_address() as address:
        yield Inbox(folder=f"{address}/inbox", predictions=f"{address}/predictions")


def test_a_look_at_many_files_that_were_scored_is_two_listings_and_no_file_read(here, monkeypatch):
    for number in range(300):
        drop(here, f"{number}.png", b"%d" % number)
    score(here)
    assert waiting(here) == []  # with the table on this machine from now on
    asked = Requests(monkeypatch, MEMORY, "ls", "cat_file", "get_file", "info", "exists")
    assert waiting(here) == []
    assert asked.made == {"ls": 2, "cat_file": 0, "get_file": 0, "info": 0, "exists": 0}


def test_what_was_put_there_again_as_it_was_is_fetched_once(here, monkeypatch):
    for number in range(20):
        drop(here, f"{number}.png", b"%d" % number)
    score(here)
    for number in range(20):
        drop(here, f"{number}.png", b"%d" % number)
    asked = Requests(monkeypatch, MEMORY, "cat_file")
    assert waiting(here, most=1) == waiting(here, most=1) == []
    assert asked.made == {"cat_file": 20}


def test_a_look_for_one_new_file_fetches_few(here, monkeypatch):
    for number in range(100):
        drop(here, f"{number}.png", b"%d" % number)
    asked = Requests(monkeypatch, MEMORY, "cat_file")
    before = threading.active_count()
    with here.waiting_files(LIMITS, 1, print) as files:
        assert [file.entry.name for file in files] == ["0.png"]
        assert threading.active_count() == before  # else copies come as their folder goes
    assert 0 < asked.made["cat_file"] <= entries.AT_ONCE


def test_what_changes_while_it_is_fetched_is_left_for_the_next_run(here, monkeypatch):
    drop(here, "7.png", b"first")
    drop(here, "8.png", b"other")
    read = MEMORY.cat_file

    def read_and_write(store, path, **options):
        content = read(store, path, **options)
        if path.endswith("7.png"):
            drop(here, "7.png", b"later")
        return content

    told = []
    with monkeypatch.context() as patch:
        patch.setattr(MEMORY, "cat_file", read_and_write)
        assert waiting(here, told=told.append) == ["8.png"]
    assert told == ["7.png changed while it was read, and is left for the next run."]
    assert waiting(here) == ["7.png", "8.png"]


def test_a_file_that_its_store_tells_no_time_of_is_known_by_its_content(here, monkeypatch):
    drop(here, "7.png")
    monkeypatch.setattr(entries, "_TIMES", ())
    score(here)
    assert waiting(here) == []
    drop(here, "7.png", b"A PICTURE")
    assert waiting(here) == ["7.png"]


@pytest.mark.parametrize(
    "info",
    [
        {"LastModified": pd.Timestamp("1970-01-01T00:01:40Z").to_pydatetime()},
        {"mtime": 100.0},
        {"mtime": pd.Timestamp("1970-01-01T00:01:40").to_pydatetime()},  # in UTC, as SFTP has it
        {"updated": "1970-01-01T00:01:40.000Z"},
        {"last_modified": None, "created": 100},
    ],
)
def test_times_are_read_as_each_library_tells_them(here, info):
    told = {"type": "file", "size": 3} | info
    entry = entries._entry_at(here.path, "7.png", told)
    assert entry.stamp == ("7.png", 3, 100 * 10**9)
    assert look_at(entry, settled_seconds=5, now=104).state == "waiting"
    assert look_at(entry, settled_seconds=5, now=105).state == "ready"


def test_a_name_that_no_copy_could_have_is_put_aside(here):
    drop(here, "7" * 300 + ".png")
    told = []
    assert waiting(here, told=told.append) == []
    assert "longer than 255 bytes" in told[0]
    assert len(names_below(here.quarantine)) == 2


def test_a_file_put_aside_twice_by_a_process_that_died_between_is_there_twice(here, monkeypatch):
    drop(here, "7.png")
    path = here.path / "7.png"

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MEMORY, "rm_file", die)
        with pytest.raises(KeyboardInterrupt):
            quarantine(path, here.quarantine, "Why.")
    assert names_below(here.path) == ["7.png"]
    assert str(quarantine(path, here.quarantine, "Why.")) == f"{here.quarantine}/7-2.png"
    assert names_below(here.path) == []


def test_a_whole_bucket_is_no_inbox_as_nothing_is_beside_it():
    with pytest.raises(InputError, match="a folder in it"):
        waiting(Inbox(folder="memory://", predictions="memory://predictions"))


@pytest.mark.slow
def test_a_folder_that_is_an_object_of_its_own_is_put_aside_with_it(s3):
    with bucket_address() as address:
        inbox = Inbox(folder=f"{address}/inbox", predictions=f"{address}/predictions")
        store, bucket = file_system(inbox.path), inbox.path.path.split("/")[0]
        for key in ("inbox/", "inbox/more/"):  # as the consoles of stores make folders
            store.call_s3("put_object", Bucket=bucket, Key=key, Body=b"")
        drop(inbox, "more/7.png")
        drop(inbox, "9.png")
        assert waiting(inbox) == ["9.png"]
        assert waiting(inbox) == ["9.png"]
        assert "more.reason.txt" in names_below(inbox.quarantine)
        assert "more-2.reason.txt" not in names_below(inbox.quarantine)
