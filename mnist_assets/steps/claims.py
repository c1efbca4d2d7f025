"""The notebook's claims, each with a verdict that is computed and never typed in.

A claim is an entry of `claims.yaml` (`claim_notebook.py`, `claim_records.py`): what the notebook
says, and what to compare that with. What can be measured stands in `claim_dataset.py`,
`claim_grey.py`, `claim_preparation.py`, `claim_networks.py`, `claim_training.py`, `claim_logs.py`
and `claim_output.py`; how a measure is held against a claim in `claim_rules.py` and
`claim_chance.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_assets.findings import Finding
from mnist_assets.formatting import TO
from mnist_assets.steps.claim_chance import Accuracy, Chance, Differs, Exceeds, Loss
from mnist_assets.steps.claim_evidence import Evidence, Graph, NotCheckable, written
from mnist_assets.steps.claim_notebook import (
    MEASURES,
    AnyRule,
    Claim,
    Notebook,
    Verdict,
    claims_of,
    comparisons_of,
    place_of,
)
from mnist_assets.steps.claim_rules import Bound, Close, Equal, Inside, Outcome

if TYPE_CHECKING:
    import pandas as pd

NOTHING = TO
COLUMNS = ("number", "id", "place", "words", "notebook", "found", "how", "verdict", "why")


class Judgement(NamedTuple):
    """What came of one claim."""

    found: str
    how: str
    verdict: Verdict
    why: str


def judge(claim: Claim, evidence: Evidence) -> Judgement:
    """Hold a claim against everything it is compared with; what does not hold decides.

    Where nothing does, the last comparison tells whether it holds only within sampling error.
    """
    verdict, how, shown, why = Verdict.NOT_CHECKABLE, NOTHING, NOTHING, claim.not_checkable
    for comparison, if_not in comparisons_of(claim):
        measure = MEASURES[comparison.measure]
        try:
            measured = measure.function(evidence, **comparison.of)
        except NotCheckable as reason:
            return Judgement(NOTHING, NOTHING, Verdict.NOT_CHECKABLE, str(reason))
        outcome = _hold(comparison.rule, claim.says, measured.value)
        reading = claim.reading and f"read as: {claim.reading}"
        how = "; ".join(filter(None, (reading, measure.how, outcome.how)))
        why = "; ".join(filter(None, (outcome.why, measured.detail)))
        shown = measured.shown
        if not outcome.passed:
            if comparison is claim.own:
                shown = f"its own output: {shown}{_found_here(claim, evidence)}"
            return Judgement(shown, how, if_not, why)
        verdict = Verdict.WITHIN_SAMPLING_ERROR if outcome.by_chance else Verdict.REPRODUCED
    return Judgement(shown, how, verdict, why)


def _hold(rule: AnyRule, says: Any, value: Any) -> Outcome:
    """Judge by a rule. Each is named, so that its code counts as code of what is judged by it."""
    match rule:
        case Equal() | Close() | Bound() | Inside():
            return rule.judge(says, value)
        case Accuracy() | Loss() | Exceeds() | Differs() | Chance():
            return rule.judge(says, value)


def _found_here(claim: Claim, evidence: Evidence) -> str:
    """What is found here of a claim that the notebook's own output already decided."""
    if claim.found is None:
        return ""
    try:
        measured = MEASURES[claim.found.measure].function(evidence, **claim.found.of)
    except NotCheckable:
        return ""
    return f"; here: {measured.shown}"


def judge_claims(notebook: Notebook, graph: Graph | None) -> pd.DataFrame:
    """Judge every claim.

    Args:
        notebook: The claims and what the notebook prints.
        graph: The graph's values, or None where the dataset is not MNIST.

    Returns:
        One row a claim, in the notebook's order, the columns `COLUMNS`: `number` from 1, the others
        texts, none of them empty.
    """
    import pandas as pd

    evidence = Evidence(notebook.printed, graph)
    rows = []
    for position, (name, section, claim) in enumerate(claims_of(notebook), start=1):
        says = NOTHING if claim.says is None else written(claim.says)
        place = f"{place_of(section)}: {claim.part}"
        judged = judge(claim, evidence)
        rows.append((position, name, place, claim.words, claim.shown or says, *judged))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"verdict": str})


def count_verdicts(table: pd.DataFrame) -> dict[str, int]:
    """Count the claims of each verdict, of all six, in their order."""
    return {verdict.value: int((table["verdict"] == verdict).sum()) for verdict in Verdict}


def check_verdicts(table: pd.DataFrame, ids: Sequence[str]) -> Finding:
    """Check that each claim of the data file has exactly one verdict, one of the six, and a reason.

    Args:
        table: As from `judge_claims`.
        ids: Of all claims of the data file.
    """
    known = table["verdict"].isin([verdict.value for verdict in Verdict]) & (table["why"] != "")
    judged = table.loc[known, "id"].value_counts()
    wrong = sorted(set(ids) ^ set(table["id"])) + [name for name in ids if judged.get(name, 0) != 1]
    message = f"Each of the {len(ids)} claims has one verdict."
    if wrong:
        message = f"Claims without exactly one verdict and its reason: {', '.join(wrong)}."
    return Finding(not wrong, message, {"wrong": wrong, "rows": len(table)}, {"claims": len(ids)})
