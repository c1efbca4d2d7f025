"""What the report tells of the notebook's own words and figures."""

from mnist_assets.claims.facts import copied_from, notebook_facts
from mnist_assets.claims.notebook import Epoch


def test_facts_of_the_notebook():
    facts = notebook_facts()
    assert facts.words["centred-around-28"] == "centered around 28"
    assert facts.says["centred-around-28"] == 28
    assert facts.untested == "best"
    assert facts.guard == 1e-10
    assert facts.nearer_than == (10, -5)
    log = facts.logs["simplest"]
    assert (log.epochs_in_code, log.epochs, log.copied_from) == (10, 13, 9)
    assert facts.logs["given"].copied_from is None


def test_copies_count_from_where_all_that_follow_are_copies():
    real, copy = Epoch(1, 0.5, 0.8, 0.4, 0.9), Epoch(1, 0.5, 0.8, 0.5, 0.8)
    assert copied_from([real, copy, copy]) == 2
    assert copied_from([copy, real, copy]) == 3
    assert copied_from([copy, real]) is None
    assert copied_from([copy]) == 1
