"""The rules that hold a figure found against the one claimed: exactly, to a bound, or by chance.

A rule takes what is claimed and what was found. At 95 %, what two samples differ by is put down to
chance if it is within 1.96 standard errors of the difference. Only the choice of images counts as
chance here. What another seed does to a network is beyond a single run; that is the study's to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from mnist_assets.formatting import MINUS, number
from mnist_assets.study.paired_tests import holm

CONFIDENCE = 0.95
LONGEST_LIST = 12  # figures written out
FEW = 4  # figures that are written out where some of them differ


class Outcome(NamedTuple):
    """What a rule says.

    Attributes:
        holds: Whether the claim does.
        how: How that was decided, as a phrase.
        why: The figures that decided it, as a phrase.
        by_chance: Whether a claim that holds does so only within sampling error.
    """

    holds: bool
    how: str
    why: str
    by_chance: bool = False


Rule: TypeAlias = Callable[[Any, Any], Outcome]


class Sample(NamedTuple):
    """The mean of a number of observations, and their standard deviation."""

    mean: float
    std: float
    size: int

    def __str__(self) -> str:
        """The mean alone."""
        return f"{self.mean:.4f}"


class Share(NamedTuple):
    """Successes in a number of trials: images correctly classified, say."""

    successes: int
    trials: int

    @property
    def rate(self) -> float:
        """The share itself, 0 to 1."""
        return self.successes / self.trials

    def __str__(self) -> str:
        """The rate, with the counts it comes from."""
        return f"{self.rate:.4f} ({number(self.successes)} of {number(self.trials)})"


class Paired(NamedTuple):
    """What one choice has over another in trainings of the same seed.

    Attributes:
        mean_difference: Over the pairs.
        p_value: Of the paired t-test.
        pairs: How many there are, two at least.
    """

    mean_difference: float
    p_value: float
    pairs: int


def written(value: Any, digits: int = 6) -> str:
    """Write a plain value or nested lists of such; only the first of many figures.

    Args:
        value: What to write.
        digits: Significant digits of a number that is not whole.
    """
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return number(value)
        case float():
            large = abs(value) >= 10**digits
            return number(value) if large else f"{value:.{digits}g}".replace("-", MINUS)
        case list() | tuple() if type(value) in {list, tuple}:
            # In a list a thousands separator would read as the next item.
            items = [str(item) if type(item) is int else written(item, digits) for item in value]
            more = f", … ({len(value)} in all)" if len(value) > LONGEST_LIST else ""
            return f"[{', '.join(items[:LONGEST_LIST])}{more}]"
    return str(value)


def figures_in(value: Any) -> Iterator[Any]:
    """The items of nested lists, one by one."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from figures_in(item)
    else:
        yield value


def exactly(says: Any, value: Any) -> Outcome:
    """The figure is the one claimed; of lists, each, and it is told how many differ."""
    holds, claimed, found = bool(says == value), list(figures_in(says)), list(figures_in(value))
    if all(isinstance(item, bool) for item in claimed):
        return Outcome(holds, "yes or no", "it is so" if holds else "it is not so")
    why = "the same" if holds else f"{written(value)}, not {written(says)}"
    if not holds and len(claimed) == len(found) > FEW:
        apart = [place for place, item in enumerate(claimed) if item != found[place]]
        why = f"{len(apart)} of {len(claimed)} figures differ, the first at place {apart[0] + 1}"
    return Outcome(holds, "exactly", why)


@dataclass(frozen=True)
class Within:
    """No figure is further than `tolerance` from the one claimed, or from its own in a list."""

    tolerance: float

    def __call__(self, says: Any, value: Any) -> Outcome:
        """Find the largest difference."""
        claimed, found = list(figures_in(says)), list(figures_in(value))
        claimed *= len(found) if len(claimed) == 1 else 1
        how = f"within {self.tolerance:g}"
        if len(claimed) != len(found):
            return Outcome(False, how, f"{len(found)} figures, not {len(claimed)}")
        apart = max(abs(a - b) for a, b in zip(claimed, found, strict=True))
        slack = 1e-9 * self.tolerance  # what was rounded from exactly halfway is close enough
        holds = bool(apart <= self.tolerance + slack)
        why = f"{'at most ' if holds else ''}{written(apart, 3)} apart" if apart else "the same"
        return Outcome(holds, how, why)


@dataclass(frozen=True)
class Bound:
    """Every figure is `at least`, `above`, `at most` or `below` the one claimed."""

    relation: Literal["at least", "above", "at most", "below"]

    def __call__(self, says: float, value: Any) -> Outcome:
        """Compare the figure that decides: the lowest, or the highest."""
        is_floor = self.relation in {"at least", "above"}
        decisive = (min if is_floor else max)(figures_in(value))
        beyond = decisive > says if is_floor else decisive < says
        holds = bool(beyond or (self.relation in {"at least", "at most"} and decisive == says))
        limit, brief = f"{self.relation} {written(says)}", written(decisive, 3)
        shown = written(decisive) if brief == written(says) else brief  # 0.9495 is no 0.95
        return Outcome(holds, limit, f"{shown} is {'' if holds else 'not '}{limit}")


AT_LEAST, ABOVE, AT_MOST, BELOW = (
    Bound("at least"),
    Bound("above"),
    Bound("at most"),
    Bound("below"),
)


def inside(says: Sequence[float], value: Any) -> Outcome:
    """Every figure is between the two claimed, bounds included."""
    (low, high), found = says, list(figures_in(value))
    how = f"all between {written(low)} and {written(high)}"
    why = f"they run from {written(min(found), 3)} to {written(max(found), 3)}"
    return Outcome(bool(low <= min(found) and max(found) <= high), how, why)


@dataclass(frozen=True)
class SameAs:
    """A figure over `images` differs from the one found by no more than chance.

    Of a `Share` each side has the standard error of its own binomial share. Of the mean of a
    `Sample` the notebook tells no spread: that of the images here is taken for both.
    """

    images: int
    confidence: float = CONFIDENCE

    def __call__(self, says: float, value: Share | Sample) -> Outcome:
        """Compare the difference with what chance allows."""
        if isinstance(value, Share):
            found, size = value.rate, value.trials
            variance = says * (1 - says) / self.images + found * (1 - found) / size
        else:
            found, size = value.mean, value.size
            variance = value.std**2 * (1 / self.images + 1 / size)
        apart, limit = abs(says - found), _z(self.confidence) * math.sqrt(variance)
        sizes = f"{self.images:,} images there and {size:,} here"
        how = f"two samples, {sizes}, at {self.confidence:.0%}"
        beyond = "more than" if apart > limit else "within"
        why = f"{apart:.4f} apart, {beyond} the {limit:.4f} that chance allows"
        return Outcome(bool(apart <= limit), how, why, by_chance=True)


def _z(confidence: float) -> float:
    """Standard errors that chance may account for, to either side."""
    from scipy.stats import norm

    return float(norm.ppf((1 + confidence) / 2))


def exceeds(says: float, value: Share) -> Outcome:
    """A share is above the one claimed: surely, within sampling error, or surely not."""
    from scipy.stats import binomtest

    low, high = map(float, binomtest(*value).proportion_ci(CONFIDENCE, method="wilson"))
    side = "above" if low > says else "below" if high < says else "on both sides of"
    how = f"its {CONFIDENCE:.0%} Wilson interval against {says:g}"
    why = f"the interval, {low:.4f} to {high:.4f}, is {side} {says:g}"
    return Outcome(high >= says, how, why, by_chance=low <= says)


def differs(says: Literal["lower", "higher"], value: Sequence[Share]) -> Outcome:
    """The first of two shares is `lower` or `higher` than the second: surely, or by chance."""
    apart = value[0].rate - value[1].rate
    limit = _z(CONFIDENCE) * math.sqrt(sum(of.rate * (1 - of.rate) / of.trials for of in value))
    why = f"{abs(apart):.4f} {'higher' if apart > 0 else 'lower'}; chance allows {limit:.4f}"
    holds = apart > 0 if says == "higher" else apart < 0
    by_chance = not holds or abs(apart) <= limit
    return Outcome(holds, f"two samples, at {CONFIDENCE:.0%}", why, by_chance)


def ahead(says: Literal["better", "worse"], value: Sequence[Paired]) -> Outcome:
    """Each first choice does `better` or `worse` than the second: surely, or by chance.

    P-values of several networks are corrected by Holm's method.
    """
    sign = 1 if says == "better" else -1
    so = [sign * of.mean_difference > 0 for of in value]
    p_value = max(holm([of.p_value for of in value]))
    several = f", each of {len(value)} networks" if len(value) > 1 else ""
    how = f"paired t-test, {min(of.pairs for of in value)} seeds{several}, at {CONFIDENCE:.0%}"
    told = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    why = f"so of {sum(so)} of {len(so)}" if several else "it is so" if so[0] else "it is not so"
    return Outcome(all(so), how, f"{why}, {told}", by_chance=p_value >= 1 - CONFIDENCE)


def by_chance(says: Literal["alike", "different"], p_value: float) -> Outcome:
    """Two distributions are `alike`, as far as chance can tell, or `different` beyond it."""
    is_alike = bool(p_value >= 1 - CONFIDENCE)
    told = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
    return Outcome(
        is_alike == (says == "alike"),
        f"p-value against {1 - CONFIDENCE:.2f}",
        f"{told}, {'no more' if is_alike else 'more'} than chance",
        by_chance=is_alike,
    )
