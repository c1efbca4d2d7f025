"""One network trained again and again, with a seed of its own for each run.

A run gives the weights that `training.train_network` gives, to the byte, at less cost: the network
is compiled once and started anew for each run. Side by side in processes is `workers.py`,
what is kept of finished runs `runs.py`.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.loop.training_loop import TrainingLoop
from mnist_assets.networks.memory import require_memory
from mnist_assets.networks.model import applied_normalization, build_network
from mnist_assets.networks.training import (
    choose_chunk_size,
    epoch_chunks,
    import_keras,
    train_epochs,
)
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.preparation.split import split_indices
from mnist_assets.study.digits import Digits

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from numpy.typing import NDArray


class Seeds(NamedTuple):
    """What a run is trained with: the seed of the network, and that of the split."""

    training: int
    split: int


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

    def plan(self, seeds: int) -> dict[str, list[Seeds]]:
        """The runs of each kind: its seed goes from 0 to `seeds` - 1, the other is as declared."""
        return {
            "training": [Seeds(seed, self.split_seed) for seed in range(seeds)],
            "split": [Seeds(self.training.seed, seed) for seed in range(seeds)],
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

    Raises:
        InputError: The network does not fit into memory.
    """
    images, labels = digits.train_images, digits.train_labels
    fit = partial(fit_normalization, std_floor=study.std_floor)
    loop, split, size = start(images, labels, study, seeds, fit)
    started, failure = time.perf_counter(), None
    try:
        if loop.training.early_stopping:
            deque(train_epochs(loop, images, labels, split, size, "study"), maxlen=0)
        else:
            epochs = epoch_chunks(images, labels, split["train"], loop.training, size)
            for number, chunks in enumerate(epochs, 1):
                loop.run_epoch(chunks, f"epoch {number}")
    except InputError as error:
        failure = f"{error.where}: {error.seen}"
    loss, validation_accuracy = loop.validate(images, labels, split["validation"])
    tested = np.arange(len(digits.test_labels), dtype=np.int32)
    test_loss, test_accuracy = loop.validate(digits.test_images, digits.test_labels, tested)
    if not failure and not math.isfinite(loss + test_loss):
        failure = "the last update: a loss that is NaN or infinite after it"
    accuracies = (math.nan, math.nan) if failure else (validation_accuracy, test_accuracy)
    return Run(*seeds, *accuracies, seconds=time.perf_counter() - started, failure=failure)


class Started(NamedTuple):
    """A training that is about to begin.

    Attributes:
        loop: With a new network in it.
        split: Indices `train` and `validation`.
        chunk_size: Images of a chunk.
    """

    loop: TrainingLoop
    split: Mapping[str, NDArray[np.int32]]
    chunk_size: int


def start(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    study: Study,
    seeds: Seeds,
    fit: Callable[[NDArray[np.uint8], NDArray[np.int32]], dict[str, NDArray[np.float32]]],
) -> Started:
    """Make ready to train with the given seeds.

    Args:
        images: The training part, uint8 (n, height, width).
        labels: uint8 (n,).
        study: What is trained.
        seeds: Of this training.
        fit: Gives `mean` and `std` of the images at the indices that train.

    Raises:
        InputError: The network does not fit into memory.
    """
    require_memory(f"study/{study.network}", study.training, images.shape[1:], study.classes)
    import_keras()
    split = study.split
    if seeds.split != study.split_seed:
        split = split_indices(len(labels), study.validation_share, seeds.split)
    count = len(split["train"])
    training = study.training.model_copy(update={"seed": seeds.training})
    size = choose_chunk_size(images, count, training.batch_size, study.memory_limit)
    trainer = _trainer(compiled_alike(training), images.shape[1:], study.classes, size, count)
    loop = trainer.restart(training, fit(images, split["train"]))
    return Started(loop, split, size)


def compiled_alike(training: Training) -> Training:
    """One declaration for all that are compiled to the same program.

    Without a schedule the learning rate is a variable of the program; epochs, early stopping and
    augmentation are outside of it.
    """
    alike: dict[str, Any] = {"seed": 0, "early_stopping": None, "augmentation": None}
    if training.schedule is None:
        optimizer = training.optimizer.model_copy(update={"learning_rate": 1.0})
        alike |= {"epochs": 1, "optimizer": optimizer}
    return training.model_copy(update=alike)


def tabulate(plan: Mapping[str, list[Seeds]], runs: Mapping[Seeds, Run]) -> pd.DataFrame:
    """Lay runs out as a table, one row for each planned run; see `summary.py`."""
    import pandas as pd

    rows = [
        {"kind": kind, "seed": getattr(seeds, kind)} | asdict(runs[seeds])
        for kind, of_kind in plan.items()
        for seeds in of_kind
    ]
    return pd.DataFrame(rows).drop(columns=["training_seed", "split_seed"])


class _Trainer:
    """A network compiled once, to be started anew with any seed and normalisation."""

    def __init__(
        self,
        training: Training,
        shape: tuple[int, ...],
        classes: int,
        chunk_size: int,
        images: int,
    ) -> None:
        import tensorflow as tf

        self._layers, self._classes = training.layers, classes
        blank = np.ones(shape, np.float32)
        model = self._build(training.seed, {"mean": blank, "std": blank})
        # Keras has mean and variance as constants, which would be compiled in.
        normalization = model.get_layer("normalization")
        normalization.mean = tf.Variable(normalization.mean, trainable=False)
        normalization.variance = tf.Variable(normalization.variance, trainable=False)
        self._loop = TrainingLoop(model, training, images)
        self._fresh_optimizer = [variable.numpy() for variable in self._loop.optimizer.variables]
        self._loop.compile(chunk_size, shape)

    def restart(
        self, training: Training, normalization: Mapping[str, NDArray[np.float32]]
    ) -> TrainingLoop:
        """The loop, in the state that one of a new network would be in."""
        applied = applied_normalization(normalization, training.normalization)
        fresh, model = self._build(training.seed, applied), self._loop.model
        self._loop.training = training
        state = [*model.variables, *self._loop.optimizer.variables]
        for variable, new in zip(state, [*fresh.variables, *self._fresh_optimizer], strict=True):
            variable.assign(new)
        if training.schedule is None:
            self._loop.optimizer.learning_rate = training.optimizer.learning_rate
        mine, wanted = (network.get_layer("normalization") for network in (model, fresh))
        mine.mean.assign(wanted.mean)
        mine.variance.assign(wanted.variance)
        return self._loop

    def _build(self, seed: int, normalization: Mapping[str, NDArray[np.float32]]) -> keras.Model:
        return build_network(
            self._layers, normalization, classes=self._classes, seed=seed, name="studied"
        )


@lru_cache(maxsize=1)
def _trainer(
    training: Training, shape: tuple[int, ...], classes: int, chunk_size: int, images: int
) -> _Trainer:
    """The network compiled last, if it is the same one again."""
    return _Trainer(training, shape, classes, chunk_size, images)
