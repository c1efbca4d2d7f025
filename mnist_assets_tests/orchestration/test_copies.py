import os
from pathlib import Path

import pytest
from upath import UPath

from mnist_assets.orchestration.storage import copies
from mnist_assets.orchestration.storage.changes import put
from mnist_assets.orchestration.storage.copies import local_copy


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The cache of this test alone."""
    monkeypatch.setattr(copies, "FOLDER", tmp_path / "values")
    return tmp_path / "values"


@pytest.fixture
def root(request):
    return UPath(f"memory://{request.node.name}")


@pytest.fixture
def fetched(monkeypatch):
    """Names of the files that were fetched."""
    names, fetch = [], copies._fetch

    def noted(path, copy, size):
        names.append(path.name)
        fetch(path, copy, size)

    monkeypatch.setattr(copies, "_fetch", noted)
    return names


def test_a_file_of_this_machine_is_its_own_copy(tmp_path):
    assert local_copy(UPath(tmp_path / "split.npz")) == tmp_path / "split.npz"


def test_each_version_is_fetched_once(root, fetched):
    put(b"first", root / "split.npz")
    first = local_copy(root / "split.npz")
    assert local_copy(root / "split.npz") == first
    assert first.read_bytes() == b"first"
    assert first.suffix == ".npz"
    put(b"second", root / "split.npz")
    assert local_copy(root / "split.npz").read_bytes() == b"second"
    assert fetched == ["split.npz"] * 2


def test_two_addresses_with_equal_content_are_two_files(root):
    for name in ("one.npy", "two.npy"):
        put(b"same", root / name)
    assert local_copy(root / "one.npy") != local_copy(root / "two.npy")


def test_those_not_used_for_longest_make_room(root, folder, monkeypatch):
    monkeypatch.setenv(copies.LIMIT, str(250 / 1e9))
    made = {}
    for age, name in ((300, "oldest"), (200, "old"), (100, "young")):
        put(bytes(100), root / name)
        made[name] = local_copy(root / name)
        if made[name].exists():
            os.utime(made[name], (1_000_000 - age, 1_000_000 - age))
    assert [name for name, copy in made.items() if copy.exists()] == ["old", "young"]
    assert not list(folder.glob("*.part"))


def test_what_is_in_use_now_stays_whatever_its_size(root, monkeypatch):
    monkeypatch.setenv(copies.LIMIT, str(10 / 1e9))
    put(bytes(100), root / "large")
    assert local_copy(root / "large").stat().st_size == 100


def test_a_copy_that_was_cut_short_is_none(root, folder, monkeypatch):
    put(bytes(100), root / "value")
    file_system = copies.file_system(root)

    def cut_short(name, to):
        Path(to).write_bytes(bytes(50))

    monkeypatch.setattr(type(file_system), "get_file", staticmethod(cut_short))
    with pytest.raises(OSError, match="50 bytes came of 100"):
        local_copy(root / "value")
    assert not list(folder.iterdir())
