"""A model's weights in few variables, so that one update takes few kernels.

The optimizers that `networks.yaml` allows work element by element: small weights laid end to end
are updated exactly as each of them would be, by one kernel instead of dozens. Large ones stay
alone, since copying them in and out would cost more than the kernels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

SMALL = 2**15  # elements; measured on 2 cores: up to there, joining saves more than it copies


class JoinedWeights:
    """The trainable weights of a model, the small ones laid end to end in one variable."""

    def __init__(self, model: keras.Model) -> None:
        """Join the weights as they are now."""
        import keras

        self._weights = list(model.trainable_variables)
        self._shapes = [tuple(weight.shape) for weight in self._weights]
        self._sizes = [math.prod(shape) for shape in self._shapes]
        small = [place for place, size in enumerate(self._sizes) if size <= SMALL]
        large = [[place] for place in range(len(self._weights)) if place not in small]
        self._groups = [*large, small] if small else large
        self.variables = [
            keras.Variable(self._join(self._weights, group), name="joined")
            for group in self._groups
        ]

    def tensors(self) -> list[Any]:
        """Each of the model's trainable weights, in its order and shape."""
        import tensorflow as tf

        tensors: list[Any] = [None] * len(self._weights)
        for group, variable in zip(self._groups, self.variables, strict=True):
            parts = tf.split(variable.value, [self._sizes[place] for place in group])
            for place, part in zip(group, parts, strict=True):
                tensors[place] = tf.reshape(part, self._shapes[place])
        return tensors

    def join(self, tensors: Sequence[Any]) -> list[Any]:
        """Tensors like the weights, such as their gradients, joined as the weights are."""
        return [self._join(tensors, group) for group in self._groups]

    def read(self) -> None:
        """Take over the weights that the model has now."""
        for variable, joined in zip(self.variables, self.join(self._weights), strict=True):
            variable.assign(joined)

    def write(self) -> None:
        """Give the model the weights that are here."""
        for weight, tensor in zip(self._weights, self.tensors(), strict=True):
            weight.assign(tensor)

    @staticmethod
    def _join(tensors: Sequence[Any], group: Sequence[int]) -> Any:
        import tensorflow as tf

        flat = [tf.reshape(tensors[place], [-1]) for place in group]
        return flat[0] if len(flat) == 1 else tf.concat(flat, axis=0)
