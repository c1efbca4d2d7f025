"""What holds claims against trainings that differ in one thing alone: the sweeps of `tuning/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_assets.claims.graph import Graph, NotCheckable
from mnist_assets.claims.rules import CONFIDENCE, Paired
from mnist_assets.formatting import MINUS
from mnist_assets.study.paired_tests import compare_pairs
from mnist_assets.study.summary import finite
from mnist_assets.tuning.summary import accuracies, falls, values_of
from mnist_assets.tuning.variation import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def reached(graph: Graph, sweep: str, network: str, value: object) -> pd.Series[float]:
    """The validation accuracies that a network ends with, by seed."""
    return accuracies(graph.sweep(sweep), network, _tried(graph, sweep, network, value))


def after_first_epoch(graph: Graph, sweep: str, network: str, value: object) -> pd.Series[float]:
    """The validation accuracies that a network has after one epoch, by seed."""
    return accuracies(graph.sweep(sweep), network, _tried(graph, sweep, network, value), epoch=1)


def fallen(graph: Graph, sweep: str, network: str, value: object) -> pd.Series[float]:
    """By how much a network's validation accuracy fell from epoch to epoch in all, by seed."""
    return falls(graph.sweep(sweep), network, _tried(graph, sweep, network, value))


def paired(first: pd.Series[float], second: pd.Series[float]) -> Paired:
    """What the first has over the second, seed by seed.

    Raises:
        NotCheckable: No seed has a result of both.
    """
    differences = finite(first.sub(second))
    if len(differences) < 2:
        raise NotCheckable("the trainings that it compares diverged")
    compared = compare_pairs(differences, CONFIDENCE)
    return Paired(compared["mean_difference"], compared["t_p_value"], compared["pairs"])


def in_points(found: Mapping[str, Paired]) -> str:
    """Differences in percentage points, by what they are of."""
    return ", ".join(
        f"{name} {100 * of.mean_difference:+.2f} points".replace("-", MINUS)
        for name, of in found.items()
    )


def smallest_and_largest(graph: Graph, sweep: str, network: str) -> tuple[str, str]:
    """The least and the greatest number that a sweep tries.

    Raises:
        NotCheckable: It was not made, or does not try two on this network.
    """
    values = sorted(values_of(graph.sweep(sweep), network), key=float)
    if len(values) < 2:
        raise NotCheckable(f"the sweep {sweep} does not try two values on {network}")
    return values[0], values[-1]


def best_of(graph: Graph, sweep: str, network: str, *, adam: bool) -> str:
    """The value of the highest mean accuracy among those of Adam, or of all other optimizers."""
    runs = graph.sweep(sweep)
    values = [
        value for value in values_of(runs, network) if (value.partition(" ")[0] == "adam") == adam
    ]
    if not values:
        raise NotCheckable(f"the sweep {sweep} tries too few optimizers on {network}")
    means = {value: accuracies(runs, network, value).mean() for value in values}
    return max(means, key=means.__getitem__)


def _tried(graph: Graph, sweep: str, network: str, value: object) -> str:
    """A value of a sweep as its table has it.

    Raises:
        NotCheckable: The sweep was not made, does not try the value on this network, or the network
            is not the notebook's.
    """
    graph.network(network)
    label = written(value)
    if label not in values_of(graph.sweep(sweep), network):
        raise NotCheckable(f"the sweep {sweep} does not try {label} on {network}")
    return label
