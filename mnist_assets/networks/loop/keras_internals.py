"""Every name that this package uses and Keras does not document, each with its reason."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import keras


@contextmanager
def replaced_moments(
    layers: Sequence[keras.layers.BatchNormalization], moments: Callable[..., Any]
) -> Iterator[None]:
    """Have `moments` compute mean and variance in batch normalisation while it is trained.

    It is given the inputs and their mask. Keras calls `_moments` for nothing else, and offers no
    other way to change it in a layer that is there already.
    """
    for layer in layers:
        layer._moments = moments
    try:
        yield
    finally:
        for layer in layers:
            del layer._moments
