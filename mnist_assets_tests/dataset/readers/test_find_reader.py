import numpy as np
import pytest
from PIL import Image

from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.readers import find_reader
from mnist_assets.errors import InputError


def make(folder, what):
    """A place that is looked at."""
    match what:
        case "idx":
            (folder / f"{FILE_NAMES['test_labels']}.gz").write_bytes(b"anything")
        case "npz":
            return folder / "a.NPZ"
        case "pictures":
            (folder / "cat").mkdir()
            Image.fromarray(np.zeros((2, 2), np.uint8)).save(folder / "cat" / "0.png")
        case "parts":
            (folder / "train" / "cat").mkdir(parents=True)
        case "both":
            make(folder, "pictures")
            make(folder, "idx")
    return folder


@pytest.mark.parametrize(
    ("what", "layout"),
    [
        ("idx", "IDX files"),
        ("npz", "arrays in an .npz file"),
        ("pictures", "pictures by class"),
        ("parts", "pictures by class"),
        ("both", "IDX files"),
    ],
)
def test_the_layout_is_told_by_looking(tmp_path, what, layout):
    (tmp_path / "a.NPZ").write_bytes(b"anything")
    assert find_reader(make(tmp_path, what)).layout == layout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "nowhere: found No such file or directory, expected the IDX files"),
        ("empty", "empty: found no dataset, expected the IDX files"),
        ("holder", "holder: found a folder with a.npz: give the path of that file"),
        ("holder/notes.txt", "notes.txt: found a file that is no .npz"),
        ("packed", r"packed: found a folder with the archive emnist\.tar\.gz, .*Unpack it"),
        ("packed/emnist.tar.gz", r"emnist\.tar\.gz: found an archive, .*Unpack it"),
    ],
)
def test_what_no_reader_knows_is_refused(tmp_path, name, message):
    (tmp_path / "empty" / "nothing in it").mkdir(parents=True)
    (tmp_path / "holder").mkdir()
    (tmp_path / "packed").mkdir()
    for file in ("holder/a.npz", "holder/notes.txt", "packed/emnist.tar.gz"):
        (tmp_path / file).write_bytes(b"anything")
    with pytest.raises(InputError, match=message):
        find_reader(tmp_path / name)
