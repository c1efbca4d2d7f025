"""Pictures of few and many classes, named by numbers and by words: nothing is cut off."""

from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from mnist_assets.evaluation import figures as evaluation
from mnist_assets.evaluation.metrics import one_versus_rest
from mnist_assets.exploration import summary
from mnist_assets.exploration.figures import digits as exploration
from mnist_assets.plots.classes import FEW, name_along, name_beside, names_of, shorten
from mnist_assets.plots.layout import text_width

WORDS = ("trousers", "pullover", "ankle boot", "shirt", "T-shirt/top")


def words(classes):
    return [f"{WORDS[number % 5]} {number // 5 or ''}".strip() for number in range(classes)]


@cache
def made_up(classes):
    """Images, labels, averages and the confusion matrix of a network that is often right."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes, dtype=np.uint8), 6)
    images = generator.integers(0, 256, (len(labels), 8, 8), np.uint8)
    averages = summary.average_digits(images, labels, classes)
    confusion = np.diag(np.full(classes, 5)) + np.roll(np.eye(classes, dtype=int), 1, 1)
    return images, labels, averages, confusion


def draw(picture, classes, names):
    images, labels, averages, confusion = made_up(classes)
    both = {"validation": confusion, "test": confusion}
    match picture:
        case "average_digits":
            return exploration.average_digits(averages, names)
        case "extreme_digits":
            extremes = summary.extreme_digits(images, labels, averages)
            return exploration.extreme_digits(images, averages, extremes, names)
        case "class_distribution":
            counts = summary.class_distribution(labels, labels, classes)
            return exploration.class_distribution(counts, names)
        case "confusion_matrices":
            return evaluation.confusion_matrices(both, names)
        case _:
            rows = one_versus_rest(confusion).to_dict("records")
            return evaluation.per_class_ratios(dict.fromkeys(both, rows), names)


PICTURES = (
    "average_digits",
    "extreme_digits",
    "class_distribution",
    "confusion_matrices",
    "per_class_ratios",
)


def written(figure):
    """Every text that is drawn, with its box in pixels."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    beyond = {
        id(label)
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    shown = [
        text
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible() and id(text) not in beyond
    ]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
    return [(text, box) for text, box in boxes if box.width]


@pytest.mark.parametrize(
    ("classes", "names"),
    [(10, None), (100, None), *((classes, words(classes)) for classes in (2, 10, 49, 100))],
    ids=lambda value: str(value) if isinstance(value, int) else "words" if value else "numbers",
)
@pytest.mark.parametrize("picture", PICTURES)
def test_no_text_leaves_a_picture_of_any_number_of_classes(picture, classes, names):
    figure = draw(picture, classes, names)
    width, height = figure.bbox.size
    assert figure.get_figwidth() <= 10
    assert figure.get_figheight() <= 13
    for text, box in written(figure):
        assert box.x0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= height + 1, text


def test_pictures_that_show_fewer_classes_than_there_are_say_so():
    assert "the first 20 of 49 classes" in draw("extreme_digits", 49, None).get_supxlabel()
    ratios = draw("per_class_ratios", 49, None)
    assert ratios.get_suptitle().startswith("The 40 of 49 classes with the lowest F1: ")
    assert len(ratios.axes[0].lines[0].get_ydata()) == 40
    assert "of 20 classes" not in draw("extreme_digits", FEW, None).get_supxlabel()


def test_names_stand_in_every_picture_of_few_classes():
    for picture in PICTURES:
        texts = {text for text, _ in written(draw(picture, 5, list(WORDS)))}
        for word in WORDS:
            assert any(word in text for text in texts), (picture, word)


def test_a_long_text_is_cut_to_its_room():
    figure = Figure()
    assert shorten(figure, "short", 5) == "short"
    cut = shorten(figure, "an uncommonly long name of a class", 1.0)
    assert cut.startswith("an unc")
    assert cut.endswith("…")
    assert text_width(figure, cut) <= 1.0
    assert shorten(figure, "x", 0.0) == "x"


def test_names_that_are_too_many_for_an_axis_are_thinned():
    axes = Figure().subplots()
    for count, most in ((5, 5), (49, 49), (100, 60)):
        name_along(axes, words(count), 8)
        assert count // 3 <= len(axes.get_xticks()) <= most
        name_beside(axes, names_of(count, None), 3)
        assert len(axes.get_yticks()) <= 25
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["0", "5"]
