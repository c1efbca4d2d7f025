import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from mnist_assets.orchestration.versions import kept, source

FUNCTION = ("mnist_assets.orchestration.versions.content", "content_version", ())


@pytest.fixture
def next_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Forgets what this process has found, but for what is kept in an empty folder; counts reads.

    Gives what was read by then.
    """
    read, read_source = [], source.used_by

    def used_by(*function):
        read.append(function)
        return read_source(*function)

    def forget():
        kept._findings.cache_clear()
        return read

    monkeypatch.setattr(kept, "FOLDER", tmp_path / "code")
    monkeypatch.setattr(kept.source, "used_by", used_by)
    yield forget
    kept._findings.cache_clear()


def test_source_is_read_once(next_process):
    read = next_process()
    found = kept.used_by(*FUNCTION)
    assert kept.used_by(*FUNCTION) is found
    kept.keep_found()
    next_process()
    again = kept.used_by(*FUNCTION)
    assert again == found
    assert list(again.sources.items()) == list(found.sources.items())
    assert again.digest.hexdigest() == found.digest.hexdigest()
    assert read == [FUNCTION]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"sources": {}, "functions": {"f": {}}}', '{"a": 1']
)
def test_damaged_file_is_done_without(next_process, content):
    read = next_process()
    kept.used_by(*FUNCTION)
    kept.keep_found()
    [file] = kept.FOLDER.iterdir()
    file.write_text(content)
    next_process()
    kept.used_by(*FUNCTION)
    kept.keep_found()
    assert len(read) == 2
    assert json.loads(file.read_text())["functions"]


def test_file_of_other_source_is_replaced(next_process, monkeypatch):
    read = next_process()
    kept.used_by(*FUNCTION)
    kept.keep_found()
    [before] = kept.FOLDER.iterdir()
    next_process()
    monkeypatch.setattr(kept, "sys", SimpleNamespace(version="4.0"))
    kept.used_by(*FUNCTION)
    kept.keep_found()
    [after] = kept.FOLDER.iterdir()
    assert after != before
    assert len(read) == 2


def test_nothing_is_kept_of_a_package_edited_meanwhile(next_process, monkeypatch):
    next_process()
    kept.used_by(*FUNCTION)
    monkeypatch.setattr(kept, "_state_of_package", lambda: "edited")
    kept.keep_found()
    assert not kept.FOLDER.exists()


def test_folder_that_cannot_be_written_is_done_without(next_process, tmp_path):
    next_process()
    (tmp_path / "code").write_text("no folder")
    found = kept.used_by(*FUNCTION)
    kept.keep_found()
    assert found.sources
