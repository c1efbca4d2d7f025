"""Which of two networks is better, told from runs with the same seeds."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.study.summary import KINDS, PARTS, describe, finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

DECIMALS = 9  # of a sum of differences that count; accuracies on 6,000 images are 0.00017 apart
CHOICES = 2**14  # of signs to try: all that there are up to 14 pairs


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

    named = ("kind", "part", "first", "second")
    rows = [
        dict(zip(named, (kind, part, first, second), strict=True))
        | compare_pairs(_differences(runs[first], runs[second], kind, part), confidence)
        for kind in KINDS
        for part in PARTS
        for first, second in combinations(runs, 2)
    ]
    table = pd.DataFrame(rows, columns=[*named, *compare_pairs(np.empty(0), confidence)])
    table["holm_p_value"] = holm(table["sign_flip_p_value"].to_list())
    return table


def compare_pairs(differences: NDArray[np.float64], confidence: float) -> dict[str, Any]:
    """Say what paired differences tell: their number and mean, its interval, both tests.

    Args:
        differences: Finite, of one pair each.
        confidence: Of the interval.

    Returns:
        `pairs`, `mean_difference`, `low`, `high`, `t_p_value` and `sign_flip_p_value`, as
        `compare_networks` has them.
    """
    described = describe(differences, confidence)
    return {
        "pairs": described["count"],
        "mean_difference": described["mean"],
        "low": described["low"],
        "high": described["high"],
        "t_p_value": t_p_value(differences),
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


def t_p_value(differences: NDArray[np.float64]) -> float | None:
    """Return the two-sided p-value of Student's paired t-test, None for fewer than two pairs.

    Differences that do not vary are certain: 0, or 1 if they are none.
    """
    from scipy import stats

    if len(differences) < 2:
        return None
    if not np.ptp(differences).round(DECIMALS):
        return 0.0 if differences[0].round(DECIMALS) else 1.0
    return float(stats.ttest_1samp(differences, 0).pvalue)


def sign_flip_p_value(differences: ArrayLike) -> float:
    """Return the two-sided p-value of paired differences under random signs.

    If neither network were better, each difference would be as likely with the other sign. The
    p-value is the share of all 2^n choices of signs whose sum is at least as far from 0 as the one
    seen; it cannot be below 2 / 2^n. No distribution is assumed (Fisher's randomisation test). Of
    more than 14 pairs as many choices are tried at random, always the same, and the one seen.
    """
    from scipy import stats

    differences = np.asarray(differences, np.float64)
    if len(differences) < 2:
        return 1.0

    def distance(signed: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        # Rounded, since equal sums have to count as equal whatever the order of their terms.
        far: NDArray[np.float64] = np.abs(signed.sum(axis=axis)).round(DECIMALS)
        return far

    test = stats.permutation_test(
        (differences,),
        distance,
        permutation_type="samples",
        alternative="greater",
        n_resamples=CHOICES,
        rng=0,
    )
    return float(test.pvalue)


def lowest_holm_p_value(comparison: pd.DataFrame) -> float:
    """Return the lowest corrected p-value that so many runs can give, so many networks compared.

    Above the level that p-values are held against, no difference could be told from chance: it
    takes more seeds. With 10 it is 0.023 for three networks, and 0.078 for five.
    """
    if comparison.empty:
        return 1.0
    of_one = max(2.0 ** (1 - int(comparison["pairs"].max())), 1 / (CHOICES + 1))
    return min(len(comparison) * of_one, 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's step-down method (Holm 1979).

    The smallest of m is multiplied by m, the next by m - 1 and so on, none falling below one before
    it: the chance of any false discovery is then at most the level they are held against.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.maximum.accumulate(factors * np.asarray(p_values)[order]).clip(max=1)
    return corrected.tolist()
