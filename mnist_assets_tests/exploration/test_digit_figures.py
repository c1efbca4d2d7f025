"""Pictures of the dataset, held to by their texts, data and size, not by their pixels."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.text import Text

from mnist_assets.exploration import summary as exploring
from mnist_assets.exploration.figures import digits as exploration
from mnist_assets.plots.style import STYLE, to_png
from mnist_assets_tests.plots.test_tiles import drawn_tiles


@pytest.fixture(scope="module")
def dataset():
    """120 images of 12 x 10 and 4 classes, read-only, unlike MNIST in size and number."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (120, 12, 10), np.uint8)
    images[generator.random(images.shape) < 0.7] = 0
    images.flags.writeable = False
    return images, (np.arange(120) % 4).astype(np.uint8)


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_sample_digits_shows_the_first_nine_with_their_labels(dataset):
    images, labels = dataset
    figure = exploration.sample_digits(images, labels)
    (axes,) = figure.axes
    np.testing.assert_array_equal(drawn_tiles(axes), images[:9])
    assert axes.images[0].get_clim() == (0, 255)
    assert [text.get_text() for text in axes.texts] == [f"label {label}" for label in labels[:9]]
    assert figure.get_suptitle() == "The first 9 images show 4 different classes"


def test_sample_digits_are_told_by_the_names_of_their_classes(dataset):
    images, labels = dataset[0][:9], np.zeros(9, np.uint8)
    figure = exploration.sample_digits(images, labels, ["trousers"])
    assert [text.get_text() for text in figure.axes[0].texts].count("trousers") == 9


@pytest.mark.parametrize("count", [1, 3, 4, 8])
def test_sample_digits_of_fewer_than_nine(dataset, count):
    images, labels = dataset
    figure = exploration.sample_digits(images[:count], labels[:count])
    assert len(drawn_tiles(figure.axes[0])) == len(figure.axes[0].texts) == count
    assert figure.get_suptitle().startswith(f"The first {count} images")


def test_pixel_range_has_a_colour_bar_in_grey_levels():
    image = np.array([[3, 200], [40, 7]], np.uint8)
    figure = exploration.pixel_range(image)
    (picture,) = figure.axes
    (bar,) = picture.child_axes
    np.testing.assert_array_equal(picture.images[0].get_array(), image)
    assert picture.get_title(loc="left") == "The first image uses grey levels 3 to 200"
    assert "grey level" in bar.get_ylabel()
    assert bar.get_ylim() == (0, 255)


def test_class_distribution_has_both_parts_counts_on_bars_of_shares():
    table = exploring.class_distribution(
        np.repeat(np.arange(3), [1200, 500, 300]).astype(np.uint8),
        np.repeat(np.arange(3), [50, 30, 20]).astype(np.uint8),
        3,
    )
    figure = exploration.class_distribution(table)
    (axes,) = figure.axes
    heights = [[bar.get_height() for bar in bars] for bars in axes.containers]
    assert heights == [pytest.approx([0.6, 0.25, 0.15]), pytest.approx([0.5, 0.3, 0.2])]
    assert {"1,200", "500", "300", "50", "30", "20"} <= set(texts(figure))
    assert {"training part: 2,000 images", "test part: 100 images"} <= set(texts(figure))
    assert axes.get_title(loc="left").endswith("differ by at most 10.00 percentage points")
    assert axes.get_xlabel() == "class"
    assert axes.get_ylabel() == "share of the part's images"


def test_average_digits_shows_every_class_on_one_scale():
    averages = np.zeros((7, 12, 10), np.float32)
    averages[:, 0, 0] = [90, 80, 250, 70, 20, 60, 50]
    figure = exploration.average_digits(averages)
    axes, bar = figure.axes
    np.testing.assert_array_equal(drawn_tiles(axes), averages)
    assert axes.images[0].get_clim() == (0, 255)
    assert "class 2, peak 250" in texts(figure)
    assert figure.get_suptitle() == (
        "Class 2 is most alike: its average peaks at grey level 250, class 4's at 20"
    )
    assert bar.get_ylabel() == "average grey level"


def test_extreme_digits_puts_the_notebooks_choices_beside_the_true_ones(dataset):
    images, labels = dataset
    averages = exploring.average_digits(images, labels, 4)
    table = exploring.extreme_digits(images, labels, averages)
    figure = exploration.extreme_digits(images, averages, table)
    drawn = drawn_tiles(figure.axes[0])
    assert len(drawn) == 20
    rows = ("nearest", "notebook_nearest", "least_similar", "notebook_least_similar")
    for row, choice in enumerate(rows, start=1):
        for digit in range(4):
            index = table[f"{choice}_index"][digit]
            np.testing.assert_array_equal(drawn[4 * row + digit], images[index])
            assert f"{table[f'{choice}_distance'][digit]:.0f}" in texts(figure)
    named = {"average", "nearest", "least similar", "0", "1", "2", "3"}
    assert named | {'notebook\'s\n"nearest"', 'notebook\'s\n"least similar"'} <= set(texts(figure))


def test_the_title_of_extreme_digits_counts_what_the_notebook_misses(dataset):
    images, labels = dataset
    averages = exploring.average_digits(images, labels, 4)
    table = exploring.extreme_digits(images, labels, averages)
    table["nearest_index"] = [*table["notebook_nearest_index"][:3], 50]
    table["least_similar_index"] = table["notebook_least_similar_index"]
    title = exploration.extreme_digits(images, averages, table).get_suptitle()
    assert title == (
        "The notebook misses the nearest image in 1 of 4 classes, the least similar in 0"
    )


def test_every_picture_is_small_and_leaves_matplotlibs_settings_alone(dataset):
    images, labels = dataset
    averages = exploring.average_digits(images, labels, 4)
    before = {name: mpl.rcParams[name] for name in STYLE}
    figures = [
        exploration.sample_digits(images, labels),
        exploration.pixel_range(images[0]),
        exploration.class_distribution(exploring.class_distribution(labels, labels, 4)),
        exploration.average_digits(averages),
        exploration.extreme_digits(
            images, averages, exploring.extreme_digits(images, labels, averages)
        ),
    ]
    for figure in figures:
        assert len(to_png(figure)) < 75_000
        assert figure.get_figwidth() <= 10
    assert {name: mpl.rcParams[name] for name in STYLE} == before
