"""Who stands for champion: a network with what it predicts for the validation images.

Whether its predictions can be assessed at all is said here; assessing them is `criteria.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Candidate:
    """A network that is, or wants to be, the champion.

    Attributes:
        network: Its declared name.
        seed: The seed it was trained with.
        data_version: The content hash of the trained network: equal only for equal weights.
        probabilities: Floats (n, classes), what it gives for the current validation images, or None
            if there are none. A champion from before a new split has to predict the new ones.
        labels: Integers (n,), the true classes of the images predicted, in the same order.
    """

    network: str
    seed: int
    data_version: str
    probabilities: NDArray[Any] | None
    labels: NDArray[Any]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """(n,), the most probable class of each image; of equally probable ones the lowest."""
        predicted: NDArray[np.intp] = np.asarray(self.probabilities).argmax(axis=1)
        return predicted

    def problem(self) -> str | None:
        """Say what keeps the predictions from being assessed, if anything does."""
        name, probabilities, labels = self.network, self.probabilities, self.labels
        if probabilities is None:
            return f"{name} has no predictions of the validation images."
        if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1] or not labels.size:
            return f"{name}'s predictions {probabilities.shape} do not fit labels {labels.shape}."
        if odd := int(np.count_nonzero(~np.isfinite(probabilities).all(axis=1))):
            return f"{odd} of {name}'s {len(labels)} predictions are not finite numbers."
        if labels.min() < 0 or labels.max() >= probabilities.shape[1]:
            return f"{name} tells {probabilities.shape[1]} classes apart; the labels hold others."
        return None


def fits(model: keras.Model, image_shape: tuple[int, ...], classes: int) -> bool:
    """Tell whether a network takes images (height, width) and tells so many classes apart.

    A champion that does not was made for another dataset, and counts as none.
    """
    return tuple(model.input_shape[1:3]) == tuple(image_shape) and (
        model.output_shape[-1] == classes
    )
