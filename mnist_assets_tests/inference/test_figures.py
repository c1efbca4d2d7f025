import time

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnist_assets.inference.figures import batch
from mnist_assets.inference.readings import read
from mnist_assets.plots.style import BLUE, INK, VERMILLION, to_png
from mnist_assets_tests.plots.test_tiles import drawn_tiles

BIGGEST_PNG = 75_000


def scores(*first: float, doubtful_below: float = 0.8) -> pd.DataFrame:
    """Class 3 with these probabilities, then class 1 with half of the rest; the boxes are equal."""
    probabilities = np.zeros((len(first), 4), np.float32)
    probabilities[:, 3] = first
    probabilities[:, 1] = 0.5 * (1 - probabilities[:, 3])
    places = pd.DataFrame({"picture": range(len(first)), "part": 0, "number": 0})
    places[["left", "top", "right", "bottom"]] = 10, 20, 60, 80
    return read(probabilities, noise(len(first)), places, None, doubtful_below)


def noise(count: int, height: int = 12, width: int = 10) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, height, width), dtype=np.uint8)


def said(figure: Figure) -> tuple[list[str], list[str]]:
    """What stands above the pictures and what below them."""
    texts = [text.get_text() for text in figure.axes[0].texts]
    return texts[::2], texts[1::2]


def test_each_picture_stands_above_its_first_and_second_guess() -> None:
    pictures = noise(3)
    figure = batch(pictures, scores(0.9996, 0.75, 1))
    (axes,) = figure.axes
    np.testing.assert_array_equal(drawn_tiles(axes), pictures)
    assert axes.images[0].get_clim() == (0, 255)
    above, below = said(figure)
    assert above == ["3  99.9 %", "3?  75.0 %", "3  100.0 %"]
    assert below == [
        "or 1  0.0 %\npicture 0",
        "or 1  12.5 %\npicture 1",
        "or 0  0.0 %\npicture 2",
    ]


def test_doubtful_ones_are_marked_by_frame_and_colour_and_counted() -> None:
    figure = batch(noise(3), scores(0.95, 0.75, 0.8))
    (axes,) = figure.axes
    (frame,) = axes.patches
    assert to_hex(frame.get_edgecolor()) == VERMILLION.lower()
    firsts = axes.texts[::2]
    middles = [text.get_position()[0] for text in firsts]
    assert middles[0] < frame.get_x() < middles[1] < frame.get_x() + frame.get_width() < middles[2]
    assert [text.get_color() for text in firsts] == [INK, VERMILLION, INK]
    assert figure.get_suptitle() == "3 digits, 1 doubtful"
    certain = batch(noise(1), scores(0.95))
    assert certain.get_suptitle() == "1 digit, none doubtful"


def test_of_many_the_least_certain_are_drawn_in_their_order() -> None:
    probabilities = np.linspace(0.5, 0.99, 20)[::-1]
    figure = batch(noise(20), scores(*probabilities, doubtful_below=0.6))
    labels = [text.splitlines()[1] for text in said(figure)[1]]
    assert labels == [f"picture {index}" for index in range(4, 20)]
    assert figure.get_suptitle() == "20 digits, 4 doubtful; the 16 least certain"


@pytest.mark.parametrize("count", [1, 8, 9, 40])
def test_pictures_are_small_and_quick_to_draw(count: int) -> None:
    # Prepared pictures are black outside the box; nothing in it compresses worse than noise.
    pictures = np.pad(noise(count, 20, 20), ((0, 0), (4, 4), (4, 4)))
    table = scores(*np.full(count, 0.3))
    began = time.process_time()
    png = to_png(batch(pictures, table))
    assert time.process_time() - began < 1  # about 0.2 s
    assert len(png) < BIGGEST_PNG


def test_pictures_are_shown_whole_with_the_boxes_of_their_digits() -> None:
    pictures = [noise(1, 300, 200)[0], noise(1, 100, 200)[0], noise(1)[0]]
    figure = batch(noise(3), scores(0.95, 0.75, 0.9), pictures)
    (axes,) = figure.axes
    _, first, second = axes.images  # the tiles come before; the third is no larger than its image
    left, right, bottom, top = first.get_extent()
    assert (bottom - top) / (right - left) == pytest.approx(1.5)
    assert second.get_extent()[0] > right
    box, doubtful = axes.patches[:2]
    assert box.get_x() - left == pytest.approx(10 / 200 * (right - left))
    assert box.get_y() - top == pytest.approx(20 / 300 * (bottom - top))
    assert box.get_width() == pytest.approx(50 / 200 * (right - left))
    assert box.get_height() == pytest.approx(60 / 300 * (bottom - top))
    assert to_hex(box.get_edgecolor()) == BLUE.lower()
    assert to_hex(doubtful.get_edgecolor()) == VERMILLION.lower()
    assert [text.get_text() for text in axes.texts[:2]] == ["3", "3?"]
