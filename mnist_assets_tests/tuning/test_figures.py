"""The pictures of sweeps: what they name, where points lie, what is marked."""

import numpy as np
import pytest

from mnist_assets.plots.style import VERMILLION, to_png
from mnist_assets.tuning import figures
from mnist_assets.tuning.summary import overview, summarise
from mnist_assets_tests.tuning.tables import run_of, runs_of

WILD = [run_of(seed, failure="epoch 1: NaN") for seed in range(2)]
RUNS = runs_of(
    "0.05",
    given={"0.01": [0.90, 0.92], "0.05": [0.95, 0.96], "0.5": [0.97, 0.97], "9": WILD},
    best={"0.05": [0.97, 0.98], "0.1": [0.95, 0.96]},
)
SUMMARY = summarise(RUNS, 0.95)


def labels(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_each_value_is_a_row_of_its_networks_panel_with_runs_mean_and_declared_value():
    figure = figures.points(SUMMARY, RUNS, "learning_rate", "notebook's", 0.95)
    given, best = figure.axes
    assert labels(given) == ["0.01", "0.05", "0.5", "9"]
    assert (given.get_title(loc="left"), best.get_title(loc="left")) == ("given", "best")
    drawn = [np.asarray(of.get_offsets())[:, 0] for of in given.collections]
    assert drawn[0] == pytest.approx([0.10, 0.08])
    means = [
        line.get_xdata()[0]
        for line in given.lines
        if line.get_marker() == "|" and len(line.get_xdata())
    ]
    assert means == pytest.approx([0.09, 0.045, 0.03])
    declared = [line for line in given.lines if line.get_marker() == "D"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in declared] == [
        (pytest.approx(0.045), 1)
    ]
    assert [text.get_text() for text in given.texts] == ["diverged"]
    assert best.xaxis_inverted()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *("a run", "mean, 95 % interval", "the notebook's value")
    ]
    assert figure.get_suptitle() == "Learning rate: what each value reaches"
    to_png(figure)


def test_ticks_are_accuracies_where_errors_are_drawn():
    figure = figures.points(SUMMARY, RUNS, "learning_rate", "declared", 0.95)
    axis = figure.axes[-1].xaxis
    shown = {tick: axis.get_major_formatter()(tick, 0) for tick in axis.get_majorticklocs()}
    assert shown[0.05] == "95 %"
    assert len(shown) >= 4
    assert all(0.02 <= tick <= 0.1 for tick in shown)


def test_each_value_is_a_line_of_its_means_after_each_epoch():
    figure = figures.curves(RUNS, "learning_rate", "declared")
    given, best = figure.axes
    lines = {line.get_label(): line for line in given.lines}
    assert list(lines)[:3] == ["0.01", "0.05 (declared)", "0.5"]
    assert lines["0.01"].get_ydata() == pytest.approx([0.19, 0.09])
    assert lines["0.05 (declared)"].get_color() == VERMILLION
    assert [line.get_label() for line in best.lines] == ["0.05 (declared)", "0.1"]
    assert figure.get_suptitle() == "Learning rate: how the networks learn"
    to_png(figure)


def test_the_overview_draws_the_front_and_names_what_is_on_it():
    table = overview({"learning_rate": SUMMARY})
    figure = figures.overview(table)
    for axes, front in zip(figure.axes, ("smallest", "quickest"), strict=True):
        (line,) = axes.lines
        assert len(line.get_xdata()) == table[front].sum()
        assert axes.get_xscale() == "log"
    assert {text.get_text() for text in figure.axes[0].texts} == {"best"}
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["given", "best"]
    to_png(figure)


def test_sweeps_in_which_everything_diverged_are_drawn_too():
    runs = runs_of("1", a={"1": WILD, "2": WILD})
    to_png(figures.points(summarise(runs, 0.95), runs, "x", "declared", 0.95))
    to_png(figures.curves(runs, "x", "declared"))
