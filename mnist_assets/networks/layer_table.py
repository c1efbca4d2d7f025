"""What declared layers come to: shapes and numbers of weights, without building anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mnist_assets.errors import InputError
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
    from collections.abc import Sequence

Shape = tuple[int, ...]


def layer_table(
    layers: Sequence[Layer], image_shape: Shape, classes: int, where: str = "layers"
) -> list[dict[str, Any]]:
    """Derive the model summary from a declaration, without building the model.

    Args:
        layers: The declared hidden layers.
        image_shape: (height, width).
        classes: Number of outputs.
        where: What to call the layers in an error.

    Returns:
        `layer`, `output_shape` (without the batch), `parameters` and `trainable` of each layer,
        from the normalisation to the softmax.

    Raises:
        InputError: A layer leaves nothing of the picture it is given.
    """
    shape: Shape = (*image_shape, 1)
    flattened = flattened_before([layer.kind for layer in layers])
    rows = [_row("normalisation", shape)]
    for position, layer in enumerate([*layers, None]):
        if position == flattened:
            shape = (math.prod(shape),)
            rows.append(_row("flatten", shape))
        if layer is None:
            break
        given, shape = shape, _output_shape(layer, shape)
        if min(shape) < 1:
            raise InputError(
                f"{where}[{position}]",
                seen=f"{layer.kind} on a picture of {given[0]} x {given[1]}, which leaves nothing",
                expected="a layer that leaves one pixel at least",
                remedy="Declare a smaller size, or fewer layers before it.",
            )
        parameters = _count_weights(layer, given)
        moving = parameters // 2 if isinstance(layer, BatchNormalization) else 0
        rows.append(_row(_name(layer), shape, parameters, parameters - moving))
    parameters = (shape[0] + 1) * classes
    return [*rows, _row("dense, softmax", (classes,), parameters, parameters)]


def parameters_of(layers: Sequence[Layer], image_shape: Shape, classes: int) -> dict[str, int]:
    """The numbers of weights, `total` and `trainable`, that a declaration comes to.

    Half the weights of batch normalisation, the moving mean and variance, are not trained.
    """
    rows = layer_table(layers, image_shape, classes)
    return {
        "total": sum(row["parameters"] for row in rows),
        "trainable": sum(row["trainable"] for row in rows),
    }


def _row(name: str, shape: Shape, parameters: int = 0, trainable: int = 0) -> dict[str, Any]:
    return {
        "layer": name,
        "output_shape": list(shape),
        "parameters": parameters,
        "trainable": trainable,
    }


def _name(layer: Layer) -> str:
    """What a layer is called in a table."""
    name = layer.kind.replace("_", " ").replace("ization", "isation")
    match layer:
        case Dense(activation=activation) | Convolution(activation=activation):
            return f"{name}, {activation}"
        case DepthwiseConvolution(activation=activation):
            return f"{name}, {activation}"
        case ActivationLayer(activation=activation):
            return activation
        case _:
            return name


def _output_shape(layer: Layer, shape: Shape) -> Shape:
    """The shape that a layer makes of one, either without the batch."""
    match layer:
        case Dense(units=units):
            return (units,)
        case Convolution(filters=filters):
            return (*_convolved(layer, shape), filters)
        case DepthwiseConvolution():
            return (*_convolved(layer, shape), shape[2])
        case AveragePooling(size=size) | MaxPooling(size=size):
            return (shape[0] // size, shape[1] // size, shape[2])
        case Crop(pixels=pixels):
            return (shape[0] - 2 * pixels, shape[1] - 2 * pixels, shape[2])
        case BatchNormalization() | ActivationLayer() | Dropout():
            return shape


def _convolved(layer: Convolution | DepthwiseConvolution, shape: Shape) -> Shape:
    """Height and width of what a convolution makes."""
    lost = 0 if layer.padding == "same" else layer.size - 1
    return tuple(-(-(side - lost) // layer.stride) for side in shape[:2])


def _count_weights(layer: Layer, shape: Shape) -> int:
    """The weights of a layer on values of a shape."""
    match layer:
        case Dense(units=units):
            return (shape[0] + 1) * units
        case Convolution(filters=filters, size=size):
            return (size**2 * shape[2] + 1) * filters
        case DepthwiseConvolution(size=size):
            return (size**2 + 1) * shape[2]
        case BatchNormalization():
            return 4 * shape[-1]
        case _:
            return 0
