"""The claims under the notebook's headings, and how many there are of each verdict."""

import pandas as pd
import pytest

from mnist_assets.claims import table as claim_table
from mnist_assets.claims.claim import Verdict


def claim(number, place, verdict):
    texts = dict.fromkeys(("words", "notebook", "found", "how", "why"), "something")
    return {"number": number, "id": f"c{number}", "place": place, "verdict": verdict, **texts}


@pytest.fixture
def claims():
    return pd.DataFrame(
        [
            claim(1, "Split: the sets: text", "reproduced"),
            claim(2, "Split: the sets: output", "within sampling error"),
            claim(3, "Model (best): code", "wrong by construction"),
            claim(4, "Split: the sets: text", "not checkable"),
            claim(5, "Split: the sets: text", "contradicts its own output"),
        ]
    )


def test_claims_stand_under_their_headings_in_order(claims):
    groups = claim_table.by_heading(claims)
    assert [(heading, [row["number"] for row in rows]) for heading, rows in groups] == [
        ("Split: the sets", [1, 2]),
        ("Model (best)", [3]),
        ("Split: the sets", [4, 5]),
    ]
    row = groups[1][1][0]
    assert (row["part"], row["sign"], row["kind"]) == ("code", "!", "wrong-by-construction")


def test_each_verdict_has_a_sign_and_a_name_of_its_own(claims):
    told = claim_table.tally(claims)
    assert [of.verdict for of in told] == [verdict.value for verdict in Verdict]
    assert [of.count for of in told] == [1, 1, 0, 1, 1, 1]
    assert len({of.sign for of in told}) == len({of.kind for of in told}) == 6
    assert all(" " not in of.kind for of in told)


def test_what_holds_what_does_not_and_what_is_open_are_all_there_is(claims):
    assert claim_table.count_claims(claims) == {"all": 5, "holding": 2, "failing": 2, "open": 1}
    assert {*claim_table.HOLDS, *claim_table.FAILS, Verdict.NOT_CHECKABLE} == set(Verdict)
