import math

import optuna
import pytest

from mnist_assets.tuning.search import figures
from mnist_assets.tuning.search.study import open_study, search_once
from mnist_assets.tuning.search.table import (
    best_trials,
    describe,
    describe_best,
    importances,
    sentence,
    tabulate,
)
from mnist_assets_tests.tuning.search.small import goal, made_up


@pytest.fixture(scope="module")
def studies():
    """Of accuracy alone with few parameters allowed, and of accuracy and parameters."""
    made = []
    for here in (
        goal(parameters_at_most=300),
        goal(objectives=["validation_accuracy", "parameters"]),
    ):
        study = open_study(here, optuna.storages.InMemoryStorage())
        for _ in range(12):
            search_once(here, study, made_up)
        made.append(study)
    return made


def with_trials(*measured):
    """A study of accuracy and parameters with these trials."""
    study = optuna.create_study(directions=["maximize", "minimize"])
    for accuracy, parameters in measured:
        study.add_trial(
            optuna.create_trial(
                values=[accuracy, parameters],
                user_attrs={
                    "validation_accuracy": accuracy,
                    "parameters": parameters,
                    "training_seconds": 2.0,
                },
            )
        )
    return study


def test_the_table_has_a_row_for_each_trial(studies):
    table = tabulate("small", studies[0])
    assert list(table["trial"]) == list(range(12))
    assert set(table["state"]) == {"complete", "pruned"}
    refused = table[table["state"] == "pruned"]
    assert refused["reason"].str.contains("at most 300").all()
    assert refused["validation_accuracy"].isna().all()
    complete = table[table["state"] == "complete"]
    assert complete["best"].sum() == 1
    assert complete.loc[complete["best"], "validation_accuracy"].item() == studies[0].best_value
    assert list(table["value of units"]) == [t.params["units"] for t in studies[0].trials]


def test_the_front_is_what_nothing_is_better_than_in_everything():
    study = with_trials((0.9, 100), (0.8, 100), (0.95, 300), (0.94, 400), (0.5, 50))
    assert [trial.number for trial in best_trials(study)] == [2, 0, 4]
    assert list(tabulate("a", study)["best"]) == [True, False, True, False, True]
    assert sentence("a", study) == (
        "a: of 5 trials, the most accurate reaches 95.00\N{NO-BREAK SPACE}% of the "
        "validation images with 300 parameters (trial 2); the Pareto front has 3, down to 50 "
        "parameters with 50.00\N{NO-BREAK SPACE}%."
    )
    assert describe_best(study) == (
        "best so far trial 2: validation accuracy 0.9500, 300 parameters, 2.0 s "
        "(and 2 more on the Pareto front)"
    )


def test_of_equally_accurate_ones_the_smallest_is_best():
    study = optuna.create_study(direction="maximize")
    for parameters in (30, 10, 20):
        told = {"validation_accuracy": 1.0, "parameters": parameters}
        study.add_trial(optuna.create_trial(value=1.0, user_attrs=told))
    assert [trial.number for trial in best_trials(study)] == [1]


def test_without_trials_there_is_nothing_to_tell():
    study = optuna.create_study()
    assert best_trials(study) == []
    assert importances(study) == {}
    assert sentence("a", study) == "a: none of 0 trials has finished."
    assert describe_best(study) == "none has finished"


def test_a_trial_that_ended_early_is_told_of():
    states = optuna.trial.TrialState
    early = optuna.create_trial(state=states.PRUNED, intermediate_values={1: 0.1, 2: 0.2})
    assert describe(early).endswith(": pruned after 2 epochs")
    refused = optuna.create_trial(state=states.PRUNED, user_attrs={"refused": "too large"})
    assert describe(refused).endswith(": refused, too large")


def test_what_decides_is_found(studies):
    shares = importances(studies[1])
    assert next(iter(shares)) == "units"  # accuracy is 1 - 1 / units, and little of the rate's
    assert shares["units"] > 0.5 > shares["normalised"]
    assert math.isclose(sum(shares.values()), 1)
    assert importances(studies[1]) == shares


def words(figure):
    axes = figure.axes[0]
    texts = [text.get_text() for text in axes.texts]
    return figure.get_suptitle().replace("\n", " "), axes.get_xlabel(), texts


def test_figures_tell_what_they_show(studies):
    table = tabulate("some_search", studies[0])
    title, label, _ = words(figures.history(table))
    best = studies[0].best_trial
    assert title.startswith(f"some search: {100 * best.value:.2f}")
    assert title.endswith(f"after 12 trials, first reached by trial {best.number}")
    pruned = (table["state"] == "pruned").sum()
    assert label == f"Trial ({pruned} more were refused or ended early)"
    title, label, marked = words(figures.front(tabulate("some_search", studies[1])))
    front = best_trials(studies[1])
    assert title.startswith(f"some search: {len(front)} of 12 trials marked: no other trial is")
    assert {f"trial {trial.number}" for trial in front} >= set(marked[:3])
    title, label, _ = words(figures.importances("some_search", {"units": 0.75, "the_rate": 0.25}))
    assert title.startswith("some search: units decides most, 75")
    assert words(figures.importances("a", {}))[0] == "a: too few trials to tell what decides"


def test_trials_that_went_wrong_are_counted_below_the_picture():
    trials = [(0.9 + place / 1000, 100 + place) for place in range(20)]
    figure = figures.history(tabulate("a", with_trials(*trials, (0.1, 90))))
    assert words(figure)[2] == ["1 below"]
    low, high = figure.axes[0].get_ylim()
    assert 0.87 < low < 0.9
    assert high > 0.919
