import numpy as np
import pytest

from mnist_assets.quality.distortions import UNITS, add_noise, blur, distort, move, rotate

THREE = np.array([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], np.uint8)


def random_images(count, height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width)).astype(np.uint8)


@pytest.mark.parametrize(
    ("down", "right", "expected"),
    [
        (0, 0, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (0, 1, [[0, 1, 2], [0, 4, 5], [0, 7, 8]]),
        (0, -2, [[3, 0, 0], [6, 0, 0], [9, 0, 0]]),
        (1, 0, [[0, 0, 0], [1, 2, 3], [4, 5, 6]]),
        (-1, 1, [[0, 4, 5], [0, 7, 8], [0, 0, 0]]),
        (3, 0, [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
        (0, -9, [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
    ],
)
def test_moving_leaves_black_behind(down, right, expected):
    np.testing.assert_array_equal(move(THREE, down, right)[0], expected)


@pytest.mark.parametrize("size", [5, 6])
@pytest.mark.parametrize("quarters", [1, 2, 3, 4])
def test_quarter_turns_are_numpys_and_anticlockwise(size, quarters):
    images = random_images(3, size, size)
    turned = np.rot90(images, quarters, axes=(1, 2))
    np.testing.assert_array_equal(rotate(images, 90 * quarters), turned)


def test_no_turn_changes_nothing_and_a_half_turn_fits_any_shape():
    images = random_images(2, 4, 7)
    np.testing.assert_array_equal(rotate(images, 0), images)
    np.testing.assert_array_equal(rotate(images, 180), images[:, ::-1, ::-1])


@pytest.mark.parametrize("degrees", [7, 30])
def test_turning_back_is_turning_the_mirrored_image(degrees):
    images = random_images(2, 9, 8)
    mirrored = rotate(images[:, :, ::-1], degrees)[:, :, ::-1]
    np.testing.assert_array_equal(rotate(images, -degrees), mirrored)
    assert (rotate(images, degrees) != mirrored).any()


def test_a_turn_interpolates_between_the_four_nearest_pixels():
    images = np.zeros((1, 3, 3), np.uint8)
    images[0, 1, 2] = 100  # right of the centre; anticlockwise it goes up
    # Pixel (0, 2) is looked up at (1, 1 + sqrt(2)), beyond the edge by 0.414 of a pixel.
    assert rotate(images, 45)[0, 0, 2] == round(100 * (1 - (2**0.5 - 1)))
    # Pixel (0, 1), above the centre, is looked up at (0.293, 1.707).
    assert rotate(images, 45)[0, 0, 1] == round(100 * (1 - 0.5**0.5) * 0.5**0.5)


def test_blur_leaves_a_plain_interior_alone_and_darkens_the_edge():
    plain = np.full((1, 15, 13), 200, np.uint8)
    blurred = blur(plain, 1)
    assert (blurred[0, 3:-3, 3:-3] == 200).all()
    assert (blurred[0, 0] < 150).all()


def test_blur_spreads_a_point_by_the_gaussian():
    point = np.zeros((1, 11, 11), np.uint8)
    point[0, 5, 5] = 255
    weights = np.exp(-0.5 * np.arange(-3, 4) ** 2.0)
    weights /= weights.sum()
    expected = np.zeros((11, 11))
    expected[2:9, 2:9] = 255 * np.outer(weights, weights)
    np.testing.assert_array_equal(blur(point, 1)[0], np.rint(expected))


def test_blur_is_wider_with_a_larger_deviation():
    point = np.zeros((1, 21, 21), np.uint8)
    point[0, 10, 10] = 255
    assert blur(point, 0.5)[0, 10, 10] > blur(point, 1)[0, 10, 10] > blur(point, 2)[0, 10, 10] > 0


def test_noise_is_as_strong_as_said_and_stays_in_range():
    grey = np.full((200, 10, 10), 128, np.uint8)
    noise = add_noise(grey, 16, seed=3).astype(float) - 128
    assert abs(noise.mean()) < 0.5
    assert noise.std() == pytest.approx(16, rel=0.02)
    black = add_noise(np.zeros((200, 10, 10), np.uint8), 16, seed=3)
    assert (black == 0).mean() == pytest.approx(0.5, abs=0.05)
    assert black.max() < 128


def test_noise_is_the_seeds_and_only_grows_with_strength():
    images = np.full((2, 4, 4), 128, np.uint8)
    np.testing.assert_array_equal(add_noise(images, 8, seed=1), add_noise(images, 8, seed=1))
    assert (add_noise(images, 8, seed=1) != add_noise(images, 8, seed=2)).any()
    weak, strong = (add_noise(images, sd, seed=1).astype(float) - 128 for sd in (10, 20))
    np.testing.assert_allclose(strong, 2 * weak, atol=1.1)


def test_shifts_go_in_all_four_directions_in_turn():
    images = np.repeat(THREE, 5, axis=0)
    shifted = distort(images, "shift", 1, seed=0)
    expected = [move(THREE, *way)[0] for way in ((0, 1), (0, -1), (1, 0), (-1, 0), (0, 1))]
    np.testing.assert_array_equal(shifted, expected)


def test_rotations_go_both_ways_in_turn():
    images = np.repeat(THREE, 3, axis=0)
    turned = distort(images, "rotation", 90, seed=0)
    expected = [np.rot90(THREE[0], quarters) for quarters in (1, -1, 1)]
    np.testing.assert_array_equal(turned, expected)


def test_inversion_swaps_black_and_white():
    np.testing.assert_array_equal(distort(THREE, "inversion", 1, seed=0), 255 - THREE)


@pytest.mark.parametrize("distortion", UNITS)
def test_any_size_is_distorted_without_touching_what_was_given(distortion):
    images = random_images(7, 12, 10)
    images.flags.writeable = False
    distorted = distort(images, distortion, 2, seed=0)
    assert distorted.shape == images.shape
    assert distorted.dtype == np.uint8
    assert (distorted != images).any()


def test_an_unknown_distortion_is_refused():
    with pytest.raises(ValueError, match="shear is none of shift, rotation"):
        distort(THREE, "shear", 1, seed=0)
