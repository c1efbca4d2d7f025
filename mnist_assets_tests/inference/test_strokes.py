import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.inference.strokes import measure_width, set_width


def bar(width: int, length: int = 80) -> NDArray[np.float32]:
    return np.full((length, width), 200, np.float32)


@pytest.mark.parametrize("width", [2, 4, 6, 10, 20])
def test_the_width_of_a_bar_is_its_own(width: int) -> None:
    assert measure_width(bar(width)) == pytest.approx(width, abs=1)
    assert measure_width(bar(width).T) == measure_width(bar(width))


def test_a_blot_on_a_stroke_does_not_count() -> None:
    ink = np.zeros((90, 40), np.float32)
    ink[:, 18:22] = ink[60:90] = 255
    assert measure_width(ink) == pytest.approx(4, abs=1)


@pytest.mark.parametrize(("width", "wanted"), [(2, 8), (4, 10), (10, 6), (20, 8), (8, 8)])
def test_strokes_get_the_width_that_is_wanted(width: int, wanted: float) -> None:
    changed = set_width(bar(width), width, wanted)
    assert changed.dtype == np.float32
    assert changed.max() == 255
    assert changed[len(changed) // 2].sum() / 255 == pytest.approx(wanted, abs=0.5)
    assert len(changed) == pytest.approx(80 + wanted - width, abs=1)  # at both ends, too


def test_faint_edges_are_no_ink() -> None:
    blurred = np.array([[20, 60, 255, 255, 60, 20]] * 40, np.float32)
    assert measure_width(blurred) == pytest.approx(2, abs=1)


def test_something_is_left_of_the_thinnest() -> None:
    assert set_width(bar(2), 40, 3).max() > 0
