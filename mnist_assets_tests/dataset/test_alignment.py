import numpy as np
import pytest

from mnist_assets.dataset.alignment import CHANGES, check_parts_alike, compare_parts

SIDE, RATE = 6, 1e-6


def make_part(seed, noise=40):
    """Four classes of an asymmetric pattern each, 30 images of every class."""
    generator = np.random.default_rng(seed)
    labels = np.arange(120, dtype=np.uint8) % 4
    patterns = np.random.default_rng(99).integers(0, 200, (4, SIDE, SIDE))
    images = patterns[labels] + generator.integers(0, noise, (120, SIDE, SIDE))
    return images.astype(np.uint8), labels


def compare(change_images=lambda images: images, change_labels=lambda labels: labels):
    images, labels = make_part(1)
    return compare_parts(*make_part(0), change_images(images), change_labels(labels), 30)


def test_parts_of_one_making_are_alike():
    compared = compare()
    assert compared["as_they_are"] > 0.98
    finding = check_parts_alike(compared, 0, RATE)
    assert finding.passed is True
    assert finding.message.startswith("The averages of 4 classes in both parts")
    assert finding.seen["classes"] == [0, 1, 2, 3]


CHANGED = {
    "moved up by one pixel": lambda images: np.roll(images, -1, axis=1),
    "moved down by one pixel": lambda images: np.roll(images, 1, axis=1),
    "moved left by one pixel": lambda images: np.roll(images, -1, axis=2),
    "moved right by one pixel": lambda images: np.roll(images, 1, axis=2),
    "mirrored left to right": lambda images: images[:, :, ::-1],
    "upside down": lambda images: images[:, ::-1],
    "turned by 180 degrees": lambda images: np.rot90(images, 2, axes=(1, 2)),
    "transposed": lambda images: images.transpose(0, 2, 1),
    "inverted": lambda images: 255 - images,
}
RELABELLED = {
    "labelled one too low": lambda labels: (labels - 1) % 4,
    "labelled one too high": lambda labels: (labels + 1) % 4,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_happened_to_one_part_is_named(change):
    compared = compare(
        CHANGED.get(change, lambda images: images), RELABELLED.get(change, lambda labels: labels)
    )
    assert compared["if_changed"][change] == pytest.approx(compare()["as_they_are"])
    finding = check_parts_alike(compared, 0.02, RATE)
    assert finding.passed is False
    assert finding.seen["change"] == change
    assert f"better if taken to be {change}: " in finding.message


@pytest.mark.parametrize("part", ["train", "test"])
def test_labels_of_one_part_shuffled_against_images_belong_to_others(part):
    parts = {"train": make_part(0), "test": make_part(1)}
    images, labels = parts[part]
    parts[part] = images, np.random.default_rng(0).permutation(labels)
    finding = check_parts_alike(compare_parts(*parts["train"], *parts["test"], 30), 1, RATE)
    assert finding.passed is False
    assert "images and labels may not belong together" in finding.message


def test_labels_that_tell_nothing_in_either_part_are_no_difference_of_the_parts():
    shuffled = [
        (images, np.random.default_rng(seed).permutation(labels))
        for seed, (images, labels) in enumerate([make_part(0), make_part(1)])
    ]
    finding = check_parts_alike(compare_parts(*shuffled[0], *shuffled[1], 30), 0, RATE)
    assert finding.passed is True


def test_a_symmetrical_pattern_passes_within_the_margin():
    images, labels = make_part(0, noise=150)
    symmetrical = np.maximum(images, images[:, :, ::-1])
    compared = compare_parts(symmetrical[:60], labels[:60], symmetrical[60:], labels[60:], 1)
    assert compared["if_changed"]["mirrored left to right"] == pytest.approx(
        compared["as_they_are"]
    )
    assert check_parts_alike(compared, 0.02, RATE).passed is True


# Student's t with 9 degrees of freedom exceeds 1.833 with a probability of 0.05.
@pytest.mark.parametrize(("margin", "passed"), [(0.25 - 0.1833, True), (0.25 - 0.1834, False)])
def test_a_change_may_be_better_by_the_margin_and_what_chance_explains(margin, passed):
    agreement = {"images": 10, "own": 5, "other": 5, "guessed": 0.5}
    compared = {
        "classes": [0, 1],
        "as_they_are": 0.5,
        "if_changed": {"inverted": 0.75},
        "gain_error": 0.1,
        "degrees_of_freedom": 9,
        "agreement": {"train": agreement, "test": agreement},
    }
    finding = check_parts_alike(compared, margin, 0.1)
    assert finding.passed is passed
    assert finding.expected["correlation_at_least"] == pytest.approx(0.5, abs=1e-4)


def test_the_standard_error_is_that_of_many_such_datasets():
    gains, errors = [], []
    for seed in range(100):
        images, labels = make_part(seed, noise=100)
        symmetrical = np.maximum(images, images[:, :, ::-1])
        noisy = np.clip(
            symmetrical + np.random.default_rng(seed).normal(0, 60, images.shape), 0, 255
        ).astype(np.uint8)
        compared = compare_parts(noisy[:60], labels[:60], noisy[60:], labels[60:], 2)
        change = max(compared["if_changed"], key=compared["if_changed"].get)
        if change == "mirrored left to right" and "gain_error" in compared:
            gains.append(compared["if_changed"][change] - compared["as_they_are"])
            errors.append(compared["gain_error"])
    assert len(gains) > 30
    # The half above 0 of a normal distribution has the root mean square of the whole. Where both
    # parts are symmetrical a gain is the product of two noises: the jackknife doubles its variance.
    assert np.mean(errors) == pytest.approx(np.sqrt(2 * np.mean(np.square(gains))), rel=0.3)


@pytest.mark.parametrize("per_class", [(10, 10), (30, 10), (10, 30)])
def test_parts_drawn_and_labelled_alike_fail_at_most_as_often_as_declared(per_class):
    rate, trials, failed = 0.1, 150, 0
    for seed in range(trials):
        generator = np.random.default_rng(seed)
        pattern = generator.integers(60, 160, (2, 8, 8))
        patterns = (pattern + pattern[:, :, ::-1]) / 2  # no side is left or right
        parts = []
        for count in per_class:
            labels = np.repeat(np.arange(2, dtype=np.uint8), count)
            images = patterns[labels] + generator.normal(0, 40, (len(labels), 8, 8))
            parts += [images.clip(0, 255).astype(np.uint8), labels]
        failed += not check_parts_alike(compare_parts(*parts, 10), 0, rate).passed
    assert failed <= rate * trials


def test_images_that_are_not_square_are_not_transposed():
    images, labels = make_part(0)
    compared = compare_parts(images[:, 1:], labels, images[:, 1:], labels, 1)
    assert set(CHANGES) - set(compared["if_changed"]) == {"transposed"}
    assert compared["as_they_are"] == pytest.approx(1)


def test_classes_in_one_part_alone_and_blank_ones_count_for_nothing():
    images, labels = make_part(0)
    blank = np.where(labels[:, None, None] == 1, 7, images).astype(np.uint8)
    compared = compare_parts(blank, labels, blank[labels != 2], labels[labels != 2], 1)
    # Classes 0, 1 and 3 are in both parts, and the blank one correlates with nothing.
    assert compared["as_they_are"] == pytest.approx(2 / 3)


def test_averages_are_exact_whatever_the_number_of_images():
    images = np.full((1200, 2, 3), 255, np.uint8)
    images[::2, 0, 0] = 0
    labels = np.repeat(np.array([0, 1], np.uint8), 600)
    compared = compare_parts(
        images, labels, images[[0, 0, 1, 1]], np.repeat(np.array([0, 1], np.uint8), 2), 2
    )
    # The training averages are 127.5 in one pixel and 255 in the others, in both classes; the test
    # averages are 0 there in one class, and have no contrast in the other.
    assert compared["as_they_are"] == pytest.approx(0.5)


def test_classes_of_too_few_images_are_not_compared():
    images, labels = make_part(0)
    some = np.array([0, 4, 8, 1, 5, 2, 6, 10])  # three of classes 0 and 2, two of class 1
    few = compare_parts(images, labels, 255 - images[some], labels[some], 3)
    assert few["classes"] == [0, 2]
    assert check_parts_alike(few, 0.02, 0.5).passed is False
    assert check_parts_alike(few, 0.02, RATE).passed is True  # so few might be so by chance
    none = compare_parts(images, labels, 255 - images[some], labels[some], 4)
    assert none["classes"] == []
    finding = check_parts_alike(none, 0.02, RATE)
    assert finding.passed is True
    assert finding.message == "No class has enough images in both parts to be compared."
