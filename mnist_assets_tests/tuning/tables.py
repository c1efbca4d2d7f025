"""Tables of trainings in small, made from what each seed is to reach."""

import math

import pandas as pd

from mnist_assets.networks.training import Epoch
from mnist_assets.tuning.training import SweepRun, tabulate
from mnist_assets.tuning.variation import Point
from mnist_assets_tests.study.test_training import declare

TRAINING = declare()


def run_of(seed, *accuracies, failure=None):
    """A training by its validation accuracies after each epoch, half a second each."""
    epochs = tuple(
        Epoch(number, 1 / number, reached, 2 / number, reached, 0.5)
        for number, reached in enumerate(accuracies, 1)
    )
    return SweepRun(seed, seed, math.nan if failure else accuracies[-1], epochs, failure)


def point_of(network, value, *, declared=False, training=TRAINING):
    return Point(network=network, value=value, declared=declared, training=training)


def runs_of(declared, **networks):
    """A table of runs, of each network and value the accuracies by seed, or the runs themselves.

    The values named `declared` are the declared ones.
    """
    points, runs = [], []
    for network, values in networks.items():
        for value, of_value in values.items():
            points.append(point_of(network, value, declared=value == declared))
            runs.append(
                [
                    of if isinstance(of, SweepRun) else run_of(seed, of - 0.1, of)
                    for seed, of in enumerate(of_value)
                ]
            )
    table = tabulate(points, runs, (4, 5), 3)
    return pd.DataFrame(table)
