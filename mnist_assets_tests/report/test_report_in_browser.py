"""The whole page in a real browser: nothing on its console, nothing broken, nothing too wide."""

import json
import re
from base64 import b64encode

import pytest

from mnist_assets.claims.table import by_heading
from mnist_assets_tests.report.browser import ONE, needs_browser, visit
from mnist_assets_tests.report.stories import (
    CANVAS,
    champion_of,
    make_story,
    of_mnist,
    render,
    study_of,
)
from mnist_assets_tests.report.test_page_network import learnt_network
from mnist_assets_tests.report.test_page_network import render as render_canvas
from mnist_assets_tests.tiny import CLASSES, SHAPE

pytestmark = [pytest.mark.slow, needs_browser]

SCRIPT = """
const visible = () => [...document.querySelectorAll("#claims-table tr[id]")]
  .filter((row) => row.checkVisibility()).map((row) => row.className);
const headings = () => [...document.querySelectorAll("#claims-table .heading")]
  .filter((row) => row.checkVisibility()).length;
const all = visible();
const chosen = {};
for (const input of document.querySelectorAll(".filter input")) {
  input.click();
  chosen[input.value] = [visible(), headings()];
}
document.querySelector(".filter input").click();
const pictures = [...document.images].map((image) => [image.id, image.naturalWidth]);
draw(DRAWING);
const digit = text("draw-digit");
const frame360 = document.createElement("iframe");
frame360.style.cssText = "border: 0; width: 360px; height: 800px";
const copy = document.documentElement.cloneNode(true);
copy.querySelectorAll("script").forEach((script) => script.remove());
frame360.srcdoc = copy.outerHTML;
document.body.append(frame360);
await new Promise((loaded) => { frame360.onload = loaded; });
const phone = frame360.contentDocument;
const wide = [...phone.querySelectorAll("body *")]
  .filter((part) => part.getBoundingClientRect().right > 361)
  .filter((part) => !part.closest(".scroll, .card, nav"))
  .map((part) => part.outerHTML.slice(0, 80));
return {
  all, chosen, pictures, digit, wide,
  widths: [innerWidth, document.documentElement.scrollWidth, phone.documentElement.scrollWidth],
};
"""


@pytest.fixture(scope="module")
def story():
    story = make_story()
    networks = [of_mnist(network) for network in story["networks"]]
    return story | {
        "networks": networks,
        "champion": champion_of(networks[1]),
        "study": study_of({}, simplest=0.95, best=0.97, fourth=0.95),
    }


def make_png():
    from matplotlib.figure import Figure

    from mnist_assets.plots.style import to_png

    return to_png(Figure(figsize=(9.5, 3.8)))


@pytest.fixture(scope="module")
def visited(story, tmp_path_factory):
    page = render(story)
    source = f"data:image/png;base64,{b64encode(make_png()).decode()}"
    page = re.sub(r"data:image/png;base64,[^\"]+", source, page)
    canvas = render_canvas(learnt_network(SHAPE, CLASSES))
    page = page.replace(CANVAS, canvas)
    script = f"const DRAWING = {json.dumps(ONE)};\n{SCRIPT}"
    return visit(page, tmp_path_factory.mktemp("report"), script)


def test_nothing_is_told_on_the_console_and_every_picture_is_there(visited):
    assert visited.console == []
    assert len(visited.value["pictures"]) > 30
    assert {width for _, width in visited.value["pictures"]} == {950}


def test_a_drawn_digit_is_read(visited):
    assert visited.value["digit"] in set("0123")


def test_a_verdict_chosen_shows_its_claims_alone(visited, story):
    everything = visited.value["all"]
    assert len(everything) == len(story.claims)
    assert len(visited.value["chosen"]) == 7
    kinds_under = [{claim["kind"] for claim in claims} for _, claims in by_heading(story.claims)]
    for kind, (shown, headings) in visited.value["chosen"].items():
        expected = everything if kind == "all" else [each for each in everything if each == kind]
        assert shown == expected, kind
        assert headings == sum(kind in {"all", *kinds} for kinds in kinds_under), kind
    assert visited.value["chosen"]["all"][1] > visited.value["chosen"]["reproduced"][1] > 1


def test_nothing_is_wider_than_the_window_nor_than_a_phone(visited):
    window, needed, on_a_phone = visited.value["widths"]
    assert needed <= window
    assert visited.value["wide"] == []
    assert on_a_phone <= 360
