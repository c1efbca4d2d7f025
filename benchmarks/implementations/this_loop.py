"""The project's own training step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.implementations import Epoch, Trained
from mnist_assets.declarations.places import PROJECT
from mnist_assets.networks.loop.compile_cache import use_compile_cache
from mnist_assets.networks.training import train_network

if TYPE_CHECKING:
    from benchmarks.work import Work
    from mnist_assets.networks.declaration import Training

KEPT_PROGRAMS = PROJECT / "data" / "cache" / "benchmark"


class ThisLoop:
    """Trains from the uint8 images as they are stored; normalising is part of what is timed."""

    def __init__(self, work: Work) -> None:
        import pandas as pd
        import tensorflow as tf

        del pd  # only imported, since imports are not timed
        tf.constant(0)
        self.work = work

    def train(self, name: str, training: Training) -> Trained:
        """Train as the graph does."""
        epochs: list[Epoch] = []
        trained, _ = train_network(
            name,
            training,
            self.work.dataset.train_images,
            self.work.dataset.train_labels,
            self.work.split,
            self.work.normalization,
            classes=self.work.classes,
            memory_limit=self.work.memory_limit,
            on_epoch=lambda epoch: epochs.append(
                Epoch(epoch.loss, epoch.accuracy, epoch.val_loss, epoch.val_accuracy)
            ),
        )
        return Trained(epochs, trained.model.get_weights())


class KeptLoop(ThisLoop):
    """The same with programs that an earlier process compiled, as any training but the first."""

    def __init__(self, work: Work) -> None:
        use_compile_cache(KEPT_PROGRAMS)
        super().__init__(work)
