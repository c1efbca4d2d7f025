import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from mnist_assets.networks.history import (
    check_accuracy,
    check_as_declared,
    check_generalization_gap,
    check_loss_finite,
    check_no_worse_than_guessing,
    generalization_gap,
)


def history(**columns):
    table = {
        "epoch": [1, 2, 3],
        "loss": [0.9, 0.5, 0.25],
        "accuracy": [0.5, 0.75, 0.875],
        "val_loss": [0.8, 0.6, 0.5],
        "val_accuracy": [0.625, 0.875, 0.75],
        "seconds": [1.0, 0.5, 0.5],
    }
    return pd.DataFrame(table | columns)


def test_generalization_gap_is_that_of_the_last_epoch():
    assert generalization_gap(history()) == 0.125
    assert generalization_gap(history()[:2]) == -0.125


TRAINING = {"epochs": 3, "layers": [{"kind": "dense", "units": 4}], "seed": 1}


def test_a_network_trained_as_declared_passes_whatever_its_seed():
    finding = check_as_declared(TRAINING, TRAINING | {"seed": 2})
    assert finding.passed is True
    assert finding.seen == finding.expected == {}


def test_a_network_trained_otherwise_fails_and_says_how():
    finding = check_as_declared(TRAINING, TRAINING | {"epochs": 4, "loss": "new"})
    assert finding.passed is False
    assert finding.seen == {"epochs": "3", "loss": "None"}
    assert finding.expected == {"epochs": "4", "loss": "new"}
    assert "otherwise than declared, in epochs, loss" in finding.message


def test_finite_losses_pass():
    finding = check_loss_finite(history())
    assert finding.passed is True
    assert finding.seen == {"epochs": 3, "epochs_not_finite": []}


@pytest.mark.parametrize("column", ["loss", "val_loss"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_finite_number_fails_and_is_located(column, bad):
    finding = check_loss_finite(history(**{column: [0.5, bad, bad]}))
    assert finding.passed is False
    assert finding.seen["epochs_not_finite"] == [2, 3]
    assert "from epoch 2 on" in finding.message


def test_no_epoch_at_all_fails():
    finding = check_loss_finite(history()[:0])
    assert finding.passed is False
    assert "nothing was trained" in finding.message


def test_accuracy_reaching_its_floor_passes():
    finding = check_accuracy(history(), floor=0.75)
    assert finding.passed is True
    assert finding.seen == {"val_accuracy": 0.75}
    assert finding.expected == {"val_accuracy_at_least": 0.75}


def test_accuracy_below_its_floor_fails_though_an_earlier_epoch_reached_it():
    finding = check_accuracy(history(), floor=0.8)
    assert finding.passed is False
    assert "0.7500 is below the declared 0.8000" in finding.message
    assert "train for more epochs" in finding.message


def test_accuracy_that_is_not_a_number_fails():
    assert check_accuracy(history(val_accuracy=[0.5, 0.5, np.nan]), floor=0.1).passed is False


# Of ten images at a share of one half, up to one is right with a probability of 11 / 1024.
@pytest.mark.parametrize(
    ("accuracy", "rate", "passed", "binding"),
    [
        (0.5, 0.01, True, False),
        (0.4, 0.01, False, False),
        (0.1, 0.010, False, False),
        (0.1, 0.011, False, True),
        (np.nan, 0.01, False, True),
    ],
)
def test_accuracy_below_guessing_stops_what_follows_beyond_chance_alone(
    accuracy, rate, passed, binding
):
    finding = check_no_worse_than_guessing(history(val_accuracy=[0, 0, accuracy]), 0.5, 10, rate)
    assert (finding.passed, finding.binding) == (passed, binding)


def test_networks_as_good_as_guessing_are_stopped_at_most_as_often_as_declared():
    stopped = [
        right
        for right in range(31)
        if check_no_worse_than_guessing(
            history(val_accuracy=[0, 0, right / 30]), 0.7, 30, 0.1
        ).binding
    ]
    assert 0.05 < binom.pmf(stopped, 30, 0.7).sum() <= 0.1


@pytest.mark.parametrize(("bound", "passed"), [(0.125, True), (0.5, True), (0.12, False)])
def test_generalization_gap_is_held_against_its_bound(bound, passed):
    finding = check_generalization_gap(history(), bound)
    assert finding.passed is passed
    assert finding.seen == {"generalization_gap": 0.125}
    assert finding.expected == {"generalization_gap_at_most": bound}
    assert ("by heart" in finding.message) is not passed
