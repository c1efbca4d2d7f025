"""Histograms of grey levels, held to by their texts, data and size, not by their pixels."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from mnist_assets.exploration import grey
from mnist_assets.exploration.figures import grey as figures
from mnist_assets.plots.style import STYLE, to_png


def bars(axes):
    """The height of each level that has one; a bar has a gap on each side."""
    (shape,) = (patch for patch in axes.patches if isinstance(patch, StepPatch))
    heights, edges, _ = shape.get_data()
    assert not heights[1::2].any()
    levels = (edges[::2] + edges[1::2]) / 2
    return {
        int(level): height for level, height in zip(levels, heights[::2], strict=True) if height
    }


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


@pytest.fixture
def levels():
    means = np.repeat([5, 20, 30, 31, 90], [1, 2, 5, 3, 1]).astype(np.uint8)
    table = grey.grey_levels(means[:, np.newaxis, np.newaxis])
    return table, grey.summarise_grey_levels(table, usual=(20, 40), dark=10, light=75)


def test_grey_levels_draws_the_first_images_and_all(levels):
    figure = figures.grey_levels(*levels, first=4)
    upper, lower = figure.axes
    assert bars(upper) == {5: 1, 20: 2, 30: 1}
    assert bars(lower) == {5: 1, 20: 2, 30: 5, 31: 3, 90: 1}
    assert upper.get_title(loc="left") == (
        "The first 4 images scatter from 5 to 30, at most 2 at one grey level"
    )
    assert lower.get_title(loc="left") == (
        "All 12 images centre on 32: 83% in 20 to 40, 1 under 10, 1 over 75"
    )
    assert "grey level" in lower.get_xlabel()
    assert upper.get_ylabel() == lower.get_ylabel() == "images"


def test_grey_levels_marks_the_centres_and_the_one_the_notebook_claims(levels):
    table, summary = levels
    for axes in figures.grey_levels(table, summary).axes:
        marks = {line.get_label(): line.get_xdata()[0] for line in axes.lines}
        assert marks == {
            "mean 31.5": summary["mean"],
            "median 30.0": 30,
            "mode 30": 30,
            "the notebook's centre, 28": 28,
        }


def test_pixel_histogram_tells_black_and_white_on_a_log_scale():
    pixels = np.repeat([0, 9, 253, 254, 255], [4000, 500, 1500, 600, 800]).astype(np.uint8)
    histogram = grey.pixel_histogram(pixels[:, np.newaxis, np.newaxis])
    summary = grey.summarise_pixels(histogram, white_from=254)
    figure = figures.pixel_histogram(histogram, summary)
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    drawn = [shape.get_data() for shape in axes.patches]
    assert np.concatenate([heights for heights, _, _ in drawn]).tolist() == [*histogram["count"]]
    assert [(edges[0], edges[-1]) for _, edges, _ in drawn] == [
        *((-0.5, 0.5), (0.5, 253.5), (253.5, 255.5))
    ]
    assert len({shape.get_facecolor() for shape in axes.patches}) == 3
    told = "\n".join(texts(figure))
    assert "0: 4,000 pixels\n(the notebook reads 38,000,000)" in told
    assert "254 to 255: 1,400 pixels\n(the notebook reads 2,000,000)" in told
    assert "tallest but 0: level 253 with 1,500" in told
    assert axes.get_title(loc="left") == (
        "54.1% of the pixels are black, 18.9% white, 27.0% between"
    )
    assert axes.get_xlabel().startswith("grey level")
    assert axes.get_ylabel() == "pixels (log scale)"


def test_every_picture_is_small_and_leaves_matplotlibs_settings_alone(levels):
    pixels = np.random.default_rng(0).integers(0, 256, (120, 12, 10), np.uint8)
    histogram = grey.pixel_histogram(pixels)
    before = {name: mpl.rcParams[name] for name in STYLE}
    drawn = [
        figures.grey_levels(*levels),
        figures.pixel_histogram(histogram, grey.summarise_pixels(histogram, white_from=254)),
    ]
    for figure in drawn:
        assert len(to_png(figure)) < 75_000
        assert figure.get_figwidth() <= 10
    assert {name: mpl.rcParams[name] for name in STYLE} == before
