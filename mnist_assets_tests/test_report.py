import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import dagster as dg
import jinja2
import numpy as np
import pandas as pd
import pytest

from mnist_assets.assets import report as assets
from mnist_assets.declarations import Network
from mnist_assets.settings import read_settings
from mnist_assets.steps import (
    evaluation,
    exploration,
    formatting,
    grey,
    normalization,
    page_checks,
    report,
)
from mnist_assets.steps.comparison import compare_networks, comparison_row
from mnist_assets.steps.networks import parameters_of
from mnist_assets.steps.preparation import one_hot_examples
from mnist_assets_tests.tiny import CLASSES, SHAPE, make_digits

TEMPLATE = (assets.TEMPLATES / "notebook.html.jinja").read_text(encoding="utf-8")
STYLE = (assets.TEMPLATES / "notebook.css").read_text(encoding="utf-8")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (950).to_bytes(4, "big") + (380).to_bytes(4, "big")
PLAIN_PICTURES = (
    "sample_digits", "class_distribution", "average_digits", "extreme_digits", "grey_levels",
    "pixel_histogram", "pixel_range", "normalization", "normalized_digits", "comparison",
)  # fmt: skip
LAYERS = [{"kind": "dense", "units": 5}, {"kind": "batch_normalization"}]
TRAIN_IMAGES, TRAIN_LABELS = make_digits(40, 0)
TEST_IMAGES, TEST_LABELS = make_digits(16, 1)
SPLIT = {"train": np.arange(32, dtype=np.int32), "validation": np.arange(32, 40, dtype=np.int32)}


def declare(claim=None, layers=(), **optimizer):
    return Network.model_validate(
        {
            "description": "A network of a <test>.",
            "training": {
                "layers": list(layers),
                "optimizer": optimizer or {"kind": "adam", "learning_rate": 0.01},
                "batch_size": 8,
                "epochs": 2,
                "seed": 1,
            },
            "thresholds": {"validation_accuracy": 0.5, "generalization_gap": 0.1},
            "parameters": {"total": 1, "trainable": 1},
            "notebook_validation_accuracy": claim,
        }
    )


def probabilities(labels, wrong):
    """Certain predictions, of which the first `wrong` are the class after the true one."""
    predicted = (labels + (np.arange(len(labels)) < wrong)) % CLASSES
    return np.eye(CLASSES, dtype=np.float32)[predicted]


def history_of(val_accuracy):
    return pd.DataFrame(
        {
            "epoch": [1, 2],
            "loss": [0.75, 0.5],
            "accuracy": [0.5, 0.875],
            "val_loss": [0.7, 0.6],
            "val_accuracy": [0.5, val_accuracy],
            "seconds": [1.5, 1.5],
        }
    )


def tell(name, wrong=(2, 4), **declared):
    """A network wrong on the first so many validation and test images."""
    network = declare(**declared)
    validation = TRAIN_LABELS[SPLIT["validation"]]
    return report.NetworkStory(
        name=name,
        declared=network,
        parameters=parameters_of(network.training.layers, SHAPE, CLASSES),
        layers=report.layer_table(network.training.layers, SHAPE, CLASSES),
        history=history_of(1 - wrong[0] / len(validation)),
        evaluation=evaluation.evaluate(
            validation=(probabilities(validation, wrong[0]), validation),
            test=(probabilities(TEST_LABELS, wrong[1]), TEST_LABELS),
            classes=CLASSES,
        ),
    )


def compare(networks):
    return compare_networks(
        [
            comparison_row(
                network.name,
                parameters=network.parameters["total"],
                history=network.history,
                evaluation=network.evaluation,
            )
            for network in networks
        ]
    )


@pytest.fixture(scope="module")
def values():
    """What the graph's stages before the networks say of a tiny dataset, by asset name."""
    averages = exploration.average_digits(TRAIN_IMAGES, TRAIN_LABELS, CLASSES)
    return {
        "train_images": TRAIN_IMAGES,
        "test_images": TEST_IMAGES,
        "summary": exploration.summarise(TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS),
        "sample_digits": PNG,
        "class_distribution": exploration.class_distribution(TRAIN_LABELS, TEST_LABELS, CLASSES),
        "average_digits": averages,
        "extreme_digits": exploration.extreme_digits(TRAIN_IMAGES, TRAIN_LABELS, averages),
        "grey_levels": grey.grey_levels(TRAIN_IMAGES),
        "pixel_histogram": grey.pixel_histogram(TRAIN_IMAGES),
        "pixel_range": PNG,
        "split": SPLIT,
        "normalization": normalization.fit_normalization(TRAIN_IMAGES, SPLIT["train"], 25.5),
        "normalized_digits": PNG,
        "one_hot_examples": one_hot_examples(TRAIN_LABELS, CLASSES, 9),
    }


@pytest.fixture(scope="module")
def story(values):
    networks = [
        tell("simplest", (4, 8), claim=0.99),
        tell("best", claim=0.75, layers=LAYERS),
        tell("fourth", (3, 4), kind="sgd", learning_rate=0.1, momentum=0.9, nesterov=True),
    ]
    levels = values["grey_levels"]
    return report.Story(
        mnist=True,
        summary=values["summary"],
        class_distribution=values["class_distribution"],
        average_peaks=values["average_digits"].max(axis=(1, 2)).tolist(),
        extreme_digits=values["extreme_digits"],
        first_grey_levels=[35, 39, 24],
        grey_levels=grey.summarise_grey_levels(levels, usual=(20, 40), dark=10, light=75),
        pixel_counts=values["pixel_histogram"]["count"].tolist(),
        pixels=grey.summarise_pixels(values["pixel_histogram"], white_from=254),
        normalization={
            "std_floor": 25.5,
            "pixels_at_floor": 3,
            "validation": 4.5,
            "test": 5.5,
            "lowest": -1.25,
            "highest": 2.5,
            "leak_mean": 0.5,
            "leak_std": 0.25,
            "notebook": normalization.notebook_normalization_evidence(TRAIN_IMAGES, TEST_IMAGES),
        },
        one_hot=values["one_hot_examples"],
        split={"train": 32, "validation": 8},
        networks=networks,
        comparison=compare(networks),
        versions={"Python": "3.11.7", "keras": "9.9.9"},
    )


def pictures_of(story):
    kinds = ("history", "confusion", "ratios")
    of_networks = [f"{network.name}_{kind}" for network in story.networks for kind in kinds]
    return dict.fromkeys((*PLAIN_PICTURES, *of_networks), PNG)


def render(story, **changes):
    changed = replace(story, **changes)
    if "networks" in changes:
        changed = replace(changed, comparison=compare(changed.networks))
    return report.render_page(changed, pictures_of(changed), TEMPLATE, STYLE)


@pytest.fixture(scope="module")
def page(story):
    return render(story)


def plain(text):
    """A text with the signs of a keyboard in place of those of a printer."""
    signs = {
        "\N{NO-BREAK SPACE}": " ",
        "\N{EN DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
    return text.translate(str.maketrans(signs))


def text_of(page):
    """The page's text as it is read, white space and tags taken out."""
    body = page[page.index("<body>") :]
    text = plain(re.sub(r"<[^>]+>", " ", body)).replace("&lt;", "<")
    return re.sub(r"\s+(?=[.,;:)])|(?<=\()\s+", "", " ".join(text.split()))


def first_row(page, table):
    """The cells of a table's first row, its class first."""
    rows = re.search(rf'<table id="{table}">.*?<tbody>(.*?)</tr>', page, re.DOTALL)[1]
    return re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", plain(rows))


class Outline(HTMLParser):
    """What a screen reader finds: headings, ids, links, tables, pictures."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open = [], []
        self.unclosed = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            self.unclosed.append(tag)

    def all(self, *names):
        return [(tag, attributes) for tag, attributes in self.tags if tag in names]


# --- the page ---


def test_the_same_values_give_the_same_page(story, page):
    assert render(story) == page


def test_page_is_well_formed_with_headings_in_order_and_links_that_lead_somewhere(page):
    outline = Outline(page)
    assert outline.unclosed == outline.open == []
    levels = [int(tag[1]) for tag, _ in outline.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for _, attributes in outline.all("a")]
    assert len(links) > 30
    assert {link for link in links if link[1:] not in ids} == set()
    named = [attributes.get("aria-labelledby") for _, attributes in outline.all("section")]
    assert set(named) <= set(ids)


def test_every_section_is_in_the_contents_and_every_table_has_caption_and_scopes(page):
    navigation = re.search(r"<nav.*?</nav>", page, re.DOTALL)[0]
    sections = re.findall(r'<section id="([a-z-]+)" aria-labelledby="\1-title">\n<h2', page)
    assert re.findall(r'href="#([a-z-]+)"', navigation) == sections
    assert len(sections) == 16
    outline = Outline(page)
    assert len(outline.all("table")) == len(outline.all("caption")) > 30
    assert all("scope" in attributes for _, attributes in outline.all("th"))


def test_the_answer_is_computed(story, page):
    text = text_of(page)
    answer = text[text.index("The answer in a minute") : text.index("What is in the dataset")]
    # 12 of 16 right on test, 6 of 8 on validation; Wilson's bounds for 12 of 16: 0.5050, 0.8982.
    assert "Test accuracy 75.00 % 95 % interval 50.50-89.82 %" in answer
    assert "Validation accuracy 75.00 %" in answer
    assert "best reads 12 of 16 test images right" in answer
    assert "chosen among three networks" in answer
    assert "overlaps that of simplest and fourth" in answer
    assert "validation accuracy of 99.00 %; trained here it reaches 50.00 %" in answer
    assert "the claim lies above the interval" in answer
    assert "the notebook's figure for best lies inside" in answer
    misses = report.count_misses(story.extreme_digits)
    assert misses["least_similar"] == CLASSES
    assert "a wrong least similar one in all four classes" in answer


def test_numbers_of_every_part_of_the_story_are_shown(page):
    text = text_of(page)
    for expected in (
        "56 grey images of 12 x 10 pixels (uint8",  # the dataset
        "40 to train with, 16 to test with",
        "35, 39, 24",  # grey levels of the first images
        "3 of 120 pixels stand at that floor",
        "first nine images run from -1.2 to 2.5",
        "no pixel's mean moves by more than 0.50 grey levels, its standard deviation by 0.25",
        "(40,) becomes (40, 4)",
        "(n, 12, 10, 1)",
        "validation 8 (8, 12, 10, 1)",
        "SGD, learning rate 0.1, Nesterov momentum 0.9",
        "dense, relu (n, 5) 605",
        "batch normalisation (n, 5) 20",
        "All parameters 649 Of these, trained 639",
        "Its generalisation gap is +12.50 percentage points",
        "The notebook's code says 10 epochs, its log shows 13.",
        "best, test: confusion matrix",
        "keras 9.9.9",
    ):
        assert expected in text, expected
    assert page.count("A network of a &lt;test&gt;.") == 3


def test_totals_and_rates_stand_beside_the_notebooks(page):
    # best calls the first test image of each class the next class: 3 of 4 right in each.
    assert first_row(page, "best-counts-test") == (
        ["0", "3", "11", "1", "1", "8.333", "9.091", "25.00", "33.33"]
    )
    # Validation: one image each of classes 0 and 1 is called 1 and 2.
    assert first_row(page, "best-totals") == ["0", "2", "1", "-1", "4", "4", "0"]


def test_one_network_without_claim_or_mistake(story):
    page = render(story, networks=[tell("only", wrong=(0, 0))])
    text = text_of(page)
    assert "only reads 16 of 16 test images right. It was chosen among one network" in text
    assert "overlap" not in text
    assert "What held" not in text
    assert "commonest mistake" not in text
    assert page_checks.check_networks(page, ["only"]).passed


def test_networks_that_the_test_part_tells_apart(story):
    networks = [tell("right", (0, 0)), tell("wrong", (6, 14))]
    assert "No other network's test interval overlaps its own." in text_of(
        render(story, networks=networks)
    )


def test_no_pixel_is_constant(story):
    evidence = {
        "constant_pixels": 0,
        "test_images_lit": [],
        "test_pixels_lit": 0,
        "largest_absolute": 3.5,
        "largest_absolute_elsewhere": 3.5,
    }
    text = text_of(render(story, normalization={**story.normalization, "notebook": evidence}))
    assert "normalisation is fitted on the validation images, too." in text
    assert "No pixel of this dataset is constant in training, so it does no harm here." in text


def test_pixels_that_blow_up_are_named(story):
    evidence = {
        "constant_pixels": 2,
        "test_images_lit": [7024],
        "test_pixels_lit": 1,
        "largest_absolute": 2.4e11,
        "largest_absolute_elsewhere": None,
    }
    text = text_of(render(story, normalization={**story.normalization, "notebook": evidence}))
    assert "One test image has one such pixel lit: the network is fed 2.4 x 10¹¹" in text
    assert "One test image (number 7,024) has one pixel lit that never varies in training" in text
    assert "It lets two constant pixels explode: up to 2.4 x 10¹¹" in text


@pytest.mark.parametrize("mnist", [True, False])
def test_another_dataset_is_said_to_be_one(story, mnist):
    assert ("from a dataset other than MNIST" in render(story, mnist=mnist)) is not mnist


def test_a_picture_that_was_not_drawn_is_no_silent_gap(story):
    pictures = pictures_of(story)
    del pictures["grey_levels"]
    with pytest.raises(jinja2.UndefinedError, match="grey_levels"):
        report.render_page(story, pictures, TEMPLATE, STYLE)


# --- what is computed for it ---


def test_layer_table_by_hand():
    layers = declare(layers=[*LAYERS, {"kind": "dropout", "rate": 0.5}]).training.layers
    rows = report.layer_table(layers, (3, 2), 4)
    assert [tuple(row.values()) for row in rows] == [
        ("normalisation", [3, 2, 1], 0),
        ("flatten", [6], 0),
        ("dense, relu", [5], 35),
        ("batch normalisation", [5], 20),
        ("dropout", [5], 0),
        ("dense, softmax", [4], 24),
    ]
    total = sum(row["parameters"] for row in rows)
    assert total == parameters_of(layers, (3, 2), 4)["total"]


@pytest.mark.parametrize(
    ("claim", "verdict"), [(0.89, "below"), (0.9, "inside"), (0.95, "inside"), (0.96, "above")]
)
def test_claims_are_judged_by_the_interval(claim, verdict):
    assert report.judge_claim(claim, {"low": 0.9, "high": 0.95}) == verdict


def test_rivals_overlap_and_come_smallest_first(story):
    simplest, best, fourth = story.networks
    assert report.rivals_of(best, [best, fourth, simplest]) == [fourth, simplest]
    far = tell("far", wrong=(2, 16))
    assert report.rivals_of(best, [best, far]) == []


def test_misses_by_hand():
    table = pd.DataFrame(
        {
            "nearest_index": [1, 2],
            "nearest_distance": [10.0, 30.0],
            "notebook_nearest_index": [1, 9],
            "notebook_nearest_distance": [10.0, 50.0],
            "least_similar_index": [3, 4],
            "least_similar_distance": [90.0, 90.0],
            "notebook_least_similar_index": [5, 6],
            "notebook_least_similar_distance": [60.0, 40.0],
        }
    )
    assert report.count_misses(table) == {
        "classes": 2,
        "nearest": 1,
        "least_similar": 2,
        "inverted": 1,
        "further": 0.5,
    }


def test_odds_by_hand():
    figures = {
        "true_positives": 4,
        "false_negatives": 1,
        "false_positives": 2,
        "true_negatives": 8,
    }
    assert report.notebook_odds(figures) == {"false_positive": 0.25, "false_negative": 0.25}
    none = {**figures, "true_positives": 0, "true_negatives": 0}
    assert report.notebook_odds(none) == {"false_positive": None, "false_negative": None}


def test_embedded_picture_knows_its_size():
    picture = report.embed(PNG)
    assert (picture.width, picture.height) == (950, 380)
    assert picture.source.startswith("data:image/png;base64,iVBORw0KGgo")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formatting.number(38045844), "38,045,844"),
        (formatting.number(-0.004, 2), "0.00"),
        (formatting.number(-1234.5, 1), "-1,234.5"),
        (formatting.percent(0.97168), "97.17 %"),
        (formatting.percent(0.5, 0, ""), "50"),
        (formatting.interval({"low": 0.9668, "high": 0.97}), "96.68-97.00 %"),
        (formatting.interval({"low": 0.9668, "high": 0.97}, ""), "96.68-97.00"),
        (formatting.points(-0.0125), "-1.25 percentage points"),
        (formatting.points(0.0125), "+1.25 percentage points"),
        (formatting.probability(0.0002), "< 0.001"),
        (formatting.probability(0.9669), "= 0.967"),
        (formatting.power(2.4e11), "2.4 x 10¹¹"),
        (formatting.power(99_999), "99,999.0"),
        (formatting.power(1e5), "1.0 x 10⁵"),
    ],
)
def test_numbers_are_written_for_people(written, expected):
    assert plain(written) == expected


# --- checks ---


def test_page_passes_its_checks(story, page):
    assert page_checks.check_self_contained(page, 200_000).passed
    assert page_checks.check_pictures(page, pictures_of(story)).passed
    assert page_checks.check_networks(page, ["simplest", "best", "fourth"]).passed


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


# --- the style sheet ---


def contrast(first, second):
    """WCAG 2's contrast of two colours."""

    def luminance(colour):
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted([luminance(first), luminance(second)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_of_level_aa(scheme):
    colours = dict(re.findall(r"--(\w+): (#\w{6});", STYLE.split(":root {")[scheme + 1]))
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for text in ("ink", "muted", "ours", "theirs"):
        for ground in ("paper", "raised"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


# --- the asset ---


def test_the_asset_draws_every_picture_and_passes_its_checks(values, story):
    [network] = story.networks[:1]
    [asset] = assets.report_assets({network.name: network.declared}, read_settings())
    inputs = values | {
        "comparison": compare([network]),
        f"history_{network.name}": network.history,
        f"evaluation_{network.name}": network.evaluation,
    }

    class Source:
        facts = None

    result = asset.op.compute_fn.decorated_fn(source=Source(), **inputs)
    assert {check.check_name: check.passed for check in result.check_results} == {
        "self_contained": True,
        "pictures": True,
        "networks": True,
    }
    assert all(check.severity == dg.AssetCheckSeverity.ERROR for check in result.check_results)
    text = text_of(result.value)
    assert "from a dataset other than MNIST" in text
    floored = (values["normalization"]["std"] == np.float32(25.5)).sum()
    assert f"{floored} of 120 pixels stand at that floor" in text
    assert len(re.findall("<img ", result.value)) == len(PLAIN_PICTURES) + 3


def key_of(*parts):
    return dg.AssetKey(parts)


def test_a_fourth_network_is_read_by_itself():
    [few] = assets.report_assets({"one": declare()}, read_settings())
    [more] = assets.report_assets({"one": declare(), "split": declare()}, read_settings())
    assert few.key == more.key == key_of("report", "notebook")
    added = set(more.dependency_keys) - set(few.dependency_keys)
    assert added == {key_of("networks", "split_history"), key_of("evaluation", "split")}


def code_version_of(networks):
    [asset] = assets.report_assets(networks, read_settings())
    return asset.code_versions_by_key[asset.key]


def test_template_style_and_versions_count_as_code(tmp_path, monkeypatch):
    networks = {"one": declare()}
    before = code_version_of(networks)
    assert code_version_of(networks) == before
    versions = {before}
    for name, text in (("notebook.html.jinja", TEMPLATE), ("notebook.css", STYLE)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(assets, "TEMPLATES", tmp_path)
    for name in ("notebook.html.jinja", "notebook.css"):
        (tmp_path / name).write_text("changed", encoding="utf-8")
        versions.add(code_version_of(networks))
    monkeypatch.setattr(assets, "version", lambda _: "0.0.0")
    versions.add(code_version_of(networks))
    versions.add(code_version_of({"one": declare(claim=0.5)}))
    assert len(versions) == 5


def test_a_package_under_another_name_is_no_error(monkeypatch):
    def missing(name):
        raise assets.PackageNotFoundError(name)

    monkeypatch.setattr(assets, "version", missing)
    versions = assets.installed_versions()
    assert versions["tensorflow"] == "unknown"
    assert re.fullmatch(r"3\.\d+\.\d+.*", versions["Python"])
