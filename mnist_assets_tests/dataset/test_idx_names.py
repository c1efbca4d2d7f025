from pathlib import Path

import pytest

from mnist_assets.dataset.idx_names import find_idx, has_idx
from mnist_assets.errors import InputError

TRAIN, TEST = "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (TRAIN, TRAIN),
        (TRAIN, "train-labels.idx1-ubyte"),
        (TRAIN, "train-labels-idx1-ubyte.gz"),
        (TRAIN, "train-labels.idx1-ubyte.gz"),
        (TRAIN, "emnist-digits-train-labels-idx1-ubyte.gz"),
        (TEST, "test-labels-idx1-ubyte"),
        (TEST, "emnist-letters-test-labels-idx1-ubyte.gz"),
        (TRAIN, "train-labels-idx1-ubyte/train-labels-idx1-ubyte"),
        (TEST, "t10k-labels.idx1-ubyte/t10k-labels-idx1-ubyte.gz"),
    ],
)
def test_a_file_is_found_under_each_name_that_is_published(
    tmp_path: Path, wanted: str, name: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    (tmp_path / f"{wanted}.txt").touch()
    assert find_idx(tmp_path, wanted) == tmp_path / name
    assert not has_idx(tmp_path, TRAIN if wanted == TEST else TEST)


def test_the_plain_file_goes_first(tmp_path: Path) -> None:
    for name in (f"{TRAIN}.gz", "train-labels.idx1-ubyte", TRAIN):
        (tmp_path / name).touch()
        assert find_idx(tmp_path, TRAIN).name == name


def test_files_of_two_datasets_in_one_folder_are_refused(tmp_path: Path) -> None:
    for split in ("digits", "letters"):
        (tmp_path / f"emnist-{split}-{TRAIN}").touch()
    with pytest.raises(InputError, match=r"several datasets: emnist-digits.* emnist-letters"):
        find_idx(tmp_path, TRAIN)


def test_a_missing_folder_or_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory"):
        find_idx(tmp_path / "nowhere", TRAIN)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="Not a directory"):
        find_idx(file, TRAIN)
    (tmp_path / TRAIN).mkdir()
    with pytest.raises(InputError, match="found no such file, expected a file of that name, or"):
        find_idx(tmp_path, TRAIN)
