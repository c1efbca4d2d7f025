import gzip

import numpy as np
import pytest

from mnist_assets.dataset.readers.idx_files import IdxFiles
from mnist_assets.errors import InputError
from mnist_assets_tests.dataset.made_up import write_files, write_idx

IMAGES = np.array([[[0, 200], [3, 4]], [[5, 6], [7, 255]], [[1, 0], [0, 9]]])
LABELS = np.array([4, 2, 4])


def write(folder, images=IMAGES, labels=LABELS, kind="u1", label_kind="u1", *, test=True):
    arrays = {"train_images": images.astype(kind), "train_labels": labels.astype(label_kind)}
    if test:
        arrays |= {name.replace("train", "test"): array for name, array in arrays.items()}
    write_files(folder, **arrays)
    return IdxFiles(folder)


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8"])
def test_every_type_gives_the_same_grey_levels(tmp_path, kind):
    source = write(tmp_path, kind=kind).read()
    for part in (source.train, source.test):
        assert part.images.dtype == np.uint8
        assert part.images.tolist() == IMAGES.tolist()
        assert part.labels.tolist() == LABELS.tolist()
    assert source.notices == ()


def test_signed_bytes_are_read_as_far_as_they_go(tmp_path):
    assert write(tmp_path, IMAGES // 2, kind="i1").read().train.images.max() == 127


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_labels_may_have_any_type_too(tmp_path, kind):
    labels = write(tmp_path, labels=LABELS, label_kind=kind).read().train.labels
    assert labels.tolist() == LABELS.tolist()
    assert labels.dtype == (np.uint8 if kind == "u1" else np.int64)


def test_labels_that_are_no_whole_numbers_are_refused(tmp_path):
    reader = write(tmp_path, labels=LABELS / 4, label_kind="f4")
    with pytest.raises(
        InputError, match=r"train-labels.*float32?4?, not all whole numbers|not all"
    ):
        reader.read()


def test_files_are_listed_in_one_order_gzipped_or_not(tmp_path):
    reader = write(tmp_path)
    plain = tmp_path / "train-labels-idx1-ubyte"
    (tmp_path / "train-labels.idx1-ubyte.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert [path.name for path in reader.files()] == [
        "train-images-idx3-ubyte",
        "train-labels.idx1-ubyte.gz",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ]
    assert reader.read().train.labels.tolist() == LABELS.tolist()


def test_the_test_part_may_be_missing_but_not_half_of_it(tmp_path):
    reader = write(tmp_path, test=False)
    assert len(reader.files()) == 2
    assert reader.read().test is None
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", LABELS.astype(np.uint8))
    with pytest.raises(InputError, match="t10k-images-idx3-ubyte: found no such file"):
        reader.files()


def test_a_given_checksum_needs_all_four_files(tmp_path):
    write(tmp_path, test=False)
    with pytest.raises(InputError, match="t10k-images-idx3-ubyte: found no such file"):
        IdxFiles(tmp_path, {"any": "checksum"}).files()


def test_of_a_plain_and_a_gzipped_file_that_differ_it_says_which_is_read(tmp_path):
    reader = write(tmp_path)
    plain = tmp_path / "train-labels-idx1-ubyte"
    other = tmp_path / "train-labels-idx1-ubyte.gz"
    other.write_bytes(gzip.compress(plain.read_bytes()))
    assert reader.read().notices == ()
    other.write_bytes(gzip.compress(plain.read_bytes()[:-1] + b"\x09"))
    (notice,) = reader.read().notices
    assert notice == f"{other.name} is there, too, with another content: {plain.name} was read."
