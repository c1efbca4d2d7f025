"""What runs say: samples, the notebook's place among them, variation, and their checks."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mnist_assets.study import summary as study
from mnist_assets.study.summary import check_enough, check_paired, check_runs, describe, place


def table(training, split, failure=None):
    """Runs whose test accuracy is 0.01 above validation's; NaN is a failed one."""
    rows = [
        (kind, seed, accuracy, accuracy + 0.01, 1.5, failure if math.isnan(accuracy) else None)
        for kind, accuracies in (("training", training), ("split", split))
        for seed, accuracy in enumerate(accuracies)
    ]
    columns = ("kind", "seed", "validation_accuracy", "test_accuracy", "seconds", "failure")
    return pd.DataFrame(rows, columns=list(columns))


def test_a_sample_is_described_by_its_mean_and_students_interval():
    values = [0.90, 0.92, 0.94]
    described = describe(values, 0.95)
    assert described["count"] == 3
    assert described["mean"] == pytest.approx(0.92)
    assert described["std"] == pytest.approx(0.02)
    assert (described["minimum"], described["maximum"]) == (0.90, 0.94)
    expected = stats.t.interval(0.95, 2, loc=0.92, scale=0.02 / math.sqrt(3))
    assert (described["low"], described["high"]) == pytest.approx(expected)


def test_what_too_few_values_cannot_tell_is_none():
    one = describe([0.9], 0.95)
    assert (one["mean"], one["minimum"], one["maximum"]) == (0.9, 0.9, 0.9)
    assert one["std"] is one["low"] is one["high"] is None
    none = describe([], 0.95)
    assert none["count"] == 0
    assert none["mean"] is none["minimum"] is None


@pytest.mark.parametrize(
    ("claim", "words", "percentile"),
    [
        (0.95, "above all 4 runs", 100),
        (0.85, "below all 4 runs", 0),
        (0.90, "above 0 of 4 runs", 12.5),
        (0.905, "above 1 of 4 runs", 25),
        (0.92, "above 2 of 4 runs", 62.5),
        (0.93, "above 3 of 4 runs", 87.5),
    ],
)
def test_a_claim_has_a_place_among_the_runs(claim, words, percentile):
    placed = place(claim, [0.90, 0.91, 0.92, 0.93])
    assert (placed["words"], placed["percentile"]) == (words, percentile)
    assert placed["z_score"] == pytest.approx((claim - 0.915) / np.std([0, 1, 2, 3], ddof=1) * 100)


def test_the_p_value_of_a_claim_is_that_of_one_more_run():
    values = np.random.default_rng(0).normal(0.97, 0.001, 8)
    expected = 2 * stats.t.sf(0.002 / (values.std(ddof=1) * math.sqrt(1 + 1 / 8)), 7)
    assert place(values.mean() - 0.002, values)["p_value"] == pytest.approx(expected)


def test_two_runs_are_enough_for_a_scale():
    assert place(0.94, [0.90, 0.92])["z_score"] == pytest.approx(0.03 / (0.01 * math.sqrt(2)))
    one = place(0.94, [0.90])
    assert (one["z_score"], one["p_value"], one["percentile"]) == (None, None, 100)


def test_equal_or_missing_runs_place_a_claim_without_a_scale():
    assert place(0.9, [0.8, 0.8])["z_score"] is None
    assert place(0.9, [0.8, 0.8])["words"] == "above all 2 runs"
    nowhere = place(0.9, [])
    assert nowhere["percentile"] is nowhere["p_value"] is None
    assert nowhere["words"] == "no run to compare with"


def test_a_summary_tells_kinds_and_parts_apart_and_leaves_failed_runs_out():
    runs = table([0.90, 0.92, math.nan], [0.80, 0.84, 0.88], failure="diverged")
    summary = study.summarise(runs, 0.95, claim=0.95)
    training, split = summary["training"], summary["split"]
    assert (training["runs"], training["failed"], split["runs"], split["failed"]) == (3, 1, 3, 0)
    assert training["validation"]["mean"] == pytest.approx(0.91)
    assert training["test"]["mean"] == pytest.approx(0.92)
    assert split["validation"]["maximum"] == 0.88
    assert training["notebook"]["words"] == "above all 2 runs"
    assert study.summarise(runs, 0.95, None)["training"]["notebook"] is None
    laid_out = study.summary_table(summary)
    assert list(laid_out["kind"]) == ["training", "training", "split", "split"]
    assert list(laid_out["count"]) == [2, 2, 3, 3]


def test_variation_is_told_in_points_and_as_a_share_of_variance():
    runs = table([0.90, 0.93, 0.96], [0.80, 0.84, 0.88])  # standard deviations 3 and 4 points
    variation = study.summarise(runs, 0.95, None)["variation"]
    assert variation["validation"] == pytest.approx(
        {"training_points": 3, "split_points": 4, "together_points": 5, "training_share": 0.36}
    )
    still = study.summarise(table([0.9, 0.9], [0.9, 0.9]), 0.95, None)["variation"]["test"]
    assert still["together_points"] == 0
    assert still["training_share"] is None
    alone = study.summarise(table([0.9], [0.8, 0.9]), 0.95, None)["variation"]["test"]
    assert alone["training_points"] is alone["together_points"] is None


def test_a_summary_can_be_told_as_json():
    for runs in (table([0.9], [0.9]), table([math.nan], [0.9, 0.8])):
        json.dumps(study.summarise(runs, 0.95, 0.9), allow_nan=False)


def test_the_most_accurate_networks_are_named_in_their_order():
    accuracies = {"a": 0.8, "b": math.nan, "c": 0.9, "d": 0.7}
    runs = {name: table([accuracy], [accuracy]) for name, accuracy in accuracies.items()}
    assert study.most_accurate(runs, 2) == ["a", "c"]
    assert study.most_accurate(runs, 3) == ["a", "c", "d"]
    assert study.most_accurate(runs, 9) == ["a", "b", "c", "d"]


def test_finished_runs_with_each_seed_once_pass():
    finding = check_runs(table([0.9, 0.8], [0.7, 0.6]), seeds=2)
    assert finding.passed
    assert finding.message == "All 4 runs came to an end, with the seeds 0 to 1 of each kind."


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda runs: runs.iloc[1:], "the training seeds are [1]"),
        (lambda runs: runs.assign(seed=0), "the training seeds are [0, 0]; the split seeds"),
        (lambda runs: runs.assign(test_accuracy=1.2), "4 of 4 runs failed"),
        (lambda runs: runs.assign(validation_accuracy=np.inf), "4 of 4 runs failed"),
    ],
)
def test_missing_repeated_and_impossible_runs_are_refused(change, told):
    finding = check_runs(change(table([0.9, 0.8], [0.7, 0.6])), seeds=2)
    assert finding.passed is False
    assert told in finding.message


def test_a_failed_run_is_refused_with_its_reason():
    finding = check_runs(table([0.9, math.nan], [0.7, 0.6], failure="epoch 1: NaN"), seeds=2)
    assert finding.passed is False
    assert "1 of 4 runs failed, first training seed 1: epoch 1: NaN" in finding.message
    assert finding.seen["failures"] == ["training seed 1: epoch 1: NaN"]


def test_fewer_seeds_than_declared_are_told():
    runs = table([0.9, 0.8], [0.7, 0.6, 0.5])
    assert check_enough(runs, 2).passed is True
    finding = check_enough(runs, 3)
    assert finding.passed is False
    assert finding.seen == {"training": 2, "split": 3}


def test_networks_with_different_seeds_are_told():
    two, three = table([0.9, 0.8], [0.7, 0.6]), table([0.9, 0.8, 0.7], [0.7, 0.6])
    assert check_paired({"a": two, "b": two}).passed is True
    finding = check_paired({"a": two, "b": three})
    assert finding.passed is False
    assert finding.seen["b"] == {"training": 3, "split": 2}
