"""What becomes of a source: its classes, orientation and test part, and what it says of itself."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from mnist_assets.dataset.checks import check_checksum
from mnist_assets.dataset.declaration import read_declaration
from mnist_assets.dataset.held_out import HeldOut
from mnist_assets.dataset.loading import load_dataset
from mnist_assets.errors import InputError
from mnist_assets_tests.dataset.made_up import MADE_UP, write_files

HELD_OUT = HeldOut(0.2, 0)
SIDE = 3


def load(path, held_out=HELD_OUT):
    return load_dataset(path, None, read_declaration(path), held_out)


@pytest.fixture
def write(tmp_path):
    """Write a small dataset with these labels, and load it."""
    generator = np.random.default_rng(0)

    def write(labels, test_labels=None, **files):
        arrays = {}
        for part, of_part in (("train", labels), ("test", test_labels)):
            if of_part is not None:
                shape = (len(of_part), SIDE, SIDE + 1)
                arrays[f"{part}_images"] = generator.integers(0, 256, shape).astype(np.uint8)
                arrays[f"{part}_labels"] = np.asarray(of_part)
        write_files(tmp_path / "some", **arrays)
        for name, text in files.items():
            (tmp_path / "some" / name.replace("_", ".")).write_text(text)
        return load(tmp_path / "some")

    return write


@pytest.mark.parametrize("make", MADE_UP)
def test_each_made_up_dataset_is_read_as_what_it_is(tmp_path, make):
    expected = MADE_UP[make]
    loaded = load(make(tmp_path))
    described = loaded.description
    assert (described.title, described.mnist) == (expected.title, False)
    assert described.class_names == expected.names
    assert described.labels == expected.labels
    assert len(described.notices) == expected.notices, described.notices
    assert str(tmp_path) not in str(described)
    for part, count in (("train", expected.train), ("test", expected.test)):
        images, labels = (getattr(loaded.dataset, f"{part}_{of}") for of in ("images", "labels"))
        assert images.shape == (count, *expected.shape)
        assert (images.dtype, labels.dtype) == (np.uint8, np.uint8)
        assert np.unique(labels).tolist() == list(range(len(expected.names)))
        assert not images.flags.writeable
        assert not labels.flags.writeable


@pytest.mark.parametrize("make", MADE_UP)
def test_the_checksum_finds_one_changed_value_in_each(tmp_path, make):
    loaded = load(make(tmp_path))
    for name, expected in loaded.sha256.items():
        assert check_checksum(loaded.as_in_source(name), name, expected).passed
        changed = getattr(loaded.dataset, name).copy()
        changed.flat[-1] = (changed.flat[-1] + 1) % len(loaded.description.labels)
        faulty = replace(loaded, dataset=loaded.dataset._replace(**{name: changed}))
        assert not check_checksum(faulty.as_in_source(name), name, expected).passed


@pytest.mark.parametrize("make", MADE_UP)
def test_the_same_files_give_the_same_arrays_elsewhere(tmp_path, make):
    path = make(tmp_path / "here" if (tmp_path / "here").mkdir() is None else tmp_path)
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    here, there = load(path), load(tmp_path / "there" / path.name)
    assert here.description == there.description
    for one, other in zip(here.dataset, there.dataset, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f8"])
def test_the_labels_found_are_the_classes(write, kind):
    loaded = write(np.array([9, 3, 7, 3], kind), np.array([7, 3], kind))
    assert loaded.dataset.train_labels.tolist() == [2, 0, 1, 0]
    assert loaded.dataset.test_labels.tolist() == [1, 0]
    assert loaded.description.labels == [3, 7, 9]
    assert loaded.description.class_names == ["3", "7", "9"]
    (notice,) = loaded.description.notices
    assert notice == "The labels 3, 7, 9 are the classes 0 to 2 in stored arrays."
    assert loaded.as_in_source("train_labels").tolist() == [9, 3, 7, 3]


def test_parts_may_have_labels_of_different_types(write):
    loaded = write(np.array([3, 1, 3], np.uint8), np.array([1, 3], np.int32))
    for name in loaded.sha256:
        assert check_checksum(loaded.as_in_source(name), name, loaded.sha256[name]).passed


def test_a_test_part_may_lack_a_class_but_not_have_one_of_its_own(write):
    assert write(np.array([1, 2, 5]), np.array([5, 5])).dataset.test_labels.tolist() == [2, 2]
    message = r"t10k-labels.*: found the label 4 at index 1, expected one of 1, 2, 5, the labels"
    with pytest.raises(InputError, match=message):
        write(np.array([1, 2, 5]), np.array([5, 4]))


def test_256_classes_are_the_most(write):
    assert len(write(np.arange(256) + 1000, np.array([1000])).description.labels) == 256
    with pytest.raises(InputError, match=r"257 different labels \(0, 1, .* expected 2 to 256"):
        write(np.arange(257), np.array([0]))


def test_names_and_title_come_from_the_files_beside(write):
    labels = np.array([1, 2]), np.array([1])
    loaded = write(*labels, classes_txt="\ufeffone\n two \n\n", dataset_yaml="title: Numbers\n")
    assert loaded.description.class_names == ["one", "two"]
    assert loaded.description.title == "Numbers"
    again = write(*labels, dataset_yaml="class_names: [eins, zwei]\n")
    assert again.description.class_names == ["eins", "zwei"], "dataset.yaml goes before classes.txt"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "classes_txt",
            "a\nb\nc\n",
            r"class names of .*some: found 3 names \(a, b, c\), expected 2",
        ),
        ("classes_txt", "a\n\nb\n", r"classes.txt, name 2: found ''"),
        ("classes_txt", "a\na\n", r"classes.txt, name 2: found a second 'a'"),
        ("classes_txt", f"a\n{'b' * 41}\n", r"classes.txt, name 2: .* 1 to 40 printable"),
        ("classes_txt", "a\nb\x07\n", r"classes.txt, name 2: .* printable"),
        ("dataset_yaml", "class_names: [a]\n", r"found 1 names \(a\), expected 2, one for each"),
        ("dataset_yaml", "class_names: [1, 2]\n", r"dataset.yaml: class_names\[0\]: found 1"),
        ("dataset_yaml", "titel: a\n", r"dataset.yaml: titel: found 'a', expected no such field"),
        ("dataset_yaml", "title: ''\n", r"dataset.yaml: title: found ''"),
        ("dataset_yaml", "transposed: sideways\n", r"dataset.yaml: transposed: found 'sideways'"),
        ("dataset_yaml", "test_share: 1\n", r"dataset.yaml: test_share: found 1, .* less than 1"),
        ("dataset_yaml", "title: [\n", r"dataset.yaml: found .*, expected valid YAML"),
    ],
)
def test_what_a_dataset_says_wrongly_of_itself_is_refused(write, name, text, message):
    with pytest.raises(InputError, match=message):
        write(np.array([1, 2]), np.array([1]), **{name: text})


def test_declared_images_are_transposed_and_given_back_as_they_were(write):
    labels = np.array([0, 1], np.uint8)
    plain = write(labels, labels)
    turned = write(labels, labels, dataset_yaml="transposed: true\n")
    assert plain.dataset.train_images.shape == (2, SIDE, SIDE + 1)
    assert turned.dataset.train_images.shape == (2, SIDE + 1, SIDE)
    as_read = turned.as_in_source("train_images")
    assert check_checksum(as_read, "train_images", turned.sha256["train_images"]).passed
    assert not check_checksum(
        turned.dataset.train_images, "train_images", turned.sha256["train_images"]
    ).passed


def test_a_test_part_is_held_out_class_by_class(write):
    labels = np.array([0] * 10 + [1] * 20 + [2] * 2 + [3])
    loaded = write(labels)
    assert np.bincount(loaded.dataset.test_labels, minlength=4).tolist() == [2, 4, 1, 0]
    assert np.bincount(loaded.dataset.train_labels).tolist() == [8, 16, 1, 1]
    together = np.concatenate([loaded.dataset.train_images, loaded.dataset.test_images])
    assert len(np.unique(together.reshape(33, -1), axis=0)) == 33, "each image is in one part"
    assert loaded.description.notices[0] == (
        "There is no test part: 7 images, 20 % of each class, were taken from the training part by "
        "the seed 0."
    )


def test_a_declared_share_goes_first_and_another_seed_takes_others(write, tmp_path):
    write(np.array([0, 1] * 20), dataset_yaml="test_share: 0.5\n")
    first, other = load(tmp_path / "some"), load(tmp_path / "some", HeldOut(0.2, 1))
    assert len(first.dataset.test_images) == len(other.dataset.test_images) == 20
    assert not np.array_equal(first.dataset.test_images, other.dataset.test_images)


def test_without_a_share_a_missing_test_part_is_refused(write, tmp_path):
    write(np.array([0, 1] * 20))
    with pytest.raises(InputError, match="some: found no test part"):
        load_dataset(tmp_path / "some", None)


def test_nothing_can_be_held_out_of_classes_of_one(write):
    with pytest.raises(InputError, match="no class with two images"):
        write(np.array([0, 1, 2]))
