"""A network as a SavedModel, TensorFlow's folder for serving."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.champion.export.serving import pixels_of, serving_function

if TYPE_CHECKING:
    from pathlib import Path

    import keras
    from numpy.typing import NDArray

FLOAT = "float32"  # the signature beside `serving_default`


def write_saved_model(model: keras.Model, folder: Path) -> None:
    """Write a network as a SavedModel, in place of one that is there.

    Its signature `serving_default` takes `images` as uint8, `float32` the same as float32; either
    gives `probabilities`.

    Args:
        model: Raw pixels, float32 (n, height, width, 1), to probabilities.
        folder: Where it is to be.
    """
    import tensorflow as tf

    module = tf.Module()
    module.network = model  # so that its weights are kept
    if folder.exists():
        shutil.rmtree(folder)
    tf.saved_model.save(
        module,
        str(folder),
        {
            "serving_default": serving_function(model, tf.uint8),
            FLOAT: serving_function(model, tf.float32),
        },
    )


def run_saved_model(
    folder: Path, images: NDArray[np.uint8], signature: str = "serving_default"
) -> NDArray[np.float32]:
    """Give a SavedModel's probabilities for images, float32 (n, classes)."""
    import tensorflow as tf

    run: Any = tf.saved_model.load(str(folder)).signatures[signature]
    dtype = np.float32 if signature == FLOAT else np.uint8
    found = [
        run(images=tf.constant(batch.astype(dtype)))["probabilities"].numpy()
        for batch in pixels_of(images)
    ]
    return np.concatenate(found)
