import numpy as np
import pytest

from mnist_assets.networks.augmentation import Augmentation
from mnist_assets.networks.loop.augmentation import augment, draw_maps


def changed(images, seed=0, **options):
    out = np.full_like(images, 7)
    augment(images, Augmentation(**options), np.random.default_rng(seed), out)
    return out


def dots(count, size=9):
    """Images of one white pixel in the middle."""
    images = np.zeros((count, size, size), np.uint8)
    images[:, size // 2, size // 2] = 255
    return images


def test_without_any_change_every_image_stays_as_it_is():
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 4)).astype(np.uint8)
    np.testing.assert_array_equal(changed(images), images)


def test_a_shift_moves_ink_by_at_most_so_much_and_spreads_it_between_pixels():
    moved = changed(dots(200), shift=2).astype(float)
    rows, columns = np.mgrid[:9, :9]
    ink = moved.sum(axis=(1, 2))
    np.testing.assert_allclose(ink, 255, atol=3)  # rounded at up to four pixels
    for places in (rows, columns):
        means = (moved * places).sum(axis=(1, 2)) / ink - 4
        assert 1.8 < np.abs(means).max() <= 2.05
        assert abs(means.mean()) < 0.3


def test_what_comes_from_beyond_the_edges_is_black():
    white = np.full((50, 6, 6), 255, np.uint8)
    moved = changed(white, shift=2)
    assert (moved[:, 2:4, 2:4] == 255).all()
    assert (moved[:, 0] == 0).all(axis=1).any()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"rotate": 90}, lambda matrix: np.testing.assert_allclose(np.linalg.det(matrix), 1)),
        ({"scale": 0.5}, lambda matrix: np.testing.assert_array_equal(matrix[0, 1], 0)),
        ({"shear": 45}, lambda matrix: np.testing.assert_array_equal(matrix[0], [1, 0])),
    ],
)
def test_maps_are_of_their_kind(options, expected):
    matrices, shifts = draw_maps(Augmentation(**options), 20, np.random.default_rng(0))
    assert not shifts.any()
    for matrix in matrices.astype(np.float64).round(6):
        assert not np.array_equal(matrix, np.eye(2))
    expected(matrices[0].astype(np.float64).round(6))
    assert np.abs(matrices - np.eye(2)).max() <= 1 + 1e-6


def test_elastic_distortion_moves_neighbours_alike():
    images = np.zeros((20, 28, 28), np.uint8)
    images[:, :, 10:18] = 200  # a bar
    bent = changed(images, elastic={"strength": 30, "smoothness": 4})
    assert (bent != images).any(axis=(1, 2)).all()
    edges = (bent > 100).argmax(axis=2)  # where the bar begins, row by row
    steps = np.abs(np.diff(edges[:, 4:-4].astype(int), axis=1))
    assert steps.max() <= 1


def test_the_same_seed_gives_the_same_images_and_each_is_changed_by_itself():
    images, options = (
        dots(2500),
        {"rotate": 20, "shift": 2, "elastic": {"strength": 9, "smoothness": 3}},
    )
    first = changed(images, **options)  # more than a block
    np.testing.assert_array_equal(first, changed(images, **options))
    assert (first != changed(images, seed=1, **options)).any()
    assert len(np.unique(first.reshape(2500, -1), axis=0)) > 2000
