"""A network as a LiteRT file (`.tflite`), for telephones and small machines, also in 8 bits."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.champion.export.serving import pixels_of, serving_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras
    from numpy.typing import NDArray

REPRESENTATIVE = 500  # images that the ranges of the 8-bit values are taken from


def to_litert(model: keras.Model) -> bytes:
    """Convert a network to a LiteRT file.

    Args:
        model: Raw pixels, float32 (n, height, width, 1), to probabilities.

    Returns:
        The file: `images`, uint8 (n, height, width), to `probabilities`, float32 (n, classes), by
        the signature `serving_default`.
    """
    import tensorflow as tf

    return _converter(model, tf.uint8).convert()  # type: ignore[no-any-return]


def to_int8_litert(model: keras.Model, images: NDArray[np.uint8]) -> bytes:
    """Convert a network to a LiteRT file whose weights and arithmetic have 8 bits.

    Args:
        model: As for `to_litert`.
        images: uint8 (n, height, width), of the training part: the first of them show which ranges
            values have inside the network.

    Returns:
        The file; what it takes and gives is the same.
    """
    import tensorflow as tf

    def representative() -> Iterator[list[Any]]:
        for image in images[:REPRESENTATIVE]:
            yield [image[None].astype(np.float32)]

    converter = _converter(model, tf.float32)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    with warnings.catch_warnings():
        # They come from the representative images.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected")
        return converter.convert()  # type: ignore[no-any-return]


def run_litert(file: bytes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give a LiteRT file's probabilities for images, float32 (n, classes)."""
    import tensorflow as tf

    with warnings.catch_warnings():
        # It is to move to a package of its own, and runs the same files there.
        warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(model_content=file)
    run = interpreter.get_signature_runner()
    batches = map(np.ascontiguousarray, pixels_of(images))
    return np.concatenate([run(images=batch)["probabilities"] for batch in batches])


def _converter(model: keras.Model, dtype: Any) -> Any:
    import tensorflow as tf

    function = serving_function(model, dtype, constant=True)
    return tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
