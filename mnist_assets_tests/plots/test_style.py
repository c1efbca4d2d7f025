"""The one style of all pictures, and the way to PNG."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from mnist_assets.plots.style import BLUE, INK, STYLE, styled, to_png


@styled
def line() -> Figure:
    figure = Figure(figsize=(2, 1))
    axes = figure.subplots()
    axes.plot([0, 1])
    axes.set_title("A line")
    return figure


def test_a_styled_figure_looks_like_the_others() -> None:
    (axes,) = line().axes
    assert to_hex(axes.lines[0].get_color()) == BLUE.lower()
    assert axes.spines["left"].get_visible()
    assert not axes.spines["top"].get_visible()
    assert axes.get_title(loc="left") == "A line"


def test_a_png_is_opaque_and_tells_nothing_but_its_size() -> None:
    picture = Image.open(BytesIO(to_png(line())))
    assert picture.size == (200, 100)
    assert picture.mode == "RGB"
    assert picture.info.keys() == {"dpi"}
    assert np.round(picture.info["dpi"]).tolist() == [100, 100]


def test_a_png_shows_the_whole_figure() -> None:
    figure = Figure(figsize=(0.1, 0.1), dpi=100, facecolor="white")
    figure.add_axes((0, 0, 1, 0.5), facecolor=INK, xticks=[], yticks=[], frame_on=True)
    figure.axes[0].spines[:].set_visible(False)
    pixels = np.asarray(Image.open(BytesIO(to_png(figure))))
    assert (pixels[:5] == 255).all()
    assert {to_hex(pixel / 255) for pixel in pixels[5:].reshape(-1, 3)} == {INK.lower()}


def test_equal_figures_make_equal_pngs() -> None:
    assert to_png(line()) == to_png(line())


def test_threads_that_draw_at_once_change_neither_pictures_nor_matplotlibs_settings() -> None:
    before = {name: mpl.rcParams[name] for name in STYLE}
    alone = to_png(line())
    with ThreadPoolExecutor(4) as pool:
        at_once = set(pool.map(lambda _: to_png(line()), range(24)))
    assert at_once == {alone}
    assert {name: mpl.rcParams[name] for name in STYLE} == before
