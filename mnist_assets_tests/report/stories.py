"""A report in small: the values of a tiny dataset, networks that are right as often as told."""

import re
from functools import cache

import numpy as np
import pandas as pd

from mnist_assets.claims.claim import Verdict, judge_claims
from mnist_assets.claims.facts import notebook_facts
from mnist_assets.claims.sections import all_claims
from mnist_assets.evaluation import scores
from mnist_assets.evaluation.comparison import compare_networks, comparison_row
from mnist_assets.evaluation.metrics import accuracy_of
from mnist_assets.exploration import grey
from mnist_assets.exploration import summary as exploration
from mnist_assets.networks.declaration import Network
from mnist_assets.preparation import normalization
from mnist_assets.preparation.one_hot import one_hot_examples
from mnist_assets.quality import assessment as quality
from mnist_assets.quality.mistakes import most_confident_mistakes
from mnist_assets.report import page as report
from mnist_assets.report.assets.page import STYLES, TEMPLATES, read_templates
from mnist_assets.report.searches import tell_searches
from mnist_assets.report.story import tell_network
from mnist_assets.report.study import compared
from mnist_assets.report.tuning import tell_tuning
from mnist_assets.study import summary as studying
from mnist_assets.study.paired_tests import compare_networks as compare_runs
from mnist_assets.tuning.summary import summarise
from mnist_assets_tests.tiny import CLASSES, SHAPE, make_digits
from mnist_assets_tests.tuning.tables import runs_of as swept

STYLE = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in STYLES)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (950).to_bytes(4, "big") + (380).to_bytes(4, "big")
CANVAS = '<p id="canvas">A canvas.</p>'
PLAIN_PICTURES = (
    "sample_digits", "class_distribution", "average_digits", "extreme_digits", "grey_levels",
    "pixel_histogram", "pixel_range", "normalization", "normalized_digits", "comparison",
    "robustness", "label_errors",
)  # fmt: skip
NETWORK_PICTURES = (
    "history", "confusion", "ratios", "reliability", "mistakes", "robustness",
)  # fmt: skip
CHAMPION_PICTURES = ("champion_reliability", "champion_mistakes", "champion_robustness")
STUDY_PICTURES = ("study_runs", "study_differences")
TUNING_PICTURES = (
    *(
        f"tuning_{sweep}_{kind}"
        for sweep in ("learning_rate", "normalization")
        for kind in ("points", "curves")
    ),
    "tuning_overview",
)
LAYERS = [{"kind": "dense", "units": 5}, {"kind": "batch_normalization"}]
TRAIN_IMAGES, TRAIN_LABELS = make_digits(40, 0)
TEST_IMAGES, TEST_LABELS = make_digits(16, 1)
SPLIT = {"train": np.arange(32, dtype=np.int32), "validation": np.arange(32, 40, dtype=np.int32)}
CONFIDENCE = 0.95


def declare(claim=None, layers=(), parameters=1, on_request=False, **optimizer):
    return Network.model_validate(
        {
            "description": "A network of a <test>.",
            "on_request": on_request,
            "training": {
                "layers": list(layers),
                "optimizer": optimizer or {"kind": "adam", "learning_rate": 0.01},
                "batch_size": 8,
                "epochs": 2,
                "seed": 1,
            },
            "thresholds": {"validation_accuracy": 0.5, "generalization_gap": 0.1},
            "parameters": {"total": parameters, "trainable": 1},
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


def robustness_of(*accuracies):
    """A table of robustness: undistorted, then shifts by 1, 2, … pixels, and an inversion."""
    rows = [
        ("undistorted", 0.0, "-", 1.0),
        *(("shift", float(by), "pixels", share) for by, share in enumerate(accuracies, start=1)),
        ("inversion", 1.0, "-", 0.25),
    ]
    table = pd.DataFrame(rows, columns=["distortion", "strength", "unit", "accuracy"])
    return table.assign(images=16, low=table["accuracy"] - 0.1, high=table["accuracy"])


def tell(name, wrong=(2, 4), **declared):
    """A network wrong on the first so many validation and test images."""
    network = declare(**declared)
    validation = TRAIN_LABELS[SPLIT["validation"]]
    predicted = probabilities(TEST_LABELS, wrong[1])
    return tell_network(
        name,
        network,
        SHAPE,
        CLASSES,
        history=history_of(1 - wrong[0] / len(validation)),
        evaluation=scores.evaluate(
            validation=(probabilities(validation, wrong[0]), validation),
            test=(predicted, TEST_LABELS),
            classes=CLASSES,
        ),
        quality=quality.assess(predicted, TEST_LABELS, bins=5, confidence=CONFIDENCE, mnist=False),
        robustness=robustness_of(0.9, 0.5, 0.25).to_dict("records"),
        mistakes=most_confident_mistakes(predicted, TEST_LABELS, 30).to_dict("records"),
    )


def of_mnist(network):
    """A network with what is known of MNIST's test part alone."""
    right = np.arange(16) >= 4
    known = {
        "without_wrong_labels": accuracy_of(right[1:], CONFIDENCE)
        | {"wrong_labels": 15, "wrong_labels_predicted": 6},
        "halves": quality.compare_halves(right, CONFIDENCE),
    }
    return network | {"quality": network["quality"] | known}


def compare(networks):
    return compare_networks(
        [
            comparison_row(
                network["name"],
                parameters=network["parameters"]["total"],
                history=network["history"],
                evaluation=network["evaluation"],
            )
            for network in networks
        ]
    )


def runs_of(accuracy, seeds=10):
    """Runs of both kinds, a thousandth apart, the test part a hundredth below validation."""
    validation = accuracy + 0.001 * np.arange(seeds)
    return pd.DataFrame(
        {
            "kind": ["training"] * seeds + ["split"] * seeds,
            "seed": [*range(seeds)] * 2,
            "validation_accuracy": [*validation] * 2,
            "test_accuracy": [*(validation - 0.01)] * 2,
            "seconds": 1.0,
            "failure": None,
        }
    )


def study_of(claims, **accuracies):
    """The story of a study of networks by their lowest validation accuracies."""
    runs = {name: runs_of(accuracy) for name, accuracy in accuracies.items()}
    summaries = {
        name: studying.summarise(table, CONFIDENCE, claims.get(name))
        for name, table in runs.items()
    }
    return {
        "summaries": summaries,
        "compared": compared(compare_runs(runs, CONFIDENCE), CONFIDENCE),
        "confidence": CONFIDENCE,
        "recorded": {},
    }


def tuning_of(*notebooks):
    """The story of two sweeps, of two networks and of one."""
    rates = {"0.05": [0.95, 0.96], "0.5": [0.965, 0.98]}
    runs = {
        "learning_rate": swept("0.05", simplest=rates, best={"0.05": [0.96, 0.97]}),
        "normalization": swept("per pixel", best={"per pixel": [0.97, 0.97], "none": [0.1, 0.9]}),
    }
    sweeps = {name: summarise(of, CONFIDENCE) for name, of in runs.items()}
    return tell_tuning(sweeps | {"depth": None}, notebooks, CONFIDENCE, overview=True)


def searches_of():
    """The story of a search with a Pareto front of two, and not of one that found nothing."""
    columns = ["search", "trial", "validation_accuracy", "parameters", "best"]
    rows = [
        ("smallest_dense", 0, 0.95, 5000.0, True),
        ("smallest_dense", 1, 0.93, 5500.0, False),
        ("smallest_dense", 2, 0.96, 7000.0, True),
        ("smallest_dense", 3, np.nan, np.nan, False),
        ("most_accurate", 0, np.nan, np.nan, False),
    ]
    return tell_searches(pd.DataFrame(rows, columns=columns))


def champion_of(network, version="0001-best"):
    return {
        **network["quality"],
        "version": version,
        "robustness": network["robustness"],
        "mistakes": network["mistakes"],
    }


@cache
def make_claims():
    """The notebook's claims, with each of the six verdicts in turn."""
    claims = judge_claims(all_claims(), None)
    return claims.assign(verdict=[list(Verdict)[row % 6].value for row in range(len(claims))])


@cache
def make_values():
    """What the graph's stages before the networks say of a tiny dataset, by asset name."""
    averages = exploration.average_digits(TRAIN_IMAGES, TRAIN_LABELS, CLASSES)
    return {
        "train_images": TRAIN_IMAGES,
        "test_images": TEST_IMAGES,
        "test_labels": TEST_LABELS,
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
        "label_errors": pd.DataFrame({"index": [3, 5], "label": [3, 1], "suggested": [0, 2]}),
        "claims": make_claims(),
    }


@cache
def make_story():
    """A story of three networks of which the notebook knows two, without study or champion."""
    values = make_values()
    networks = [
        tell("simplest", (4, 8), claim=0.99),
        tell("best", claim=0.75, layers=LAYERS),
        tell("fourth", (3, 4), kind="sgd", learning_rate=0.1, momentum=0.9, nesterov=True),
    ]
    return {
        "mnist": True,
        "title": "raw",
        "class_names": list("0123"),
        "notices": [],
        "notebook": notebook_facts(),
        "claims": values["claims"],
        "summary": values["summary"],
        "class_distribution": values["class_distribution"],
        "average_peaks": values["average_digits"].max(axis=(1, 2)).tolist(),
        "extreme_digits": values["extreme_digits"],
        "first_grey_levels": [35, 39, 24],
        "grey_levels": grey.summarise_grey_levels(
            values["grey_levels"], usual=(20, 40), dark=10, light=75
        ),
        "pixel_counts": values["pixel_histogram"]["count"].tolist(),
        "pixels": grey.summarise_pixels(values["pixel_histogram"], white_from=254),
        "normalization": {
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
        "one_hot": values["one_hot_examples"],
        "split": {"train": 32, "validation": 8},
        "networks": networks,
        "untold": [],
        "comparison": compare(networks),
        "study": None,
        "tuning": None,
        "searches": [],
        "champion": {},
        "label_errors": values["label_errors"],
        "labels_found_by": "simplest",
        "versions": {"Python": "3.11.7", "keras": "9.9.9"},
    }


def pictures_of(story):
    names = [
        f"{network['name']}_{kind}" for network in story["networks"] for kind in NETWORK_PICTURES
    ]
    names += PLAIN_PICTURES
    if story["champion"]:
        names += CHAMPION_PICTURES
    if story["study"]:
        names += STUDY_PICTURES[: 1 + bool(story["study"]["compared"])]
    if story["tuning"]:
        names += TUNING_PICTURES
    names += [f"search_{search['name']}" for search in story["searches"]]
    return dict.fromkeys(names, PNG)


def render(story, **changes):
    changed = story | changes
    if "networks" in changes:
        changed["comparison"] = compare(changed["networks"])
    return report.render_page(changed, pictures_of(changed), CANVAS, read_templates(), STYLE)


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
    text = (
        plain(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2] or page))
        .replace("&lt;", "<")
        .replace("&#39;", "'")
    )
    return re.sub(r"\s+(?=[.,;:)])|(?<=\()\s+", "", " ".join(text.split()))


def section_of(page, name):
    """The HTML of one of the page's sections."""
    start = page.index(f'<section id="{name}"')
    following = re.search(r'\n<section id="[a-z-]+" aria-labelledby="[a-z-]+">\n<h2', page[start:])
    return page[start : start + following.start()] if following else page[start:]


def rows_of(page, table):
    """The cells of each row of a table's body, its head first."""
    body = re.search(rf'<table id="{table}".*?<tbody>(.*?)</tbody>', page, re.DOTALL)[1]
    return [
        [
            re.sub(r"<[^>]+>", "", cell).strip()
            for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)
        ]
        for row in plain(body).split("</tr>")[:-1]
    ]
