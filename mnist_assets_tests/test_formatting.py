"""Numbers as people read them."""

import pytest

from mnist_assets import formatting
from mnist_assets_tests.report.stories import plain


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formatting.number(38045844), "38,045,844"),
        (formatting.number(-0.004, 2), "0.00"),
        (formatting.number(-1234.5, 1), "-1,234.5"),
        (formatting.percent(0.97168), "97.17 %"),
        (formatting.percent(0.5, 0, ""), "50"),
        (formatting.interval({"low": 0.9668, "high": 0.97}), "96.68-97.00 %"),
        (formatting.interval({"low": 0.9668, "high": 0.97}, ""), "96.68-97.00"),
        (formatting.points(-0.0125), "-1.25 percentage points"),
        (formatting.points(0.0125), "+1.25 percentage points"),
        (formatting.probability(0.0002), "< 0.001"),
        (formatting.probability(0.9669), "= 0.967"),
        (formatting.power(2.4e11), "2.4 x 10¹¹"),
        (formatting.power(99_999), "99,999.0"),
        (formatting.power(1e5), "10⁵"),
        (formatting.power(1.5e-10), "1.5 x 10⁻¹⁰"),
        (formatting.power(1e-10), "10⁻¹⁰"),
        (formatting.power(0), "0.0"),
        (formatting.p_value(0.0002), "< 0.001"),
        (formatting.p_value(0.0234), "0.023"),
        (formatting.p_value(None), "-"),
        (formatting.spread({"mean": 0.9737, "std": 0.00114}), "97.37 ± 0.11 %"),
        (formatting.spread({"mean": 0.9737, "std": None}), "97.37 %"),
        (formatting.spread({"mean": None, "std": None}), "-"),
    ],
)
def test_numbers_are_written_for_people(written, expected):
    assert plain(written) == expected
