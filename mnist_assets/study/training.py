"""One network trained again and again, with a seed of its own for each run.

A run gives the weights that `training.train_network` gives, to the byte, at less cost: the network
is compiled once and started anew for each run. Side by side in processes is `workers.py`,
what is kept of finished runs `runs.py`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.loop.training_loop import TrainingLoop
from mnist_assets.networks.model import build_network
from mnist_assets.networks.training import choose_chunk_size, epoch_chunks, import_keras
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.preparation.split import split_indices

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from numpy.typing import NDArray


class Seeds(NamedTuple):
    """What a run is trained with: the seed of the network, and that of the split."""

    training: int
    split: int


@dataclass(frozen=True)
class Digits:
    """What all runs learn from and are judged on: uint8 (n, height, width), and labels (n,).

    Sent to another process, what is mapped from a file goes as the file's path.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as paths, where that is all it takes."""
        return _open_digits, tuple(_path_or_array(getattr(self, of.name)) for of in fields(self))


@dataclass(frozen=True)
class Study:
    """What the runs of a network have in common.

    Attributes:
        network: Its name.
        training: Its declaration.
        classes: Number of classes.
        split: The declared split, int32 indices `train` and `validation`.
        split_seed: The declared seed of the split.
        validation_share: Part of the images that a split sets aside.
        std_floor: What `fit_normalization` takes, which is fitted on each split's own images.
        memory_limit: What `choose_chunk_size` takes.
    """

    network: str
    training: Training
    classes: int
    split: Mapping[str, NDArray[np.int32]]
    split_seed: int
    validation_share: float
    std_floor: float
    memory_limit: int

    @property
    def declared(self) -> Seeds:
        """The seeds that the network and the split are declared with."""
        return Seeds(self.training.seed, self.split_seed)

    def plan(self, seeds: int) -> dict[str, list[Seeds]]:
        """The runs of each kind: its seed goes from 0 to `seeds` - 1, the other is as declared."""
        declared = self.declared
        return {
            "training": [Seeds(seed, declared.split) for seed in range(seeds)],
            "split": [Seeds(declared.training, seed) for seed in range(seeds)],
        }


@dataclass(frozen=True)
class Run:
    """What came of one training.

    Attributes:
        training_seed: Of initial weights, dropout and batch order.
        split_seed: Of which images train.
        validation_accuracy: On the split's validation images, after the last epoch; NaN if it
            failed.
        test_accuracy: The same on the test images.
        seconds: Wall time of training and judging, whatever else runs beside it.
        failure: Why the training has no result, or None.
    """

    training_seed: int
    split_seed: int
    validation_accuracy: float
    test_accuracy: float
    seconds: float
    failure: str | None

    @property
    def seeds(self) -> Seeds:
        """What it was trained with."""
        return Seeds(self.training_seed, self.split_seed)


def train_run(digits: Digits, study: Study, seeds: Seeds) -> Run:
    """Train a network with the given seeds and evaluate it.

    A loss that is NaN or infinite makes a failed run, no exception.
    """
    import_keras()
    images, labels = digits.train_images, digits.train_labels
    split = study.split
    if seeds.split != study.split_seed:
        split = split_indices(len(labels), study.validation_share, seeds.split)
    normalization = fit_normalization(images, split["train"], study.std_floor)
    training = study.training.model_copy(update={"seed": seeds.training})
    size = choose_chunk_size(images, len(split["train"]), training.batch_size, study.memory_limit)
    trainer = _trainer(
        training.model_copy(update={"seed": 0}), images.shape[1:], study.classes, size
    )
    started = time.perf_counter()
    loop = trainer.restart(training.seed, normalization)
    accuracies, failure = (math.nan, math.nan), None
    try:
        accuracies = _train_and_evaluate(loop, training, digits, split, size)
    except InputError as error:
        failure = f"{error.where}: {error.seen}"
    return Run(*seeds, *accuracies, seconds=time.perf_counter() - started, failure=failure)


def _train_and_evaluate(
    loop: TrainingLoop,
    training: Training,
    digits: Digits,
    split: Mapping[str, NDArray[np.int32]],
    chunk_size: int,
) -> tuple[float, float]:
    """Accuracy on the split's validation images and on the test images, after the last epoch."""
    images, labels = digits.train_images, digits.train_labels
    epochs = epoch_chunks(images, labels, split["train"], training, chunk_size)
    for number, chunks in enumerate(epochs, 1):
        loop.run_epoch(chunks, f"epoch {number}")
    tested = np.arange(len(digits.test_labels), dtype=np.int32)
    validation = loop.validate(images, labels, split["validation"])
    test = loop.validate(digits.test_images, digits.test_labels, tested)
    if not math.isfinite(validation[0] + test[0]):
        raise InputError(
            "the last update",
            seen="a loss that is NaN or infinite after it",
            expected="a finite loss",
            remedy="Lower the network's learning_rate where it is declared.",
        )
    return validation[1], test[1]


def tabulate(plan: Mapping[str, list[Seeds]], runs: Mapping[Seeds, Run]) -> pd.DataFrame:
    """Lay runs out as a table, one row for each planned run; see `summary.py`."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "kind": kind,
                "seed": getattr(seeds, kind),
                "validation_accuracy": runs[seeds].validation_accuracy,
                "test_accuracy": runs[seeds].test_accuracy,
                "seconds": runs[seeds].seconds,
                "failure": runs[seeds].failure,
            }
            for kind, of_kind in plan.items()
            for seeds in of_kind
        ]
    )


class _Trainer:
    """A network compiled once, to be started anew with any seed and normalisation."""

    def __init__(
        self, training: Training, shape: tuple[int, ...], classes: int, chunk_size: int
    ) -> None:
        import tensorflow as tf

        self._layers, self._classes = training.layers, classes
        blank = np.ones(shape, np.float32)
        model = self._build(training.seed, {"mean": blank, "std": blank})
        # Keras has mean and variance as constants, which would be compiled in.
        normalization = model.get_layer("normalization")
        normalization.mean = tf.Variable(normalization.mean, trainable=False)
        normalization.variance = tf.Variable(normalization.variance, trainable=False)
        self._loop = TrainingLoop(model, training)
        self._fresh_optimizer = [variable.numpy() for variable in self._loop.optimizer.variables]
        self._loop.compile(chunk_size, shape)

    def restart(self, seed: int, normalization: Mapping[str, NDArray[np.float32]]) -> TrainingLoop:
        """The loop, in the state that one of a new network would be in."""
        fresh, model = self._build(seed, normalization), self._loop.model
        for variable, new in zip(model.variables, fresh.variables, strict=True):
            variable.assign(new)
        for variable, new in zip(
            self._loop.optimizer.variables, self._fresh_optimizer, strict=True
        ):
            variable.assign(new)
        mine, wanted = (network.get_layer("normalization") for network in (model, fresh))
        mine.mean.assign(wanted.mean)
        mine.variance.assign(wanted.variance)
        return self._loop

    def _build(self, seed: int, normalization: Mapping[str, NDArray[np.float32]]) -> keras.Model:
        return build_network(
            self._layers, normalization, classes=self._classes, seed=seed, name="studied"
        )


@lru_cache(maxsize=1)
def _trainer(training: Training, shape: tuple[int, ...], classes: int, chunk_size: int) -> _Trainer:
    """The network compiled last, if it is the same one again."""
    return _Trainer(training, shape, classes, chunk_size)


def _path_or_array(array: NDArray[np.uint8]) -> Path | NDArray[np.uint8]:
    if isinstance(array, np.memmap) and isinstance(array.filename, Path | str):
        path = Path(array.filename)
        if path.suffix == ".npy" and np.load(path, mmap_mode="r").shape == array.shape:
            return path
    return np.asarray(array)


def _open_digits(*paths_or_arrays: Path | NDArray[np.uint8]) -> Digits:
    return Digits(
        *(
            np.load(item, mmap_mode="r") if isinstance(item, Path) else item
            for item in paths_or_arrays
        )
    )
