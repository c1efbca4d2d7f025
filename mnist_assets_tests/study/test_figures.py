import numpy as np
import pandas as pd
import pytest

from mnist_assets.plots.style import to_png
from mnist_assets.study.figures import differences, runs
from mnist_assets.study.paired_tests import compare_networks
from mnist_assets.study.summary import describe
from mnist_assets_tests.study.test_summary import table

NAN = float("nan")
GIVEN = table([0.96, 0.97, 0.98], [0.95, 0.97, 0.99]).assign(network="given")
BEST = table([0.98, 0.98, 0.985], [0.97, 0.99, 0.995]).assign(network="best")
BOTH = pd.concat([GIVEN, BEST])


def labels(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def points(axes):
    return [np.asarray(of.get_offsets())[:, 0].tolist() for of in axes.collections if is_runs(of)]


def is_runs(collection):
    return type(collection).__name__ == "PathCollection"


def diamonds(axes):
    return [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "D"]


def test_every_run_is_a_point_validation_and_test_of_each_kind():
    figure = runs(GIVEN, {}, 0.95)
    axes = figure.axes[0]
    assert [np.round(of, 3).tolist() for of in points(axes)] == [
        [0.96, 0.97, 0.98],
        [0.97, 0.98, 0.99],
        [0.95, 0.97, 0.99],
        [0.96, 0.98, 1.0],
    ]
    assert labels(figure) == ["other weights and order", "another split"]
    assert axes.get_xlabel() == "Accuracy of a run"
    assert legend(figure) == ["validation", "test", "mean, 95 % interval"]


def test_means_stand_with_their_intervals():
    axes = runs(GIVEN, {}, 0.9).axes[0]
    means = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "|"]
    assert means == pytest.approx([0.97, 0.98, 0.97, 0.98])
    expected = describe([0.96, 0.97, 0.98], 0.9)
    interval = next(of for of in axes.collections if not is_runs(of)).get_segments()[0]
    assert interval[:, 0] == pytest.approx([expected["low"], expected["high"]])


def test_the_notebooks_figure_is_marked_and_its_place_is_the_title():
    figure = runs(GIVEN, {"given": 0.955, "best": None}, 0.95)
    assert diamonds(figure.axes[0]) == [0.955, 0.955]
    assert legend(figure)[-1] == "validation, by the notebook"
    assert figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ") == (
        "given: the notebook's 95.50 % is below all 3 runs; on other splits, above 1 of 3 runs"
    )


def test_without_a_claim_the_title_says_how_far_runs_vary():
    together = np.hypot(1, 2)  # standard deviations of 1 and 2 percentage points
    assert runs(GIVEN, {}, 0.95).get_suptitle() == (
        f"given: standard deviation from run to run {together:.2f} percentage points"
    )


def test_networks_stand_under_each_other():
    figure = runs(BOTH, {"given": 0.955, "best": None}, 0.95)
    assert labels(figure)[::2] == [f"{n}\nother weights and order" for n in ("given", "best")]
    assert len(points(figure.axes[0])) == 8
    assert diamonds(figure.axes[0]) == [0.955, 0.955]
    assert figure.get_suptitle() == (
        "Standard deviation from run to run: 1.35 percentage points (best) to 2.24 (given)"
    )


@pytest.mark.parametrize(
    ("of_runs", "title"),
    [
        (table([0.9], [0.8]), "one: standard deviation from run to run unknown"),
        (table([NAN, NAN], [NAN]), "one: standard deviation from run to run unknown"),
    ],
)
def test_few_or_failed_runs_are_drawn_too(of_runs, title):
    figure = runs(of_runs.assign(network="one"), {}, 0.95)
    to_png(figure)
    assert figure.get_suptitle() == title


def test_networks_of_one_run_say_nothing_of_variation():
    two = pd.concat([table([0.9], [0.8]).assign(network=name) for name in "ab"])
    assert runs(two, {}, 0.95).get_suptitle().startswith("One run a network says nothing")


def compare(**networks):
    return compare_networks(networks, 0.95)


def test_differences_are_those_of_the_better_network_over_the_other():
    figure = differences(compare(given=GIVEN, best=BEST), 0.95)
    assert labels(figure) == ["best over given"]
    validation, test = figure.axes
    assert (validation.get_title(loc="left"), test.get_title(loc="left")) == (
        "Validation accuracy",
        "Test accuracy",
    )
    marked = [line.get_xdata()[0] for line in validation.lines if line.get_marker() in "D^"]
    assert marked == pytest.approx([0.035 / 3, 0.045 / 3])
    assert "Mean difference" in validation.get_xlabel()


def test_what_may_be_chance_is_hollow_and_the_title_counts_the_rest():
    # Of ten pairs of one sign the exact p-value is 1/512, corrected for four tests 1/128.
    steps = np.arange(10) / 1000
    lower, higher = table(0.9 + steps, 0.9 + steps), table(0.91 + 2 * steps, 0.9 + steps[::-1])
    figure = differences(compare(a=lower, b=higher), 0.95)
    marks = {
        line.get_marker(): line.get_markerfacecolor()
        for line in figure.axes[0].lines
        if line.get_marker() in "D^"
    }
    assert marks["D"] != "white"
    assert marks["^"] == "white"
    assert figure.get_suptitle() == (
        "2 of 4 mean differences are more than chance "
        "(exact sign-flip test, Holm's correction, 5 %)"
    )


def test_pictures_of_five_networks_are_small():
    of_each = {name: BEST.drop(columns="network") for name in "abcde"}
    strips = runs(pd.concat([of.assign(network=name) for name, of in of_each.items()]), {}, 0.95)
    for figure in (strips, differences(compare(**of_each), 0.95)):
        assert len(to_png(figure)) < 75_000


def test_pictures_of_some_networks_say_which_and_of_how_many():
    both = compare(given=GIVEN, best=BEST)
    note = "\nThe 2 most accurate of 7 networks: given, best"
    assert differences(both, 0.95, among=7).get_suptitle().endswith(note)
    assert "networks" not in differences(both, 0.95, among=2).get_suptitle()
    drawn = pd.concat([GIVEN.assign(network="given"), BEST.assign(network="best")])
    assert runs(drawn, {}, 0.95, among=7).get_suptitle().endswith(note)
