"""The claims under the notebook's headings, as the report shows them, each verdict with a sign."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from mnist_assets.claims.claim import Verdict, count_verdicts

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

SIGNS = {
    Verdict.REPRODUCED: "✓",
    Verdict.WITHIN_SAMPLING_ERROR: "≈",
    Verdict.NOT_REPRODUCED: "✗",
    Verdict.WRONG_BY_CONSTRUCTION: "!",
    Verdict.CONTRADICTS_ITSELF: "≠",
    Verdict.NOT_CHECKABLE: "?",
}
HOLDS = (Verdict.REPRODUCED, Verdict.WITHIN_SAMPLING_ERROR)
FAILS = (Verdict.NOT_REPRODUCED, Verdict.WRONG_BY_CONSTRUCTION, Verdict.CONTRADICTS_ITSELF)


@dataclass(frozen=True)
class Tally:
    """A verdict with its sign, the name it has in style sheets, and how many claims have it."""

    verdict: str
    sign: str
    kind: str
    count: int


def kind_of(verdict: Verdict) -> str:
    """A verdict as the style sheets and the page's filter name it."""
    return verdict.value.replace(" ", "-")


def tally(claims: pd.DataFrame) -> list[Tally]:
    """Count the claims of each of the six verdicts.

    Args:
        claims: As from `claim.judge_claims`.
    """
    counts = count_verdicts(claims)
    return [Tally(of.value, SIGNS[of], kind_of(of), counts[of.value]) for of in Verdict]


def count_claims(claims: pd.DataFrame) -> dict[str, int]:
    """Count `all` claims, those that hold (`holding`), those that do not (`failing`), and `open`.

    Args:
        claims: As from `claim.judge_claims`.
    """
    counts, whole = count_verdicts(claims), len(claims)
    holding, failing = (sum(counts[of.value] for of in verdicts) for verdicts in (HOLDS, FAILS))
    return {"all": whole, "holding": holding, "failing": failing, "open": whole - holding - failing}


def by_heading(claims: pd.DataFrame) -> list[tuple[str, list[dict[Hashable, Any]]]]:
    """Put the claims under the notebook's headings, in its order.

    Args:
        claims: As from `claim.judge_claims`.

    Returns:
        Each heading with its claims, whose columns are those of the table, the `part` that they
        stand in, and the `sign` and the `kind` of their verdict.
    """
    verdicts = claims["verdict"].map(Verdict)
    rows = claims.assign(
        heading=claims["place"].str.rpartition(": ")[0],
        part=claims["place"].str.rpartition(": ")[2],
        sign=verdicts.map(SIGNS),
        kind=verdicts.map(kind_of),
    ).to_dict("records")
    return [(heading, list(of)) for heading, of in groupby(rows, key=itemgetter("heading"))]
