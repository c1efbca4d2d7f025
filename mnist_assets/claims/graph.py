"""The graph's values that claims are held against, and when they can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from mnist_assets.claims import notebook
from mnist_assets.preparation.normalization import notebook_normalization_evidence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from mnist_assets.networks.declaration import Training


class NotCheckable(LookupError):  # noqa: N818 - it is an answer, not an error
    """A claim cannot be checked here; its text says why."""


@dataclass(frozen=True)
class NetworkValues:
    """What the graph has of one network.

    Attributes:
        training: How it is declared to be trained.
        history: One row an epoch; see `networks/history.py`.
        evaluation: What `evaluation.evaluate` returned for it.
        predictions: Its probabilities for the `validation` and the `test` images.
    """

    training: Training
    history: pd.DataFrame
    evaluation: Mapping[str, Any]
    predictions: Mapping[str, NDArray[Any]]


def squared_chunks(images: NDArray[Any]) -> Iterator[NDArray[np.int32]]:
    """The squares of all pixels, few images at a time: they stay in the processor's cache."""
    for chunk in np.array_split(images, len(images) // 500 + 1):
        yield np.square(chunk, dtype=np.int32)


@dataclass(frozen=True)
class Graph:
    """The graph's values, each as its asset has it; of sweeps, the trainings of those made."""

    train_images: NDArray[Any]
    train_labels: NDArray[Any]
    test_images: NDArray[Any]
    test_labels: NDArray[Any]
    summary: Mapping[str, Any]
    average_digits: NDArray[Any]
    extreme_digits: pd.DataFrame
    grey_levels: pd.DataFrame
    pixel_histogram: pd.DataFrame
    split: Mapping[str, NDArray[Any]]
    normalization: Mapping[str, NDArray[Any]]
    comparison: pd.DataFrame
    networks: Mapping[str, NetworkValues]
    sweeps: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    on_request: Collection[str] = ()  # networks that are declared, and may not have been made

    @cached_property
    def notebook_moments(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Each pixel's mean and standard deviation over the whole training part, (h, w) each."""
        mean = self.train_images.mean(axis=0)
        squares = sum(squared.sum(axis=0) for squared in squared_chunks(self.train_images))
        return mean, np.sqrt(np.maximum(squares / len(self.train_images) - mean**2, 0))

    @cached_property
    def notebook_normalization(self) -> dict[str, Any]:
        """What the notebook's normalisation does; see `notebook_normalization_evidence`."""
        return notebook_normalization_evidence(self.train_images, self.test_images)

    def network(self, name: str) -> NetworkValues:
        """The values of one of the notebook's networks.

        Raises:
            NotCheckable: No network of this name is declared, or none was made, or it is declared
                to be trained otherwise than the notebook's.
        """
        if name not in self.networks and name in self.on_request:
            raise NotCheckable(f"{name} is made on request, and is not up to date")
        if name not in self.networks:
            raise NotCheckable(f"no network {name} is declared in networks.yaml")
        network = self.networks[name]
        if changed := differences(network.training, notebook.NETWORKS[name]):
            raise NotCheckable(
                f"networks.yaml declares another {name} than the notebook has: {changed}"
            )
        return network

    def sweep(self, name: str) -> pd.DataFrame:
        """The trainings of a sweep; see `tuning/training.py`.

        Raises:
            NotCheckable: It has not been made.
        """
        if name not in self.sweeps:
            raise NotCheckable(
                f"on request: `mnist-assets tune --select {name}` trains what it takes"
            )
        return self.sweeps[name]


class OtherDataset:
    """The graph of a dataset other than MNIST: whatever is asked of it cannot be checked."""

    def __getattr__(self, name: str) -> NoReturn:
        """Raise `NotCheckable`, whatever the value."""
        raise NotCheckable("this dataset is not MNIST, the only one the notebook speaks of")


def differences(declared: Training, printed: notebook.Network) -> str:
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
