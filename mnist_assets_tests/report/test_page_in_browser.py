"""The canvas in a real browser: what it computes is what the graph computes, and it answers."""

import json
import re
from base64 import b64decode, b64encode

import numpy as np
import pytest

from mnist_assets.evaluation.predictions import predict
from mnist_assets.inference.background import find_ink
from mnist_assets.inference.digits import find_digits, prepare
from mnist_assets.inference.parts import find_parts
from mnist_assets.report.assets.page import TEMPLATES
from mnist_assets_tests.report.browser import ONE, SEVEN, ZERO, needs_browser, read_drawings, visit
from mnist_assets_tests.report.test_page_network import learnt_network, make_images, render
from mnist_assets_tests.tiny import CLASSES, SHAPE

pytestmark = [pytest.mark.slow, needs_browser]

STYLE = "".join(
    (TEMPLATES / name).read_text(encoding="utf-8") for name in ("notebook.css", "canvas.css")
)
# A one, a zero and a seven side by side, small.
SEVERAL = [
    [(0.05 + 0.3 * digit + 0.25 * x, 0.3 + 0.3 * y) for x, y in stroke]
    for digit, strokes in enumerate((ONE, ZERO, SEVEN))
    for stroke in strokes
]
NOTHING = "\N{EN DASH}"
# All in one visit, since each takes a second.
SCRIPT = """
const computed = {
  probabilities: IMAGES.map((image) => digitReader.probabilities(decode(image))),
  found: INKS.map(({ levels, width, height }) =>
    digitReader
      .findDigits({ levels: decode(levels), width, height })
      .map(({ image, number }) => [encode(image), number]),
  ),
};
const texts = (selector) => Array.from(document.querySelectorAll(selector), (e) => e.textContent);
const seen = () => ({
  digit: text("draw-digit"),
  status: text("draw-status"),
  bars: texts("#draw-bars b"),
  first: texts("#draw-bars .first span:first-child"),
  hint: document.getElementById("draw-hint").checkVisibility(),
  lit: litShare(document.getElementById("draw-canvas")),
  preview: litShare(document.getElementById("draw-preview")),
});
const litShare = (canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  return data.filter((level, index) => index % 4 === 0 && level > 127).length / (data.length / 4);
};
const visible = document.getElementById("draw-app").checkVisibility();
const start = seen();
const drawn = DRAWINGS.map((strokes) => {
  click("draw-clear");
  draw(strokes);
  const picture = digitReader.picture();
  const images = digitReader.findDigits(picture).map(({ image }) => encode(image));
  return { picture: { ...picture, levels: encode(picture.levels) }, images, seen: seen() };
});
click("draw-clear");
draw([DRAWINGS[0][0], DRAWINGS[0][0].map(([x, y]) => [1 - y, x])]);
const crossed = seen();
click("draw-undo");
const undone = seen();
click("draw-clear");
const cleared = seen();
draw([Array.from({ length: 60 }, (_, turn) => [turn % 4 < 2 ? 0 : 1, Math.ceil(turn / 2) / 29])]);
const full = seen();
const examples = [...document.querySelectorAll("#draw-examples button")].map((button) => {
  button.click();
  return seen();
});
draw(DRAWINGS[0]);
const again = seen();
click("draw-clear");
send("pointerdown", DRAWINGS[0][0][0]);
DRAWINGS[0][0].slice(1).forEach((point) => send("pointermove", point));
send("pointermove", [0.9, 0.1], false);
const released = seen(); // where the browser could not see it
send("pointermove", [0.1, 0.1]);
await frame();
const widths = [innerWidth, document.documentElement.scrollWidth];
return {
  ...computed, visible, start, drawn, crossed, undone, cleared, full, examples, again, widths,
  released, later: seen(),
};
"""


def pictures():
    """Pictures as people have them: of any size, either way round, with dust and noise."""
    generator = np.random.default_rng(0)
    made = []
    for number in range(14):
        height, width = generator.integers(24, 220, 2)
        y, x = np.indices((height, width)) + 0.5
        corners = generator.uniform(0.15, 0.85, (4, 2)) * (height, width)
        pen = max(height, width) * generator.uniform(0.03, 0.1)
        picture = np.zeros((height, width))
        for share in np.linspace(0, 1, 200):
            place, rest = divmod(share * 2.999, 1)
            top, left = corners[int(place)] * (1 - rest) + corners[int(place) + 1] * rest
            distance = np.hypot(y - top, x - left)
            picture = np.maximum(picture, 255 * np.clip(pen / 2 + 0.5 - distance, 0, 1))
        if number % 3 == 1:
            picture = 255 - picture * generator.uniform(0.4, 1)
        if number % 3 == 2:
            picture = 30 + 0.7 * picture + generator.normal(0, 4, picture.shape)
            picture[2:4, 2:4] = 255
        made.append(picture.clip(0, 255).astype(np.uint8))
    exact, small = np.zeros((20, 20), np.uint8), np.zeros((9, 7), np.uint8)
    exact[:, 8:12] = 255  # as large as the box already
    small[1:8, 2:5] = 90
    heavy = np.zeros((60, 60), np.uint8)  # at the top, so that centring it would push it out below
    heavy[5:18, 10:50] = heavy[18:55, 29:31] = 255
    faint, dot = np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.uint8)
    faint[5:30, 18:22] = 20
    dot[7:10, 7:10] = 255
    return [*made, exact, small, heavy, heavy[::-1], faint, dot, np.zeros((30, 30), np.uint8)]


def inks():
    """The ink of these pictures; of broken strokes; of several digits, in lines and apart."""
    single = [find_ink(picture) for picture in pictures()]
    pieces = np.zeros((120, 200), np.uint8)
    pieces[10:60, 20:26] = pieces[10:15, 32:50] = 255  # a bar beside, as of a 5
    pieces[5:30, 100:120] = pieces[32:62, 96:118] = 200  # broken in two
    pieces[70:110, 20:60] = np.eye(40, dtype=np.uint8) * 255  # the next line, a hair line
    pieces[72:112, 150:190] = 255 - np.pad(np.full((20, 20), 255, np.uint8), 10)  # thick, far away
    pieces[40, 180] = 255  # dust
    apart = np.zeros((90, 240), np.uint8)
    for left, ink in zip((5, 70, 160), single, strict=False):
        height, width = min(ink.shape[0], 80), min(ink.shape[1], 60)
        apart[5 : 5 + height, left : left + width] = ink[:height, :width]
    return [*single, pieces, apart]


def prepared(ink, shape):
    """The images that the graph makes of ink, and their numbers."""
    return [(prepare(part.ink, shape), part.number) for part in find_parts(ink)]


def encode(array):
    return b64encode(array.tobytes()).decode()


def as_image(text, shape):
    return np.frombuffer(b64decode(text), np.uint8).reshape(shape)


def page_of(model):
    return (
        '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Canvas</title>'
        f'<style>{STYLE}</style></head><body><main><section id="draw">{render(model)}</section>'
        "</main></body></html>"
    )


@pytest.fixture(scope="module", params=[((28, 28), 10), (SHAPE, CLASSES)], ids=["mnist", "tiny"])
def visited(request, tmp_path_factory):
    """A network, images, and what the browser made of them and of drawings."""
    model = learnt_network(*request.param)
    images, _ = make_images(250, *request.param, seed=1)
    given = {
        "IMAGES": [encode(image) for image in images],
        "INKS": [
            {"levels": encode(ink), "width": ink.shape[1], "height": ink.shape[0]} for ink in inks()
        ],
        "DRAWINGS": [ONE, ZERO, SEVEN, SEVERAL],
    }
    constants = [f"const {name} = {json.dumps(value)};" for name, value in given.items()]
    decode = "const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));"
    script = "\n".join([*constants, decode, SCRIPT])
    came = visit(page_of(model), tmp_path_factory.mktemp("browser"), script)
    assert came.console == []
    return model, images, came.value


def test_probabilities_are_kerass(visited):
    model, images, value = visited
    expected = predict(model, images, 125)
    assert np.ptp(expected, axis=0).min() > 0.1
    found = np.array(value["probabilities"])
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-5
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)


def test_pictures_are_prepared_as_the_graph_prepares_them(visited):
    model, _, value = visited
    shape = model.input_shape[1:3]
    expected = [prepared(ink, shape) for ink in inks()]
    assert [bool(images) for images in expected] == [True] * 18 + [False] * 3 + [True] * 2
    assert [number for _, number in expected[-2]] == [0, 0, 1, 2]
    for place, (found, images) in enumerate(zip(value["found"], expected, strict=True)):
        assert [number for _, number in found] == [number for _, number in images], place
        for (text, _), (image, _) in zip(found, images, strict=True):
            difference = as_image(text, shape).astype(int) - image
            assert np.abs(difference).max() <= 1, place


def test_drawings_are_prepared_as_the_graph_prepares_them(visited):
    model, _, value = visited
    shape = model.input_shape[1:3]
    for drawn in value["drawn"]:
        picture = drawn["picture"]
        assert max(picture["width"], picture["height"]) == 280
        assert picture["width"] == round(280 * shape[1] / shape[0])
        levels = as_image(picture["levels"], (picture["height"], picture["width"]))
        assert 0.02 < (levels > 127).mean() < 0.3
        images = [digit.image for digit in find_digits(levels, shape)]
        for text, image in zip(drawn["images"], images, strict=True):
            assert np.abs(as_image(text, shape).astype(int) - image).max() <= 1
    assert [len(drawn["images"]) for drawn in value["drawn"]] == [1, 1, 1, 3]


def test_a_stroke_is_drawn_where_the_pointer_goes(visited):
    _, _, value = visited
    one = value["drawn"][0]["picture"]
    levels = as_image(one["levels"], (one["height"], one["width"]))
    rows, columns = (np.flatnonzero(levels.any(axis=axis)) for axis in (1, 0))
    pen = 22
    np.testing.assert_allclose(
        [rows[0], rows[-1] + 1], [0.15 * 280 - pen / 2, 0.85 * 280 + pen / 2], atol=2
    )
    middle = one["width"] / 2
    np.testing.assert_allclose(
        [columns[0], columns[-1] + 1], [middle - pen / 2, middle + pen / 2], atol=2
    )
    assert set(levels[140, columns[2] : columns[-2]]) == {255}
    # What one sees is as light as what is read.
    assert value["drawn"][0]["seen"]["lit"] == pytest.approx((levels > 127).mean(), abs=0.01)


def test_what_is_shown_is_what_keras_says_of_the_drawing(visited):
    model, _, value = visited
    for drawn in value["drawn"][:3]:
        image = as_image(drawn["images"][0], model.input_shape[1:3])
        expected = predict(model, image[None], 1)[0]
        seen = drawn["seen"]
        best = str(expected.argmax())
        assert seen["digit"] == best
        assert seen["first"] == [best]
        assert seen["status"].startswith(f"The network reads {best} (")
        assert seen["preview"] == pytest.approx((image > 127).mean(), abs=1e-6)
        shares = [float(share.removesuffix("\N{NO-BREAK SPACE}%")) / 100 for share in seen["bars"]]
        np.testing.assert_allclose(shares, expected, atol=0.00051)


def test_several_digits_are_all_answered(visited):
    model, _, value = visited
    drawn = value["drawn"][3]
    images = np.stack([as_image(text, model.input_shape[1:3]) for text in drawn["images"]])
    expected = predict(model, images, len(images))
    digits = "".join(map(str, expected.argmax(axis=1)))
    seen = drawn["seen"]
    assert seen["digit"].replace(" ", "") == digits
    assert re.findall(r"(\d+) \(", seen["status"]) == list(digits)
    least = expected[expected.max(axis=1).argmin()]
    assert seen["first"] == [str(least.argmax())]
    shares = [float(share.removesuffix("\N{NO-BREAK SPACE}%")) / 100 for share in seen["bars"]]
    np.testing.assert_allclose(shares, least, atol=0.00051)
    assert seen["preview"] == pytest.approx((images > 127).mean(), abs=1e-6)


def test_an_empty_canvas_and_a_full_one_are_not_read(visited):
    _, _, value = visited
    assert value["visible"]
    assert value["start"] == value["cleared"]
    assert value["start"]["hint"]
    assert value["start"]["lit"] == value["start"]["preview"] == 0
    assert set(value["start"]["bars"]) == {NOTHING}
    assert value["start"]["status"] == "Nothing is drawn yet."
    assert not value["drawn"][0]["seen"]["hint"]
    assert value["full"]["lit"] > 0.99
    assert value["full"]["digit"] == NOTHING
    assert value["full"]["status"] == "Nothing stands out from the background."


def test_a_stroke_is_undone(visited):
    _, _, value = visited
    assert value["crossed"]["lit"] > 1.3 * value["undone"]["lit"]
    assert value["undone"] == value["drawn"][0]["seen"] == value["again"]


def test_a_stroke_ends_though_the_button_was_released_outside_the_window(visited):
    _, _, value = visited
    assert value["released"] == value["later"] == value["drawn"][0]["seen"]


def test_each_example_is_read_as_keras_reads_it(visited):
    model, _, value = visited
    shape, classes = model.input_shape[1:3], model.output_shape[1]
    images, labels = make_images(20, shape, classes)
    firsts = np.array([np.flatnonzero(labels == digit)[0] for digit in range(classes)])
    expected = predict(model, images[firsts], classes).argmax(axis=1)
    assert [seen["digit"] for seen in value["examples"]] == [str(digit) for digit in expected]
    for digit, seen in enumerate(value["examples"]):
        assert seen["status"].endswith(f"It is a test image of {digit}.")
        assert seen["lit"] == pytest.approx((images[firsts[digit]] > 127).mean(), abs=0.02)


def test_the_canvas_fits_the_window(visited):
    _, _, value = visited
    width, needed = value["widths"]
    assert needed <= width


def test_messages_on_the_console_are_caught(tmp_path):
    page = '<!doctype html><body><script>console.warn("odd \\"one\\"")</script></body>'
    came = visit(page, tmp_path, 'console.log("two\\nlines"); throw new Error("broken")')
    assert came.value is None
    first, second, third = came.console
    assert first == 'odd "one"'
    assert second == "two\nlines"
    assert "Error: broken" in third


def test_drawings_alone_are_read_as_among_all_else(visited, tmp_path):
    model, _, value = visited
    came = read_drawings(page_of(model), tmp_path, [ONE, ZERO, SEVEN])
    assert came.value == [drawn["seen"]["digit"] for drawn in value["drawn"][:3]]
    assert came.console == []
