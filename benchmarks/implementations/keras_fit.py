"""Plain `keras.Model.fit` on normalised float32 arrays, as most Keras scripts have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.implementations import Epoch, Trained
from mnist_assets.networks.model import build_network
from mnist_assets.networks.optimizers import build_optimizer
from mnist_assets.preparation.one_hot import one_hot

if TYPE_CHECKING:
    import keras

    from benchmarks.work import Work
    from mnist_assets.networks.declaration import Training


class Fit:
    """`fit` with its defaults; only the progress bar is off."""

    steps_per_execution = 1

    def __init__(self, work: Work) -> None:
        import tensorflow as tf

        tf.constant(0)
        self.work = work
        self.images, labels = work.part("train")
        self.val_images, val_labels = work.part("validation")
        self.labels, self.val_labels = (
            {
                "categorical_crossentropy": one_hot(part, work.classes),
                "sparse_categorical_crossentropy": part,
            }
            for part in (labels, val_labels)
        )

    def train(self, name: str, training: Training) -> Trained:
        """Build, compile, fit."""
        model = self._build(name, training)
        model.compile(
            optimizer=build_optimizer(training.optimizer),
            loss=training.loss,
            metrics=["accuracy"],
            steps_per_execution=self.steps_per_execution,
        )
        history = model.fit(
            self.images,
            self.labels[training.loss],
            batch_size=training.batch_size,
            epochs=training.epochs,
            validation_data=(self.val_images, self.val_labels[training.loss]),
            verbose=0,
        ).history
        epochs = [
            Epoch(*figures)
            for figures in zip(*(history[name] for name in Epoch._fields), strict=True)
        ]
        return Trained(epochs, model.get_weights())

    def _build(self, name: str, training: Training) -> keras.Model:
        """The declared network with its own initial weights, for images normalised before."""
        import keras

        declared = build_network(
            training.layers,
            self.work.normalization,
            classes=self.work.classes,
            seed=training.seed,
            name=name,
        )
        layers = [layer for layer in declared.layers if layer.name != "normalization"]
        return keras.Sequential([keras.Input((*self.images.shape[1:], 1)), *layers], name=name)


class FitInBlocks(Fit):
    """`fit` that runs 50 updates before it looks up."""

    steps_per_execution = 50
