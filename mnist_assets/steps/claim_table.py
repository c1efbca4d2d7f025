"""The claims under the notebook's headings, as the report shows them, each verdict with a sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_assets.steps.claim_notebook import Verdict
from mnist_assets.steps.claims import count_verdicts

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class Row:
    """A claim: texts of the columns of `claims.COLUMNS`, and its verdict's sign and kind."""

    number: int
    id: str
    part: str
    words: str
    notebook: str
    found: str
    how: str
    verdict: str
    why: str
    sign: str
    kind: str


def kind_of(verdict: Verdict) -> str:
    """A verdict as the style sheets and the page's filter name it."""
    return verdict.value.replace(" ", "-")


def tally(claims: pd.DataFrame) -> list[Tally]:
    """Count the claims of each of the six verdicts.

    Args:
        claims: As from `claims.judge_claims`.
    """
    counts = count_verdicts(claims)
    return [Tally(of.value, SIGNS[of], kind_of(of), counts[of.value]) for of in Verdict]


def count_claims(claims: pd.DataFrame) -> dict[str, int]:
    """Count `all` claims, those that hold (`holding`), those that do not (`failing`), and `open`.

    Args:
        claims: As from `claims.judge_claims`.
    """
    counts = count_verdicts(claims)
    holding, failing = (sum(counts[of.value] for of in verdicts) for verdicts in (HOLDS, FAILS))
    whole = len(claims)
    return {
        "all": whole,
        "holding": holding,
        "failing": failing,
        "open": whole - holding - failing,
    }


def by_heading(claims: pd.DataFrame) -> list[tuple[str, list[Row]]]:
    """Put the claims under the notebook's headings, in its order.

    Args:
        claims: As from `claims.judge_claims`.
    """
    groups: list[tuple[str, list[Row]]] = []
    for claim in claims.to_dict("records"):
        heading, _, part = claim["place"].rpartition(": ")
        verdict = Verdict(claim["verdict"])
        row = Row(
            number=claim["number"],
            id=claim["id"],
            part=part,
            words=claim["words"],
            notebook=claim["notebook"],
            found=claim["found"],
            how=claim["how"],
            verdict=claim["verdict"],
            why=claim["why"],
            sign=SIGNS[verdict],
            kind=kind_of(verdict),
        )
        if not groups or groups[-1][0] != heading:
            groups.append((heading, []))
        groups[-1][1].append(row)
    return groups
