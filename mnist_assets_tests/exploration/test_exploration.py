"""Exploration, grey levels and similarity: hand-counted on tiny arrays."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from mnist_assets.errors import InputError
from mnist_assets.exploration import grey, similarity
from mnist_assets.exploration import summary as exploration

MNIST = Path(__file__).parents[2] / "data" / "raw" / "mnist"

# What the notebook prints for int(X_train[index].mean()), index 0 to 99.
NOTEBOOK_GREY_LEVELS = [
    int(level)
    for level in """
    35 39 24 21 29 37 22 45 13 27 36 18 45 36 14 32 31 34 17 22 43 45 19 21 28
    52 17 58 53 20 32 41 22 27 46 20 40 47 27 34 17 36 16 22 21 30 29 28 21 42
    23 58 35 21 30 41 53 25 43 21 37 23 38 58 33 21 34 19 31 53 28 26 13 33 33
    43 33 21 25 29 33 47 51 34 23 33 27 35 43 32 37 33 19 37 34 48 23 37 27 16
""".split()
]
NOTEBOOK_CLASS_DISTRIBUTION = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def read_images(name, count):
    with gzip.open(MNIST / f"{name}-images-idx3-ubyte.gz") as file:
        file.seek(16)
        return np.frombuffer(file.read(count * 784), np.uint8).reshape(-1, 28, 28)


def read_labels(name):
    with gzip.open(MNIST / f"{name}-labels-idx1-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8)[8:]


@pytest.fixture(scope="module")
def many():
    """More images than one chunk, read-only as a memory map would be: 1,201 of 3 x 2, 4 classes."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (1201, 3, 2), np.uint8)
    labels = generator.integers(0, 4, 1201, np.uint8)
    images.flags.writeable = labels.flags.writeable = False
    return images, labels


# Similarity


def test_cohens_d_by_hand():
    # Means 4 and 10; squares 8 and 8 over 3 + 3 - 2 = 4 degrees: pooled standard deviation 2.
    assert similarity.cohens_d(np.array([2.0, 4, 6]), np.array([8.0, 10, 12])) == pytest.approx(3)
    assert similarity.cohens_d(np.array([8.0, 10, 12]), np.array([2.0, 4, 6])) == pytest.approx(-3)


def test_cohens_d_has_no_scale_where_nothing_varies():
    assert similarity.cohens_d(np.array([2.0, 2]), np.array([3.0, 3])) is None


def test_compare_classes_by_hand_and_ignores_a_class_that_neither_has():
    compared = similarity.compare_classes(np.array([30, 0, 50, 20]), np.array([12, 0, 9, 19]))
    # Of the 59 images of class 2, 59 * 100 / 140 = 295 / 7 are expected in the training part, and
    # so on; all but class 0 are 55 / 7 away from what is expected.
    statistic = (55 / 7) ** 2 * (7 / 295 + 7 / 195 + 7 / 118 + 7 / 78)
    assert compared["chi_squared"] == pytest.approx(statistic)
    assert compared["degrees_of_freedom"] == 2
    assert compared["p_value"] == pytest.approx(np.exp(-statistic / 2))  # so it is with 2 degrees
    assert compared["train_shares"] == pytest.approx([0.3, 0, 0.5, 0.2])
    assert compared["test_shares"] == pytest.approx([0.3, 0, 0.225, 0.475])
    assert compared["largest_share_difference"] == pytest.approx(0.275)


def test_compare_classes_counts_a_class_that_only_one_part_has():
    compared = similarity.compare_classes(np.array([30, 5, 50]), np.array([12, 0, 9]))
    squares = np.array([[30, 5, 50], [12, 0, 9]]) ** 2 / np.outer([85, 21], [42, 5, 59])
    assert compared["chi_squared"] == pytest.approx(106 * (squares.sum() - 1))
    assert compared["degrees_of_freedom"] == 2


@pytest.mark.parametrize(("train", "test"), [([7], [5]), ([7, 0], [5, 0])])
def test_a_class_alone_cannot_differ(train, test):
    compared = similarity.compare_classes(np.array(train), np.array(test))
    assert (compared["chi_squared"], compared["degrees_of_freedom"]) == (0, 0)
    assert compared["p_value"] == 1


def test_compare_grey_levels_by_hand():
    train_pixels, test_pixels = np.zeros((2, 256), np.int64)
    train_pixels[[0, 10, 20]] = [2, 1, 1]
    test_pixels[[0, 40]] = 1
    compared = similarity.compare_grey_levels(
        np.array([5.0, 10]), np.array([20.0]), train_pixels, test_pixels
    )
    # Of 0 0 10 20 the middle two are 0 and 10; the squared deviations from 7.5 sum to 275.
    assert compared["train"] == {
        "mean": 7.5,
        "std": pytest.approx((275 / 4) ** 0.5),
        "median": 5.0,
        "image_mean": {"mean": 7.5, "std": 2.5, "median": 7.5},
    }
    assert compared["test"]["median"] == 20
    assert compared["kolmogorov_smirnov"] == 1
    # The one test image may be below, between or above the others: twice as far away as can be.
    assert compared["kolmogorov_smirnov_p_value"] == pytest.approx(2 / 3)
    assert compared["largest_pixel_share_difference"] == pytest.approx(0.5)  # at level 40


@pytest.mark.parametrize(
    "levels", [[7], [0, 255], [0, 10, 20], [0, 0, 10, 20], [3, 4, 5, 6], [1, 1, 8, 9, 9]]
)
def test_the_median_pixel_is_told_from_counts(levels):
    pixels = np.bincount(levels, minlength=256)
    compared = similarity.compare_grey_levels(np.ones(2), np.ones(2), pixels, pixels)
    assert compared["train"]["median"] == np.median(levels)


def test_equal_image_means_are_one_step_of_their_distribution():
    pixels = np.eye(256, dtype=np.int64)[0]
    train, test = np.array([1.0, 1, 2, 3]), np.array([1.0, 2, 2, 2])
    compared = similarity.compare_grey_levels(train, test, pixels, pixels)
    assert compared["kolmogorov_smirnov"] == 0.25  # at 1: 2 of 4 against 1 of 4


# Classes, averages and extremes


def test_summarise_answers_the_notebooks_questions(many):
    images, labels = many
    summary = exploration.summarise(images, labels, images[:300], labels[:300])
    assert json.loads(json.dumps(summary)) == summary
    assert summary["train_images"] == 1201
    assert summary["test_images"] == 300
    assert summary["image_shape"] == [3, 2]
    assert summary["dtype"] == "uint8"
    assert summary["classes"] == [0, 1, 2, 3]
    assert summary["class_distribution"]["train"] == np.bincount(labels).tolist()
    assert summary["class_distribution"]["test"] == np.bincount(labels[:300]).tolist()
    assert summary["test_like_train"]["classes"]["degrees_of_freedom"] == 3
    described = summary["test_like_train"]["grey_levels"]["train"]
    assert described["mean"] == pytest.approx(images.mean())
    assert described["std"] == pytest.approx(images.std())
    assert described["median"] == np.median(images)


def test_the_parts_compared_with_themselves_are_alike(many):
    images, labels = many
    summary = exploration.summarise(images, labels, images, labels)
    assert summary["classes"] == [0, 1, 2, 3]
    alike = summary["test_like_train"]
    assert alike["classes"]["p_value"] == 1
    assert alike["grey_levels"]["cohens_d"] == 0
    assert alike["grey_levels"]["kolmogorov_smirnov_p_value"] == 1
    assert alike["grey_levels"]["largest_pixel_share_difference"] == 0


def test_class_distribution_counts_and_shares():
    table = exploration.class_distribution(
        np.array([0, 1, 1, 2], np.uint8), np.array([0, 0], np.uint8), 3
    )
    assert list(table.columns) == [
        "class",
        "train_count",
        "test_count",
        "train_share",
        "test_share",
    ]
    assert table.to_numpy().tolist() == [[0, 1, 2, 0.25, 1], [1, 2, 0, 0.5, 0], [2, 1, 0, 0.25, 0]]


def test_average_digits_are_exact(many):
    images, labels = many
    averages = exploration.average_digits(images, labels, 4)
    assert averages.dtype == np.float32
    for digit in range(4):
        members = images[labels == digit].astype(np.int64)
        expected = (members.sum(axis=0) / len(members)).astype(np.float32)
        np.testing.assert_array_equal(averages[digit], expected)


def test_average_of_more_than_a_chunk_of_one_class():
    images = np.zeros((exploration.CHUNK + 3, 1, 1), np.uint8)
    images[-1] = 255
    averages = exploration.average_digits(images, np.zeros(len(images), np.uint8), 1)
    assert averages.item() == np.float32(255 / len(images))


def test_a_class_without_images_has_no_average(many):
    images, labels = many
    with pytest.raises(InputError, match=r"class 4: found no image"):
        exploration.average_digits(images, labels, 5)


def test_extreme_digits_by_hand():
    # One class of 1 x 2 images with the average (100, 100), at distances 0, 60, 50 and 10 from it.
    images = np.array([[[100, 160]], [[100, 100]], [[100, 50]], [[100, 90]]], np.uint8)
    table = exploration.extreme_digits(
        images, np.zeros(4, np.uint8), np.full((1, 1, 2), 100, np.float32)
    )
    assert table.to_dict("records") == [
        {
            "class": 0,
            "nearest_index": 1,
            "nearest_distance": 0,
            "least_similar_index": 0,
            "least_similar_distance": 60,
            "notebook_nearest_index": 0,  # the first, which is the furthest
            "notebook_nearest_distance": 60,
            "notebook_least_similar_index": 2,  # the one with the least ink
            "notebook_least_similar_distance": 50,
        }
    ]


def test_extreme_digits_are_those_of_a_full_search(many):
    images, labels = many
    averages = exploration.average_digits(images, labels, 4)
    table = exploration.extreme_digits(images, labels, averages)
    for digit in range(4):
        members = np.flatnonzero(labels == digit)
        differences = images[members].astype(float) - averages[digit]
        distances = np.linalg.norm(differences.reshape(len(members), -1), axis=1)
        row = table.iloc[digit]
        assert row["nearest_index"] == members[distances.argmin()]
        assert row["nearest_distance"] == pytest.approx(distances.min(), rel=1e-12)
        assert row["least_similar_index"] == members[distances.argmax()]
        assert row["least_similar_distance"] == pytest.approx(distances.max(), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_notebook_choices_are_those_of_its_own_loops(seed):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (60, 4, 4), np.uint8)
    labels = np.arange(60, dtype=np.uint8) % 3
    table = exploration.extreme_digits(
        images, labels, exploration.average_digits(images, labels, 3)
    )
    for digit in range(3):
        members = np.flatnonzero(labels == digit)
        group = images[members]
        average = np.mean(group, axis=0)
        worst = group[0]
        for img in group:
            if (worst - average).mean() > (img - average).mean():
                worst = img
        best = group[0]
        for img in group:
            if (best - img).mean() < 10 ^ -5:
                best = img
        row = table.iloc[digit]
        np.testing.assert_array_equal(images[int(row["notebook_least_similar_index"])], worst)
        np.testing.assert_array_equal(images[int(row["notebook_nearest_index"])], best)


# Grey levels


def test_grey_levels_are_the_100_that_the_notebook_prints():
    table = grey.grey_levels(read_images("train", 100))
    assert table["grey_level"].tolist() == NOTEBOOK_GREY_LEVELS


def test_grey_levels_keep_the_mean_beside_the_whole_number(many):
    images, _ = many
    table = grey.grey_levels(images)
    assert list(table.columns) == ["image", "mean_grey", "grey_level"]
    assert table["image"].tolist() == list(range(1201))
    np.testing.assert_allclose(table["mean_grey"], images.mean(axis=(1, 2)), rtol=1e-15)
    assert table["grey_level"].tolist() == [int(image.mean()) for image in images]


def grey_table(*means):
    pixels = np.array(means, np.uint8)[:, np.newaxis, np.newaxis]
    return grey.grey_levels(pixels)


def test_summarise_grey_levels_by_hand():
    summary = grey.summarise_grey_levels(
        grey_table(2, 20, 30, 30, 40, 90), usual=(20, 40), dark=10, light=75
    )
    assert summary["images"] == 6
    assert summary["mean"] == pytest.approx(212 / 6)
    assert summary["median"] == 30
    assert summary["mode"] == 30
    assert (summary["minimum"], summary["maximum"]) == (2, 90)
    assert summary["share_usual"] == pytest.approx(4 / 6)  # bounds included
    assert summary["images_dark"] == 1
    assert summary["images_light"] == 1
    assert summary["share_within_one_std"] == pytest.approx(4 / 6)  # standard deviation 27
    assert json.loads(json.dumps(summary)) == summary


def test_dark_and_light_bounds_are_not_themselves_dark_or_light():
    summary = grey.summarise_grey_levels(grey_table(10, 75), usual=(20, 40), dark=10, light=75)
    assert (summary["images_dark"], summary["images_light"]) == (0, 0)
    assert summary["share_within_one_std"] == 1  # both are exactly one away from the mean


def test_the_shape_of_the_grey_levels_is_that_of_the_whole_population(many):
    table = grey.grey_levels(many[0])
    summary = grey.summarise_grey_levels(table, usual=(20, 40), dark=10, light=75)
    means = table["mean_grey"].to_numpy()
    standardised = (means - means.mean()) / np.std(means)
    assert summary["std"] == pytest.approx(np.std(means))
    assert summary["skewness"] == pytest.approx((standardised**3).mean())
    assert summary["excess_kurtosis"] == pytest.approx((standardised**4).mean() - 3)


def test_equally_grey_images_have_no_shape():
    summary = grey.summarise_grey_levels(grey_table(7, 7), usual=(20, 40), dark=10, light=75)
    assert summary["skewness"] is None
    assert summary["excess_kurtosis"] is None


def test_pixel_histogram_is_exact(many):
    images, _ = many
    histogram = grey.pixel_histogram(images)
    assert histogram["grey_level"].tolist() == list(range(256))
    assert histogram["count"].dtype == np.int64
    levels, counts = np.unique(images, return_counts=True)
    assert histogram["count"].to_numpy()[levels].tolist() == counts.tolist()
    assert histogram["count"].sum() == images.size


def test_summarise_pixels_by_hand():
    images = np.array([[[0, 0, 0, 0, 1, 253, 253, 253, 254, 255]]], np.uint8)
    assert grey.summarise_pixels(grey.pixel_histogram(images), white_from=254) == {
        "pixels": 10,
        "white_from": 254,
        "black": {"count": 4, "share": 0.4},
        "between": {"count": 4, "share": 0.4},
        "white": {"count": 2, "share": 0.2},
        "tallest_grey_level": 253,
        "tallest_count": 3,
    }


# The whole of MNIST


@pytest.mark.slow
def test_mnist_is_what_the_notebook_prints_and_not_all_that_it_says():
    train, test = read_images("train", 60_000), read_images("t10k", 10_000)
    train_labels, test_labels = read_labels("train"), read_labels("t10k")
    summary = exploration.summarise(train, train_labels, test, test_labels)
    assert (summary["train_images"], summary["test_images"]) == (60_000, 10_000)
    assert summary["class_distribution"]["train"] == NOTEBOOK_CLASS_DISTRIBUTION
    pixels = grey.summarise_pixels(grey.pixel_histogram(train), white_from=254)
    assert pixels["black"]["count"] == (train == 0).sum()
    assert pixels["white"]["count"] == (train >= 254).sum()
    levels = grey.summarise_grey_levels(grey.grey_levels(train), usual=(20, 40), dark=10, light=75)
    assert levels["mean"] > levels["median"] > levels["mode"] > 28
    averages = exploration.average_digits(train, train_labels, 10)
    extremes = exploration.extreme_digits(train, train_labels, averages)
    assert (extremes["nearest_distance"] < extremes["notebook_nearest_distance"]).all()
    furthest = extremes["least_similar_distance"]
    assert (furthest > extremes["notebook_least_similar_distance"]).all()
