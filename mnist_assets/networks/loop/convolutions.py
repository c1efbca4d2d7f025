"""Convolutions as products of matrices, while a program is compiled.

XLA's own convolutions on a processor are slow, most of all their gradients: a network of two layers
with strides takes 60 s an epoch by them, and 2 s by products of the patches with the kernel.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras


@contextmanager
def convolutions_as_products(model: keras.Model) -> Iterator[None]:
    """Have a model's convolutions compute as products of matrices for the time being."""
    import keras

    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    for layer in layers:
        layer.convolution_op = partial(_convolve, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.convolution_op


def _convolve(layer: keras.layers.Conv2D, inputs: Any, kernel: Any) -> Any:
    """What `layer.convolution_op` computes of inputs (n, height, width, channels)."""
    import tensorflow as tf

    height, width, channels, filters = kernel.shape
    (down, across), (rows, columns) = layer.strides, layer.compute_output_shape(inputs.shape)[1:3]
    if layer.padding == "same":
        missing = [
            max((count - 1) * stride + size - side, 0)
            for count, stride, size, side in zip(
                (rows, columns), layer.strides, (height, width), inputs.shape[1:3], strict=True
            )
        ]
        around = [[some // 2, some - some // 2] for some in missing]
        inputs = tf.pad(inputs, [[0, 0], *around, [0, 0]])
    patches = [
        inputs[:, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * across + 1 : across]
        for i in range(height)
        for j in range(width)
    ]
    joined = tf.reshape(tf.concat(patches, axis=-1), (-1, height * width * channels))
    products = tf.matmul(joined, tf.reshape(kernel, (-1, filters)))
    return tf.reshape(products, (-1, rows, columns, filters))
