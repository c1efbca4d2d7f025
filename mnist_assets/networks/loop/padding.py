"""Batches filled up with images that count for nothing, so that all have one size.

A compiled program takes batches of one size, and an epoch's last one is smaller as a rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.networks.loop.keras_internals import replace_moments

if TYPE_CHECKING:
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


def mask_padding(model: keras.Model) -> None:
    """Make all layers hand on the mask of the images in use, and batch normalisation heed it.

    The other layers take each image by itself. Only training uses a mask, and no saved file knows.
    """
    import keras

    for layer in (model, *model.layers):
        layer.supports_masking = True
        if isinstance(layer, keras.layers.BatchNormalization):
            replace_moments(layer, _moments_in_use)


def _moments_in_use(keras_moments: Any, inputs: Any, in_use: Any) -> tuple[Any, Any]:
    """Mean and variance of each column over the rows in use.

    Keras's own have a gradient through the mean, which is zero and takes long to compile.
    """
    import tensorflow as tf

    if in_use is None:
        return keras_moments(inputs, None)  # type: ignore[no-any-return]  # Keras has no types
    counts = tf.cast(in_use, tf.float32)
    shares = tf.expand_dims(counts / tf.reduce_sum(counts), -1)
    mean = tf.reduce_sum(shares * inputs, axis=0)
    deviations = inputs - tf.stop_gradient(mean)
    return mean, tf.reduce_sum(shares * tf.square(deviations), axis=0)
