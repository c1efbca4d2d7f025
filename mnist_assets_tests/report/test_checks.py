"""What any page has to be, passing and failing."""

import pytest

from mnist_assets.report import checks as page_checks
from mnist_assets_tests.report.stories import make_story, pictures_of, render


@pytest.fixture(scope="module")
def story():
    return make_story()


@pytest.fixture(scope="module")
def page(story):
    return render(story)


def verdicts(story):
    return dict(zip(story["claims"]["id"], story["claims"]["verdict"], strict=True))


def test_page_passes_its_checks(story, page):
    assert page_checks.check_self_contained(page, 300_000).passed
    assert page_checks.check_pictures(page, pictures_of(story)).passed
    assert page_checks.check_networks(page, ["simplest", "best", "fourth"]).passed
    assert page_checks.check_claims(page, verdicts(story)).passed


@pytest.mark.parametrize(
    ("added", "loads"),
    [
        ('<script src="https://example.org/a.js"></script>', "script"),
        ('<script src="data:text/javascript,1"></script>', "script"),
        ('<link rel="stylesheet" href="a.css">', "link"),
        ('<img src="picture.png">', "img"),
        ('<img srcset="data.png 2x">', "img"),
        ('<iframe src="about:blank"></iframe>', "iframe"),
        ('<svg><use href="icons.svg#a"></use></svg>', "use"),
        ("<style>@import 'a.css';</style>", "@import"),
        ("<style>p { background: url(https://example.org/a.png) }</style>", "url("),
        ('<p style="background: url(a.png)">', "url("),
        ('<meta http-equiv="Refresh" content="0; url=a.html">', "refresh"),
    ],
)
def test_a_page_that_loads_something_is_not_self_contained(page, added, loads):
    finding = page_checks.check_self_contained(page.replace("</body>", f"{added}</body>"), 10**6)
    assert not finding.passed
    assert finding.binding
    assert loads in " ".join(finding.seen["loads"])


@pytest.mark.parametrize(
    "added",
    [
        '<a href="https://example.org">a link</a>',
        "<script>document.title = 'inline'</script>",
        "<style>p { background: url(data:image/png;base64,AAAA) }</style>",
        '<svg><use href="#a"></use></svg>',
    ],
)
def test_a_page_may_link_and_hold_its_own_scripts(page, added):
    assert page_checks.check_self_contained(
        page.replace("</body>", f"{added}</body>"), 10**6
    ).passed


def test_a_page_too_large_is_found():
    page = "<p>é</p>"  # 9 bytes
    assert page_checks.check_self_contained(page, 9).passed
    finding = page_checks.check_self_contained(page, 8)
    assert not finding.passed
    assert finding.seen["bytes"] == 9
    assert finding.binding is False  # it can be read nevertheless


def test_pictures_absent_doubled_silent_or_not_embedded_are_found():
    def image(name, alt="text", src="data:image/png;base64,AA"):
        return f'<img id="picture-{name}" alt="{alt}" src="{src}">'

    assert page_checks.check_pictures(image("a") + image("b"), ["a", "b"]).passed
    absent = page_checks.check_pictures(image("a"), ["a", "b"])
    assert (absent.passed, absent.seen["not_once"]) == (False, ["b"])
    doubled = page_checks.check_pictures(image("a") * 2, ["a"])
    assert (doubled.passed, doubled.seen["not_once"]) == (False, ["a"])
    silent = page_checks.check_pictures(image("a", alt=" "), ["a"])
    assert silent.seen["without_alternative_text"] == ["picture-a"]
    assert not silent.passed
    assert not page_checks.check_pictures(image("a", src="a.png"), ["a"]).passed


def test_a_network_without_its_sections_is_found(page):
    finding = page_checks.check_networks(page, ["best", "fifth"])
    assert not finding.passed
    assert finding.seen["sections_absent"] == ["network-fifth", "evaluation-fifth"]
    half = page.replace('<section id="evaluation-best"', "<section")
    assert page_checks.check_networks(half, ["best"]).seen["sections_absent"] == ["evaluation-best"]


def test_a_claim_absent_doubled_or_with_another_verdict_is_found(story, page):
    def wrong(changed, expected=None):
        finding = page_checks.check_claims(changed, expected or verdicts(story))
        assert not finding.passed
        return finding.seen["wrong"]

    row = (
        page[page.index('<tr role="row" id="claim-ten-classes"') :].partition("</tr>")[0] + "</tr>"
    )
    assert wrong(page.replace(row, "")) == ["ten-classes"]
    assert wrong(page.replace(row, row * 2)) == ["ten-classes"]
    others = verdicts(story) | {"ten-classes": "reproduced"}
    assert verdicts(story)["ten-classes"] != "reproduced"
    assert wrong(page, others) == ["ten-classes"]
    assert wrong(page.replace(row, row + row.replace("claim-ten-classes", "claim-eleven"))) == [
        "eleven"
    ]
