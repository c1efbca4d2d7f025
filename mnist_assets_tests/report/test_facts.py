"""What the report derives from values: layers, misses, rivals, odds, limits, luck."""

import pandas as pd
import pytest

from mnist_assets.networks.layer_table import layer_table, parameters_of
from mnist_assets.report import facts as report_facts
from mnist_assets.report import quality as report_quality
from mnist_assets.report import study as report_study
from mnist_assets.study.paired_tests import compare_networks as compare_runs
from mnist_assets_tests.report.stories import (
    CONFIDENCE,
    LAYERS,
    champion_of,
    declare,
    make_story,
    robustness_of,
    runs_of,
    study_of,
    tell,
)


@pytest.fixture(scope="module")
def story():
    return make_story()


def test_layer_table_by_hand():
    layers = declare(layers=[*LAYERS, {"kind": "dropout", "rate": 0.5}]).training.layers
    rows = layer_table(layers, (3, 2), 4)
    assert [tuple(row.values()) for row in rows] == [
        ("normalisation", [3, 2, 1], 0, 0),
        ("flatten", [6], 0, 0),
        ("dense, relu", [5], 35, 35),
        ("batch normalisation", [5], 20, 10),
        ("dropout", [5], 0, 0),
        ("dense, softmax", [4], 24, 24),
    ]
    total = sum(row["parameters"] for row in rows)
    assert total == parameters_of(layers, (3, 2), 4)["total"]


@pytest.mark.parametrize(
    ("claim", "verdict"), [(0.89, "below"), (0.9, "inside"), (0.95, "inside"), (0.96, "above")]
)
def test_claims_are_judged_by_the_interval(claim, verdict):
    assert report_facts.place_claim(claim, {"low": 0.9, "high": 0.95}) == verdict


def test_rivals_overlap_and_come_smallest_first(story):
    simplest, best, fourth = story["networks"]
    assert report_facts.rivals_of(best, [best, fourth, simplest]) == [fourth, simplest]
    far = tell("far", wrong=(2, 16))
    assert report_facts.rivals_of(best, [best, far]) == []


def test_misses_by_hand():
    table = pd.DataFrame(
        {
            "nearest_index": [1, 2],
            "nearest_distance": [10.0, 30.0],
            "notebook_nearest_index": [1, 9],
            "notebook_nearest_distance": [10.0, 50.0],
            "least_similar_index": [3, 4],
            "least_similar_distance": [90.0, 90.0],
            "notebook_least_similar_index": [5, 6],
            "notebook_least_similar_distance": [60.0, 40.0],
        }
    )
    assert report_facts.count_misses(table) == {
        "classes": 2,
        "nearest": 1,
        "least_similar": 2,
        "inverted": 1,
        "further": 0.5,
    }


def test_odds_by_hand():
    figures = {
        "true_positives": 4,
        "false_negatives": 1,
        "false_positives": 2,
        "true_negatives": 8,
    }
    assert report_facts.notebook_odds(figures) == {"false_positive": 0.25, "false_negative": 0.25}
    none = {**figures, "true_positives": 0, "true_negatives": 0}
    assert report_facts.notebook_odds(none) == {"false_positive": None, "false_negative": None}


# --- quality ---


def rows_of(*accuracies):
    return robustness_of(*accuracies).to_dict("records")


def test_limits_are_the_weakest_strengths_that_break_a_network():
    limits = report_quality.find_limits(rows_of(0.61, 0.6, 0.2))
    assert [(row["distortion"], row["strength"]) for row in limits] == [
        ("shift", 2.0),
        ("inversion", 1.0),
    ]
    assert limits[0]["accuracy"] == 0.6
    unbroken = [row for row in rows_of(0.9, 0.7) if row["distortion"] != "inversion"]
    assert report_quality.find_limits(unbroken) == []


def test_a_limit_is_a_share_of_the_networks_own_accuracy():
    halved = [row | {"accuracy": row["accuracy"] / 2} for row in rows_of(0.8, 0.3)]
    assert report_quality.find_limits(halved)[0]["strength"] == 2.0
    assert report_quality.accuracy_undistorted(halved) == 0.5


def test_networks_and_champion_stand_side_by_side(story):
    network = story["networks"][0]
    champion = champion_of(network | {"robustness": rows_of(0.8)})
    told = story | {"champion": champion}
    assert list(report_quality.of_all(story, "quality")) == ["simplest", "best", "fourth"]
    assert report_quality.of_all(told, "quality")["Champion 0001-best"] is champion
    assert report_quality.of_all(told, "mistakes")["Champion 0001-best"] is champion["mistakes"]
    rows = report_quality.robustness_rows(told)
    assert [(row["distortion"], row["strength"]) for row in rows] == [
        ("undistorted", 0.0),
        ("shift", 1.0),
        ("shift", 2.0),
        ("shift", 3.0),
        ("inversion", 1.0),
    ]
    assert rows[1]["accuracies"] == {
        "simplest": 0.9,
        "best": 0.9,
        "fourth": 0.9,
        "Champion 0001-best": 0.8,
    }
    assert rows[2]["accuracies"]["Champion 0001-best"] is None


# --- study ---


def test_luck_is_told_of_the_best_network_and_its_first_rival():
    study = study_of({"best": 0.9745}, simplest=0.95, best=0.97)
    assert report_study.luck_of(None, "best", ["simplest"]) is None
    assert report_study.luck_of(study, "fourth", []) is None
    luck = report_study.luck_of(study, "best", ["fourth", "simplest"])
    assert luck["runs"] == 10
    assert luck["test"]["mean"] == pytest.approx(0.97 + 0.0045 - 0.01)
    assert luck["notebook"]["words"] == "above 5 of 10 runs"
    assert luck["lead"]["rival"] == "simplest"
    assert luck["lead"]["mean_difference"] == pytest.approx(0.02)
    assert luck["lead"]["sure"] is True
    assert report_study.luck_of(study, "best", [])["lead"] is None


def test_a_lead_turns_round_with_the_network():
    rows = study_of({}, simplest=0.95, best=0.97)["compared"]
    ahead = report_study.lead_over(rows, "best", "simplest")["mean_difference"]
    behind = report_study.lead_over(rows, "simplest", "best")["mean_difference"]
    assert ahead == -behind == pytest.approx(0.02)
    assert report_study.lead_over(rows, "best", "fourth") is None
    unknown = [row | {"mean_difference": None} for row in rows]
    assert report_study.lead_over(unknown, "best", "simplest") is None


def test_differences_that_chance_explains_are_not_sure_and_unknown_figures_are_none():
    runs = {name: runs_of(0.95) for name in ("one", "same")}
    table = compare_runs(runs, CONFIDENCE)
    assert [row["sure"] for row in report_study.compared(table, CONFIDENCE)] == [False] * 4
    rows = report_study.compared(table.assign(t_p_value=float("nan")), CONFIDENCE)
    assert {row["t_p_value"] for row in rows} == {None}
    assert report_study.compared(None, CONFIDENCE) == []
