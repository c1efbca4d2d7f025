"""Numbers as a person reads them: thousands apart, shares in percent, powers of ten."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPACE, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"
TO, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: float, digits: int = 0) -> str:
    """Write a number with thousands separators and a true minus sign."""
    return f"{value:z,.{digits}f}".replace("-", MINUS)


def percent(share: float, digits: int = 2, sign: str = "%") -> str:
    """Write a share as a percentage; with an empty sign, for a column headed "%"."""
    written = number(100 * share, digits)
    return f"{written}{SPACE}{sign}" if sign else written


def interval(bounds: Mapping[str, float], sign: str = "%") -> str:
    """Write the interval of a share, `low` to `high`, as a percentage."""
    return f"{percent(bounds['low'], sign='')}{TO}{percent(bounds['high'], sign=sign)}"


def points(difference: float) -> str:
    """Write a difference of shares, with its sign, in percentage points."""
    return f"{100 * difference:+.2f}{SPACE}percentage points".replace("-", MINUS)


def probability(p_value: float) -> str:
    """Write a p-value with its relation, so that a tiny one is not written as 0."""
    return f"<{SPACE}0.001" if p_value < 0.001 else f"={SPACE}{p_value:.3f}"


def p_value(value: float | None) -> str:
    """Write a p-value without its relation, for a column; a dash if there is none."""
    if value is None:
        return TO
    return probability(value).removeprefix(f"={SPACE}")


def spread(described: Mapping[str, float | None]) -> str:
    """Write what `study.describe` gives of shares: mean ± standard deviation, as a percentage."""
    mean, std = described["mean"], described["std"]
    if mean is None:
        return TO
    if std is None:
        return percent(mean)
    return f"{percent(mean, sign='')}{SPACE}±{SPACE}{percent(std)}"


def power(value: float) -> str:
    """Write a positive number as a power of ten if it has six digits or more, or is tiny."""
    if not value or 1e-3 <= value < 1e5:
        return number(value, 1)
    mantissa, exponent = f"{value:.1e}".split("e")
    of_ten = f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"
    return of_ten if mantissa == "1.0" else f"{mantissa}{SPACE}{TIMES}{SPACE}{of_ten}"


def class_name(index: int, names: Sequence[str] | None) -> str:
    """What a person calls the class of an index: its name, or the index where there are none."""
    return str(index) if names is None else names[index]
