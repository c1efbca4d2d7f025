"""The rules that allow for chance: two samples of images, or two distributions, compared.

At 95 %, what two samples differ by is put down to chance if it is within 1.96 standard errors of
the difference. Only the choice of images counts as chance here. What another seed does to a network
is beyond a single run; that is the study's to say.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, Literal

from pydantic import Field

from mnist_assets.declarations.yaml_files import Real, Whole
from mnist_assets.evaluation.metrics import wilson_interval
from mnist_assets.steps.claim_evidence import Sample, Share
from mnist_assets.steps.claim_rules import Outcome, Rule, are_numbers


class _Statistical(Rule):
    confidence: Real = Field(default=0.95, gt=0, lt=1)

    @property
    def z(self) -> float:
        """Standard errors that chance may account for."""
        return NormalDist().inv_cdf((1 + self.confidence) / 2)


class Accuracy(_Statistical):
    """A share of `images` differs from the one found by no more than chance.

    The standard error is that of the difference of two independent binomial shares.
    """

    takes = "share"
    claims = "a share, 0 to 1"
    kind: Literal["accuracy"]
    images: Whole = Field(ge=1)

    def understands(self, says: Any) -> bool:
        """Whether this is a share."""
        return are_numbers([says]) and 0 <= says <= 1

    def judge(self, says: float, value: Share) -> Outcome:
        """Compare the difference with what chance allows."""
        variance = says * (1 - says) / self.images + value.rate * (1 - value.rate) / value.trials
        limit = self.z * math.sqrt(variance)
        return _within_chance(abs(says - value.rate), limit, self.images, value.trials, self)


class Loss(_Statistical):
    """A mean over `images` differs from the one found by no more than chance.

    The notebook tells no spread: that of the images here is taken for both.
    """

    takes = "sample"
    claims = "a number"
    kind: Literal["loss"]
    images: Whole = Field(ge=1)

    def understands(self, says: Any) -> bool:
        """Whether this is a number."""
        return are_numbers([says])

    def judge(self, says: float, value: Sample) -> Outcome:
        """Compare the difference with what chance allows."""
        limit = self.z * value.std * math.sqrt(1 / self.images + 1 / value.size)
        return _within_chance(abs(says - value.mean), limit, self.images, value.size, self)


def _within_chance(
    apart: float, limit: float, theirs: int, ours: int, rule: _Statistical
) -> Outcome:
    beyond = "more than" if apart > limit else "within"
    return Outcome(
        bool(apart <= limit),
        f"two samples, {theirs:,} images there and {ours:,} here, at {rule.confidence:.0%}",
        f"{apart:.4f} apart, {beyond} the {limit:.4f} that chance allows",
        by_chance=True,
    )


class Exceeds(_Statistical):
    """A share is above the one claimed: surely, within sampling error, or surely not."""

    takes = "share"
    claims = "a share, 0 to 1"
    kind: Literal["exceeds"]

    def understands(self, says: Any) -> bool:
        """Whether this is a share."""
        return are_numbers([says]) and 0 <= says <= 1

    def judge(self, says: float, value: Share) -> Outcome:
        """See on which side of the claim the share's interval lies."""
        low, high = wilson_interval(*value, self.confidence)
        side = "above" if low > says else "below" if high < says else "on both sides of"
        return Outcome(
            high >= says,
            f"its {self.confidence:.0%} Wilson interval against {says:g}",
            f"the interval, {low:.4f} to {high:.4f}, is {side} {says:g}",
            by_chance=low <= says,
        )


class Differs(_Statistical):
    """The first of two shares is `lower` or `higher` than the second: surely, or by chance."""

    takes = "pair"
    claims = "lower or higher"
    kind: Literal["differs"]

    def understands(self, says: Any) -> bool:
        """Whether this is one of the two words."""
        return says in ("lower", "higher")

    def judge(self, says: str, value: tuple[Share, Share]) -> Outcome:
        """Compare the difference with 0, and with what chance allows."""
        first, second = value
        apart = (first.rate - second.rate) * (1 if says == "higher" else -1)
        variance = sum(share.rate * (1 - share.rate) / share.trials for share in value)
        limit = self.z * math.sqrt(variance)
        return Outcome(
            apart > 0,
            f"two samples, at {self.confidence:.0%}",
            f"{abs(apart):.4f} {'higher' if first.rate > second.rate else 'lower'}; chance allows "
            f"{limit:.4f}",
            by_chance=apart <= limit,
        )


class Chance(_Statistical):
    """Two distributions are `alike`, as far as chance can tell, or `different` beyond it."""

    takes = "probability"
    claims = "alike or different"
    kind: Literal["chance"]

    def understands(self, says: Any) -> bool:
        """Whether this is one of the two words."""
        return says in ("alike", "different")

    def judge(self, says: str, value: float) -> Outcome:
        """Compare the p-value with what is left to chance."""
        is_alike = value >= 1 - self.confidence
        p_value = "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
        return Outcome(
            is_alike == (says == "alike"),
            f"p-value against {1 - self.confidence:.2f}",
            f"{p_value}, {'no more' if is_alike else 'more'} than chance",
            by_chance=is_alike,
        )
