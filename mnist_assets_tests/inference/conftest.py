"""A network trained in seconds on real MNIST, for what is slow."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_assets.evaluation.predictions import predict
from mnist_assets.inference.likeness import typical_shapes, with_limit
from mnist_assets.preparation.split import split_indices
from mnist_assets_tests.inference.test_digits import mnist, train_quickly

Split = dict[str, NDArray[np.int32]]


@pytest.fixture(scope="session")
def split() -> Split:
    return split_indices(len(mnist("train_labels")), 0.1, seed=0)


@pytest.fixture(scope="session")
def network(split: Split) -> Any:
    return train_quickly(mnist("train_images"), mnist("train_labels"), split)


@pytest.fixture(scope="session")
def shapes(network: Any, split: Split) -> dict[str, Any]:
    images, labels = mnist("train_images"), mnist("train_labels")
    held_out = images[split["validation"]]
    digits = predict(network, held_out).argmax(axis=1)
    known = typical_shapes(images[split["train"]], labels[split["train"]])
    return with_limit(known, held_out, digits)
