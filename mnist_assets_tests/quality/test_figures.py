import numpy as np
import pandas as pd
import pytest

from mnist_assets.evaluation.metrics import wilson_interval
from mnist_assets.plots.style import to_png
from mnist_assets.quality.calibration import calibration
from mnist_assets.quality.figures import digits as doubtful_digits
from mnist_assets.quality.figures import reliability as quality
from mnist_assets_tests.plots.test_tiles import drawn_tiles

BIGGEST_PNG = 75_000


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def frame_of(image):
    """Left, top, width and height of the second of the images drawn as one, of 28 x 28 pixels."""
    left, right, _, top = image.get_extent()
    pixels = image.get_array().shape[1]
    scale = (right - left) / pixels
    pitch = 28 + (pixels - doubtful_digits.COLUMNS * 28) / (doubtful_digits.COLUMNS - 1)
    return left + scale * pitch, top, scale * 28, scale * 28


# --- reliability ---


@pytest.fixture
def calibrated():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.65, 0.35]] * 4, np.float32)
    labels = np.array([0] * 8 + [1] * 2 + [0] * 3 + [1], np.uint8)
    return calibration(probabilities, labels, bins=5)


def test_reliability_draws_a_point_and_its_interval_for_each_bin_that_has_images(calibrated):
    upper, lower = quality.reliability(calibrated, "given", confidence=0.9).axes
    (container,) = upper.containers
    points = container.lines[0]
    np.testing.assert_allclose(points.get_xdata(orig=False), [0.65, 0.9])
    np.testing.assert_allclose(points.get_ydata(orig=False), [0.75, 0.8])
    bars = [segment[:, 1] for segment in container.lines[2][0].get_segments()]
    np.testing.assert_allclose(bars, [wilson_interval(3, 4, 0.9), wilson_interval(8, 10, 0.9)])
    assert [(bar.get_x(), bar.get_height()) for bar in lower.patches] == [(0.6, 4), (0.8, 10)]
    assert "90 % interval" in upper.get_legend().get_texts()[1].get_text()
    assert lower.get_yscale() == "log"
    assert upper.get_ylabel() == "Accuracy"
    assert lower.get_xlabel() == "Confidence: probability of the predicted class"


def test_reliability_says_how_sure_and_how_right_it_is(calibrated):
    title = quality.reliability(calibrated, "given").axes[0].get_title(loc="left")
    # (10 * 0.1 + 4 * 0.1) / 14
    assert title.startswith(
        "given is 82.86 % sure on average and 78.57 % right\nexpected calibration error 10.00 %;"
    )


# --- robustness ---


def accuracies(network="given", factor=1.0):
    rows = [("undistorted", 0.0, "-", 1.0)]
    rows += [("shift", float(by), "pixels", 1 - 0.2 * by) for by in range(1, 5)]
    rows += [("rotation", float(by), "degrees", 1 - 0.01 * by) for by in (15, 30)]
    rows += [("noise", 8.0, "grey levels", 0.9), ("blur", 1.0, "pixels", 0.8)]
    rows += [("inversion", 1.0, "-", 0.04)]
    table = pd.DataFrame(rows, columns=["distortion", "strength", "unit", "accuracy"])
    table["accuracy"] *= factor
    return table.assign(
        network=network, low=table["accuracy"] - 0.02, high=table["accuracy"] + 0.02, images=100
    )


FLOORS = {"shift": {"strength": 1, "accuracy": 0.7}, "blur": {"strength": 1, "accuracy": 0.5}}


def test_robustness_draws_each_distortion_from_the_undistorted_images_on():
    figure = quality.robustness(accuracies(), FLOORS)
    assert [axes.get_xlabel() for axes in figure.axes] == list(quality.CURVES.values())
    shift = figure.axes[0].lines[0]
    np.testing.assert_array_equal(shift.get_xdata(), [0, 1, 2, 3, 4])
    np.testing.assert_allclose(shift.get_ydata(), [1, 0.8, 0.6, 0.4, 0.2])
    np.testing.assert_allclose(figure.axes[3].lines[0].get_ydata(), [1, 0.8])
    assert figure.axes[0].get_ylabel() == "Accuracy"
    assert len(to_png(figure)) < BIGGEST_PNG


def test_robustness_marks_the_declared_floors_where_there_are_some():
    figure = quality.robustness(accuracies(), FLOORS)
    marks = [
        [part for part in axes.collections if part.get_label() == "declared floor"]
        for axes in figure.axes
    ]
    assert [len(of_axes) for of_axes in marks] == [1, 0, 0, 1]
    (segment,) = marks[0][0].get_segments()
    np.testing.assert_allclose(segment[:, 1], 0.7)
    assert segment[:, 0].mean() == pytest.approx(1)
    assert not quality.robustness(accuracies(), {}).axes[0].get_legend()


def test_robustness_says_what_hurts_most_and_what_inversion_leaves():
    figure = quality.robustness(accuracies(), FLOORS)
    assert figure.get_suptitle() == "given is hurt most by shift: 20.0 % right at 4 pixels"
    assert figure.get_supxlabel() == "Right with black and white swapped: given 4.0 %"


def test_several_networks_are_told_apart_in_one_picture():
    both = pd.concat([accuracies(), accuracies("best", factor=0.5)])
    figure = quality.robustness(both, FLOORS)
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["given", "best", "declared floor"]
    assert figure.get_suptitle() == "best is hurt most by shift: 10.0 % right at 4 pixels"
    given, best = figure.axes[0].lines
    assert given.get_color() != best.get_color()
    assert given.get_marker() != best.get_marker()
    assert len(to_png(figure)) < BIGGEST_PNG


# --- mistakes ---


def images(count, height, width):
    return np.random.default_rng(0).integers(0, 256, (count, height, width)).astype(np.uint8)


def mistakes(count):
    return pd.DataFrame(
        {
            "index": range(100, 100 + count),
            "true": [3] * count,
            "predicted": [8] * count,
            "confidence": np.linspace(0.9999, 0.951, count),
            "true_probability": [0.01] * count,
            "wrong_label": [place == 1 for place in range(count)],
        }
    )


def test_each_mistake_is_shown_with_its_label_and_prediction():
    figure = doubtful_digits.mistakes(images(7, 28, 28), mistakes(7), "given", 314)
    (axes,) = figure.axes
    np.testing.assert_array_equal(drawn_tiles(axes), images(7, 28, 28))
    written = texts(figure)
    assert written.count("3 → 8") == 7
    assert "99.9 %, no. 100" in written, "rounded down: only certainty is 100 %"
    assert (
        figure.get_suptitle()
        == "The 7 most confident of given's 314 mistakes: at least 95.1 % sure"
    )


def test_known_wrong_labels_are_framed_and_explained():
    figure = doubtful_digits.mistakes(images(7, 28, 28), mistakes(7), "given", 314)
    (axes,) = figure.axes
    (frame,) = axes.patches
    framed = (*frame.get_xy(), frame.get_width(), frame.get_height())
    assert framed == pytest.approx(frame_of(axes.images[0]))
    assert any(text.startswith("Framed: 1 whose label human raters") for text in texts(figure))


def test_without_a_wrong_label_nothing_is_said_of_one():
    figure = doubtful_digits.mistakes(images(1, 12, 10), mistakes(1), "given", 1)
    assert not figure.axes[0].patches
    assert not any("Framed" in text for text in texts(figure))


def test_a_network_without_mistakes_says_so():
    figure = doubtful_digits.mistakes(images(0, 12, 10), mistakes(0), "given", 0)
    assert figure.get_suptitle() == "given makes no mistake on the test part"
    assert not texts(figure)
    assert to_png(figure)


# --- label errors ---


def label_errors(count):
    return pd.DataFrame(
        {
            "index": range(count),
            "label": [4] * count,
            "suggested": [7] * count,
            "self_confidence": [0.01] * count,
            "suggested_probability": [0.99] * count,
        }
    )


@pytest.mark.parametrize(("count", "shape"), [(0, (28, 28)), (1, (12, 10)), (30, (20, 30))])
def test_labels_that_look_wrong_are_shown_with_what_they_look_like(count, shape):
    figure = doubtful_digits.label_errors(
        images(count, *shape), label_errors(count), candidates=count + 200, labels=60_000
    )
    title = figure.get_suptitle()
    assert title.startswith(f"{count + 200} of 60,000 training labels look wrong")
    assert texts(figure).count("4 → 7?") == count
    assert len(figure.axes[0].images) == (count > 0)
    assert to_png(figure)


def test_thirty_real_looking_digits_make_a_small_picture():
    digits = images(30, 28, 28)
    digits[:, :5] = digits[:, -5:] = 0
    digits[:, :, :8] = digits[:, :, -8:] = 0
    figure = doubtful_digits.label_errors(digits, label_errors(30), candidates=30, labels=100)
    assert len(to_png(figure)) < BIGGEST_PNG


def test_pixels_of_an_image_are_whole_pixels_of_the_picture():
    figure = doubtful_digits.mistakes(images(7, 28, 28), mistakes(7), "given", 314)
    figure.draw_without_rendering()
    (shown,) = figure.axes[0].images
    height, width = shown.get_array().shape
    box = shown.get_window_extent()
    assert (box.width / width, box.height / height) == pytest.approx((3, 3))
    assert (box.x0, box.y1) == pytest.approx(np.round((box.x0, box.y1)))


def test_mistakes_are_told_by_the_names_of_classes_as_far_as_they_fit():
    table = pd.DataFrame(
        {"index": [3, 5], "true": [0, 1], "predicted": [1, 0], "confidence": [0.9, 0.8]}
    ).assign(true_probability=0.1, wrong_label=False)
    images, names = np.zeros((2, 4, 4), np.uint8), ["$1", "a name that is by far too long"]
    captions = texts(doubtful_digits.mistakes(images, table, "given", 2, names))
    assert captions[1].startswith("$1\n→ a name")
    assert captions[1].endswith("…")
    assert "$1 → " not in captions[3]
    found = table.rename(columns={"true": "label", "predicted": "suggested"})
    captions = texts(
        doubtful_digits.label_errors(images, found, candidates=2, labels=9, names=["on", "off"])
    )
    assert "on\n→ off?" in captions
