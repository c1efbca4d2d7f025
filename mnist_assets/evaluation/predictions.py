"""A trained network's predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.preparation.one_hot import network_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Probabilities = NDArray[np.float32]


def predict(
    model: Callable[..., Any], images: NDArray[np.uint8], batch_size: int = 1000
) -> Probabilities:
    """Run a trained network over images, a batch at a time.

    The model is called directly: unlike `model.predict` this traces no graph, which for a network
    of this size would take longer than the predictions, and it never holds more than one batch of
    pixels as float32, so that `images` may be a memory map of any length.

    Args:
        model: A Keras model that takes float32 (batch, height, width, 1), grey levels 0 to 255,
            and gives (batch, classes) probabilities.
        images: uint8 (n, height, width), n at least 1.
        batch_size: Images a call, at least 1; it changes speed, and the probabilities only in
            their last bits.

    Returns:
        float32 (n, classes).
    """
    batches = (
        network_input(images[start : start + batch_size])
        for start in range(0, len(images), batch_size)
    )
    return np.concatenate(
        [np.asarray(model(batch, training=False), dtype=np.float32) for batch in batches]
    )


def count_near_ties(probabilities: Probabilities, margin: float) -> int:
    """Count the images whose two most probable classes are less than `margin` apart.

    Another order of float additions (another batch size, another machine) may decide these the
    other way; all other images it cannot.
    """
    top_two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return int(np.count_nonzero(top_two[:, 1] - top_two[:, 0] < margin))
