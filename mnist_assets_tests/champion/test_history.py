"""The log of changes, and the versions that can be rolled back to."""

import errno

import pytest

from mnist_assets.champion import history
from mnist_assets.errors import InputError
from mnist_assets_tests.champion.test_archive import (
    assert_consistent,
    promote,
    refuse_links,
    rollback,
)

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "champion"


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
    log = history.promotion_log(folder)
    assert list(log.itertuples(index=False, name=None)) == expected
    assert len((folder / "log.jsonl").read_text().splitlines()) == 3
    versions = history.list_versions(folder)
    assert versions["version"].tolist() == ["0001-best", "0002-best"]
    assert versions["current"].tolist() == [True, False]
    assert versions["action"].tolist() == ["rollback", "forced promotion"]
    assert versions["who"].tolist() == ["Ada", "Zoë"]


def test_a_line_cut_short_is_no_entry_and_the_next_one_stands_alone(folder):
    promote(folder, 1)
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"when": "2026-03-01T')
    assert len(history.promotion_log(folder)) == 1
    promote(folder, 2)
    assert history.promotion_log(folder)["to"].tolist() == ["0001-best", "0002-best"]


def test_a_damaged_line_is_named(folder):
    promote(folder, 1)
    promote(folder, 2)
    log = folder / "log.jsonl"
    log.write_text(log.read_text().replace('"when"', "when", 1))
    with pytest.raises(InputError, match=r"log\.jsonl, line 1"):
        history.promotion_log(folder)


def test_an_entry_without_effect_is_marked(folder, monkeypatch):
    promote(folder, 1)
    with monkeypatch.context() as patched:
        refuse_links(patched, errno.ENOSPC)
        with pytest.raises(OSError, match="space"):
            promote(folder, 2)
    assert history.promotion_log(folder)["took_effect"].tolist() == [True, False]
    promote(folder, 3)
    assert history.promotion_log(folder)["took_effect"].tolist() == [True, False, True]
    versions = history.list_versions(folder)
    assert versions["version"].tolist() == ["0001-best", "0002-best", "0003-best"]
    assert versions["when"].isna().tolist() == [False, True, False]
    assert_consistent(folder)
