"""Which of two networks is better, told from runs with the same seeds."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.study.student_t import t_tail
from mnist_assets.study.summary import KINDS, PARTS, describe, finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

UNIT = 1e-9  # sums are counted in; accuracies on 6,000 images are 170,000 of it apart


def compare_networks(runs: Mapping[str, pd.DataFrame], confidence: float) -> pd.DataFrame:
    """Compare each two networks run by run: those of the same seed make a pair.

    Args:
        runs: Each network's table of runs.
        confidence: Of the intervals of the mean differences.

    Returns:
        One row for each kind, part and two networks: `kind`, `part`, `first`, `second`, `pairs`,
        `mean_difference` (accuracy of the first less the second's), its Student's t interval `low`
        and `high`, `t_p_value` of the paired t-test, `sign_flip_p_value`, and `holm_p_value`: the
        latter corrected for the number of rows by Holm's method. Runs without a counterpart, or
        that failed, make no pair.
    """
    import pandas as pd

    rows = [
        {"kind": kind, "part": part, "first": first, "second": second}
        | _compare_pairs(_differences(runs[first], runs[second], kind, part), confidence)
        for kind in KINDS
        for part in PARTS
        for first, second in combinations(runs, 2)
    ]
    columns = ("kind", "part", "first", "second", *_compare_pairs(np.empty(0), confidence))
    table = pd.DataFrame(rows, columns=list(columns))
    table["holm_p_value"] = holm(table["sign_flip_p_value"].to_list())
    return table


def _compare_pairs(differences: NDArray[np.float64], confidence: float) -> dict[str, Any]:
    described = describe(differences, confidence)
    mean, std, pairs = described["mean"], described["std"], described["count"]
    statistic = None
    if std is not None:
        error = std / math.sqrt(pairs)
        statistic = mean / error if error else math.copysign(math.inf, mean) if mean else 0.0
    return {
        "pairs": pairs,
        "mean_difference": mean,
        "low": described["low"],
        "high": described["high"],
        "t_p_value": None if statistic is None else t_tail(statistic, pairs - 1),
        "sign_flip_p_value": sign_flip_p_value(differences),
    }


def _differences(
    first: pd.DataFrame, second: pd.DataFrame, kind: str, part: str
) -> NDArray[np.float64]:
    """What the first has over the second, for each seed that both have."""
    accuracies = [
        runs[runs["kind"] == kind].set_index("seed")[f"{part}_accuracy"] for runs in (first, second)
    ]
    return finite(accuracies[0].sub(accuracies[1]))


def sign_flip_p_value(differences: ArrayLike) -> float:
    """Return the exact two-sided p-value of paired differences under random signs.

    If neither network were better, each difference would be as likely with the other sign. The
    p-value is the share of all 2^n choices of signs whose sum is at least as far from 0 as the one
    seen; it cannot be below 2 / 2^n. No distribution is assumed (Fisher's randomisation test).
    """
    units = np.rint(np.asarray(differences, np.float64) / UNIT).astype(np.int64)
    sums, chances = np.zeros(1, np.int64), np.ones(1)
    for unit in units:
        sums, places = np.unique([sums + unit, sums - unit], return_inverse=True)
        chances = np.bincount(places.ravel(), np.tile(chances / 2, 2)).astype(np.float64)
    rounded_off = len(units)
    is_as_far = np.abs(sums) >= abs(units.sum()) - rounded_off
    return min(float(chances[is_as_far].sum()), 1.0)


def lowest_holm_p_value(comparison: pd.DataFrame) -> float:
    """Return the lowest corrected p-value that so many runs can give, so many networks compared.

    Above the level that p-values are held against, no difference could be told from chance: it
    takes more seeds. With 10 it is 0.023 for three networks, and 0.078 for five.

    Args:
        comparison: What `compare_networks` gives.
    """
    if comparison.empty:
        return 1.0
    of_one: float = 2 / 2 ** int(comparison["pairs"].max())
    return min(len(comparison) * of_one, 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's step-down method (Holm 1979).

    The smallest of m is multiplied by m, the next by m - 1 and so on, none falling below one before
    it: the chance of any false discovery is then at most the level they are held against.
    """
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        highest = max(highest, min((len(p_values) - rank) * p_values[place], 1.0))
        corrected[place] = highest
    return corrected
