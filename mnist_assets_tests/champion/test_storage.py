"""The archive that is handed on: whole, the same for the same files, and open to anybody."""

import zipfile

import pytest
from upath import UPath

from mnist_assets.champion.storage import BundleStorage
from mnist_assets.errors import InputError
from mnist_assets.orchestration.versions.content import content_version

FILES = {"model.tflite": bytes(range(256)) * 9, "card.md": b"# A card\n"}


def test_files_come_back_as_they_were(tmp_path):
    storage, path = BundleStorage(), tmp_path / "export.zip"
    storage.write(FILES, path)
    assert list(storage.read(path).items()) == list(FILES.items())
    with zipfile.ZipFile(path) as archive:
        assert archive.read("card.md") == b"# A card\n"
    assert path.stat().st_size < 1000
    again = tmp_path / "again.zip"
    storage.write(FILES, again)
    assert again.read_bytes() == path.read_bytes()


def test_a_damaged_archive_is_refused(tmp_path):
    path = tmp_path / "export.zip"
    BundleStorage().write(FILES, path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="cannot be read"):
        BundleStorage().load(UPath(path))


def test_its_version_is_that_of_its_files():
    before = content_version(FILES)
    assert content_version(dict(reversed(FILES.items()))) == before
    assert content_version(FILES | {"card.md": b"# Another\n"}) != before
    assert content_version({}) != before
