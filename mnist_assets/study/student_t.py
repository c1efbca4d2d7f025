"""Student's t distribution, as far as intervals and tests of a few runs need it."""

from __future__ import annotations

import math

TERMS = 200  # of a continued fraction that needs about sqrt(degrees of freedom) of them


def t_tail(statistic: float, degrees_of_freedom: int) -> float:
    """Return the probability that a t variable is at least as far from 0 as `statistic`.

    With n degrees of freedom this is the regularised incomplete beta function I_x(n / 2, 1 / 2) at
    x = n / (n + t^2) (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1).
    """
    if math.isinf(statistic):
        return 0.0
    x = degrees_of_freedom / (degrees_of_freedom + statistic * statistic)
    return incomplete_beta(degrees_of_freedom / 2, 0.5, x)


def t_quantile(confidence: float, degrees_of_freedom: int) -> float:
    """Return the distance from 0 within which a t variable is with probability `confidence`."""
    low, high = 0.0, 1.0
    while t_tail(high, degrees_of_freedom) > 1 - confidence:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        if t_tail(middle, degrees_of_freedom) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) of positive a and b, 0 to 1.

    By its continued fraction (Abramowitz and Stegun, 26.5.8) on the side where it converges fast.
    """
    if x in {0, 1}:
        return float(x)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    fraction = 1.0
    for m in range(TERMS, 0, -1):
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        fraction = 1 + even / (1 + odd / fraction)
    first = -(a + b) * x / (a + 1)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta) / a
    return front / (1 + first / fraction)
