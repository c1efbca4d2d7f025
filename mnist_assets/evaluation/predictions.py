"""A trained network's predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mnist_assets.preparation.one_hot import network_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Probabilities = NDArray[np.float32]


class Subset:
    """Some images of an array, each read when it is asked for: together they may not fit memory."""

    def __init__(self, images: NDArray[np.uint8], indices: NDArray[np.integer[Any]]) -> None:
        """Stand for `images[indices]`.

        Args:
            images: uint8 (n, height, width); may be a memory map.
            indices: int (m,), of the images, in the order that they are to have.
        """
        self._images, self._indices = images, indices

    def __len__(self) -> int:
        """How many there are."""
        return len(self._indices)

    def __getitem__(self, which: slice | NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        """Read some: uint8 (k, height, width)."""
        images: NDArray[np.uint8] = self._images[self._indices[which]]
        return images

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the array which it stands for, (m, height, width)."""
        return (len(self), *self._images.shape[1:])


Images: TypeAlias = "NDArray[np.uint8] | Subset"


def predict(model: Callable[..., Any], images: Images, batch_size: int = 1000) -> Probabilities:
    """Run a trained network over images, a batch at a time.

    The model is called directly: unlike `model.predict` this traces no graph, which for a network
    of this size would take longer than the predictions, and it never holds more than one batch of
    pixels as float32, so that `images` may be a memory map of any length.

    Args:
        model: A Keras model that takes float32 (batch, height, width, 1), grey levels 0 to 255,
            and gives (batch, classes) probabilities.
        images: uint8 (n, height, width), n at least 1, or a `Subset` of such.
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
