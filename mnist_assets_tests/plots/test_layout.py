"""Places of panels, held to by what is drawn: nothing is cut off and nothing overlaps."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnist_assets.plots.layout import (
    BELOW,
    BELOW_UNNAMED,
    HEADING,
    NOTE,
    TITLE,
    colour_bar,
    move,
    place,
    set_note,
    set_title,
    text_width,
)
from mnist_assets.plots.style import styled


def boxes(figure):
    """Of each panel with all that belongs to it, and of the figure's own texts; in pixels."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    texts = [text for text in figure.texts if text.get_text()]
    return [artist.get_tightbbox(renderer) for artist in [*figure.axes, *texts]]


def assert_tidy(figure):
    width, height = figure.bbox.size
    found = boxes(figure)
    for box in found:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
    for one, other in combinations(found, 2):
        assert not one.overlaps(other)


@styled
def curves(values, *, beside=2, below=1, title="", note=""):
    figure = Figure(figsize=(8, 3 * below + 1))
    panels = figure.subplots(below, beside, squeeze=False).ravel()
    for axes in panels:
        axes.plot(values)
        axes.set_title("One of several")
        axes.set_xlabel("Number")
        axes.set_ylabel("Value")
    if title:
        set_title(figure, title)
    if note:
        set_note(figure, note)
    room = {"top": HEADING + TITLE * bool(title), "bottom": BELOW + NOTE * bool(note)}
    heights = (2, 1)[:below]
    place(panels, right=0.2, between=HEADING + BELOW, heights=heights, **room)
    return figure


@pytest.mark.parametrize("values", [[0, 1], [0, 9e5], [-1e-4, 1e-4], [5, 5]])
@pytest.mark.parametrize(("beside", "below"), [(1, 1), (3, 1), (1, 2), (2, 2)])
def test_labels_of_any_width_are_whole_and_apart(values, beside, below):
    assert_tidy(curves(values, beside=beside, below=below, title="A title", note="A note"))


def test_panels_have_the_heights_and_the_width_asked_for():
    figure = curves([0, 1], beside=2, below=2)
    upper, beside, lower, _ = (axes.get_position().size for axes in figure.axes)
    np.testing.assert_allclose(upper, beside)
    assert upper[1] == pytest.approx(2 * lower[1])
    assert upper[0] == pytest.approx(lower[0])


def test_wider_labels_take_more_room():
    narrow, wide = (curves(values).axes[0].get_position() for values in ([0, 1], [0, 9e5]))
    assert wide.x0 > narrow.x0


@styled
def shared():
    figure = Figure(figsize=(8, 3))
    panels = figure.subplots(1, 3, sharey=True)
    panels[0].set_yticks([0, 1], ["a label that is long", "short"])
    place(panels, top=0.1, bottom=BELOW_UNNAMED, right=0.3)
    return figure


def test_labels_that_are_not_shown_take_no_room():
    figure = shared()
    assert_tidy(figure)
    first, second, third = (axes.get_position() for axes in figure.axes)
    assert first.width == pytest.approx(second.width) == pytest.approx(third.width)
    assert third.x0 - second.x1 == pytest.approx(second.x0 - first.x1)
    assert first.x0 > 5 * (second.x0 - first.x1 - 0.3 / 8)


def test_width_of_a_text_is_that_of_its_drawing():
    figure = Figure(figsize=(5, 1), dpi=100)
    text = figure.text(0, 0, "validation", fontsize=12, weight="bold")
    width = text_width(figure, "validation", 12, "bold")
    figure.draw_without_rendering()
    assert text.get_window_extent().width == pytest.approx(100 * width)


@styled
def bar(**options):
    figure = Figure(figsize=(2, 4))
    axes = figure.add_axes((0, 0, 1, 1))
    move(axes, (0.3, 0.5, 0.2, 3))
    colour_bar(axes, "gray", (-3, 3), "standard deviations", **options)
    return figure


@pytest.mark.parametrize("beyond", [False, True])
def test_a_colour_bar_rises_from_the_first_colour_to_the_last(beyond):
    figure = bar(beyond=beyond)
    assert_tidy(figure)
    (axes,) = figure.axes
    shades = axes.images[0]
    assert shades.get_extent() == [0, 1, -3, 3]
    assert shades.get_array()[[0, -1], 0].tolist() == [3, -3]  # from the top downwards
    assert axes.get_ylim() == (-3, 3)
    assert axes.get_ylabel() == "standard deviations"


def test_a_colour_bar_points_to_values_beyond_it():
    lower, upper = bar(beyond=True).axes[0].patches
    assert lower.get_facecolor() == (0, 0, 0, 1)
    assert upper.get_facecolor() == (1, 1, 1, 1)
    assert lower.get_xy()[:, 1].min() < -3
    assert upper.get_xy()[:, 1].max() > 3
    assert not bar().axes[0].patches


def test_a_colour_bar_names_the_ticks_given():
    assert bar(ticks=[-3, 0, 3]).axes[0].get_yticks().tolist() == [-3, 0, 3]
