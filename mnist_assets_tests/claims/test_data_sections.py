"""Claims about the data, held against values that can be counted by hand, both ways."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from mnist_assets.claims.sections import dataset
from mnist_assets_tests.claims.small import IMAGES, LABELS, first, grey_images, last, network, seen

# Dataset


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("examples", 11),
        ("examples-of-each-part", [8, 3]),
        ("printed-training-examples", 8),
        ("printed-testing-examples", 3),
        ("parts-differ-in-number", True),
        ("ten-classes", [0, 1]),
        ("printed-classes", [0, 1]),
        ("printed-number-of-classes", 2),
        ("ten-bars", 2),
        ("printed-class-distribution", [4, 4]),
        ("image-shape", [2, 2]),
        ("printed-image-shape", [2, 2]),
        ("printed-data-type", "uint8"),
        ("same-image-size", True),
    ],
)
def test_images_and_classes_are_counted(claim, value):
    assert last(claim, seen(test_images=IMAGES[:3])).value == value


def test_parts_that_are_alike_in_number_or_differ_in_size():
    assert not last("parts-differ-in-number", seen()).value
    wider = seen(test_images=np.zeros((3, 2, 3), np.uint8))
    assert not last("same-image-size", wider).value


def test_the_notebooks_own_counts(printed):
    printed(CLASS_DISTRIBUTION=[5, 6, 7])
    assert first("printed-training-examples").value == 18
    assert first("printed-number-of-classes").value == 3


def test_the_parts_grey_levels_are_compared():
    assert last("similar-greyscale", seen()).value == 0
    lighter = last("similar-greyscale", seen(test_images=IMAGES[4:]))
    assert lighter.value > 0.5
    assert lighter.text.endswith("standard deviations")


def test_the_grid_draws_as_many_images_as_it_has_cells(printed):
    printed(GRID=(2, 3))
    assert first("first-nine").value == [0, 1, 2, 3, 4, 5]


def test_ink_is_correlated_with_the_average():
    # Each lit pixel is lit alike: where twice as many images are lit, the average is twice as high.
    images = np.array(
        [[[0, 200], [0, 100]], [[0, 200], [0, 0]], [[0, 200], [0, 100]], [[0, 200], [0, 0]]]
    )
    images = images.astype(np.uint8)
    labels = np.array([0, 1, 0, 1], np.uint8)
    images[0::2, 1, 1] = 200
    images[2, 1, 1] = 0
    alike = last("lighter-is-used-more", seen(images, labels)).value
    assert alike == pytest.approx([1, 1])
    images[:, 0, 0] = 1, 0, 1, 0  # lit by all, and yet black
    assert last("lighter-is-used-more", seen(images, labels)).value[0] < 0.8


def test_the_least_ink_need_not_be_the_furthest():
    # Class 0 averages 100 at one pixel: 250 is furthest, 0 has the least ink. In class 1 the image
    # with the least ink is the furthest, too.
    measured = last("least-similar-images", seen())
    assert (measured.value, measured.text) == (1, "for 1 of 2")


def test_the_notebooks_search_for_the_nearest_is_run(printed):
    # Class 0 averages 100: its image 1 is the nearest; in class 1 the first image is.
    measured = last("nearest-images", seen())
    assert (measured.value, measured.text) == (1, "for 1 of 2")
    assert "moves on from the first image for 0 of 2" in measured.detail
    # With a threshold that a wrapped difference can be below, it goes on to darker ends.
    printed(NEARER_THAN=(200, 0))
    moved = last("nearest-images", seen())
    assert "moves on from the first image for 2 of 2" in moved.detail


@pytest.mark.parametrize("limit", [-15, 1, 30, 60, 93.5, 200])  # 93.5 is one of the means
def test_the_search_runs_as_the_loop_does(limit):
    images = np.random.default_rng(0).integers(0, 256, (40, 4)).astype(np.uint8)
    best, lowest = 0, math.inf
    for position, image in enumerate(images):
        mean = (images[best] - image).mean()
        lowest = min(lowest, mean)
        if mean < limit:
            best = position
    assert dataset._run_nearest_loop(images, limit) == (best, lowest)


@pytest.mark.parametrize(("written", "value"), [((10, -5), -15), ((6, 3), 5)])
def test_the_threshold_is_what_python_makes_of_it(printed, written, value):
    printed(NEARER_THAN=written)
    assert first("nearest-threshold").value == value


def test_how_far_the_shape_shown_is_from_its_like():
    # Shown is the darkest. In class 0 it is black, without a shape; in class 1 it is the only one
    # of another shape than the average.
    assert dataset._share_more_alike(seen(), 0) == 0.75
    assert dataset._share_more_alike(seen(), 1) == 0.75
    # Another ink is not another shape: images of class 0 differ in nothing else.
    thinner = IMAGES.copy()
    thinner[0, 0, 1] = 10
    assert dataset._share_more_alike(seen(thinner), 0) == 0
    # The one with the least ink is less like the average than the others, and not than itself.
    shapes = np.array([[[90, 0], [0, 0]], [[0, 100], [0, 0]], [[0, 100], [0, 0]], [[0, 0], [0, 9]]])
    mixed = np.concatenate([shapes.astype(np.uint8), IMAGES[4:]])
    assert dataset._share_more_alike(seen(mixed), 0) == 0.75


# Grey levels


@pytest.mark.parametrize(
    ("levels", "width", "detail"),
    [
        ([0, 2, 4], 1, "4 bins from 0 to 4, of which 0 hold no whole number"),
        ([2, 3, 4], 0.5, "4 bins from 2 to 4, of which 1 hold no whole number"),
    ],
)
def test_the_bins_are_as_wide_as_a_level_only_from_zero(printed, levels, width, detail):
    printed(GREY_LEVELS=levels)
    measured = first("grouped-by-whole-averages")
    assert measured.value == width
    assert detail in measured.detail


@pytest.mark.parametrize(
    ("levels", "share", "text", "detail"),
    [
        (range(100), 0.2, "20, 20, 20, 20, 20 images in 5 equal bands", "chi-squared 0.0 with 4"),
        # (60 - 20)^2 / 20 + (40 - 20)^2 / 20 + 3 x 20 = 160
        ([*[0] * 60, *[9] * 40], 0.6, "60, 0, 0, 0, 40 images in 5", "chi-squared 160.0 with 4"),
        ([0, *[99] * 99], 0.99, "1, 0, 0, 0, 99 images in 5", "with 4 degrees of freedom, p = "),
    ],
)
def test_how_the_printed_levels_are_spread(printed, levels, share, text, detail):
    printed(GREY_LEVELS=list(levels))
    measured = first("well-distributed")
    assert measured.value == share
    assert text in measured.text
    assert detail in measured.detail


def test_levels_outside_bounds_are_counted(printed):
    printed(GREY_LEVELS=[9, 10, 75, 76])
    assert first("no-very-dark-or-light-images").value == 2
    here = last("no-very-dark-or-light-images", seen(*grey_images(0, 9.75, 10, 20, 63, 50)))
    assert (here.value, here.text) == (2, "2 below 10, 0 above 75")
    printed(DARK=10, LIGHT=120)
    here = last("no-very-dark-or-light-images", seen())
    assert (here.value, here.text) == (4, "1 below 10, 3 above 120")
    printed(DARK=0, LIGHT=150)
    assert last("no-very-dark-or-light-images", seen()).value == 0


@pytest.mark.parametrize(
    ("levels", "value", "text"),
    [
        ([20, 30, 9, 40], True, "0 of the first 2 images, 1 of all 4"),
        ([20, 30, 10, 40], False, "0 of the first 2 images, 0 of all 4"),
        ([20, 5, 9, 40], False, "1 of the first 2 images, 2 of all 4"),
    ],
)
def test_what_few_images_show_need_not_be_so_of_all(printed, levels, value, text):
    printed(GREY_LEVELS=[0, 0])  # two first images
    measured = last("few-images-mislead", seen(*grey_images(*levels)))
    assert (measured.value, measured.text) == (value, text)


def p_value_told(images, labels):
    detail = last("few-images-mislead", seen(images, labels)).detail
    return float(detail.partition("p = ")[2].partition(" ")[0])


def test_the_first_images_may_be_like_all_or_not():
    images = np.zeros((400, 2, 2), np.uint8)
    images[:, 0, 0] = np.arange(400) % 100
    labels = np.arange(400, dtype=np.uint8) % 2
    assert p_value_told(images, labels) > 0.05
    images[:, 0, 0] = np.arange(400) // 2
    assert p_value_told(images, labels) < 0.001
    levels = last("first-hundred-grey-levels", seen(images, labels)).value
    assert levels == (np.arange(100) // 8).tolist()


def test_shares_of_the_images_and_pixels():
    banded = seen(*grey_images(19.75, 20, 40, 40.25))
    assert last("mostly-between-20-and-40", banded).value == 0.5
    assert last("mostly-black", seen()).value == 18 / 32
    assert last("black-pixels", seen()).value == 18
    white = IMAGES.copy()
    white[0] = [[255, 254], [253, 252]]
    whites = last("white-pixels", seen(white))
    assert (whites.value, whites.detail) == (2, "with level 253 it is 3")
    assert last("centred-around-28", seen()).value == 81.25


@pytest.mark.parametrize(("others", "share"), [(10, 1 / 11), (8, 0)])
def test_outliers_are_further_than_three_standard_deviations(others, share):
    # One image among n dark ones is sqrt(n) standard deviations from the mean.
    assert last("few-outliers", seen(*grey_images(*[0] * others, 50))).value == share


def test_normality():
    generator = np.random.default_rng(0)
    images = np.zeros((1000, 20, 20), np.uint8)
    labels = np.arange(1000, dtype=np.uint8) % 2
    for shape, is_normal in (
        (generator.normal(100, 20, 1000), True),
        (generator.exponential(30, 1000), False),
    ):
        whole = np.clip(shape, 0, 255).astype(np.uint8)
        images[:] = whole[:, None, None]
        lit = generator.integers(0, 400, 1000)
        images.reshape(1000, -1)[np.arange(1000), lit] += 1
        measured = last("normal-form", seen(images, labels))
        assert (measured.value > 0.05) == is_normal
        means = images.reshape(1000, -1).mean(axis=1)
        normal = norm(means.mean(), means.std())
        dark, light = (means < 10).sum(), (means > 75).sum()
        assert measured.detail == (
            f"below 10 a normal distribution has {1000 * normal.cdf(10):.0f} images, here are "
            f"{dark}; above 75 it has {1000 * normal.sf(75):.0f}, here are {light}"
        )


def test_accuracy_on_dark_and_light_images(printed):
    right = np.eye(2, dtype=np.float32)[LABELS]
    wrong_if_light = right.copy()
    wrong_if_light[4:7] = 1 - right[4:7]
    best = network("best", {"validation": wrong_if_light[4:], "test": wrong_if_light})
    graph = seen(train=[0, 1, 2, 3], networks={"best": best})
    printed(DARK=0, LIGHT=120)
    assert last("worse-if-dark-or-light", graph).value == [(0, 6), (6, 6)]
    printed(DARK=0, LIGHT=255)
    assert last("worse-if-dark-or-light", graph).value == [(0, 1), (6, 12)]


# Preparation


def test_standardised_pixels():
    # The pixel that is never lit stays 0; those of the others are where the notebook puts them.
    graph = seen()
    low, high = last("values-between-0-and-1", graph).value
    pixel = IMAGES[:, 0, 1].astype(float)
    assert low == pytest.approx((0 - pixel.mean()) / pixel.std())
    assert high >= (250 - pixel.mean()) / pixel.std()
    # Of 8 values of each pixel: all that are never lit, those of 200 twice, and not the third time.
    inside = last("values-between-0-and-1", graph).detail
    assert inside.endswith("50% of those in the first 8 images are between 0 and 1")
    assert last("zero-centred", graph).value == pytest.approx([0, 0], abs=1e-9)
    assert last("first-image-range", graph).value == [0, 0]
    lit = IMAGES.copy()
    lit[3, 0, 0] = 1
    blown_up = last("zero-centred", seen(test_images=lit))
    assert blown_up.value[1] == pytest.approx(1e10 / 32)
    assert "1 of them are lit" in blown_up.detail


def test_the_moments_are_those_of_numpy():
    images = np.random.default_rng(0).integers(0, 256, (1203, 3, 2)).astype(np.uint8)
    images[:, 0, 0] = 7  # never varies
    labels = np.arange(1203, dtype=np.uint8) % 2
    mean, std = seen(images, labels).notebook_moments
    np.testing.assert_allclose(mean, images.mean(axis=0))
    np.testing.assert_allclose(std, images.std(axis=0))
    assert std[0, 0] == 0


def test_divisions_by_zero(printed):
    assert last("no-division-by-zero", seen()).value == 0
    printed(GUARD=0.0)
    with np.errstate(invalid="ignore"):
        assert last("no-division-by-zero", seen()).value == 4


def test_a_leak_is_what_validation_images_move():
    assert last("validation-not-seen", seen()).value == 0
    # Without the last four images the mean of two pixels falls from 100 to 0.
    assert last("validation-not-seen", seen(train=[0, 1, 2, 3])).value == 100


SPLIT = {"test_images": IMAGES[:3], "train": [0, 1, 2, 3, 4, 5]}


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("binary-matrix", [0, 1]),
        ("ten-dimensional", 2),
        ("integers-0-to-9", [0, 1]),
        ("printed-label-shapes", [[8], [8, 2]]),
        ("printed-old-shape", [8, 2, 2]),
        ("printed-new-shape", [8, 2, 2, 1]),
        ("printed-training-shape", [6, 2, 2, 1]),
        ("printed-validation-shape", [2, 2, 2, 1]),
        ("printed-testing-shape", [3, 2, 2, 1]),
        ("printed-split", [6, 2]),
        ("share-of-training", 0.75),
        ("float32-reduces-memory", 0.5),
        ("depth-of-one", 1),
        ("required-shape", False),
    ],
)
def test_shapes_labels_and_memory(claim, value):
    assert last(claim, seen(**SPLIT)).value == value


def test_an_index_is_applied(printed):
    assert "too many indices" in first("new-shape-by-code").value
    printed(NEW_SHAPE=(":", ":", ":", "np.newaxis"))
    assert first("new-shape-by-code").value == [60000, 28, 28, 1]


def test_a_validation_set_may_be_like_training_or_not(printed):
    labels = np.arange(400, dtype=np.uint8) % 2
    images = np.zeros((400, 2, 2), np.uint8)
    images[:, 0, 0] = labels
    like = seen(images, labels, train=range(300))
    assert last("random-validation-set", like).value == pytest.approx(1)
    unlike = seen(images, labels, train=np.r_[0:200, 200:400:2])
    assert last("random-validation-set", unlike).value < 0.001
    assert first("random-validation-set").value > 0.05
    printed(REPORT={"support": [5900, 100, 0, 0, 0, 0, 0, 0, 0, 0]})
    assert first("random-validation-set").value < 0.001
    # 60 and 40 against 50 and 50: chi-squared 2.02 with one degree of freedom.
    printed(REPORT={"support": [50, 50, 0]}, CLASS_DISTRIBUTION=[110, 90, 0])
    measured = first("random-validation-set")
    assert measured.value == pytest.approx(0.155, abs=5e-4)
    assert measured.text == "chi-squared 2.0, p = 0.16"
    assert measured.detail == "shares differ by up to 0.1000"
