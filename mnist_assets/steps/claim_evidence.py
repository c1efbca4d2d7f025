"""What claims are judged by: the graph's values, the notebook's records, and measures of both.

A measure is a pure function of an `Evidence` that gives a `Measured`. The rules that hold it
against what is claimed are `claim_rules.py` and `claim_chance.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from mnist_assets.formatting import MINUS, number
from mnist_assets.preparation.normalization import notebook_normalization_evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from mnist_assets.networks.declaration import Training
    from mnist_assets.steps.claim_records import PrintedNetwork, Records

Kind: TypeAlias = Literal["value", "share", "pair", "sample", "probability"]
Part: TypeAlias = Literal["validation", "test"]
LONGEST_LIST = 12  # figures written out


class NotCheckable(LookupError):  # noqa: N818 - it is an answer, not an error
    """A claim cannot be checked here; its text says why."""


class Share(NamedTuple):
    """Successes in a number of trials: images correctly classified, say."""

    successes: int
    trials: int

    @property
    def rate(self) -> float:
        """The share itself, 0 to 1."""
        return self.successes / self.trials

    def __str__(self) -> str:
        """The rate, with the counts it comes from."""
        return f"{self.rate:.4f} ({number(self.successes)} of {number(self.trials)})"


class Sample(NamedTuple):
    """The mean of a number of observations, and their standard deviation."""

    mean: float
    std: float
    size: int

    def __str__(self) -> str:
        """The mean alone."""
        return f"{self.mean:.4f}"


class Measured(NamedTuple):
    """A figure found.

    Attributes:
        value: Of the measure's kind: a plain value or nested lists of such, a `Share`, a pair of
            shares, a `Sample`, or a p-value.
        text: How to write it, if not as it is.
        detail: What else is worth knowing, as a sentence.
    """

    value: Any
    text: str = ""
    detail: str = ""

    @property
    def shown(self) -> str:
        """The figure as a person reads it."""
        return self.text or written(self.value)


class Measure(NamedTuple):
    """A way to find a figure.

    Attributes:
        how: What is done, as a phrase.
        function: Takes an `Evidence` and what the measure is taken of.
        kind: What kind of value it gives.
    """

    how: str
    function: Callable[..., Measured]
    kind: Kind = "value"


def written(value: Any, digits: int = 6) -> str:
    """Write a plain value or nested lists of such; only the first of many figures.

    Args:
        value: What to write.
        digits: Significant digits of a number that is not whole.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, float):
        large = abs(value) >= 10**digits
        return number(value) if large else f"{value:.{digits}g}".replace("-", MINUS)
    if type(value) in {list, tuple}:
        first = ", ".join(_item(item, digits) for item in value[:LONGEST_LIST])
        more = f", … ({len(value)} in all)" if len(value) > LONGEST_LIST else ""
        return f"[{first}{more}]"
    return str(value)


def _item(value: Any, digits: int) -> str:
    """An item of a list, where a thousands separator would read as the next item."""
    return str(value) if type(value) is int else written(value, digits)


@dataclass(frozen=True)
class NetworkValues:
    """What the graph has of one network.

    Attributes:
        training: How it is declared to be trained.
        history: One row an epoch; see `networks/history.py`.
        evaluation: What `scores.evaluate` returned for it.
        predictions: Its probabilities for the `validation` and the `test` images.
    """

    training: Training
    history: pd.DataFrame
    evaluation: Mapping[str, Any]
    predictions: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Graph:
    """The graph's values that claims are judged by, each as its asset has it."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    summary: Mapping[str, Any]
    average_digits: NDArray[np.float32]
    extreme_digits: pd.DataFrame
    grey_levels: pd.DataFrame
    pixel_histogram: pd.DataFrame
    split: Mapping[str, NDArray[np.int32]]
    normalization: Mapping[str, NDArray[np.float32]]
    comparison: pd.DataFrame
    networks: Mapping[str, NetworkValues]

    @cached_property
    def notebook_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Each pixel's mean and standard deviation over the whole training part, (h, w) each."""
        images = self.train_images
        shape = images.shape[1:]
        sums, squares = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for start in range(0, len(images), 500):  # what is widened stays in the processor's cache
            wide = images[start : start + 500].astype(np.int32)
            sums += wide.sum(axis=0, dtype=np.int64)
            squares += (wide * wide).sum(axis=0, dtype=np.int64)
        count = len(images)
        return sums / count, np.sqrt(count * squares - sums * sums) / count

    @cached_property
    def notebook_normalization(self) -> dict[str, Any]:
        """What the notebook's normalisation does; see `notebook_normalization_evidence`."""
        return notebook_normalization_evidence(self.train_images, self.test_images)


@dataclass(frozen=True)
class Evidence:
    """Both sides of a judgement.

    Attributes:
        records: What the notebook prints and sets.
        values: The graph's values, or None where the dataset is not MNIST.
    """

    records: Records
    values: Graph | None

    @property
    def graph(self) -> Graph:
        """The graph's values.

        Raises:
            NotCheckable: The dataset is not MNIST.
        """
        if self.values is None:
            raise NotCheckable("this dataset is not MNIST, the only one the notebook speaks of")
        return self.values

    def network(self, name: str) -> NetworkValues:
        """The graph's values of one of the notebook's networks.

        Raises:
            NotCheckable: The dataset is not MNIST, no network of this name is declared, or it is
                declared to be trained otherwise than the notebook's.
        """
        if name not in self.graph.networks:
            raise NotCheckable(f"no network {name} is declared in networks.yaml")
        network = self.graph.networks[name]
        if changed := differences(network.training, self.records.networks[name]):
            raise NotCheckable(
                f"networks.yaml declares another {name} than the notebook has: {changed}"
            )
        return network


def differences(declared: Training, printed: PrintedNetwork) -> str:
    """Say in what a declared network is trained otherwise than the notebook's, if in anything.

    The notebook's epochs are those of its log, which is what its figures are of.
    """
    pairs = {
        "layers": (declared.layers, printed.layers),
        "optimizer": (declared.optimizer, printed.optimizer),
        "batch_size": (declared.batch_size, printed.batch_size),
        "epochs": (declared.epochs, len(printed.log)),
    }
    return " and ".join(name for name, (here, there) in pairs.items() if here != there)
