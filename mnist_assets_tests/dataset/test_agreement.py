import numpy as np
import pytest

from mnist_assets.dataset.agreement import MOST, find_disagreement, measure_agreement

LIGHT_LEFT, LIGHT_RIGHT = np.array([[200, 0]], np.uint8), np.array([[0, 200]], np.uint8)


def make_part(*counts):
    """So many images of each of two classes, light on the left and light on the right."""
    images = np.concatenate(
        [
            np.repeat(image[None], count, axis=0)
            for image, count in zip((LIGHT_LEFT, LIGHT_RIGHT), counts, strict=True)
        ]
    )
    return images, np.repeat(np.arange(len(counts), dtype=np.uint8), counts)


def test_images_of_two_clear_classes_are_all_read_by_either_parts_averages():
    measured = measure_agreement(*make_part(6, 8), *make_part(4, 9), [0, 1])
    # Both parts have four images of class 0 and eight of class 1: at random, 1/9 + 4/9 agree.
    for part in ("train", "test"):
        counts = measured[part]
        assert (counts["images"], counts["own"], counts["other"]) == (12, 12, 12)
        assert counts["guessed"] == pytest.approx(5 / 9)


def test_labels_exchanged_in_one_part_agree_with_their_own_alone():
    images, labels = make_part(6, 6)
    measured = measure_agreement(images, labels, images, 1 - labels, [0, 1])
    assert {(of["own"], of["other"]) for of in measured.values()} == {(12, 0)}


def test_more_images_than_are_needed_are_not_read():
    measured = measure_agreement(*make_part(3 * MOST, 3 * MOST), *make_part(700, 700), [0, 1])
    assert measured["test"]["images"] == 4 * MOST


def measured(own, other, images=100, guessed=0.5):
    sound = {"images": 100, "own": 90, "other": 90, "guessed": 0.5}
    return {
        "train": sound,
        "test": sound | {"images": images, "own": own, "other": other, "guessed": guessed},
    }


@pytest.mark.parametrize(
    ("own", "other", "images", "named"),
    [
        (100, 40, 100, "test"),  # nothing but guessing
        (100, 0, 100, "test"),  # the opposite
        (100, 75, 100, None),  # half of what is beyond guessing
        (10, 5, 10, None),  # too few to tell
        (1000, 650, 1000, "test"),
        (50, 40, 100, None),  # their own averages tell nothing, either
        (0, 0, 100, None),
        (100, 100, 100, None),
    ],
)
def test_a_part_that_the_others_averages_read_much_worse_is_named(own, other, images, named):
    assert find_disagreement(measured(own, other, images), 1e-6) == named
