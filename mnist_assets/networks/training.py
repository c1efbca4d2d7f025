"""Training a declared network from its seed: epochs in a row, their history, and what they cost.

The updates themselves, and the order of the images, are `loop/`.
"""

from __future__ import annotations

import gc
import math
import os
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.networks.declaration import EarlyStopping, Training
from mnist_assets.networks.loop.augmentation import augment
from mnist_assets.networks.loop.batches import (
    Chunk,
    chunked_epoch,
    hold,
    shareable_zeros,
    whole_epoch,
)
from mnist_assets.networks.loop.training_loop import TrainingLoop
from mnist_assets.networks.memory import require_memory
from mnist_assets.networks.model import (
    applied_normalization,
    build_network,
    count_training_operations,
)
from mnist_assets.networks.stored import TrainedNetwork
from mnist_assets.networks.tensorboard import training_log
from mnist_assets.process import collection_paused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import keras
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Epoch:
    """One finished epoch: means over the images; wall time of updates and validation."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Speed:
    """What training cost.

    Attributes:
        device: Where it ran.
        compile_seconds: Time to trace and compile the loop, once a training.
        training_seconds: Time of all epochs, validation included.
        images_per_second: Training images over the time of all epochs.
        gigaflops: Achieved rate, counting the dense layers' products alone.
    """

    device: str
    compile_seconds: float
    training_seconds: float
    images_per_second: float
    gigaflops: float


def train_network(
    name: str,
    training: Training,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    split: Mapping[str, NDArray[np.int32]],
    normalization: Mapping[str, NDArray[np.float32]],
    *,
    classes: int,
    memory_limit: int,
    on_epoch: Callable[[Epoch], None],
    log_folder: Path | None = None,
) -> tuple[TrainedNetwork, Speed]:
    """Train a declared network from its seed.

    The same arguments give the same weights on the same machine, to the byte.

    Args:
        name: The network's name.
        training: Its declaration.
        images: uint8 (n, height, width); may be a memory map.
        labels: uint8 (n,), each below `classes`.
        split: int32 indices `train` and `validation` into the images.
        normalization: float32 `mean` and `std`, (height, width).
        classes: Number of classes.
        memory_limit: Bytes of training pixels up to which they are held in memory; beyond, they are
            read in chunks of that size.
        on_epoch: Called after each epoch.
        log_folder: Where logs for TensorBoard are written, if any are.

    Raises:
        InputError: The network does not fit into memory, or its loss became NaN or infinite;
            nothing is returned.
    """
    import pandas as pd

    require_memory(f"networks/{name}", training, images.shape[1:], classes)
    import_keras()
    model = build_network(
        training.layers,
        applied_normalization(normalization, training.normalization),
        classes=classes,
        seed=training.seed,
        name=name,
    )
    loop = TrainingLoop(model, training, len(split["train"]))
    size = choose_chunk_size(images, len(split["train"]), training.batch_size, memory_limit)
    compile_seconds = loop.compile(size, images.shape[1:])
    history = []
    with training_log(model, log_folder) if log_folder else nullcontext() as log:
        for epoch in train_epochs(loop, images, labels, split, size, f"networks/{name}"):
            history.append(epoch)
            on_epoch(epoch)
            if log:
                log(epoch)
    table = pd.DataFrame([asdict(epoch) for epoch in history])
    trained = TrainedNetwork(model, table, training.plain())
    return trained, _speed(model, table, len(split["train"]), compile_seconds)


def train_epochs(
    loop: TrainingLoop,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    split: Mapping[str, NDArray[np.int32]],
    chunk_size: int,
    where: str,
) -> Iterator[Epoch]:
    """Train the loop's network epoch by epoch, as declared, and validate it after each.

    When it is exhausted, the network has the weights of the last epoch, or with early stopping
    those of the best.

    Raises:
        InputError: The loss became NaN or infinite.
    """
    training = loop.training
    stopping = None
    if training.early_stopping:
        stopping = _early_stopping(loop.model, training.early_stopping)
    epochs = epoch_chunks(images, labels, split["train"], training, chunk_size)
    for number, chunks in enumerate(epochs, 1):
        started = time.perf_counter()
        loss, accuracy = loop.run_epoch(chunks, f"{where}, epoch {number}")
        val_loss, val_accuracy = loop.validate(images, labels, split["validation"])
        seconds = time.perf_counter() - started
        yield Epoch(number, loss, accuracy, val_loss, val_accuracy, seconds)
        if stopping:
            stopping.on_epoch_end(number, {"val_loss": val_loss, "val_accuracy": val_accuracy})
            if loop.model.stop_training:
                break
    if stopping:
        stopping.on_train_end()


def _early_stopping(model: keras.Model, early: EarlyStopping) -> keras.callbacks.EarlyStopping:
    """Keras's callback, ready for a model's first epoch."""
    import keras

    model.stop_training = False
    stopping = keras.callbacks.EarlyStopping(
        early.monitor,
        patience=early.patience,
        mode="max" if early.monitor == "val_accuracy" else "min",
        restore_best_weights=True,
    )
    stopping.set_model(model)
    stopping.on_train_begin()
    return stopping


@collection_paused()
def import_keras() -> None:
    """Import Keras in three quarters of the time it usually takes."""
    import keras  # noqa: F401 - what follows finds it imported


def import_tensorflow() -> None:
    """Import Keras and TensorFlow and use neither, so that the process can still be forked."""
    import_keras()
    gc.freeze()  # what is there by now stays: garbage is not to be looked for in it


def choose_chunk_size(
    images: NDArray[np.uint8], count: int, batch_size: int, memory_limit: int
) -> int:
    """All training images if they fit, else as many whole batches as do (one at least)."""
    image_bytes = math.prod(images.shape[1:])
    if count * image_bytes <= memory_limit:
        return count
    return min(max(memory_limit // image_bytes // batch_size, 1) * batch_size, count)


def epoch_chunks(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    indices: NDArray[np.int32],
    training: Training,
    chunk_size: int,
) -> Iterator[Iterable[Chunk]]:
    """The chunks of each epoch, from memory when one chunk holds everything."""
    import tensorflow as tf

    generator = np.random.default_rng(training.seed)
    if chunk_size < len(indices):
        for _ in range(training.epochs):
            chunks = chunked_epoch(
                images, labels, indices, chunk_size=chunk_size, generator=generator
            )
            yield _augmented(chunks, training, generator)
        return
    held_images, held_labels = hold(images, indices), tf.constant(labels[indices])
    for _ in range(training.epochs):
        yield _augmented(whole_epoch(held_images, held_labels, generator), training, generator)


def _augmented(
    chunks: Iterable[Chunk], training: Training, generator: np.random.Generator
) -> Iterable[Chunk]:
    """The chunks with their images changed at random, if that is declared."""
    if training.augmentation is None:
        yield from chunks
        return
    changed = None
    for chunk in chunks:
        if changed is None:
            changed = shareable_zeros(chunk.images.shape)
        augment(np.asarray(chunk.images), training.augmentation, generator, out=changed)
        yield chunk._replace(images=changed)


def _speed(model: keras.Model, history: pd.DataFrame, images: int, compile_seconds: float) -> Speed:
    import tensorflow as tf

    seconds = float(history["seconds"].sum())
    trained = images * len(history)
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        device = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
    else:
        device = f"CPU, {os.cpu_count()} cores"
    return Speed(
        device=device,
        compile_seconds=compile_seconds,
        training_seconds=seconds,
        images_per_second=trained / seconds,
        gigaflops=trained * count_training_operations(model) / seconds / 1e9,
    )
