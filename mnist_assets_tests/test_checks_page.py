"""The page docs/checks.md names exactly the checks of the graph, with their groups."""

from mnist_assets_tests.checks_page import COMMAND, DERIVED, PAGE, checks, render


def test_the_page_tells_of_every_check_of_the_graph():
    assert PAGE.read_text(encoding="utf-8") == render(), f"run {COMMAND}"


def test_every_derived_bound_says_how_often_it_fails_without_a_fault():
    derived = {name for (_, name), (group, _, _) in checks().items() if group == "derived"}
    assert derived == set(DERIVED)


def test_every_check_is_of_one_of_the_three_groups():
    groups = {group for group, _, _ in checks().values()}
    assert groups == {"exact", "derived", "mnist"}
