"""Building a network from its declaration, and describing it.

Training it is `training.py`, keeping it in a file `stored.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding
from mnist_assets.networks.declaration import BatchNormalization, Dense, Dropout, Layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import keras
    import pandas as pd
    from numpy.typing import NDArray


def build_network(
    layers: Sequence[Layer],
    normalization: Mapping[str, NDArray[np.float32]],
    *,
    classes: int,
    seed: int,
    name: str,
) -> keras.Model:
    """Build an untrained network that takes raw pixels and gives probabilities.

    The input is float32 (n, height, width, 1) with grey levels 0-255, as in the notebook; the
    pixel-wise normalisation is the first layer and has no weights, so that parameters count as in
    the notebook. The output is float32 (n, classes), a softmax.

    Layers have fixed names and seeds of their own: equal arguments give equal networks, whatever
    was built before in the process.

    Args:
        layers: Hidden layers from input to output.
        normalization: `mean` and `std`, float32 (height, width), in grey levels.
        classes: Number of outputs.
        seed: Decides initial weights (Glorot uniform) and dropout.
        name: Name of the model.
    """
    import keras

    mean, std = normalization["mean"], normalization["std"]
    seeds = np.random.SeedSequence(seed).generate_state(len(layers) + 1)
    stack = [
        keras.Input((*mean.shape, 1), name="pixels"),
        keras.layers.Normalization(
            axis=(1, 2, 3), mean=mean[..., None], variance=std[..., None] ** 2, name="normalization"
        ),
        keras.layers.Flatten(name="flatten"),
    ]
    for position, (layer, layer_seed) in enumerate(zip(layers, seeds[:-1], strict=True), start=1):
        stack.append(_build_layer(layer, f"{layer.kind}_{position}", int(layer_seed)))
    stack.append(
        keras.layers.Dense(
            classes,
            activation="softmax",
            kernel_initializer=keras.initializers.GlorotUniform(int(seeds[-1])),
            name="probabilities",
        )
    )
    return keras.Sequential(stack, name=name)


def _build_layer(layer: Layer, name: str, seed: int) -> keras.Layer:
    import keras

    match layer:
        case Dense(units=units, activation=activation):
            initializer = keras.initializers.GlorotUniform(seed)
            return keras.layers.Dense(
                units, activation=activation, kernel_initializer=initializer, name=name
            )
        case BatchNormalization():
            return keras.layers.BatchNormalization(name=name)
        case Dropout(rate=rate):
            return keras.layers.Dropout(rate, seed=seed, name=name)


def count_parameters(model: keras.Model) -> dict[str, int]:
    """Numbers of weights: `total` and `trainable`."""
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return {"total": int(model.count_params()), "trainable": trainable}


def check_parameters(counted: Mapping[str, int], declared: Mapping[str, int]) -> Finding:
    """Whether a network has exactly the declared numbers of weights, `total` and `trainable`."""
    passed = dict(counted) == dict(declared)
    message = f"{counted['total']:,} parameters, {counted['trainable']:,} trainable"
    if not passed:
        message += f"; declared are {declared['total']:,} and {declared['trainable']:,}"
    return Finding(passed, message, seen=dict(counted), expected=dict(declared))


def layer_table(
    layers: Sequence[Layer], image_shape: tuple[int, ...], classes: int
) -> list[dict[str, Any]]:
    """Derive the model summary from a declaration, without building the model.

    Images have the shape (height, width).

    Returns:
        `layer`, `output_shape` (without the batch) and `parameters` of each layer, from the
        normalisation to the softmax. A dense layer of n neurons on m inputs has (m + 1) n weights,
        batch normalisation of m inputs 4 m.
    """
    width = math.prod(image_shape)
    rows: list[dict[str, Any]] = [
        {"layer": "normalisation", "output_shape": [*image_shape, 1], "parameters": 0},
        {"layer": "flatten", "output_shape": [width], "parameters": 0},
    ]
    for layer in layers:
        parameters, name = 0, layer.kind.replace("_", " ").replace("ization", "isation")
        match layer:
            case Dense(units=units, activation=activation):
                parameters, width, name = (width + 1) * units, units, f"dense, {activation}"
            case BatchNormalization():
                parameters = 4 * width
        rows.append({"layer": name, "output_shape": [width], "parameters": parameters})
    parameters = (width + 1) * classes
    rows.append({"layer": "dense, softmax", "output_shape": [classes], "parameters": parameters})
    return rows


def parameters_of(
    layers: Sequence[Layer], image_shape: tuple[int, ...], classes: int
) -> dict[str, int]:
    """The numbers of weights, `total` and `trainable`, that a declaration comes to.

    Half the weights of batch normalisation, the moving mean and variance, are not trained.
    """
    rows = layer_table(layers, image_shape, classes)
    total = sum(row["parameters"] for row in rows)
    moving = sum(
        row["parameters"] // 2
        for layer, row in zip(layers, rows[2:-1], strict=True)
        if isinstance(layer, BatchNormalization)
    )
    return {"total": total, "trainable": total - moving}


def describe_layers(model: keras.Model) -> pd.DataFrame:
    """The model summary: `layer`, `kind`, `output_shape` and `parameters` of each layer."""
    import pandas as pd

    return pd.DataFrame(
        {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "output_shape": f"(n, {', '.join(map(str, layer.output.shape[1:]))})",
            "parameters": layer.count_params(),
        }
        for layer in model.layers
    )


def count_training_operations(model: keras.Model) -> int:
    """Floating-point operations to train on one image, counting the dense layers' products alone.

    A product with an (m, n) matrix takes 2mn. Each layer needs one forward, one for the gradient
    of its weights and, but for the first, one for the gradient of its inputs.
    """
    kernels: list[int] = [
        math.prod(weight.shape) for weight in model.trainable_weights if len(weight.shape) == 2
    ]
    return 2 * (3 * sum(kernels) - kernels[0])
