import numpy as np
import pytest

from mnist_assets.dataset.loading import MNIST, Dataset, load_dataset
from mnist_assets.dataset.orientation import check_upright, compare_extents
from mnist_assets.declarations.places import BUNDLED_DATASET

SIGNIFICANCE = 0.01


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset(BUNDLED_DATASET, MNIST).dataset


@pytest.mark.parametrize("part", ["train", "test"])
def test_mnist_is_upright_and_transposed_it_is_not(mnist, part):
    images, labels = getattr(mnist, f"{part}_images"), getattr(mnist, f"{part}_labels")
    upright = compare_extents(images, labels)
    assert upright == {"tall": list(range(10)), "wide": []}
    turned = compare_extents(images.transpose(0, 2, 1), labels)
    assert turned == {"tall": [], "wide": list(range(10))}
    assert check_upright(upright, SIGNIFICANCE, transposed=False).passed
    finding = check_upright(turned, SIGNIFICANCE, transposed=False)
    assert not finding.passed
    assert "10 of 10 classes are wider than tall" in finding.message
    assert "`transposed: true`" in finding.message
    assert "`transposed: false`" in check_upright(turned, SIGNIFICANCE, transposed=True).message


def test_black_on_white_counts_as_well_as_white_on_black(mnist):
    few = slice(0, 2000)
    images, labels = mnist.train_images[few], mnist.train_labels[few]
    assert compare_extents(255 - images, labels) == compare_extents(images, labels)


def test_extents_are_of_what_is_drawn():
    images = np.full((5, 6, 8), 30, np.uint8)
    images[0, 1:5, 3] = 200  # taller than wide
    images[1, 2, 1:7] = 200  # wider than tall
    images[2, 2:4, 2:4] = 200  # neither
    images[3, 2, 1:7] = 90  # too faint: nothing is drawn
    images[4, 1:5, 3] = images[4, 2, 0:8] = 200  # a bar across: wide
    assert compare_extents(images, np.arange(5)) == {"tall": [0], "wide": [1, 4]}
    assert compare_extents(images[[0, 1, 2]], np.zeros(3, int)) == {"tall": [], "wide": []}


@pytest.mark.parametrize(
    ("wide", "tall", "passed"),
    [(10, 0, False), (9, 1, True), (26, 0, False), (20, 6, False), (19, 7, True), (6, 0, True)],
)
def test_nearly_all_of_enough_classes_have_to_be_wide(wide, tall, passed):
    compared = {"wide": list(range(wide)), "tall": list(range(tall))}
    assert check_upright(compared, SIGNIFICANCE, transposed=False).passed is passed


def test_without_any_extent_there_is_no_sign():
    assert check_upright({"wide": [], "tall": []}, SIGNIFICANCE, transposed=False).passed


@pytest.mark.parametrize("classes", [7, 10, 26, 49, 100])
def test_false_alarms_are_as_rare_as_declared(classes):
    wide = np.random.default_rng(0).binomial(classes, 0.5, 4000)
    failing = {
        count: not check_upright(
            {"wide": list(range(count)), "tall": list(range(classes - count))},
            SIGNIFICANCE,
            transposed=False,
        ).passed
        for count in range(classes + 1)
    }
    rate = np.mean([failing[count] for count in wide.tolist()])
    assert rate <= SIGNIFICANCE + 3 * np.sqrt(SIGNIFICANCE / 4000)
    assert failing[classes]
