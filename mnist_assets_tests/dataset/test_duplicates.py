import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_assets.dataset.duplicates import (
    CHUNK,
    check_no_image_twice,
    check_not_in_training_part,
    fingerprints,
)


def noise(count, seed=0, shape=(5, 3)):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


@given(arrays(np.uint8, (6, 3, 3), elements=st.integers(0, 1)))
def test_images_have_equal_fingerprints_just_if_they_are_equal(images):
    prints = fingerprints(images)
    for print_a, a in zip(prints, images, strict=True):
        for print_b, b in zip(prints, images, strict=True):
            assert (print_a == print_b) == (a == b).all()


def test_fingerprints_tell_images_that_differ_in_one_pixel_by_one_grey_level():
    images = np.zeros((1 + 28 * 28, 28, 28), np.uint8)
    images.reshape(-1, 784)[1:] = np.eye(784, dtype=np.uint8)
    assert len(np.unique(fingerprints(images))) == 785


def test_fingerprints_tell_pixels_that_are_last_in_their_word():
    images = np.zeros((256 * 256, 1, 16), np.uint8)
    images[:, 0, 7], images[:, 0, 15] = np.divmod(np.arange(256 * 256), 256)
    assert len(np.unique(fingerprints(images))) == 256 * 256


def test_fingerprints_do_not_depend_on_the_chunk_nor_change_the_images():
    images = noise(2 * CHUNK + 3)
    before = images.copy()
    images.flags.writeable = False
    prints = fingerprints(images)
    assert prints.dtype == np.uint64
    assert (prints[CHUNK:] == fingerprints(images[CHUNK:])).all()
    assert (images == before).all()


def test_images_that_are_all_different_pass():
    finding = check_no_image_twice(fingerprints(noise(50)), "train_images", 0)
    assert finding.passed is True
    assert finding.seen == {"images": 0, "indices": []}


def test_images_that_repeat_an_earlier_one_fail_and_are_named():
    images = noise(50)
    images[[7, 30, 49]] = images[3]
    finding = check_no_image_twice(fingerprints(images), "train_images", 0.059)
    assert finding.passed is False
    assert finding.seen == {"images": 3, "indices": [7, 30, 49]}
    assert "3 of the 50 images of train_images repeat" in finding.message
    assert "The first is number 7." in finding.message


@pytest.mark.parametrize(("share", "passed"), [(0.06, True), (0.059, False)])
def test_a_declared_share_may_repeat(share, passed):
    images = noise(50)
    images[:3] = images[9]
    assert check_no_image_twice(fingerprints(images), "x", share).passed is passed


def test_test_images_of_their_own_pass():
    train, test = fingerprints(noise(50)), fingerprints(noise(20, seed=1))
    assert check_not_in_training_part(test, train, 0).passed is True


def test_test_images_among_the_training_images_fail_and_are_named():
    train, test = noise(50), noise(20, seed=1)
    test[[4, 11]] = train[[49, 0]]
    finding = check_not_in_training_part(fingerprints(test), fingerprints(train), 0.09)
    assert finding.passed is False
    assert finding.seen == {"images": 2, "indices": [4, 11]}
    assert finding.expected == {"images_at_most": 1}
    assert check_not_in_training_part(fingerprints(test), fingerprints(train), 0.1).passed is True
