"""What all formats have in common: a network from pixels as they are, and images by the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras
    from numpy.typing import NDArray

BATCH = 1000  # images at a time, so that memory does not grow with the dataset


def serving_function(model: keras.Model, dtype: Any, *, constant: bool = False) -> Any:
    """Trace a network as a TensorFlow function of pixels.

    Args:
        model: Raw pixels, float32 (n, height, width, 1), to probabilities.
        dtype: TensorFlow's type of the pixels.
        constant: Whether its weights are constants, which converting takes; variables else.

    Returns:
        A concrete function: `images` (n, height, width) of that type to `probabilities`, float32
        (n, classes).
    """
    import tensorflow as tf

    _, height, width, _ = model.input_shape
    weights = [
        [np.asarray(variable) for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]
    images = tf.TensorSpec((None, height, width), dtype, "images")

    @tf.function(input_signature=[images])  # type: ignore[untyped-decorator]
    def serve(images: Any) -> dict[str, Any]:
        pixels = tf.expand_dims(tf.cast(images, tf.float32), -1)
        if not constant:
            return {"probabilities": model(pixels, training=False)}
        values = [[tf.constant(value) for value in of] for of in weights]
        return {"probabilities": model.stateless_call(*values, pixels, training=False)[0]}

    return serve.get_concrete_function()


def pixels_of(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Give the images batch by batch."""
    for start in range(0, len(images), BATCH):
        yield images[start : start + BATCH]
