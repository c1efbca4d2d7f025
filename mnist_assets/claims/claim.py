"""A claim of the notebook, what it is held against, and the verdict that comes of it.

Verdicts are computed at every run and never typed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, cast

from mnist_assets.claims.graph import Graph, NotCheckable, OtherDataset
from mnist_assets.claims.rules import Rule, exactly, written
from mnist_assets.findings import Finding
from mnist_assets.formatting import TO

if TYPE_CHECKING:
    import pandas as pd

NOTHING = TO
COLUMNS = ("number", "id", "place", "words", "notebook", "found", "how", "verdict", "why")


class Verdict(StrEnum):
    """What can come of a claim."""

    REPRODUCED = "reproduced"
    WITHIN_SAMPLING_ERROR = "within sampling error"
    NOT_REPRODUCED = "not reproduced"
    WRONG_BY_CONSTRUCTION = "wrong by construction"
    CONTRADICTS_ITSELF = "contradicts its own output"
    NOT_CHECKABLE = "not checkable"


class Comparison(NamedTuple):
    """One thing that a claim is held against.

    Attributes:
        if_not: The verdict if the claim does not hold against it.
        how: How the figure was found, as a phrase.
        value: The figure: a plain value or nested lists of such, or what its rule takes.
        rule: How it is held against what is claimed.
        text: How to write the figure, if not as it is.
        detail: What else is worth knowing, as a phrase.
    """

    if_not: Verdict
    how: str
    value: Any
    rule: Rule = exactly
    text: str = ""
    detail: str = ""

    @property
    def shown(self) -> str:
        """The figure as a person reads it."""
        return self.text or written(self.value)


run = partial(Comparison, Verdict.WRONG_BY_CONSTRUCTION)  # what its procedure gives when run
own = partial(Comparison, Verdict.CONTRADICTS_ITSELF)  # what its own output says
here = partial(Comparison, Verdict.NOT_REPRODUCED)  # what the graph finds

Evidence: TypeAlias = Iterator[Comparison]
Held: TypeAlias = Callable[[Graph], Evidence]


@dataclass(frozen=True)
class Claim:
    """A statement of the notebook.

    Attributes:
        id: Its name, lower-case words joined by hyphens.
        place: Its heading, told apart from its namesakes, and the part that it stands in.
        words: Verbatim.
        says: The figure claimed, as its rules take it; None where it cannot be checked.
        shown: How to write that, if not as it is.
        reading: How a vague statement is taken.
        evidence: Yields what it is held against: the first that fails decides. Raises
            `NotCheckable` where it cannot be checked.
    """

    id: str
    place: str
    words: str
    says: Any
    shown: str
    reading: str
    evidence: Held


class Section:
    """The claims below one heading of the notebook, in the text's order.

    It adds a claim by decorating the function that yields what the claim is held against:
    `@section.text(words, says, shown)`; see `Claim`, whose id is the function's name.
    """

    def __init__(self, title: str, about: str = "") -> None:
        self.title = f"{title} ({about})" if about else title  # some headings return
        self.claims: list[Claim] = []
        self.heading, self.text, self.code, self.output, self.figure = (
            partial(self._claim, part) for part in ("heading", "text", "code", "output", "figure")
        )

    def _claim(self, part: str, words: str, says: Any = None, shown: str = "") -> Add:
        def add(evidence: Held, name: str = "") -> Held:
            named = name or getattr(evidence, "__name__", "").replace("_", "-")
            reading = vars(evidence).get("reading", "")
            place = f"{self.title}: {part}"
            self.claims.append(Claim(named, place, words, says, shown, reading, evidence))
            return evidence

        return add


class Add(Protocol):
    """Adds a claim that is held against something, under another name than the function's."""

    def __call__(self, evidence: Held, name: str = "") -> Held:
        """Return the function as it is."""


def read_as(reading: str) -> Callable[[Held], Held]:
    """Say how a vague statement is taken, below the section's decorator."""

    def add(evidence: Held) -> Held:
        vars(evidence)["reading"] = reading
        return evidence

    return add


class Judgement(NamedTuple):
    """What came of one claim."""

    found: str
    how: str
    verdict: Verdict
    why: str


def judge(claim: Claim, graph: Graph) -> Judgement:
    """Hold a claim against everything it is compared with; what does not hold decides.

    Where nothing does, the last comparison tells whether it holds only within sampling error.
    """
    judged = Judgement(NOTHING, NOTHING, Verdict.NOT_CHECKABLE, "")
    reading = claim.reading and f"read as: {claim.reading}"
    try:
        evidence = claim.evidence(graph)
        for compared in evidence:
            outcome = compared.rule(claim.says, compared.value)
            how = "; ".join(filter(None, (reading, compared.how, outcome.how)))
            why = "; ".join(filter(None, (outcome.why, compared.detail)))
            if not outcome.holds:
                shown = compared.shown
                if compared.if_not is Verdict.CONTRADICTS_ITSELF:
                    shown = f"its own output: {shown}{_and_here(evidence)}"
                return Judgement(shown, how, compared.if_not, why)
            verdict = Verdict.WITHIN_SAMPLING_ERROR if outcome.by_chance else Verdict.REPRODUCED
            judged = Judgement(compared.shown, how, verdict, why)
    except NotCheckable as reason:
        return Judgement(NOTHING, NOTHING, Verdict.NOT_CHECKABLE, str(reason))
    return judged


def _and_here(evidence: Evidence) -> str:
    """What is found here of a claim that the notebook's own output already decided."""
    try:
        return "".join(f"; here: {compared.shown}" for compared in evidence)
    except NotCheckable:
        return ""


def judge_claims(claims: Sequence[Claim], graph: Graph | None) -> pd.DataFrame:
    """Judge every claim.

    Args:
        claims: In the notebook's order.
        graph: The graph's values, or None where the dataset is not MNIST.

    Returns:
        One row a claim, the columns `COLUMNS`: `number` from 1, the others texts, none of them
        empty.
    """
    import pandas as pd

    values = cast("Graph", OtherDataset()) if graph is None else graph
    rows = []
    for number, claim in enumerate(claims, start=1):
        says = claim.shown or (NOTHING if claim.says is None else written(claim.says))
        rows.append((number, claim.id, claim.place, claim.words, says, *judge(claim, values)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"verdict": str})


def count_verdicts(table: pd.DataFrame) -> dict[str, int]:
    """Count the claims of each verdict, of all six, in their order."""
    return {verdict.value: int((table["verdict"] == verdict).sum()) for verdict in Verdict}


def check_verdicts(table: pd.DataFrame, ids: Sequence[str]) -> Finding:
    """Check that each claim has exactly one verdict, one of the six, and a reason.

    Args:
        table: As from `judge_claims`.
        ids: Of all claims.
    """
    known = table["verdict"].isin([verdict.value for verdict in Verdict]) & (table["why"] != "")
    judged = table.loc[known, "id"].value_counts()
    wrong = sorted(set(ids) ^ set(table["id"])) + [name for name in ids if judged.get(name, 0) != 1]
    message = f"Each of the {len(ids)} claims has one verdict."
    if wrong:
        message = f"Claims without exactly one verdict and its reason: {', '.join(wrong)}."
    return Finding(not wrong, message, {"wrong": wrong, "rows": len(table)}, {"claims": len(ids)})
