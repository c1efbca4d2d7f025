"""The page: its form, and the values it shows."""

import re
from copy import deepcopy
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from mnist_assets.report import checks as page_checks
from mnist_assets.report import page as report
from mnist_assets.report.assets.page import TEMPLATES, read_templates
from mnist_assets.report.facts import count_misses
from mnist_assets_tests.report.stories import (
    CANVAS,
    PNG,
    STYLE,
    TUNING_PICTURES,
    champion_of,
    make_story,
    of_mnist,
    pictures_of,
    plain,
    render,
    robustness_of,
    rows_of,
    searches_of,
    section_of,
    study_of,
    tell,
    text_of,
    tuning_of,
)
from mnist_assets_tests.tiny import CLASSES

SECTIONS = (
    "answer", "basics", "first-nine", "classes", "averages", "similar", "grey", "range",
    "normalisation", "one-hot", "split", "networks", "evaluation", "comparison", "study", "tuning",
    "quality", "mistakes", "claims", "draw", "versions",
)  # fmt: skip


class Outline(HTMLParser):
    """What a screen reader finds: headings, ids, links, tables, pictures."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open = [], []
        self.unclosed = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            self.unclosed.append(tag)

    def all(self, *names):
        return [(tag, attributes) for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def story():
    return make_story()


@pytest.fixture(scope="module")
def page(story):
    return render(story)


@pytest.fixture(scope="module")
def full_story(story):
    """The same with all that need not be there: MNIST's own facts, a champion, a study."""
    networks = [of_mnist(network) for network in story["networks"]]
    claims = {of["name"]: of["declared"].notebook_validation_accuracy for of in networks}
    return story | {
        "networks": networks,
        "champion": champion_of(networks[1]),
        "study": study_of(claims, simplest=0.95, best=0.97, fourth=0.95),
        "tuning": tuning_of("simplest", "best"),
        "searches": searches_of(),
    }


@pytest.fixture(scope="module")
def full_page(full_story):
    return render(full_story)


# --- its form ---


def test_the_same_values_give_the_same_page(story, page):
    assert render(story) == page


@pytest.mark.parametrize("made", ["page", "full_page"])
def test_page_is_well_formed_with_headings_in_order_and_links_that_lead_somewhere(made, request):
    outline = Outline(request.getfixturevalue(made))
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


def test_every_section_is_in_the_contents_and_every_table_has_caption_and_scopes(full_page):
    navigation = re.search(r"<nav.*?</nav>", full_page, re.DOTALL)[0]
    sections = re.findall(r'<section id="([a-z-]+)" aria-labelledby="\1-title">\n<h2', full_page)
    assert re.findall(r'href="#([a-z-]+)"', navigation) == sections == list(SECTIONS)
    outline = Outline(full_page)
    assert len(outline.all("table")) == len(outline.all("caption")) > 40
    assert all("scope" in attributes for _, attributes in outline.all("th"))


def test_every_template_is_part_of_the_page():
    included = {"notebook.html.jinja", "canvas.html.jinja"}
    for text in read_templates().values():
        included |= set(re.findall(r'{% from "([^"]+)"', text))
        for folder, loop in re.findall(r'{% include "(\w+)/" ~ (\w+) ~ "', text):
            names = re.search(rf"{{% for {loop} in \[(.*?)\] %}}", text, re.DOTALL)[1]
            included |= {f"{folder}/{name}.html.jinja" for name in re.findall('"([^"]+)"', names)}
    assert included == set(read_templates())


def test_a_picture_that_was_not_drawn_is_no_silent_gap(story):
    pictures = pictures_of(story)
    alternative = re.search(
        'id="picture-grey_levels" alt="([^"]*)"',
        report.render_page(story, pictures, CANVAS, read_templates(), STYLE),
    )[1]
    wanted = list(pictures)
    del pictures["grey_levels"]
    page = report.render_page(story, pictures, CANVAS, read_templates(), STYLE)
    assert 'id="picture-grey_levels"' not in page
    assert f"A picture that is missing: {alternative}" in page
    found = page_checks.check_pictures(page, wanted)
    assert not found.passed
    assert found.seen["not_once"] == ["grey_levels"]


def test_embedded_picture_knows_its_size():
    picture = report.embed(PNG)
    assert (picture.width, picture.height) == (950, 380)
    assert picture.source.startswith("data:image/png;base64,iVBORw0KGgo")


# --- the answer ---


def test_the_answer_is_computed(story, page):
    answer = text_of(section_of(page, "answer"))
    # 12 of 16 right on test, 6 of 8 on validation; Wilson's bounds for 12 of 16: 0.5050, 0.8982.
    assert "Test accuracy 75.00 % 95 % interval 50.50-89.82 %" in answer
    assert "Validation accuracy 75.00 %" in answer
    assert "best reads 12 of 16 test images right" in answer
    assert "chosen among three networks" in answer
    assert "overlaps that of simplest and fourth" in answer
    assert "validation accuracy of 99.00 %; trained here it reaches 50.00 %" in answer
    assert "the claim lies above the interval" in answer
    assert "Its log had begun to repeat the training figures." in answer
    assert "What held: the notebook's figure for best lies inside" in answer
    assert count_misses(story["extreme_digits"])["least_similar"] == CLASSES
    assert "a wrong least similar one in all four classes" in answer
    assert (
        "reads 100.0 % right, of the same ones 50.0 % when moved by two pixels and 25.0 %" in answer
    )
    assert "One run is an anecdote" not in answer
    assert "champion" not in answer


def test_the_answer_counts_the_claims(story, page):
    answer = section_of(page, "answer")
    count = len(story["claims"])
    assert f"{count // 3} <small>of {count}</small>" in answer
    assert f"<b>{count // 6}</b> wrong by construction" in answer
    elsewhere = section_of(render(story, mnist=False), "answer")
    assert "claims</dt>" in answer
    assert "claims</dt>" not in elsewhere
    assert "wrong by construction" not in elsewhere


def test_the_answer_tells_of_study_and_champion_where_they_are(full_page):
    answer = text_of(section_of(full_page, "answer"))
    assert "With 10 seeds best reads 96.45 ± 0.30 % of the test images right" in answer
    assert "the notebook's validation accuracy lies below all 10 runs" in answer
    assert "Seed by seed it is 2.00 percentage points ahead of simplest, more than chance" in answer
    assert "The champion, which serves, is 0001-best." in answer


def test_a_network_that_nothing_breaks(story):
    unbroken = robustness_of(0.9, 0.8).query("distortion != 'inversion'")
    rows = {"robustness": unbroken.to_dict("records")}
    networks = [network | rows for network in story["networks"]]
    text = text_of(render(story, networks=networks))
    assert "None of the distortions tried costs it more than 40 % of its accuracy." in text


# --- the story ---


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
        "The notebook's code says 10 epochs, its log shows 13. From epoch 9 on the log repeats",
        "The notebook calls this the “Model with highest test accuracy”. It never shows it a test",
        "10^-5 is an exclusive or, -15,",
        "by adding 10⁻¹⁰ to the standard deviation",
        "about 3.8 x 10⁷ pixels are 0, and about 2.0 x 10⁶ are 255 “or almost”",
        "best, test: confusion matrix",
        "keras 9.9.9",
    ):
        assert expected in text, expected
    assert page.count("A network of a &lt;test&gt;.") == 3


def test_figures_of_the_notebook_follow_its_data_file(story):
    says = {**story["notebook"].says, "centred-around-28": 29, "black-pixels": 41_000_000}
    words = {**story["notebook"].words, "normal-form": "<they> look normal"}
    changed = replace(story["notebook"], says=says, words=words, guard=1e-7, nearer_than=(10, -6))
    page = render(story, notebook=changed)
    text = text_of(page)
    assert "It says 29." in text
    assert "about 4.1 x 10⁷ pixels are 0" in text
    assert "by adding 10⁻⁷ to the standard deviation" in text
    assert "10^-6 is an exclusive or, -16," in text
    assert "&lt;they&gt; look normal" in page


def test_totals_and_rates_stand_beside_the_notebooks(page):
    # best calls the first test image of each class the next class: 3 of 4 right in each.
    assert rows_of(page, "best-counts-test")[0] == (
        ["0", "3", "11", "1", "1", "8.333", "9.091", "25.00", "33.33"]
    )
    # Validation: one image each of classes 0 and 1 is called 1 and 2.
    assert rows_of(page, "best-totals")[0] == ["0", "2", "1", "-1", "4", "4", "0"]


def test_one_network_without_claim_or_mistake(story):
    page = render(story, networks=[tell("only", wrong=(0, 0))])
    text = text_of(page)
    assert "only reads 16 of 16 test images right. It was chosen among one network" in text
    assert "overlap" not in text
    assert "What held" not in text
    assert "commonest mistake" not in text
    assert "surest of" not in text
    assert page_checks.check_networks(page, ["only"]).passed


def test_a_class_without_an_image_in_a_part_is_said_to_have_none_and_is_no_extreme(story):
    network = tell("only", wrong=(2, 4))
    evaluation = deepcopy(network["evaluation"])
    evaluation["validation"]["per_class"][3] |= {"support": 0, "precision": 0.0}
    text = text_of(render(story, networks=[network | {"evaluation": evaluation}]))
    assert "No image in validation is of class 3." in text
    assert "In validation, class 0 is the most precisely predicted" in text
    assert "class 3 the least" not in text.partition("In test, ")[0]
    assert "is of class" not in text_of(render(story, networks=[network]))


def test_networks_that_the_test_part_tells_apart(story):
    networks = [tell("right", (0, 0)), tell("wrong", (6, 14))]
    assert "No other network's test interval overlaps its own." in text_of(
        render(story, networks=networks)
    )


def test_a_claim_about_a_network_that_the_notebook_does_not_have(story):
    page = render(story, networks=[tell("mine", wrong=(4, 4), claim=0.99)])
    assert "99.00 % in the notebook, 50.00 % here" in text_of(page)
    assert "claim-mine" not in page


def test_no_pixel_is_constant(story):
    evidence = {
        "constant_pixels": 0,
        "test_images_lit": [],
        "test_pixels_lit": 0,
        "largest_absolute": 3.5,
        "largest_absolute_elsewhere": 3.5,
    }
    text = text_of(render(story, normalization={**story["normalization"], "notebook": evidence}))
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
    text = text_of(render(story, normalization={**story["normalization"], "notebook": evidence}))
    assert "too, and feeds one test image as 2.4 x 10¹¹ to the network" in text
    assert "One test image (number 7,024) has one pixel lit that never varies in training" in text
    assert "It lets two constant pixels explode: up to 2.4 x 10¹¹" in text


@pytest.fixture(scope="module")
def other_page(full_story):
    """The page of a dataset whose classes have names."""
    networks = [
        network | {"quality": network["quality"] | {"without_wrong_labels": None, "halves": None}}
        for network in full_story["networks"]
    ]
    return render(
        full_story,
        mnist=False,
        networks=networks,
        champion=champion_of(networks[1]),
        study=study_of({}, simplest=0.95, best=0.97, fourth=0.95),
        tuning=tuning_of(),
        title="Clothes & shoes",
        class_names=["bag", "coat", "shoes & socks", "trousers"],
        notices=["Colour was turned to grey."],
    )


def test_of_another_dataset_the_page_speaks_by_its_title_and_classes(other_page):
    text = unescape(text_of(other_page))
    assert "Clothes & shoes: networks trained, judged and checked" in text
    assert "Colour was turned to grey." in text
    assert "four classes (bag, coat, shoes & socks, trousers)" in text
    names = ["bag", "coat", "shoes & socks", "trousers"]
    for table in ("class-counts", "extremes", "best-report", "best-totals", "best-matrix-test"):
        assert [unescape(row[0]) for row in rows_of(other_page, table)][:4] == names


def test_of_another_dataset_the_page_says_nothing_of_the_notebook_or_of_digits(other_page):
    said = text_of(other_page).replace("report/notebook", "")
    assert re.findall(r"(?i).{30}\b(?:notebook|digit|handwrit|writer|MNIST)\w*.{20}", said) == []


def test_the_page_of_another_dataset_is_as_well_formed(other_page):
    outline = Outline(other_page)
    assert outline.unclosed == outline.open == []
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for _, attributes in outline.all("a")]
    assert {link for link in links if link[1:] not in ids} == set()
    assert {"claims", "mistakes"}.isdisjoint(ids)


# --- is it any good ---


def test_quality_is_told_of_every_network_and_of_the_champion(full_page):
    accuracy = rows_of(full_page, "quality-accuracy")
    assert [row[0] for row in accuracy] == ["simplest", "best", "fourth", "Champion 0001-best"]
    # 12 of 16 right; without a wrong label 12 of 15; 4 of the first 8, all of the last.
    assert accuracy[1][1:6] == ["75.00", "50.50-89.82", "80.00", "50.00", "100.00"]
    assert accuracy[1][6] == "50.00"
    calibration = rows_of(full_page, "quality-calibration")
    # Always certain, right three times in four.
    assert calibration[1] == ["best", "100.00", "75.00", "25.00", "0.00", "25.00", "16"]
    assert calibration[3][1:] == calibration[1][1:]
    distorted = rows_of(full_page, "robustness-table")
    assert distorted[2] == ["shift", "2 pixels", "50.0", "50.0", "50.0", "50.0"]
    assert distorted[-1] == ["inversion", "-", "25.0", "25.0", "25.0", "25.0"]
    text = text_of(full_page)
    assert "100.00 % sure on average and 75.00 % right" in text
    assert "It is surer than it should be." in text
    assert "Human raters found 15 test labels wrong" in text
    assert "was written by high-school students, the last by Census Bureau employees" in text
    assert "sees another class in two training images (5.00 %)" in text


def test_what_is_known_of_mnist_alone_steps_aside(page):
    text = text_of(page)
    assert "Human raters" not in text
    assert "Which labels of this dataset are wrong is not known." in text
    assert rows_of(page, "quality-accuracy")[1] == ["best", "75.00", "50.50-89.82"]
    assert "champion" not in text.lower()  # there is none yet


def test_confident_mistakes_are_told_in_words_and_the_wrong_labels_among_them(full_story):
    first, best, last = full_story["networks"]
    wrong = [True, False, True, False]
    marked = [row | {"wrong_label": of} for row, of in zip(best["mistakes"], wrong, strict=True)]
    networks = [first, best | {"mistakes": marked}, last]
    page = render(full_story, networks=networks)
    assert "Of its 4 mistakes these 4 are the ones that best is surest of. Two of them have a" in (
        text_of(page)
    )
    alternative = re.search(r'id="picture-best_mistakes" alt="([^"]*)"', page)[1]
    assert alternative.endswith("0 read as 1, 1 read as 2, 2 read as 3, 3 read as 0.")


# --- many runs ---


def test_the_study_is_told_where_it_was_made(full_page):
    rows = rows_of(full_page, "study-summary")
    assert len(rows) == 3 * 2 * 2
    assert rows[4] == (
        ["best", "weights", "validation", "10", "97.45", "0.30", "97.00", "97.90", "97.23-97.67"]
    )
    assert rows_of(full_page, "study-notebook")[2][:5] == (
        ["best", "75.00", "weights", "below all 10 runs", "0"]
    )
    compared = rows_of(full_page, "study-comparison")
    assert len(compared) == 3 * 2 * 2
    assert compared[0][:6] == (
        ["simplest less best", "weights", "validation", "10", "-2.00", "-2.00 to -2.00"]
    )
    assert compared[0][7:] == ["0.002", "0.023"]
    assert "corrected by Holm's method for all 12 comparisons" in text_of(full_page)
    assert page_checks.check_pictures(full_page, ["study_runs", "study_differences"]).passed


def test_without_a_study_one_sentence_says_how_to_make_it(page):
    section = section_of(page, "study")
    assert "mnist-assets study" in section
    assert "<table" not in section
    assert "<figure" not in section


def test_what_each_choice_was_worth_is_told_where_it_was_tried(full_page, other_page):
    assert rows_of(full_page, "tuning-choices") == [
        ["Learning rate", "simplest", "0.05", "95.50", "0.5", "97.25", "1.75", "0.090"],
        ["Learning rate", "best", "0.05", "96.50", "the same", "-", "-", "-"],
        ["Normalisation", "best", "per pixel", "97.00", "the same", "-", "-", "-"],
    ]
    said = text_of(section_of(full_page, "tuning"))
    assert "one training of each value, read off the validation column" in said
    assert "Each value was trained 2 times" in said
    assert (
        "simplest: 0.5 does best (97.25 %), 1.75 percentage points ahead of the notebook's 0.05"
        in (plain(unescape(said)))
    )
    assert page_checks.check_pictures(full_page, TUNING_PICTURES).passed
    assert "the declared 0.05" in text_of(section_of(other_page, "tuning"))


def test_what_searches_found_is_told(full_page):
    assert rows_of(full_page, "tuning-searches") == [
        ["Smallest dense", "4", "2", "96.00", "7,000"],
        ["Smallest dense", "4", "0", "95.00", "5,000"],
    ]
    assert page_checks.check_pictures(full_page, ["search_smallest_dense"]).passed
    assert "it saw validation images alone" in text_of(section_of(full_page, "tuning")).lower()


def test_without_sweeps_one_sentence_says_how_to_make_them(page):
    section = section_of(page, "tuning")
    assert "mnist-assets tune" in section
    assert "<table" not in section
    assert "<figure" not in section


def test_a_study_of_some_networks_is_shown_as_far_as_it_goes(story):
    some = study_of({}, best=0.97)
    page = render(story, study=some | {"compared": []})
    assert [row[0] for row in rows_of(page, "study-summary")] == ["best"] * 4
    assert "study-comparison" not in page
    assert "study-notebook" not in page
    one_run = study_of({"best": 0.9}, best=0.97)
    training = one_run["summaries"]["best"]["training"]
    for told in ("validation", "test", "notebook"):
        training[told] |= dict.fromkeys(("std", "low", "high", "z_score", "p_value"))
    assert rows_of(render(story, study=one_run), "study-summary")[0][-1] == "-"


# --- the claims ---


def test_every_claim_stands_once_in_the_table_with_its_verdict_in_word_and_sign(story, page):
    section = section_of(page, "claims")
    rows = re.findall(r'<tr role="row" id="claim-([^"]+)" class="([^"]+)">(.*?)</tr>', section)
    assert [name for name, _, _ in rows] == story["claims"]["id"].to_list()
    for (_, kind, row), claim in zip(rows, story["claims"].to_dict("records"), strict=True):
        sign, verdict = re.search(r'aria-hidden="true">(.)</span> ([^<]+)</b>', row).groups()
        assert verdict == claim["verdict"]
        assert kind == verdict.replace(" ", "-")
        assert sign in "✓≈✗!≠?"
        assert f'<span class="number">{claim["number"]}</span>' in row
        assert plain(claim["why"]).split("'")[0] in plain(row)
    headings = re.findall(r'scope="rowgroup" role="rowheader">([^<]+)</th>', section)
    assert headings[0] == "Basic dataset analysis"
    assert len(headings) > 20


def test_each_verdict_can_be_chosen_and_has_a_colour(page):
    chosen = set(re.findall(r'name="verdict" value="([^"]+)"', section_of(page, "claims")))
    kinds = set(re.findall(r'<tr role="row" id="claim-[^"]+" class="([^"]+)"', page))
    assert chosen == kinds | {"all"}
    for kind in kinds:
        assert f".{kind} {{ --verdict: var(--" in STYLE
        assert f'[value="{kind}"]:checked) tr[id]:not(.{kind}, :target)' in STYLE
        assert f'[value="{kind}"]:checked) tbody:not(:has(.{kind}, :target))' in STYLE


def test_mistakes_link_to_their_claims(page):
    section = section_of(page, "mistakes")
    links = re.findall(r'href="#claim-([^"]+)"', section)
    assert links[:3] == ["nearest-images", "nearest-threshold", "least-similar-images"]
    assert "simplest-validation-accuracy" in links
    assert "best-validation-accuracy" not in links


def test_the_canvas_is_in_the_page_as_it_is(page):
    assert CANVAS in section_of(page, "draw")


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
    style = (TEMPLATES / "notebook.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(\w+): (#\w{6});", style.split(":root {")[scheme + 1]))
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for text in ("ink", "muted", "ours", "theirs", "good", "plum", "ochre"):
        for ground in ("paper", "raised"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
