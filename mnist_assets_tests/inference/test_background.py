import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.inference.background import find_ink, ink_level

Picture = NDArray[np.uint8]

SIDE = 120
INK = np.zeros((SIDE, SIDE), bool)
INK[30:90, 55:67] = INK[30:40, 40:67] = True


def photograph(paper: NDArray[np.float64], noise: float, seed: int = 0) -> Picture:
    """Ink that reflects 40 % of the light."""
    levels = paper * np.where(INK, 0.4, 1)
    levels += np.random.default_rng(seed).normal(0, noise, levels.shape)
    return levels.clip(0, 255).astype(np.uint8)


SLOPE = np.add.outer(np.linspace(0, 75, SIDE), np.linspace(100, 175, SIDE))
SHADOW = np.where(np.add.outer(np.arange(SIDE), 2 * np.arange(SIDE)) > 1.6 * SIDE, 110.0, 200.0)


def test_flat_paper_is_the_median_of_the_border() -> None:
    picture = np.full((SIDE, SIDE), 200, np.uint8)
    picture[INK] = 60
    picture[0, :20] = 0
    ink = find_ink(picture)
    assert set(ink[INK]) == {140}
    assert set(ink[0, :20]) == {200}
    assert ink.sum() == 140 * INK.sum() + 200 * 20


@pytest.mark.parametrize(
    ("paper", "noise", "inverted"),
    [
        *(
            (paper, noise, inverted)
            for paper in (SLOPE, SLOPE.T[::-1])
            for noise in (0, 6)
            for inverted in (False, True)
        ),
        (SHADOW, 6, False),
    ],
)
def test_ink_is_told_from_unevenly_lit_paper(
    paper: NDArray[np.float64], noise: float, inverted: bool
) -> None:
    picture = photograph(paper, noise)
    found = find_ink(255 - picture if inverted else picture) > 127
    assert (found & INK).sum() >= 0.9 * INK.sum()
    assert (found & ~INK).sum() <= 0.03 * INK.sum()


@pytest.mark.parametrize("seed", range(3))
def test_bare_paper_has_no_ink_to_speak_of(seed: int) -> None:
    noisy = SLOPE + np.random.default_rng(seed).normal(0, 5, SLOPE.shape)
    assert (find_ink(noisy.clip(0, 255).astype(np.uint8)) > 0).mean() < 0.002


def test_a_picture_cut_close_to_its_digit_is_flat() -> None:
    close = np.zeros((60, 40), np.uint8)
    close[:8] = close[:, 20:26] = 255  # along the whole upper edge
    np.testing.assert_array_equal(find_ink(close), close)


def test_the_level_is_that_of_the_darkest_tenth() -> None:
    ink = np.array([[100] * 18 + [200, 0]], np.uint8)
    assert ink_level(ink) == 100
    assert ink_level(np.array([[100] * 8 + [200]], np.uint8)) == 200
    assert ink_level(np.zeros((2, 2), np.uint8)) == 0


def test_the_smallest_pictures_are_looked_at_too() -> None:
    for shape in ((1, 1), (1, 9), (2, 3), (5, 2)):
        assert (
            find_ink(np.arange(shape[0] * shape[1]).reshape(shape).astype(np.uint8)).shape == shape
        )
