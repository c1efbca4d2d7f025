"""Pictures of the preparation, held to by their texts and their data, not by their pixels."""

import numpy as np
import pytest

from mnist_assets.plots.style import to_png
from mnist_assets.preparation import figures as preparation
from mnist_assets_tests.plots.test_tiles import drawn_tiles


@pytest.fixture(scope="module")
def normalised():
    return np.random.default_rng(0).normal(size=(11, 12, 10)).astype(np.float32)


def test_normalized_digits_are_coloured_around_zero(normalised):
    images = normalised.copy()
    images[0, 0, 0], images[1, 0, 0] = -4.25, 9.75
    figure = preparation.normalized_digits(images)
    axes, bar = figure.axes
    np.testing.assert_array_equal(drawn_tiles(axes), images[:9])
    low, high = axes.images[0].get_clim()
    assert low == -high < 0
    assert bar.get_ylim() == (low, high)
    assert figure.get_suptitle() == "Normalised, the first 9 images lie in -4.2 to 9.8"
    assert bar.get_ylabel() == "standard deviations from the pixel's mean"


def test_normalized_digits_range_over_the_images_shown_alone(normalised):
    images = normalised.copy()
    images[9] = 1000
    assert "1000" not in preparation.normalized_digits(images).get_suptitle()


@pytest.mark.parametrize("count", [1, 4])
def test_normalized_digits_of_fewer_than_nine(normalised, count):
    figure = preparation.normalized_digits(normalised[:count])
    assert len(drawn_tiles(figure.axes[0])) == count
    assert len(to_png(figure)) < 75_000


def test_normalization_marks_the_pixels_at_the_floor():
    mean = np.array([[0, 10, 140], [3, 50, 60]], np.float32)
    std = np.array([[25.5, 40, 80], [25.5, 90, 100]], np.float32)
    figure = preparation.normalization(mean, std, std <= 25.5)
    left, right, *_ = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), mean)
    np.testing.assert_array_equal(right.images[0].get_array(), std)
    assert right.collections[0].get_offsets().tolist() == [[0, 0], [0, 1]]  # column, row
    assert left.get_title(loc="left") == "Training means reach grey level 140"
    assert right.get_title(loc="left") == "Dots: 2 of 6 pixels at the floor of 25.5"
    bars = [axes.child_axes[0].get_ylabel() for axes in (left, right)]
    assert bars == ["mean grey level", "standard deviation (grey levels)"]
    assert len(to_png(figure)) < 75_000


def test_normalization_without_a_pixel_at_the_floor():
    std = np.array([[40, 80]], np.float32)  # of black images: means are 0
    figure = preparation.normalization(np.zeros((1, 2), np.float32), std, std < 1)
    assert figure.axes[1].get_title(loc="left") == "No pixel is at the floor: the least is 40.0"
