import numpy as np
import pandas as pd
import pytest

from mnist_assets.evaluation import figures
from mnist_assets.evaluation.metrics import one_versus_rest
from mnist_assets.plots.style import to_png

VALIDATION = np.array([[7, 1, 0, 0], [0, 5, 3, 0], [0, 0, 6, 0], [1, 0, 0, 9]])
TEST = np.array([[12, 0, 0, 0], [0, 11, 0, 0], [2, 0, 8, 0], [0, 0, 0, 10]])
BIGGEST_PNG = 75_000


def cell_texts(axes):
    """Give what is written in each cell, as {(row, column): text}."""
    positions = {tuple(reversed(text.get_position())): text.get_text() for text in axes.texts}
    return {(int(row), int(column)): text for (row, column), text in positions.items()}


def network(name, parameters, validation, test):
    return {
        "network": name,
        "parameters": parameters,
        "validation_accuracy": validation,
        "validation_low": validation - 0.01,
        "validation_high": validation + 0.005,
        "test_accuracy": test,
        "test_low": test - 0.01,
        "test_high": test + 0.005,
    }


NETWORKS = pd.DataFrame(
    [
        network("given", 101_770, 0.9667, 0.97),
        network("simplest", 13_287, 0.95, 0.955),
        network("best", 244_554, 0.9732, 0.971),
    ]
)


# --- confusion matrices ---


def test_confusion_matrix_writes_every_count_but_zero_at_true_row_predicted_column():
    axes = figures.confusion_matrices({"validation": VALIDATION}).axes[0]
    assert cell_texts(axes) == {
        (int(row), int(column)): str(VALIDATION[row, column])
        for row, column in np.argwhere(VALIDATION)
    }
    assert axes.get_xlabel() == "Predicted class"
    assert axes.get_ylabel() == "True class"
    assert axes.get_ylim() == (3.5, -0.5)  # class 0 on top


def test_confusion_matrix_title_says_accuracy_and_commonest_mistake():
    axes = figures.confusion_matrices({"test": VALIDATION}).axes[0]
    assert axes.get_title(loc="left") == (
        "Test: 84.38 % right\ncommonest mistake: 1 read as 2, 3 of 8"
    )


def test_confusion_matrix_without_mistakes_says_so():
    figure = figures.confusion_matrices({"validation": np.diag([3, 4, 5])})
    assert figure.axes[0].get_title(loc="left") == "Validation: 100.00 % right\nno mistake"
    assert not figure.get_supxlabel()


def test_only_mistakes_are_coloured_by_their_share_of_the_true_class():
    figure = figures.confusion_matrices({"validation": VALIDATION})
    shares = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(np.ma.getmaskarray(shares), np.eye(4, dtype=bool))
    assert shares[1, 2] == 3 / 8
    assert shares[3, 0] == 1 / 10
    assert figure.get_supxlabel() == "Colour: share of the true class, up to 37.5 %"


def test_both_matrices_share_one_colour_scale():
    figure = figures.confusion_matrices({"validation": VALIDATION, "test": TEST.tolist()})
    titles = [axes.get_title(loc="left").splitlines()[0] for axes in figure.axes]
    assert titles == ["Validation: 84.38 % right", "Test: 95.35 % right"]
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(0, 3 / 8)] * 2
    assert cell_texts(figure.axes[1])[2, 0] == "2"


def test_matrices_of_ten_classes_fit_and_those_of_fifty_have_no_unreadable_counts():
    counts = np.random.default_rng(0).poisson(1.5, (10, 10)) + np.diag(np.full(10, 950))
    both = figures.confusion_matrices({"validation": counts, "test": counts})
    assert len(to_png(both)) < BIGGEST_PNG
    many = figures.confusion_matrices({"validation": np.ones((50, 50), dtype=int)})
    assert not many.axes[0].texts
    assert len(many.axes[0].get_xticks()) < 20
    assert len(to_png(many)) < BIGGEST_PNG


# --- ratios per class ---


def test_per_class_ratios_show_each_ratio_of_each_class_for_both_parts():
    parts = {"validation": one_versus_rest(VALIDATION), "test": one_versus_rest(TEST)}
    figure = figures.per_class_ratios(
        {part: table.to_dict("records") for part, table in parts.items()}
    )
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Precision", "Recall", "F1"]
    for axes, ratio in zip(figure.axes, ("precision", "recall", "f1"), strict=True):
        drawn = {line.get_label(): line for line in axes.lines}
        assert set(drawn) == {"validation", "test"}
        for part, line in drawn.items():
            np.testing.assert_array_equal(line.get_xdata(), parts[part][ratio])
            np.testing.assert_array_equal(line.get_ydata(), [0, 1, 2, 3])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list("0123")
    legend = figure.axes[2].get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["validation", "test"]
    assert len(to_png(figure)) < BIGGEST_PNG


def test_a_class_without_images_in_a_part_has_no_ratios_there():
    without = np.diag([3, 0, 4])
    parts = {"validation": one_versus_rest(without), "test": one_versus_rest(np.diag([1, 1, 1]))}
    figure = figures.per_class_ratios(
        {part: table.to_dict("records") for part, table in parts.items()}
    )
    validation = next(line for line in figure.axes[1].lines if line.get_label() == "validation")
    np.testing.assert_array_equal(validation.get_xdata(), [1, np.nan, 1])
    assert figure.get_suptitle() == "Lowest F1: 0 in validation (100.0 %), 0 in test (100.0 %)"


def test_per_class_ratios_title_names_the_class_with_the_lowest_f1_of_each_part():
    validation = [
        {"class": 0, "support": 10, "precision": 0.9, "recall": 0.7, "f1": 0.7875},
        {"class": 1, "support": 10, "precision": 0.6, "recall": 0.8, "f1": 0.6857},
    ]
    test = one_versus_rest(TEST).to_dict("records")[:2]
    figure = figures.per_class_ratios({"validation": validation, "test": test})
    # F1 = 2 TP / (2 TP + FP + FN): 24 / 26 for class 0 in TEST.
    assert figure.get_suptitle() == "Lowest F1: 1 in validation (68.6 %), 0 in test (92.3 %)"


# --- comparison ---


def test_comparison_names_each_network_and_draws_both_accuracies_over_log_parameters():
    axes = figures.comparison(NETWORKS).axes[0]
    assert {text.get_text() for text in axes.texts} == {"given", "simplest", "best"}
    assert axes.get_xscale() == "log"
    for container, part in zip(axes.containers, ("validation", "test"), strict=True):
        points = container.lines[0]
        np.testing.assert_allclose(points.get_xdata(orig=False), NETWORKS["parameters"], rtol=0.02)
        np.testing.assert_array_equal(points.get_ydata(orig=False), NETWORKS[f"{part}_accuracy"])
        bars = np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()])
        np.testing.assert_allclose(bars, NETWORKS[[f"{part}_low", f"{part}_high"]].to_numpy())


def test_comparison_title_and_legend():
    figure = figures.comparison(NETWORKS, confidence=0.9)
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == (
        "Highest validation accuracy: best, 97.32 % with 244,554 parameters"
    )
    assert axes.get_legend().get_title().get_text() == "Accuracy with its 90 % interval"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["validation", "test"]
    assert len(to_png(figure)) < BIGGEST_PNG


def test_names_of_networks_of_one_size_do_not_lie_on_each_other():
    twins = pd.DataFrame([network(name, 500, 0.9, 0.91) for name in ("sgd", "adam", "nadam")])
    axes = figures.comparison(twins).axes[0]
    heights = sorted(text.xy[1] for text in axes.texts)
    low, high = axes.get_ylim()
    assert np.diff(heights) == pytest.approx(0.05 * (high - low))
