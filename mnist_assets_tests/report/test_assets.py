"""The report as an asset: what it reads, what makes it anew, and what it does without."""

import re
from types import SimpleNamespace

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from mnist_assets.champion.assets.quality import champion_quality_asset
from mnist_assets.dataset.description import Description
from mnist_assets.declarations.settings import read_settings
from mnist_assets.evaluation.assets.comparison import comparison_asset
from mnist_assets.evaluation.assets.networks import evaluation_assets
from mnist_assets.exploration.assets import exploration_assets
from mnist_assets.networks.assets import network_assets
from mnist_assets.preparation.assets import preparation_assets
from mnist_assets.quality.assets.label_errors import label_errors_asset
from mnist_assets.quality.assets.networks import quality_assets
from mnist_assets.report.assets import page as assets
from mnist_assets.report.assets.page_network import page_network_asset, smallest_of
from mnist_assets.study.assets import study_assets
from mnist_assets.study.recorded import RECORDED, record
from mnist_assets_tests.report.stories import (
    CHAMPION_PICTURES,
    NETWORK_PICTURES,
    PLAIN_PICTURES,
    PNG,
    STUDY_PICTURES,
    champion_of,
    compare,
    declare,
    make_story,
    make_values,
    runs_of,
    text_of,
)

NETWORK = {
    "shape": [12, 10],
    "classes": 4,
    "layers": [{"kind": "dense", "units": 4, "activation": "softmax", "kernel": "", "bias": ""}],
}
DESCRIPTION = Description("raw", False, [0, 1, 2, 3], list("0123"), [], []).to_json()
IF_MADE = ["champion/quality", "study/best", "study/comparison", "study/fourth"]


def assets_before(networks, settings):
    """The champion's quality, what the study makes, and what draws beside them."""
    of_networks = [
        asset
        for name in networks
        for asset in (
            *evaluation_assets(name, settings.evaluation),
            *quality_assets(name, settings),
        )
    ]
    optional_deps = [
        champion_quality_asset(networks, settings, of_networks),
        *study_assets(networks, settings),
    ]
    return optional_deps, [
        *exploration_assets(settings.grey_levels),
        *preparation_assets(settings.split, settings.normalization),
        *(made for name in networks for made in network_assets(name, networks[name], settings)),
        *of_networks,
        comparison_asset(networks),
        label_errors_asset(networks, settings),
        *optional_deps,
    ]


def make_asset(networks, settings=None):
    settings = settings or read_settings()
    optional_deps, drawing = assets_before(networks, settings)
    (asset,) = assets.report_assets(networks, settings, drawing, optional_deps)
    return asset


@pytest.fixture(scope="module")
def networks():
    return {network["name"]: network for network in make_story()["networks"][1:]}


@pytest.fixture(scope="module")
def inputs(networks):
    values = {
        **make_values(),
        "comparison": compare(networks.values()),
        "page_network": NETWORK,
        "description": DESCRIPTION,
    }
    for name, network in networks.items():
        for told in ("history", "evaluation", "quality"):
            values |= {f"{told}_{name}": network[told]}
        for told in ("mistakes", "robustness"):
            values |= {f"{told}_{name}": pd.DataFrame(network[told])}
    return values


class OptionalInputs:
    """What has been made, by key; remembers what it was asked for. It lacks some pictures."""

    def __init__(self, *lacking, **made):
        self.made = {name.replace("__", "/"): value for name, value in made.items()}
        self.asked, self.lacking = {}, lacking

    def read(self, instance, made):
        self.asked |= made
        return {key: self.made.get(key) for key in made}

    def read_groups(self, instance, groups, reads):
        there = [name for name in groups if name in self.made]
        asked = {argument: key for name in there for argument, key in reads[name].items()}
        return {argument: self.made[key] for argument, key in asked.items()}, {}

    def read_pictures(self, instance, files, code_versions):
        assert {file.partition(".")[0] for file in files} <= set(code_versions)
        return {file: PNG for file in files if file not in self.lacking}


def make_page(networks, inputs, optional_inputs):
    asset = make_asset({name: network["declared"] for name, network in networks.items()})
    return asset.op.compute_fn.decorated_fn(
        context=SimpleNamespace(instance=None),
        optional_inputs=optional_inputs,
        **inputs,
    )


def test_the_asset_shows_every_picture_and_passes_its_checks(networks, inputs):
    result = make_page(networks, inputs, OptionalInputs())
    assert {check.check_name: check.passed for check in result.check_results} == {
        "self_contained": True,
        "pictures": True,
        "networks": True,
        "claims": True,
    }
    severities = {check.check_name: check.severity for check in result.check_results}
    for name in ("networks", "claims"):
        assert severities[name] == dg.AssetCheckSeverity.ERROR
    text = text_of(result.value)
    assert "raw: networks trained, judged and checked" in text
    floored = (inputs["normalization"]["std"] == np.float32(25.5)).sum()
    assert f"{floored} of 120 pixels stand at that floor" in text
    drawn = len(PLAIN_PICTURES) + len(NETWORK_PICTURES) * len(networks)
    assert len(re.findall("<img ", result.value)) == drawn
    assert result.metadata["studied"] == result.metadata["champion"] == "none"
    assert 'id="draw-canvas"' in result.value


def test_what_need_not_be_there_is_shown_where_it_is(networks, inputs):
    optional_inputs = OptionalInputs(
        champion__quality=champion_of(networks["best"]),
        study__best=runs_of(0.97),
        study__fourth=runs_of(0.95),
    )
    result = make_page(networks, inputs, optional_inputs)
    assert all(check.passed for check in result.check_results)
    assert sorted(optional_inputs.asked) == IF_MADE
    assert {storage for storage, _ in optional_inputs.asked.values()} == {"csv", "json"}
    assert result.metadata["studied"] == "best, fourth"
    assert result.metadata["champion"] == "0001-best"
    for name in (*CHAMPION_PICTURES, STUDY_PICTURES[0]):
        assert f'id="picture-{name}"' in result.value
    assert f'id="picture-{STUDY_PICTURES[1]}"' not in result.value  # it was not compared


def test_a_picture_that_is_not_there_fails_the_check_and_not_the_page(networks, inputs):
    result = make_page(networks, inputs, OptionalInputs("evaluation/best.ratios"))
    failed = [check for check in result.check_results if not check.passed]
    assert [check.check_name for check in failed] == ["pictures"]
    assert "Not in the page exactly once: best_ratios;" in failed[0].description
    assert 'id="picture-best_ratios"' not in result.value
    assert "A picture that is missing: Precision, recall and F1 of each class" in result.value


def test_a_drawing_of_its_own_that_fails_does_so_too(networks, inputs, monkeypatch):
    def fail(*values, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("mnist_assets.quality.figures.reliability.robustness", fail)
    result = make_page(networks, inputs, OptionalInputs())
    assert [check.check_name for check in result.check_results if not check.passed] == ["pictures"]
    assert "A picture that is missing: Accuracy of" in result.value


def test_no_champion_is_none_to_tell_of(networks, inputs):
    result = make_page(networks, inputs, OptionalInputs(champion__quality={}))
    assert result.metadata["champion"] == "none"
    assert "Champion" not in result.value


def key_of(*parts):
    return dg.AssetKey(parts)


def test_a_fourth_network_is_read_by_itself():
    few = make_asset({"one": declare()})
    more = make_asset({"one": declare(), "split": declare()})
    assert few.key == more.key == key_of("report", "notebook")
    told = ("split", "split_quality", "split_mistakes", "split_robustness")
    assert set(more.dependency_keys) - set(few.dependency_keys) == {
        key_of("networks", "split_history"),
        *(key_of("evaluation", name) for name in told),
        key_of("study", "split"),
    }


def test_the_smallest_network_answers_on_the_page():
    networks = {"large": declare(parameters=9), "small": declare(parameters=3)}
    assert smallest_of(networks) == "small"
    assert smallest_of({**networks, "equal": declare(parameters=3)}) == "small"
    assert smallest_of({**networks, "asked": declare(parameters=1, on_request=True)}) == "small"


def test_a_network_that_a_page_cannot_run_does_not_answer(networks, inputs, monkeypatch):
    monkeypatch.setattr("mnist_assets.report.page_network.KINDS", ("dense",))
    odd = declare(layers=[{"kind": "batch_normalization"}])
    assert smallest_of({"odd": odd, "large": declare(parameters=9)}) == "large"
    assert smallest_of({"odd": odd}) is None
    asset = page_network_asset({"odd": odd})
    assert not asset.dependency_keys
    assert asset.op.compute_fn.decorated_fn().value == {}
    page = make_page(
        {"best": networks["best"] | {"declared": odd}},
        inputs | {"page_network": {}, "comparison": compare([networks["best"]])},
        OptionalInputs(),
    )
    assert all(check.passed for check in page.check_results)
    assert "none of the networks is made of layers that this page can run" in page.value


def requested_page(networks, inputs, optional_inputs):
    """The page where the network `fourth` is made only on request."""
    declared = {name: network["declared"] for name, network in networks.items()}
    declared["fourth"] = declared["fourth"].model_copy(update={"on_request": True})
    settings = read_settings()
    optional_deps, drawing = assets_before(declared, settings)
    groups = {"fourth": {f"evaluation/fourth{kind}": ("json", "1", []) for kind in ("", "_more")}}
    (asset,) = assets.report_assets(declared, settings, drawing, optional_deps, groups)
    assert key_of("evaluation", "fourth_mistakes") not in asset.dependency_keys
    assert key_of("evaluation", "fourth_more") in asset.dependency_keys
    given = {name: value for name, value in inputs.items() if not name.endswith("_fourth")}
    return asset.op.compute_fn.decorated_fn(
        context=SimpleNamespace(instance=None), optional_inputs=optional_inputs, **given
    )


def test_a_network_on_request_is_told_of_where_it_is_there(networks, inputs):
    without = requested_page(networks, inputs, OptionalInputs())
    assert all(check.passed for check in without.check_results)
    assert without.metadata["networks"] == "best"
    assert "Made only on request, and not up to date here: fourth." in text_of(without.value)
    there = {
        key.replace("/", "__"): inputs[f"{told}_fourth"]
        for told, key in (
            ("history", "networks/fourth_history"),
            ("evaluation", "evaluation/fourth"),
            ("quality", "evaluation/fourth_quality"),
            ("mistakes", "evaluation/fourth_mistakes"),
            ("robustness", "evaluation/fourth_robustness"),
        )
    }
    made = requested_page(networks, inputs, OptionalInputs(fourth=True, **there))
    assert all(check.passed for check in made.check_results)
    assert made.metadata["networks"] == "best, fourth"
    assert "Made only on request" not in made.value


def test_a_recorded_study_is_shown_of_mnist_where_none_was_made(networks, inputs, monkeypatch):
    declared = {name: network["declared"] for name, network in networks.items()}
    empty = RECORDED.read_text(encoding="utf-8").partition("\n")[0] + "\n"
    made = {name: runs_of(accuracy) for name, accuracy in (("best", 0.97), ("fourth", 0.95))}
    text = record(empty, declared, made, "a machine")
    monkeypatch.setattr(assets, "RECORDED", SimpleNamespace(read_text=lambda **_: text))
    other = make_page(networks, inputs, OptionalInputs())
    assert other.metadata["studied"] == "none"
    mnist = Description("MNIST", True, [0, 1, 2, 3], list("0123"), [], []).to_json()
    inputs = inputs | {"description": mnist}
    page = make_page(networks, inputs, OptionalInputs(study__best=runs_of(0.96)))
    assert page.metadata["studied"] == "best, fourth"
    assert re.search("recorded .*: fourth \\([0-9-]{10}, a machine\\)", text_of(page.value))


def code_version_of(networks):
    asset = make_asset(networks)
    return asset.code_versions_by_key[asset.key]


def test_every_template_style_script_and_version_counts_as_code(tmp_path, monkeypatch):
    networks = {"one": declare()}
    before = code_version_of(networks)
    assert code_version_of(networks) == before
    folder = assets.TEMPLATES
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        copy = tmp_path / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(assets, "TEMPLATES", tmp_path)
    assert code_version_of(networks) == before
    versions = {before}
    for path in files:
        copy = tmp_path / path.relative_to(folder)
        with copy.open("a") as file:
            file.write("<!-- changed -->")
        versions.add(code_version_of(networks))
    assert len(files) > 25
    assert len(versions) == len(files) + 1
    monkeypatch.setattr(assets, "version", lambda _: "0.0.0")
    versions.add(code_version_of(networks))
    versions.add(code_version_of({"one": declare(claim=0.5)}))
    assert len(versions) == len(files) + 3


def test_code_of_what_it_shows_if_made_counts_as_code():
    networks, settings = {"one": declare()}, read_settings()
    _, drawing = assets_before(networks, settings)
    (without,) = assets.report_assets(networks, settings, drawing)
    assert without.code_versions_by_key[without.key] != code_version_of(networks)


def test_code_of_what_draws_its_pictures_counts_as_code():
    """A setting that only the drawing asset reads stands for its code."""
    networks, settings = {"one": declare()}, read_settings()
    quality = settings.quality
    shown = quality.label_errors.model_copy(update={"shown": 3})
    changed = settings.model_copy(
        update={"quality": quality.model_copy(update={"label_errors": shown})}
    )
    asset = make_asset(networks, changed)
    assert asset.code_versions_by_key[asset.key] != code_version_of(networks)


def test_a_package_under_another_name_is_no_error(monkeypatch):
    def missing(name):
        raise assets.PackageNotFoundError(name)

    monkeypatch.setattr(assets, "version", missing)
    versions = assets.installed_versions()
    assert versions["tensorflow"] == "unknown"
    assert re.fullmatch(r"3\.\d+\.\d+.*", versions["Python"])
