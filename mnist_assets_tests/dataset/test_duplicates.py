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
    shared_p_value,
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
    assert check_not_in_training_part(test, train, 0, 1e-6).passed is True


def test_test_images_among_the_training_images_fail_and_are_named():
    train, test = noise(50), noise(20, seed=1)
    test[[4, 11]] = train[[49, 0]]
    finding = check_not_in_training_part(fingerprints(test), fingerprints(train), 0.09, 0.5)
    assert finding.passed is False
    assert finding.seen == {"images": 2, "indices": [4, 11]}
    assert finding.expected == {"images_at_most": 1}
    assert finding.binding is True
    passing = check_not_in_training_part(fingerprints(test), fingerprints(train), 0.1, 0.5)
    assert passing.passed is True


def prints(*numbers):
    return np.array(numbers, np.uint64)


def test_pairs_that_are_all_divided_have_the_probability_of_as_many_hits():
    # A pair of 8 images, 4 of them in the test part, is divided with a probability of 1/2.
    train, test = prints(1, 2, 3, 4), prints(1, 2, 3, 9)
    assert shared_p_value(test, train) == pytest.approx(1 / 2**3)


def test_equal_images_on_one_side_are_no_leak():
    assert shared_p_value(prints(5, 6), prints(1, 1, 2, 2)) == 1.0
    assert shared_p_value(prints(1, 2), prints(3, 4)) == 1.0


def test_few_images_on_both_sides_only_warn_and_many_stop():
    train = np.arange(600, dtype=np.uint64)
    for leaked, binding in ((5, False), (40, True)):
        test = np.concatenate([train[:leaked], np.arange(1000, 1400 - leaked, dtype=np.uint64)])
        finding = check_not_in_training_part(test, train, 0.001, 1e-6)
        assert (finding.passed, finding.binding) == (False, binding)


@pytest.mark.parametrize("kinds", [10, 100, 1000])
def test_random_divisions_of_equal_images_are_stopped_at_most_as_often_as_declared(kinds):
    rate, trials = 0.1, 300
    generator = np.random.default_rng(0)
    p_values = []
    for _ in range(trials):
        images = generator.integers(0, kinds, 300).astype(np.uint64)
        p_values.append(shared_p_value(images[:100], images[100:]))
    assert np.mean(np.array(p_values) < rate) <= rate
