"""McNemar's exact test: whether two networks differ in accuracy on the same images.

How small its p-value has to be to promote a network is `promotion_criteria.py`'s affair; networks
compared over runs with several seeds are `paired_tests.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mcnemar_exact(
    challenger_right: NDArray[np.bool_], champion_right: NDArray[np.bool_]
) -> dict[str, Any]:
    """Test whether two networks differ in accuracy, from the images that only one gets right.

    If both are equally accurate, each of these images is as likely to be the one's as the other's:
    a fair coin. The p-values are exact binomial probabilities, rounded once.

    Source: Q. McNemar (1947), "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 153-157.

    Args:
        challenger_right: bool (n,), whether the challenger gives each image its true class.
        champion_right: bool (n,), the same of the champion, for the same images in the same order.

    Returns:
        only_challenger_right and only_champion_right, numbers of images; p_value, one-sided: how
        likely the challenger has at least so many if it is no better; p_value_two_sided. Both are
        1.0 where no image tells the two apart.

    Raises:
        InputError: The two are not bool vectors of equal length.
    """
    arrays = (challenger_right, champion_right)
    if any(a.dtype.kind != "b" or a.shape != (challenger_right.size,) for a in arrays):
        raise InputError(
            "images right for McNemar's test",
            seen=" and ".join(f"{array.dtype} {array.shape}" for array in arrays),
            expected="two vectors of bool of equal length",
            remedy="Give whether each network is right on each of the same images.",
        )
    challenger = int(np.count_nonzero(challenger_right & ~champion_right))
    champion = int(np.count_nonzero(champion_right & ~challenger_right))
    better = _fair_coin_tail(challenger, challenger + champion)
    worse = _fair_coin_tail(champion, challenger + champion)
    return {
        "only_challenger_right": challenger,
        "only_champion_right": champion,
        "p_value": better,
        "p_value_two_sided": min(1.0, 2 * min(better, worse)),
    }


def _fair_coin_tail(heads: int, tosses: int) -> float:
    """Probability of at least so many heads, counted in whole numbers."""
    ways, outcomes = math.comb(tosses, heads), 0
    for count in range(heads, tosses + 1):
        outcomes += ways
        ways = ways * (tosses - count) // (count + 1)
    return outcomes / (1 << tosses)
