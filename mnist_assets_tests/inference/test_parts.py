import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.inference.parts import find_parts, whole

Picture = NDArray[np.uint8]


def drawn(*boxes: tuple[int, int, int, int], level: int = 200) -> Picture:
    """Filled boxes: left, top, right, bottom."""
    ink = np.zeros((200, 300), np.uint8)
    for left, top, right, bottom in boxes:
        ink[top:bottom, left:right] = level
    return ink


def boxes(ink: Picture) -> list[tuple[int, int, int, int]]:
    return [part.box for part in find_parts(ink)]


def test_parts_are_read_line_by_line_from_the_left() -> None:
    upper = [(20, 14, 40, 64), (60, 10, 80, 60), (100, 18, 120, 66)]  # not quite on one line
    lower = [(30, 120, 50, 170), (70, 124, 90, 174)]
    assert boxes(drawn(*lower[::-1], *upper[::-1])) == upper + lower


def test_a_wide_gap_parts_numbers_and_so_does_a_line() -> None:
    ink = drawn((20, 10, 40, 60), (60, 10, 80, 60), (150, 10, 170, 60), (20, 120, 40, 170))
    assert [part.number for part in find_parts(ink)] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    "pieces",
    [
        [(20, 20, 50, 80), (55, 20, 80, 28)],  # the bar of a 5, to the right
        [(20, 30, 50, 80), (25, 20, 48, 26)],  # the same above
        [(20, 20, 50, 48), (22, 51, 52, 84)],  # broken in two
        [(20, 50, 60, 80), (62, 20, 90, 49)],  # broken, one half up and to the right
    ],
)
def test_broken_strokes_are_one_digit(pieces: list[tuple[int, int, int, int]]) -> None:
    edges = np.array(pieces)
    around = (*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
    assert boxes(drawn(*pieces)) == [around]


@pytest.mark.parametrize(
    "pair",
    [
        [(20, 20, 50, 80), (53, 20, 80, 78)],  # near, side by side
        [(20, 20, 50, 80), (65, 40, 80, 80)],  # a low one beside
        [(20, 20, 50, 80), (20, 100, 50, 160)],  # one below the other
    ],
)
def test_digits_near_each_other_are_two(pair: list[tuple[int, int, int, int]]) -> None:
    assert boxes(drawn(*pair)) == pair


def test_a_part_has_nothing_of_another_in_its_box() -> None:
    ink = drawn((20, 20, 100, 30), (20, 20, 30, 100))  # an L, and another in its corner
    ink[60:120, 60:70] = 100
    ink[19, 20:100] = 9  # an edge too faint to be of the box
    first, second = find_parts(ink)
    assert first.box == (20, 20, 100, 100)
    assert set(np.unique(first.ink)) == {0, 200}
    assert set(np.unique(second.ink)) == {100}


def test_dust_and_what_is_too_small_are_no_parts() -> None:
    digit = (20, 20, 40, 80)
    assert boxes(drawn(digit, (100, 100, 104, 104))) == [digit]
    assert boxes(drawn((100, 100, 103, 103))) == []


def test_faint_ink_is_none() -> None:
    assert boxes(drawn((20, 20, 40, 80), level=24)) == [(20, 20, 40, 80)]
    assert boxes(drawn((20, 20, 40, 80), level=23)) == []
    assert find_parts(np.zeros((5, 5), np.uint8)) == []


def test_all_ink_may_be_taken_for_one() -> None:
    ink = drawn((20, 14, 40, 64), (100, 120, 120, 170), (200, 190, 203, 193))
    (part,) = whole(ink)
    assert part.box == (20, 14, 120, 170)  # without the dust
