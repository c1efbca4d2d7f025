"""A test part for datasets that have none: a share of each class of training, by seed."""

from typing import NamedTuple

import numpy as np

from mnist_assets.dataset.readers.reader import Part
from mnist_assets.errors import InputError


class HeldOut(NamedTuple):
    """What is taken from the training part.

    Attributes:
        share: Of the images of each class, in (0, 1), rounded to a whole number of them: at least
            one of a class that has two, and never all.
        seed: Decides which.
    """

    share: float
    seed: int


def hold_out(train: Part, held_out: HeldOut) -> tuple[Part, Part]:
    """Take a test part from the training part, class by class.

    Args:
        train: The training part.
        held_out: How much of it.

    Returns:
        What is left of the training part, and the test part, both in the order of the source.

    Raises:
        InputError: No class has two images.
    """
    generator = np.random.default_rng(held_out.seed)
    chosen = np.zeros(len(train.labels), bool)
    for label in np.unique(train.labels):
        members = np.flatnonzero(train.labels == label)
        count = min(max(1, round(held_out.share * len(members))), len(members) - 1)
        chosen[generator.permutation(members)[:count]] = True
    if not chosen.any():
        raise InputError(
            train.labels_from,
            seen="no class with two images",
            expected="a test part, or at least two images of a class to take one from",
            remedy="Give more images.",
        )
    return _only(train, ~chosen), _only(train, chosen)


def _only(part: Part, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Part:
    return Part(part.images[chosen], part.labels[chosen], part.images_from, part.labels_from)
