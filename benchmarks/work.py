"""The work that every implementation gets: the same networks, images, split and statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_assets.dataset.loading import MNIST, Dataset, class_count, load_dataset
from mnist_assets.declarations.places import BUNDLED_DATASET
from mnist_assets.declarations.settings import read_settings
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training, read_networks
from mnist_assets.networks.layers import BatchNormalization, Dense, Layer
from mnist_assets.networks.optimizers import SGD, Adam
from mnist_assets.preparation.normalization import fit_normalization, normalise
from mnist_assets.preparation.split import split_indices

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from mnist_assets.networks.loop.training_loop import TrainingLoop

NETWORKS = ("given", "simplest", "best")  # the notebook's, whatever else is declared


@dataclass(frozen=True)
class Work:
    """What is to be trained, and on what.

    Attributes:
        trainings: The networks' declarations, by name.
        dataset: Four uint8 arrays.
        split: int32 indices `train` and `validation` into the training part.
        normalization: float32 `mean` and `std`, (height, width).
        classes: Number of classes.
        memory_limit: Bytes of pixels the project's loop holds in memory.
    """

    trainings: Mapping[str, Training]
    dataset: Dataset
    split: Mapping[str, NDArray[np.int32]]
    normalization: Mapping[str, NDArray[np.float32]]
    classes: int
    memory_limit: int

    def part(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Normalised images float32 (n, height, width) and labels of `train` or `validation`."""
        rows = self.split[name]
        return self._normalise(self.dataset.train_images[rows]), self.dataset.train_labels[rows]

    def test_part(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Normalised test images and their labels."""
        return self._normalise(self.dataset.test_images), self.dataset.test_labels

    def _normalise(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return normalise(images, self.normalization["mean"], self.normalization["std"])


def load_work() -> Work:
    """The notebook's three networks on the bundled MNIST, split and normalised as declared."""
    settings, networks = read_settings(), read_networks()
    dataset = load_dataset(BUNDLED_DATASET, MNIST).dataset
    split = split_indices(
        len(dataset.train_images), settings.split.validation_share, settings.split.seed
    )
    return Work(
        trainings={name: networks[name].training for name in NETWORKS},
        dataset=dataset,
        split=split,
        normalization=fit_normalization(
            dataset.train_images, split["train"], settings.normalization.std_floor
        ),
        classes=class_count(dataset.train_labels),
        memory_limit=settings.training.memory_limit,
    )


def compiled_loop(work: Work, training: Training, precision: str = "float32") -> TrainingLoop:
    """The project's loop on a network as its seed has it, ready to run.

    Args:
        work: What it is to be trained on.
        training: The network's declaration.
        precision: Keras's policy for all layers but the softmax.
    """
    from mnist_assets.networks.loop.training_loop import TrainingLoop
    from mnist_assets.networks.model import build_network

    model = build_network(
        training.layers,
        work.normalization,
        classes=work.classes,
        seed=training.seed,
        name=precision,
    )
    for layer in model.layers[:-1]:
        layer.dtype_policy = precision
    count = len(work.split["train"])
    loop = TrainingLoop(model, training, count)
    loop.compile(count, work.dataset.train_images.shape[1:])
    return loop


def layers_to_logits(training: Training, classes: int) -> tuple[Layer, ...]:
    """All layers up to the softmax, for what is written by hand: training and the evaluation.

    Raises:
        InputError: A declared layer, activation or optimizer is none that the notebook's
            networks have.
    """
    for layer in training.layers:
        if not isinstance(layer, BatchNormalization | Dense) or (
            isinstance(layer, Dense) and layer.activation != "relu"
        ):
            raise _unknown(layer, "dense layers with relu and batch normalisation")
    if not isinstance(training.optimizer, Adam | SGD) or (
        isinstance(training.optimizer, SGD) and training.optimizer.momentum
    ):
        raise _unknown(training.optimizer, "adam and sgd without momentum")
    return (*training.layers, Dense(kind="dense", units=classes, activation="linear"))


def _unknown(seen: object, expected: str) -> InputError:
    return InputError(
        f"networks {', '.join(NETWORKS)}",
        seen=seen,
        expected=expected,
        remedy="Benchmark the notebook's networks as they were declared.",
    )
