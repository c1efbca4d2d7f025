"""Every name that this package uses and Keras does not document, each with its reason."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras


def replace_moments(layer: keras.layers.BatchNormalization, moments: Callable[..., Any]) -> None:
    """Have `moments` compute mean and variance in batch normalisation while it is trained.

    It is given Keras's own function, the inputs and their mask.

    Keras calls `_moments` for nothing else, and offers no other way to change it in a layer that is
    there already.
    """
    layer._moments = partial(moments, layer._moments)
