"""The rules that hold a figure found against the one claimed, to the digit or to a bound.

Those that allow for chance are `claim_chance.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from mnist_assets.declarations.yaml_files import Declared, Real
from mnist_assets.steps.claim_evidence import Kind, written

FEW = 4  # figures that are told one by one


@dataclass(frozen=True)
class Outcome:
    """What a rule says.

    Attributes:
        passed: Whether the claim holds.
        how: How that was decided, as a phrase.
        why: The figures that decided it, as a phrase.
        by_chance: Whether a claim that holds does so only within sampling error.
    """

    passed: bool
    how: str
    why: str
    by_chance: bool = False


def numbers_in(value: Any) -> Iterator[Any]:
    """The items of nested lists, one by one."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from numbers_in(item)
    else:
        yield value


def are_numbers(says: Any) -> bool:
    """Whether there is nothing but numbers in nested lists, truth values not among them."""
    return all(type(item) in {int, float} for item in numbers_in(says))


class Rule(Declared):
    """A rule as it is declared.

    Attributes:
        takes: The kind of value that it judges.
        claims: What it takes for a claim, in words.
    """

    takes: ClassVar[Kind] = "value"
    claims: ClassVar[str] = "a figure"

    def understands(self, says: Any) -> bool:
        """Whether the rule can judge this claim."""
        return says is not None


class Equal(Rule):
    """The figure is exactly the one claimed; of lists, each."""

    kind: Literal["equal"] = "equal"

    def judge(self, says: Any, value: Any) -> Outcome:
        """Compare; of lists, tell how many figures differ."""
        passed = bool(says == value)
        claimed, found = list(numbers_in(says)), list(numbers_in(value))
        if all(isinstance(item, bool) for item in claimed):
            return Outcome(passed, "yes or no", "it is so" if passed else "it is not so")
        why = "the same" if passed else f"{written(value)}, not {written(says)}"
        if not passed and len(claimed) == len(found) > FEW:
            apart = [
                place for place, item in enumerate(claimed, start=1) if item != found[place - 1]
            ]
            why = f"{len(apart)} of {len(claimed)} figures differ, the first at place {apart[0]}"
        return Outcome(passed, "exactly", why)


class Close(Rule):
    """No figure is further than `within` from the one claimed, or from its own in a list."""

    claims = "a number, or lists of numbers"
    kind: Literal["close"]
    within: Real = Field(gt=0)

    def understands(self, says: Any) -> bool:
        """Whether these are numbers."""
        return are_numbers(says)

    def judge(self, says: Any, value: Any) -> Outcome:
        """Find the largest difference."""
        claimed, found = list(numbers_in(says)), list(numbers_in(value))
        if len(claimed) == 1:
            claimed *= len(found)
        how = f"within {self.within:g}"
        if len(claimed) != len(found):
            return Outcome(False, how, f"{len(found)} figures, not {len(claimed)}")
        apart = max(abs(a - b) for a, b in zip(claimed, found, strict=True))
        slack = 1e-9 * self.within  # what was rounded from exactly halfway is close enough
        passed = bool(apart <= self.within + slack)
        why = f"{'at most ' if passed else ''}{written(apart, 3)} apart" if apart else "the same"
        return Outcome(passed, how, why)


class Bound(Rule):
    """Every figure is `at least`, `above`, `at most` or `below` the one claimed."""

    claims = "a number"
    kind: Literal["bound"]
    relation: Literal["at least", "above", "at most", "below"] = Field(alias="is")

    def understands(self, says: Any) -> bool:
        """Whether this is a number."""
        return are_numbers([says])

    def judge(self, says: float, value: Any) -> Outcome:
        """Compare the figure that decides: the lowest, or the highest."""
        found = list(numbers_in(value))
        decisive = min(found) if self.relation in {"at least", "above"} else max(found)
        passed = {
            "at least": decisive >= says,
            "above": decisive > says,
            "at most": decisive <= says,
            "below": decisive < says,
        }[self.relation]
        limit = f"{self.relation} {written(says)}"
        brief = written(decisive, 3)
        shown = written(decisive) if brief == written(says) else brief  # 0.9495 is no 0.95
        return Outcome(bool(passed), limit, f"{shown} is {'' if passed else 'not '}{limit}")


class Inside(Rule):
    """Every figure is between the two claimed, bounds included."""

    claims = "a list of the lowest and the highest number"
    kind: Literal["inside"]

    def understands(self, says: Any) -> bool:
        """Whether these are two numbers in order."""
        return (
            isinstance(says, list) and len(says) == 2 and are_numbers(says) and says == sorted(says)
        )

    def judge(self, says: list[float], value: Any) -> Outcome:
        """Compare the extremes."""
        low, high = says
        lowest, highest = min(numbers_in(value)), max(numbers_in(value))
        return Outcome(
            bool(low <= lowest and highest <= high),
            f"all between {written(low)} and {written(high)}",
            f"they run from {written(lowest, 3)} to {written(highest, 3)}",
        )
