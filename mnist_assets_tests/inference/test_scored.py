import hashlib
import os

import pandas as pd
import pytest

from mnist_assets.errors import InputError
from mnist_assets.inference.entries import Fetched, fetch, list_entries, look
from mnist_assets.inference.scored import (
    COLUMNS,
    ScoredFiles,
    first_unknown,
    name_file,
    read_table,
    without_scored,
)

ROWS = pd.DataFrame({"digit": [7, 1], "number": ["071", "071"], "why": ["", "unsure"]})


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "tables").mkdir()
    return tmp_path / "tables"


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def drop(inbox, name, content=b"a picture"):
    path = inbox / name
    path.write_bytes(content)
    return path


def listed(path):
    return Fetched(look(path.parent, path.name), path)


def score(tables, *paths, day="2026-01-01"):
    rows = pd.concat([name_file(ROWS, listed(path)) for path in paths])
    rows.to_csv(tables / f"{day}.csv", index=False)


def unknown(tables, inbox, most=10):
    scored = ScoredFiles.read(tables)
    files = fetch(without_scored(list_entries(inbox), scored), inbox, largest_file=100)
    return [file.entry.name for file in first_unknown(files, scored, most)]


def test_a_table_tells_which_file_its_rows_are_of(inbox):
    path = drop(inbox, "7.png")
    named = name_file(ROWS, listed(path))
    assert tuple(named.columns[-4:]) == COLUMNS
    sha256 = hashlib.sha256(b"a picture").hexdigest()
    for row in named.to_dict("records"):
        assert [row[name] for name in COLUMNS] == [*look(path.parent, path.name).stamp, sha256]


def test_what_any_table_tells_of_is_known_and_not_read_again(tables, inbox, monkeypatch):
    for name in ("1.png", "2.png", "3.png"):
        drop(inbox, name, name.encode())
    assert unknown(tables, inbox) == ["1.png", "2.png", "3.png"]
    score(tables, inbox / "1.png")
    score(tables, inbox / "2.png", day="2026-01-02")
    monkeypatch.setattr("mnist_assets.inference.scored._sha256", lambda path: path.name)
    assert unknown(tables, inbox) == ["3.png"]


def test_a_copy_with_a_time_of_its_own_is_known_by_its_content(tables, inbox):
    path = drop(inbox, "7.png")
    score(tables, path)
    os.utime(path, (0, 0))
    assert unknown(tables, inbox) == []
    drop(inbox, "7.png", b"another")
    assert unknown(tables, inbox) == ["7.png"]


def test_of_the_same_content_under_one_name_there_is_one_file(tables, inbox):
    for name in ("7.jpg", "7.png", "8.png"):
        drop(inbox, name)
    assert unknown(tables, inbox) == ["7.jpg", "8.png"]


def test_no_more_are_chosen_than_asked_for(tables, inbox):
    for name in ("1.png", "2.png", "3.png"):
        drop(inbox, name, name.encode())
    assert unknown(tables, inbox, most=2) == ["1.png", "2.png"]


def test_what_is_gone_is_left_out_and_what_cannot_be_read_is_not(tables, inbox, monkeypatch):
    gone, closed = (listed(drop(inbox, name)) for name in ("gone.png", "closed.png"))
    gone.path.unlink()

    def refuse(path):
        raise PermissionError(str(path))

    monkeypatch.setattr("mnist_assets.inference.scored._sha256", refuse)
    assert first_unknown([gone, closed], ScoredFiles.read(tables), 10) == [closed]


def test_a_file_that_was_written_to_is_noticed(inbox):
    path = drop(inbox, "7.png")
    before = listed(path)
    assert before.is_as_listed
    path.write_bytes(b"a longer picture")
    assert not before.is_as_listed
    path.unlink()
    assert not before.is_as_listed


def test_tables_of_other_columns_and_no_folder_tell_of_none(tables, tmp_path):
    ROWS.to_csv(tables / "seven-0123456789ab.csv", index=False)
    assert ScoredFiles.read(tables) == ScoredFiles.read(tmp_path / "nowhere")


def test_a_table_that_is_added_to_stays_as_it_was(tables, inbox):
    path = drop(inbox, "7.png")
    score(tables, path)
    before = (tables / "2026-01-01.csv").read_text()
    read_table(tables / "2026-01-01.csv").to_csv(tables / "again.csv", index=False)
    assert (tables / "again.csv").read_text() == before
    assert "071" in before
    assert read_table(tables / "2026-01-02.csv") is None


@pytest.mark.parametrize("text", ["digit,number\n1,2\n3", 'digit\n1,2,3\n"\n', ""])
def test_a_damaged_table_is_never_written_over(tables, text):
    (tables / "2026-01-01.csv").write_text(text)
    with pytest.raises(InputError, match="found a damaged table"):
        read_table(tables / "2026-01-01.csv")
