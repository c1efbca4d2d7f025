import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.inference.ruling import remove_lines

Picture = NDArray[np.uint8]

HEIGHT, WIDTH = 160, 200


def lines(slope: float, *, down: bool) -> Picture:
    """Lines of two pixels, 35 pixels apart, turned."""
    y, x = np.indices((HEIGHT, WIDTH))
    across = x + slope * y if down else y + slope * x
    return np.where(across % 35 < 2, 90, 0).astype(np.uint8)


STROKES = np.zeros((HEIGHT, WIDTH), np.uint8)
STROKES[30:130, 96:104] = STROKES[60:68, 60:140] = 200


@pytest.mark.parametrize("slope", [0, 0.03, -0.05])
@pytest.mark.parametrize("squared", [False, True])
def test_lines_go_and_the_strokes_across_them_stay(slope: float, squared: bool) -> None:
    printed = lines(slope, down=False)
    if squared:
        printed = np.maximum(printed, lines(-slope, down=True))
    left = remove_lines(np.maximum(printed, STROKES))
    assert ((left > 0) & (STROKES > 0)).sum() >= 0.97 * (STROKES > 0).sum()
    assert ((left > 0) & (STROKES == 0)).sum() <= 0.15 * (printed > 0).sum()


@pytest.mark.parametrize(
    "change",
    [
        lambda ink: ink[:, 70:130],  # no line then is 64 pixels long
        lambda ink: np.pad(ink, 30),  # no line runs to the edges
    ],
)
def test_what_is_no_printed_line_stays(change: object) -> None:
    ink = change(np.maximum(lines(0, down=False), STROKES))  # type: ignore[operator]
    np.testing.assert_array_equal(remove_lines(ink), ink)


def test_a_stroke_from_edge_to_edge_that_is_all_there_is_stays() -> None:
    one = np.zeros((100, 70), np.uint8)
    one[:, 34:36] = 255
    np.testing.assert_array_equal(remove_lines(one), one)


def test_a_thick_stroke_from_edge_to_edge_stays() -> None:
    bar = np.zeros((100, 200), np.uint8)
    bar[40:50] = bar[10:90, 95:105] = 255
    np.testing.assert_array_equal(remove_lines(bar), bar)
