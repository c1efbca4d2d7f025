"""The implementations in training, one a module, and what each has to give back.

One is made from the work, untimed: imports, devices and arrays in its own format. Then `train` is
timed, from building the model to its final weights.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.work import Work
    from mnist_assets.networks.declaration import Training


class Epoch(NamedTuple):
    """Means over the images; in training each batch is judged before its update."""

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class Trained(NamedTuple):
    """A trained network.

    Attributes:
        epochs: One for each epoch.
        weights: Layer by layer as Keras orders them.
    """

    epochs: list[Epoch]
    weights: list[NDArray[np.float32]]


class Implementation(Protocol):
    """Something that trains."""

    def train(self, name: str, training: Training) -> Trained:
        """Build the network and train it."""


@dataclass(frozen=True)
class Entry:
    """An implementation's name in tables, where it is, and what has to be installed for it."""

    name: str
    module: str
    factory: str
    requires: str

    @property
    def is_installed(self) -> bool:
        """Whether what it requires can be imported."""
        return find_spec(self.requires) is not None

    def make(self, work: Work) -> Implementation:
        """The implementation, ready to be timed."""
        module = importlib.import_module(f"benchmarks.implementations.{self.module}")
        return cast("Callable[[Work], Implementation]", getattr(module, self.factory))(work)


OURS, KEPT, FIT = "this loop", "this loop, compiled before", "fit"
ENTRIES = {
    entry.name: entry
    for entry in (
        Entry(OURS, "this_loop", "ThisLoop", "tensorflow"),
        Entry(KEPT, "this_loop", "KeptLoop", "tensorflow"),
        Entry(FIT, "keras_fit", "Fit", "tensorflow"),
        Entry("fit, 50 steps a call", "keras_fit", "FitInBlocks", "tensorflow"),
        Entry("PyTorch", "torch_loop", "TorchLoop", "torch"),
        Entry("JAX scan", "jax_scan", "JaxScan", "jax"),
    )
}
