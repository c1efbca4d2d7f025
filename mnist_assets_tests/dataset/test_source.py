import shutil
from pathlib import Path

import pytest

from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.loading import MNIST
from mnist_assets.dataset.source import DOWNLOADS, DatasetSource
from mnist_assets.declarations.places import BUNDLED_DATASET
from mnist_assets.declarations.settings import read_settings
from mnist_assets.errors import InputError

MIRROR = "https://example.org/mnist/"


def source(location: str) -> DatasetSource:
    return DatasetSource.declared(location, read_settings().download)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset of one's own, as far as its files' names go."""
    for name in FILE_NAMES.values():
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_bundled_dataset_is_mnist() -> None:
    bundled = source("mnist")
    assert bundled.folder == bundled.fetch() == BUNDLED_DATASET
    assert bundled.facts is MNIST


def test_a_folder_is_a_dataset_of_ones_own(folder: Path) -> None:
    own = source(str(folder))
    assert own.folder == own.fetch() == folder
    assert own.facts is None


@pytest.mark.parametrize(
    ("location", "mirrors"),
    [("download", list(read_settings().download.mirrors)), (MIRROR, [MIRROR])],
)
def test_what_is_downloaded_is_mnist(
    monkeypatch: pytest.MonkeyPatch, location: str, mirrors: list[str]
) -> None:
    asked: dict[str, object] = {}

    def record(
        base_urls: list[str], into: Path, facts: object, *, attempts: int, timeout: float
    ) -> Path:
        asked.update(
            base_urls=base_urls, into=into, facts=facts, attempts=attempts, timeout=timeout
        )
        return into

    monkeypatch.setattr("mnist_assets.dataset.source.download_dataset", record)
    downloaded = source(location)
    assert downloaded.facts is MNIST
    assert asked == {}
    assert downloaded.fetch() == downloaded.folder == DOWNLOADS
    settings = read_settings().download
    assert asked == {
        "base_urls": mirrors,
        "into": DOWNLOADS,
        "facts": MNIST,
        "attempts": settings.attempts,
        "timeout": settings.timeout_seconds,
    }


def test_public_mirrors_are_several_and_encrypted() -> None:
    mirrors = read_settings().download.mirrors
    assert len(mirrors) >= 2
    assert all(url.startswith("https://") and url.endswith("/mnist/") for url in mirrors)


def test_the_version_follows_the_content(folder: Path) -> None:
    before = source(str(folder)).version()
    assert source(str(folder)).version() == before
    versions = {before}
    for name in FILE_NAMES.values():
        (folder / name).write_text("changed")
        versions.add(source(str(folder)).version())
    assert len(versions) == 5


def test_the_version_is_not_that_of_the_place(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder, elsewhere, ignore=lambda *_: ["elsewhere"])
    assert source(str(elsewhere)).version() == source(str(folder)).version()


def test_swapped_files_are_another_version(folder: Path) -> None:
    before = source(str(folder)).version()
    images, labels = (folder / FILE_NAMES[f"train_{kind}"] for kind in ("images", "labels"))
    labels.rename(folder / "kept")
    images.rename(labels)
    (folder / "kept").rename(images)
    assert source(str(folder)).version() != before


def test_the_version_of_a_download_needs_no_download() -> None:
    assert source("download").version() == source(MIRROR).version()
    assert len(source("download").version()) == 32


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: found No such file or directory"):
        source(str(tmp_path / "nowhere")).version()


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / FILE_NAMES["test_labels"]).unlink()
    with pytest.raises(InputError, match=f"{FILE_NAMES['test_labels']}: found no such file"):
        source(str(folder)).version()


def test_what_the_dataset_says_of_itself_and_its_names_are_part_of_the_version(
    folder: Path,
) -> None:
    versions = {source(str(folder)).version()}
    for name, text in (("dataset.yaml", "title: a"), ("classes.txt", "a"), ("classes.txt", "b")):
        (folder / name).write_text(text)
        versions.add(source(str(folder)).version())
    assert len(versions) == 4


def test_a_class_folder_that_is_renamed_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "0.png").write_bytes(b"any")
    before = source(str(tmp_path)).version()
    (tmp_path / "cat").rename(tmp_path / "dog")
    assert source(str(tmp_path)).version() != before


def test_what_comes_with_an_npz_file_has_its_name(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    path.write_bytes(b"any")
    before = source(str(path)).version()
    (tmp_path / "dataset.yaml").write_text("title: that of another")
    assert source(str(path)).version() == before
    (tmp_path / "some.dataset.yaml").write_text("title: its own")
    assert source(str(path)).version() != before
    assert source(str(path)).declaration.title == "its own"


def test_mnist_says_nothing_of_itself(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "dataset.yaml").write_text("title: mine")
    monkeypatch.setattr("mnist_assets.dataset.source.BUNDLED_DATASET", folder)
    assert source("mnist").declaration.title is None
    assert source(str(folder)).declaration.title == "mine"
