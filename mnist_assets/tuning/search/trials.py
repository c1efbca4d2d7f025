"""One trial of a search: a training, judged on the validation images, and what it cost.

Nothing here sees the test part. How the values of a trial are chosen is `study.py`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.networks.declaration import Training
from mnist_assets.networks.history import generalization_gap, until_kept
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.networks.training import Epoch, train_network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import keras
    from numpy.typing import NDArray

TIMED_IMAGES = 200  # single images, for a median that a few interruptions do not move


@dataclass(frozen=True)
class TrainingPart:
    """What all trials learn from and are judged on.

    Attributes:
        images: uint8 (n, height, width).
        labels: uint8 (n,), each below `classes`.
        split: int32 indices `train` and `validation` into the images.
        normalization: float32 `mean` and `std`, (height, width).
        classes: Number of classes.
        memory_limit: What `train_network` takes.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    split: Mapping[str, NDArray[np.int32]]
    normalization: Mapping[str, NDArray[np.float32]]
    classes: int
    memory_limit: int

    def parameters(self, training: Training) -> int:
        """The number of weights of a network for these images."""
        return parameters_of(training.layers, self.images.shape[1:], self.classes)["total"]


@dataclass(frozen=True)
class Measured:
    """What came of one trial.

    Attributes:
        validation_accuracy: With the weights that are kept, in [0, 1].
        generalization_gap: Training accuracy less validation accuracy, -1 to 1.
        parameters: Number of weights.
        epochs: That were trained.
        training_seconds: Wall time of all epochs, validation included.
        compile_seconds: Wall time of compiling the loop before.
        latency: Seconds in which the network classifies a single image, the median of many; None if
            nobody asked.
    """

    validation_accuracy: float
    generalization_gap: float
    parameters: int
    epochs: int
    training_seconds: float
    compile_seconds: float
    latency: float | None = None


def run_trial(
    training: Training,
    part: TrainingPart,
    on_epoch: Callable[[Epoch], None],
    *,
    timed: bool = False,
) -> Measured:
    """Train a network and judge it on the validation images.

    Args:
        training: Its declaration.
        part: What it learns from.
        on_epoch: Called after each epoch; what it raises ends the training.
        timed: Whether to measure its latency, too.

    Raises:
        InputError: The network does not fit into memory, or its loss became NaN or infinite.
    """
    trained, speed = train_network(
        "trial",
        training,
        part.images,
        part.labels,
        part.split,
        part.normalization,
        classes=part.classes,
        memory_limit=part.memory_limit,
        on_epoch=on_epoch,
    )
    history = trained.history
    kept = until_kept(history, training)
    return Measured(
        validation_accuracy=float(kept["val_accuracy"].iloc[-1]),
        generalization_gap=float(generalization_gap(kept)),
        parameters=part.parameters(training),
        epochs=len(history),
        training_seconds=speed.training_seconds,
        compile_seconds=speed.compile_seconds,
        latency=_latency(trained.model, part.images) if timed else None,
    )


def _latency(model: keras.Model, images: NDArray[np.uint8]) -> float:
    """Median seconds of classifying one image, once the function for it is compiled."""
    import tensorflow as tf

    classify = tf.function(model, autograph=False)
    image = tf.constant(images[:1, ..., None].astype(np.float32))
    classify(image)
    seconds = []
    for _ in range(TIMED_IMAGES):
        started = time.perf_counter()
        classify(image).numpy()
        seconds.append(time.perf_counter() - started)
    return median(seconds)
