"""An accuracy that no implementation reports of itself: its final weights, applied in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.networks.layers import BatchNormalization, Dense

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mnist_assets.networks.layers import Layer

EPSILON = 1e-3  # Keras's default in batch normalisation


def evaluate(
    layers: Sequence[Layer],
    weights: Sequence[NDArray[np.float32]],
    images: NDArray[np.float32],
    labels: NDArray[np.uint8],
) -> float:
    """The share of images that trained weights classify right.

    Args:
        layers: As from `layers_to_logits`.
        weights: Layer by layer as Keras orders them: kernel and bias; gamma, beta, moving mean and
            moving variance.
        images: Normalised, (n, height, width).
        labels: (n,).
    """
    remaining = iter(weights)
    values = images.reshape(len(images), -1)
    for layer in layers:
        match layer:
            case Dense(activation=activation):
                values = values @ next(remaining) + next(remaining)
                if activation == "relu":
                    values = np.maximum(values, 0)
            case BatchNormalization():
                gamma, beta, mean, variance = (next(remaining) for _ in range(4))
                values = (values - mean) / np.sqrt(variance + EPSILON) * gamma + beta
    if list(remaining):
        raise ValueError("more weights than the layers have")
    return float((values.argmax(axis=1) == labels).mean())
