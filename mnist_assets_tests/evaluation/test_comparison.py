from io import StringIO

import pandas as pd
import pytest

from mnist_assets.evaluation.comparison import (
    COLUMNS,
    best_network,
    check_compared,
    compare_networks,
    comparison_row,
)


def part(accuracy, loss):
    interval = {"low": accuracy - 0.0625, "high": accuracy + 0.0625, "confidence": 0.95}
    return {"accuracy": accuracy, "accuracy_interval": interval, "loss": loss}


def row(network, parameters=100, validation=0.75, test=0.5):
    history = pd.DataFrame(
        {"epoch": [1, 2], "accuracy": [0.5, 0.875], "val_accuracy": [0.5, 0.75], "seconds": [2, 3]}
    )
    evaluation = {"validation": part(validation, 0.4), "test": part(test, 0.6)}
    return comparison_row(network, parameters=parameters, history=history, evaluation=evaluation)


def test_row_by_hand():
    assert row("given") == {
        "network": "given",
        "parameters": 100,
        "epochs": 2,
        "seconds": 5.0,
        "validation_accuracy": 0.75,
        "validation_low": 0.6875,
        "validation_high": 0.8125,
        "test_accuracy": 0.5,
        "test_low": 0.4375,
        "test_high": 0.5625,
        "validation_loss": 0.4,
        "test_loss": 0.6,
        "generalization_gap": 0.125,
    }


def test_table_keeps_the_order_given_and_the_declared_columns():
    table = compare_networks([row("second", 9), row("first", 8), row("third", 7)])
    assert table["network"].tolist() == ["second", "first", "third"]
    assert table["parameters"].tolist() == [9, 8, 7]
    assert tuple(table.columns) == COLUMNS


def test_table_survives_csv():
    table = compare_networks([row("given"), row("best", validation=1 / 3)])
    again = pd.read_csv(StringIO(table.to_csv(index=False)))
    pd.testing.assert_frame_equal(again, table, check_exact=True)


def test_best_is_chosen_by_validation_never_by_test():
    table = compare_networks(
        [row("tests well", validation=0.7, test=0.9), row("validates well", test=0.1)]
    )
    assert best_network(table) == "validates well"


def test_among_equals_the_smaller_network_is_best_then_the_first():
    rows = [row("worse", 1, validation=0.5), row("large", 30), row("small", 20), row("other", 20)]
    assert best_network(compare_networks(rows)) == "small"
    assert best_network(compare_networks(rows[::-1])) == "other"


EVALUATIONS = {
    name: {"validation": {"accuracy": validation}, "test": {"accuracy": test}}
    for name, validation, test in [("a", 0.9, 0.8), ("b", 0.7, 0.95)]
}


def compared(**changes):
    columns = {
        "network": ["a", "b"],
        "validation_accuracy": [0.9, 0.7],
        "test_accuracy": [0.8, 0.95],
    }
    return pd.DataFrame(columns | changes)


def test_a_comparison_of_the_evaluations_own_figures_passes():
    finding = check_compared(compared(), EVALUATIONS, "a")
    assert finding.passed is True
    assert finding.message == "All 2 networks are compared by their own accuracies."


@pytest.mark.parametrize(
    ("changes", "best", "wrong"),
    [
        ({"validation_accuracy": [0.9, 0.71]}, "a", "validation accuracy of b"),
        ({"test_accuracy": [0.95, 0.8]}, "a", "test accuracy of a"),
        ({"network": ["b", "a"]}, "a", "the networks b, a"),
        ({}, "b", "b as the best in validation"),
    ],
)
def test_a_comparison_that_says_otherwise_fails(changes, best, wrong):
    finding = check_compared(compared(**changes), EVALUATIONS, best)
    assert finding.passed is False
    assert wrong in finding.seen["different"]
