from pathlib import Path

import numpy as np
import pytest

from benchmarks.images import read_repeated, require_space, shift_images, write_repeated
from mnist_assets.errors import InputError


def test_images_are_shifted_and_black_comes_in() -> None:
    images = np.zeros((200, 5, 7), np.uint8)
    images[:, 2, 3] = 9
    shifted = shift_images(images, 1, np.random.default_rng(0))
    assert (shifted.sum(axis=(1, 2)) == 9).all()
    moved_to = {(int(row), int(column)) for _, row, column in np.argwhere(shifted)}
    assert moved_to == {(row, column) for row in (1, 2, 3) for column in (2, 3, 4)}
    edge = shift_images(np.full((50, 2, 2), 5, np.uint8), 2, np.random.default_rng(0))
    assert 0 in edge.sum(axis=(1, 2))


def test_repeated_images_are_written_in_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.images.CHUNK", 4)
    images = np.zeros((3, 6, 6), np.uint8)
    images[:, 3, 3] = [10, 20, 30]
    write_repeated(tmp_path, images, np.array([1, 2, 3], np.uint8), 10)
    written, labels = read_repeated(tmp_path)
    assert written.shape == (10, 6, 6)
    assert written.dtype == np.uint8
    assert labels.tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]
    assert (written.max(axis=(1, 2)) == labels * 10).all()
    again = tmp_path / "again"
    again.mkdir()
    write_repeated(again, images, np.array([1, 2, 3], np.uint8), 10)
    assert (read_repeated(again)[0] == written).all()


def test_too_small_a_disk_is_said_before_writing(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(InputError, match=r"expected at least 1000000000\.0 GB\. Free some"):
        require_space(tmp_path, 10**18)
