"""Whether an exported file answers as the network that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-5  # of a probability: sums in float32 come out differently in another order


@dataclass(frozen=True)
class Agreement:
    """How the answers of a file differ from those of its network, and how right they are.

    Attributes:
        images: Test images that both were given.
        correct: Of these the ones that the file is right on.
        other_class: Those that the two see another class in.
        near_ties: Of these the ones whose two likeliest classes are less than twice TOLERANCE apart
            for the network: the order of additions decides them.
        largest_difference: Of two probabilities.
    """

    images: int
    correct: int
    other_class: int
    near_ties: int
    largest_difference: float

    @property
    def accuracy(self) -> float:
        """The share of images that the file is right on."""
        return self.correct / self.images


def compare_answers(expected: NDArray[Any], found: NDArray[Any], labels: NDArray[Any]) -> Agreement:
    """Compare what a network and a file made from it give for the same images.

    Args:
        expected: The network's probabilities (n, classes).
        found: The file's.
        labels: True classes (n,).
    """
    other = expected.argmax(axis=1) != found.argmax(axis=1)
    likeliest = np.partition(expected[other], -2, axis=1)[:, -2:]
    return Agreement(
        images=len(labels),
        correct=int((found.argmax(axis=1) == labels).sum()),
        other_class=int(other.sum()),
        near_ties=int((likeliest[:, 1] - likeliest[:, 0] < 2 * TOLERANCE).sum()),
        largest_difference=float(np.abs(expected.astype(np.float64) - found).max()),
    )


def check_same_answers(agreement: Agreement) -> Finding:
    """Check that a file sees the same class in every image, ties aside, as surely."""
    differing = agreement.other_class - agreement.near_ties
    difference = agreement.largest_difference
    return Finding.of(
        differing == 0 and difference <= TOLERANCE,
        f"The file sees the same class in all {agreement.images:,} test images; probabilities "
        f"differ by no more than {difference:.1e}.",
        f"The file answers otherwise than the network: another class in {differing} of "
        f"{agreement.images:,} test images, probabilities that differ by up to {difference:.1e}.",
        seen={"other_class": differing, "largest_difference": difference},
        expected={"other_class": 0, "largest_difference_at_most": TOLERANCE},
    )
