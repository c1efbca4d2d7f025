"""Batches filled up with images that count for nothing, so that all have one size.

A compiled program takes batches of one size, and an epoch's last one is smaller as a rule.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.networks.loop.keras_internals import replaced_moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras
    from numpy.typing import NDArray


def pad_batches(order: NDArray[np.int32], images: int, batch_size: int) -> NDArray[np.int32]:
    """Lengthen an order to the whole batches that any order of so many images fits in.

    What fills it is an image of its last batch: a loss of its own that is not finite would be one
    of that batch, too.
    """
    filled = np.full(-(-images // batch_size) * batch_size, order[-1], np.int32)
    filled[: len(order)] = order
    return filled


@contextmanager
def only_in_use(model: keras.Model, in_use: Any) -> Iterator[None]:
    """Have batch normalisation heed the images in use alone, bool (n,), for the time being.

    The other layers take each image by itself.
    """
    import keras

    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    with replaced_moments(layers, partial(_moments_in_use, in_use)):
        yield


def _moments_in_use(in_use: Any, inputs: Any, mask: None) -> tuple[Any, Any]:
    """Mean and variance of each column, or channel, over the images in use.

    Keras's own have a gradient through the mean, which is zero and takes long to compile.
    """
    import tensorflow as tf

    del mask  # there is none
    counts = tf.cast(in_use, tf.float32)
    axes = list(range(len(inputs.shape) - 1))
    places = math.prod(inputs.shape[1:-1])  # of a picture; one of a row
    shares = tf.reshape(counts / (places * tf.reduce_sum(counts)), (-1, *[1] * len(axes)))
    mean = tf.reduce_sum(shares * inputs, axis=axes)
    deviations = inputs - tf.stop_gradient(mean)
    return mean, tf.reduce_sum(shares * tf.square(deviations), axis=axes)
