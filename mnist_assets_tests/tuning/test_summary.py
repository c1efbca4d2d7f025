"""What sweeps say: means, paired differences, the front, sentences, and their checks."""

import io
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mnist_assets.tuning import summary as tuning
from mnist_assets_tests.tuning.tables import TRAINING, point_of, run_of, runs_of

# Of `a` the second value is ahead by 0.01, 0.02 and 0.03, the third behind by 0.05, always.
RUNS = runs_of(
    "own",
    a={"own": [0.80, 0.82, 0.81], "up": [0.81, 0.84, 0.84], "down": [0.75, 0.77, 0.76]},
    b={"own": [0.9, 0.9, 0.9], "same": [0.9, 0.9, 0.9]},
)
FAILED = run_of(1, 0.5, failure="epoch 2: NaN")


@pytest.fixture(scope="module")
def summary():
    return tuning.summarise(RUNS, 0.95)


def of(table, network, value):
    return table[(table["network"] == network) & (table["value"] == value)].iloc[0]


def test_each_point_has_its_mean_with_students_interval(summary):
    assert summary["value"].to_list() == ["own", "up", "down", "own", "same"]
    own = of(summary, "a", "own")
    assert (own["runs"], own["failed"], own["parameters"]) == (3, 0, 8 * 21 + 9 * 3)
    assert own["mean"] == pytest.approx(0.81)
    expected = stats.t.interval(0.95, 2, loc=0.81, scale=0.01 / math.sqrt(3))
    assert (own["low"], own["high"]) == pytest.approx(expected)
    assert own["first_epoch"] == pytest.approx(0.71)
    assert own["seconds"] == 1.0


def test_differences_are_seed_by_seed_and_corrected_by_holm(summary):
    up, down, same = (of(summary, *point) for point in (("a", "up"), ("a", "down"), ("b", "same")))
    assert up["mean_difference"] == pytest.approx(0.02)
    # t = 0.02 / (0.01 / sqrt(3)); with 2 degrees of freedom, a tail is 1 - t / sqrt(2 + t^2).
    assert up["t_p_value"] == pytest.approx(1 - 12**0.5 / 14**0.5)
    assert up["holm_p_value"] == pytest.approx(2 * up["t_p_value"])
    assert (down["mean_difference"], down["t_p_value"]) == (pytest.approx(-0.05), 0)
    assert (same["mean_difference"], same["holm_p_value"]) == (0, 1)
    assert np.isnan(of(summary, "a", "own")["holm_p_value"])


def test_a_run_that_failed_counts_as_failed_and_makes_no_pair():
    runs = runs_of("own", a={"own": [0.8, 0.8], "up": [run_of(0, 0.6, 0.9), FAILED]})
    up = of(tuning.summarise(runs, 0.95), "a", "up")
    assert (up["runs"], up["failed"], up["mean"]) == (1, 1, 0.9)
    assert up["mean_difference"] == pytest.approx(0.1)
    assert np.isnan(up["holm_p_value"])
    assert list(tuning.accuracies(runs, "a", "up", epoch=1)) == [0.6, 0.5]


def test_falls_are_added_up_and_rises_are_not():
    runs = runs_of("own", a={"own": [run_of(0, 0.5, 0.4, 0.7, 0.65), FAILED, run_of(2, 0.1, 0.2)]})
    assert tuning.falls(runs, "a", "own").to_list() == [
        pytest.approx(0.15),
        pytest.approx(np.nan, nan_ok=True),
        0,
    ]


def test_numbers_that_pandas_read_are_values_again():
    table = runs_of("0.05", a={"0.05": [0.8, 0.8], "1e-05": [0.7, 0.7], "2": [0.9, 0.9]})
    back = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert back["value"].dtype == float
    pd.testing.assert_series_equal(tuning.with_labels(back)["value"], table["value"])


def test_a_sentence_a_network_says_what_does_best_and_how_surely(summary):
    told = tuning.sentences(summary, 0.95, "declared")
    plain = {name: sentence.replace("\N{NO-BREAK SPACE}", " ") for name, sentence in told.items()}
    assert plain == {
        "a": "up does best (83.00 %), 2.00 percentage points ahead of the declared own (p = 0.148, "
        "which may be chance); down does worst (76.00 %).",
        "b": "the declared own does best (90.00 %), 0.00 percentage points ahead of same "
        "(p = 1.000, which may be chance).",
    }


def test_what_is_sure_is_told_as_such_and_what_diverged_by_name():
    runs = runs_of(
        "own", a={"own": [0.8, 0.81], "up": [0.9, 0.91], "wild": [FAILED, run_of(0, failure="x")]}
    )
    summary = tuning.summarise(runs, 0.95)
    told = tuning.sentences(summary, 0.95, "notebook's")["a"].replace("\N{NO-BREAK SPACE}", " ")
    assert told == (
        "up does best (90.50 %), 10.00 percentage points ahead of the notebook's own (p < 0.001); "
        "wild diverged."
    )
    (choice,) = tuning.choices(summary, 0.95)
    assert (choice["sure"], choice["diverged"]) == (True, ["wild"])
    assert (choice["declared"]["value"], choice["worst"]["value"]) == ("own", "own")
    wild = tuning.summarise(runs_of("own", a={"own": [run_of(0, failure="x")]}), 0.95)
    assert tuning.sentences(wild, 0.95, "declared") == {"a": "every value diverged."}


def test_declared_values_are_the_notebooks_where_all_networks_are(summary):
    assert tuning.name_declared(summary, ["a", "b", "c"]) == "notebook's"
    assert tuning.name_declared(summary, ["a"]) == "declared"
    guarded = tuning.summarise(runs_of("per pixel", a={"per pixel": [0.9, 0.9]}), 0.95)
    assert tuning.name_declared(guarded, ["a"]) == "declared", "the guard is no notebook's"


def test_the_front_is_what_nothing_undercuts():
    cost, error = np.array([1.0, 2, 2, 3, 3]), np.array([5.0, 4, 4.5, 4, 1])
    assert tuning.pareto_front(cost, error).tolist() == [True, True, False, False, True]
    equal = np.ones(2)
    assert tuning.pareto_front(equal, equal).tolist() == [True, True]


def test_the_overview_has_each_declared_point_once(summary):
    table = tuning.overview({"one": summary, "two": summary[summary["value"] != "up"]})
    assert table[["sweep", "network", "value"]].to_numpy().tolist() == [
        ["declared", "a", "declared"],
        ["one", "a", "up"],
        ["one", "a", "down"],
        ["declared", "b", "declared"],
        ["one", "b", "same"],
        ["two", "a", "down"],
        ["two", "b", "same"],
    ]
    assert table["smallest"].to_list() == (table["mean"] == 0.9).to_list()


POINTS = [
    point_of("a", "own", declared=True),
    point_of("a", "up", training=TRAINING.model_copy(update={"epochs": 2})),
]
TWO = runs_of("own", a={"own": [0.8, 0.82], "up": [0.8, FAILED]})


def test_finished_trainings_pass():
    finding = tuning.check_runs(TWO, POINTS, 2)
    assert finding.passed
    assert finding.message.startswith("All 4 trainings came to an end, with the seeds 0 to 1")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda runs: runs[runs["seed"] == 0], "a at own has the seeds [0]"),
        (lambda runs: runs.assign(seed=0), "a at own, seed 0, has epochs [1, 2, 1, 2]"),
        (lambda runs: runs[runs["epoch"] == 1], "a at own, seed 0, has epochs [1]"),
    ],
)
def test_missing_repeated_and_unfinished_trainings_are_refused(change, told):
    finding = tuning.check_runs(change(TWO), POINTS, 2)
    assert not finding.passed
    assert told in finding.message


def test_early_stopping_may_end_before_the_last_epoch():
    early = TRAINING.model_validate(
        TRAINING.model_dump() | {"epochs": 9, "early_stopping": {"patience": 1}}
    )
    runs = runs_of("own", a={"own": [0.8, 0.82]})
    assert tuning.check_runs(runs, [point_of("a", "own", training=early)], 2).passed


def test_diverged_trainings_and_too_few_seeds_are_told_of():
    assert tuning.check_finite(RUNS).passed
    finding = tuning.check_finite(TWO)
    assert not finding.passed
    assert finding.message == "Diverged: a at up, seed 1."
    assert tuning.check_enough(RUNS, 3).passed
    assert tuning.check_enough(RUNS, 4).seen == {"seeds": 3}
