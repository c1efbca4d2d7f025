"""Building a network from its declaration, and describing it.

Training it is `training.py`, keeping it in a file `stored.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding
from mnist_assets.networks.layers import (
    ActivationLayer,
    AveragePooling,
    BatchNormalization,
    Convolution,
    Crop,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Layer,
    MaxPooling,
    flattened_before,
)

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
    ]
    hidden = [
        _build_layer(layer, f"{layer.kind}_{position}", int(layer_seed))
        for position, (layer, layer_seed) in enumerate(zip(layers, seeds[:-1], strict=True), 1)
    ]
    hidden.insert(
        flattened_before([layer.kind for layer in layers]), keras.layers.Flatten(name="flatten")
    )
    stack += hidden
    stack.append(
        keras.layers.Dense(
            classes,
            activation="softmax",
            kernel_initializer=keras.initializers.GlorotUniform(int(seeds[-1])),
            name="probabilities",
        )
    )
    return keras.Sequential(stack, name=name)


def applied_normalization(
    normalization: Mapping[str, NDArray[np.float32]], declared: str | None
) -> Mapping[str, NDArray[np.float32]]:
    """The normalisation that a network is declared with, of the one that each pixel has its own.

    Args:
        normalization: `mean` and `std` of each pixel, float32 (height, width), in grey levels.
        declared: None for that one; `picture` for mean and standard deviation of all pixels
            together.
    """
    if declared is None:
        return normalization
    mean, std = (normalization[name].astype(np.float64) for name in ("mean", "std"))
    deviation = np.sqrt(np.mean(std**2 + (mean - mean.mean()) ** 2))
    return {
        "mean": np.full(mean.shape, mean.mean(), np.float32),
        "std": np.full(mean.shape, deviation, np.float32),
    }


def _build_layer(layer: Layer, name: str, seed: int) -> keras.Layer:
    """Keras's layer for a declared one, its weights and what it draws from the seed."""
    import keras

    kinds, initializer = keras.layers, keras.initializers.GlorotUniform(seed)
    kind: type[keras.Layer]
    options: dict[str, Any]
    match layer:
        case Dense(units=units):
            kind, options = kinds.Dense, {"units": units, "kernel_initializer": initializer}
        case Convolution(filters=filters, size=size):
            kind, options = kinds.Conv2D, {"filters": filters, "kernel_size": size}
            options["kernel_initializer"] = initializer
        case DepthwiseConvolution(size=size):
            kind, options = kinds.DepthwiseConv2D, {"kernel_size": size}
            options["depthwise_initializer"] = initializer
        case AveragePooling(size=size):
            kind, options = kinds.AveragePooling2D, {"pool_size": size}
        case MaxPooling(size=size):
            kind, options = kinds.MaxPooling2D, {"pool_size": size}
        case Crop(pixels=pixels):
            kind, options = kinds.Cropping2D, {"cropping": pixels}
        case BatchNormalization():
            kind, options = kinds.BatchNormalization, {}
        case ActivationLayer():
            kind, options = kinds.Activation, {}
        case Dropout(rate=rate):
            kind, options = kinds.Dropout, {"rate": rate, "seed": seed}
    if isinstance(layer, Dense | Convolution | DepthwiseConvolution | ActivationLayer):
        options["activation"] = layer.activation
    if isinstance(layer, Convolution | DepthwiseConvolution):
        options |= {"strides": layer.stride, "padding": layer.padding}
    if isinstance(layer, Dense | Convolution) and layer.l2:
        options["kernel_regularizer"] = keras.regularizers.L2(layer.l2)
    return kind(name=name, **options)


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
    """Floating-point operations to train on one image, counting products with kernels alone.

    A product with an (m, n) matrix takes 2mn, and a convolution one at each place of its output.
    Each layer needs one forward, one for the gradient of its weights and, but for the first, one
    for the gradient of its inputs.
    """
    products: list[int] = []
    for layer in model.layers:
        for weight in layer.trainable_weights:
            if len(weight.shape) > 1:
                places = math.prod(layer.output.shape[1:-1])
                products.append(places * math.prod(weight.shape))
    return 2 * (3 * sum(products) - products[0])
