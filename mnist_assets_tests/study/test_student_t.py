import math

import pytest
from scipy import special, stats

from mnist_assets.study.student_t import incomplete_beta, t_quantile, t_tail

FREEDOMS = (1, 2, 3, 9, 10, 29, 100, 5000)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_tails_are_those_of_scipy_however_small(freedom):
    for statistic in (1e-3, 0.5, 1, 2.262, 5, 30, 1000):
        expected = 2 * stats.t.sf(statistic, freedom)
        assert t_tail(statistic, freedom) == pytest.approx(expected, rel=1e-9)
        assert t_tail(-statistic, freedom) == t_tail(statistic, freedom)


def test_tails_at_the_ends():
    assert t_tail(0, 3) == 1
    assert t_tail(math.inf, 3) == 0


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_quantiles_are_those_of_scipy(freedom):
    for confidence in (0.5, 0.9, 0.95, 0.999):
        expected = stats.t.ppf(0.5 + confidence / 2, freedom)
        assert t_quantile(confidence, freedom) == pytest.approx(expected, rel=1e-9)


def test_a_known_table_value():
    assert t_quantile(0.95, 9) == pytest.approx(2.262157, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2, 3), (30, 0.5), (0.5, 30)])
def test_the_incomplete_beta_function_is_that_of_scipy(a, b):
    for x in (0, 0.01, 0.3, 0.5, 0.9, 0.999, 1):
        assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-9)
