"""Quality in the graph, on the tiny project: every asset's file, and each check that can fail."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from mnist_assets.champion.assets import quality as champion_quality
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets_tests.tiny import CLASSES, Project, without_xla

NAMES = ["small", "normalised"]
DISTORTIONS = {"undistorted": 1, "shift": 4, "rotation": 6, "noise": 4, "blur": 4, "inversion": 1}


@pytest.fixture(scope="module")
def made(materialized):
    """A project in which everything is made."""
    project = materialized[0]
    with project.instance() as instance:
        yield project, instance


def read_json(project, key):
    return json.loads(project.path(key, "json").read_text())


def shown(instance, project, key):
    node = next(node for node in project.graph(instance).keys if node.to_user_string() == key)
    return instance.get_latest_materialization_event(node).asset_materialization.metadata


@pytest.mark.parametrize("name", NAMES)
def test_the_quality_of_each_network_is_that_of_its_predictions(made, name):
    project, instance = made
    assessed = read_json(project, f"evaluation/{name}_quality")
    evaluation = read_json(project, f"evaluation/{name}")["test"]
    for figure in ("images", "correct", "accuracy", "accuracy_interval"):
        assert assessed[figure] == evaluation[figure]
    bins = assessed["calibration"]["bins"]
    assert len(bins) == 15
    assert sum(of_bin["images"] for of_bin in bins) == 60
    assert assessed["halves"] is None, "known of MNIST alone"
    assert assessed["without_wrong_labels"] is None
    assert shown(instance, project, f"evaluation/{name}_quality")["reliability"].value[:2] == "!["


@pytest.mark.parametrize("name", NAMES)
def test_the_mistakes_of_each_network_are_listed(made, name):
    project, instance = made
    listed = pd.read_csv(project.path(f"evaluation/{name}_mistakes", "csv"))
    with np.load(project.path(f"evaluation/{name}_predictions", "npz")) as predictions:
        predicted = predictions["test"].argmax(axis=1)
    labels = np.load(project.path("dataset/test_labels", "npy"))
    assert sorted(listed["index"]) == np.flatnonzero(predicted != labels).tolist()
    assert shown(instance, project, f"evaluation/{name}_mistakes")["mistakes"].value == len(listed)


@pytest.mark.parametrize("name", NAMES)
def test_the_robustness_of_each_network_has_every_distortion(made, name):
    project, _ = made
    table = pd.read_csv(project.path(f"evaluation/{name}_robustness", "csv"))
    assert table["distortion"].value_counts().to_dict() == DISTORTIONS
    assert (table["images"] == 60).all(), "all of them, where there are fewer than asked for"
    undistorted = table.set_index("distortion").loc["undistorted", "accuracy"]
    assert undistorted == read_json(project, f"evaluation/{name}_quality")["accuracy"]


def test_the_quality_of_the_champion_is_that_of_the_network_it_is(made):
    project, instance = made
    quality = read_json(project, "champion/quality")
    model = read_json(project, "champion/model")
    assert quality["version"] == model["version"]
    of_network = read_json(project, f"evaluation/{model['network']}_quality")
    assert {name: quality[name] for name in of_network} == of_network
    robustness = pd.read_csv(project.path(f"evaluation/{model['network']}_robustness", "csv"))
    pd.testing.assert_frame_equal(pd.DataFrame(quality["robustness"]), robustness)
    mistakes = pd.read_csv(project.path(f"evaluation/{model['network']}_mistakes", "csv"))
    assert quality["mistakes"] == mistakes.to_dict("records")
    assert project.checks(instance)["champion/quality:as_promoted"].passed


def judge_champion(project):
    with project.instance() as instance:
        outcome = project.update(instance, select='key:"champion/quality"', force=True)
    assert outcome.made == ["champion/quality"], outcome.failures()
    return read_json(project, "champion/quality"), outcome.checks()


def test_a_champion_that_is_a_network_of_today_is_not_asked_again(made_project, monkeypatch):
    project = made_project
    before = read_json(project, "champion/quality")
    network = read_json(project, "champion/model")["network"]
    monkeypatch.setattr(champion_quality, "predict", lambda *_: pytest.fail("it was asked"))
    assert judge_champion(project)[0] == before
    evaluation = project.folder / "assets" / "evaluation"
    (evaluation / f"{network}_robustness.png").unlink()
    assert judge_champion(project)[0] == before, "a picture is drawn where it is not there"
    champion = project.folder / "assets" / "champion"
    assert sorted(path.name for path in champion.glob("quality.*")) == [
        "quality.json",
        "quality.mistakes.png",
        "quality.reliability.png",
        "quality.robustness.png",
    ]
    for name, kind in (("reliability", "quality"), ("mistakes", "mistakes")):
        drawn = (evaluation / f"{network}_{kind}.png").read_bytes()
        assert (champion / f"quality.{name}.png").read_bytes() == drawn


@pytest.mark.slow
def test_a_champion_that_is_no_network_of_today_is_asked(made_project):
    project = made_project
    before = read_json(project, "champion/quality")
    network = read_json(project, "champion/model")["network"]
    (other,) = {*NAMES} - {network}
    current = project.folder / "assets" / "champion" / "current" / "model.keras"
    shutil.copy(project.path(f"networks/{other}", "keras"), current)
    swapped, _ = judge_champion(project)
    assert swapped["calibration"] != before["calibration"]
    expected = read_json(project, f"evaluation/{other}_quality")["calibration"]
    assert swapped["calibration"] == expected
    drawn = project.path(f"evaluation/{network}_quality", "png").read_bytes()
    assert current.parents[1].joinpath("quality.reliability.png").read_bytes() != drawn


@pytest.mark.slow
def test_a_champion_whose_networks_values_are_left_behind_is_asked(made_project, monkeypatch):
    project = made_project
    before = read_json(project, "champion/quality")
    asked, network = [], read_json(project, "champion/model")["network"]
    predict = champion_quality.predict
    monkeypatch.setattr(
        champion_quality, "predict", lambda *args: asked.append(1) or predict(*args)
    )
    project.path(f"evaluation/{network}_robustness", "csv").unlink()
    assert judge_champion(project)[0] == before
    assert asked == [1]
    project.edit("networks.yaml", f"  {network}:", "  renamed:")
    assert judge_champion(project)[0] == before, "its network is no longer declared"
    assert asked == [1, 1]


def test_without_a_champion_there_is_nothing_to_say(made_project):
    shutil.rmtree(made_project.folder / "assets" / "champion")
    quality, checks = judge_champion(made_project)
    assert quality == {}
    assert checks
    assert all(check.passed for check in checks.values())


@pytest.mark.slow
def test_changed_labels_are_found_and_warned_of(tmp_path):
    project = Project.create(tmp_path)
    path = project.folder / "raw" / FILE_NAMES["train_labels"]
    data = bytearray(path.read_bytes())
    wrong = [5, 50, 77, 120, 203, 299]  # 2 %
    for index in wrong:
        data[8 + index] = (data[8 + index] + 1) % CLASSES
    path.write_bytes(data)
    with project.instance() as instance, without_xla():
        outcome = project.update(
            instance, select='group:dataset or group:preparation or key:"evaluation/label_errors"'
        )
    check = outcome.checks()["evaluation/label_errors:few"]
    assert not check.passed
    assert check.severity.value == "WARN"  # the bound is MNIST's
    found = pd.read_csv(project.path("evaluation/label_errors", "csv"))
    assert sorted(found["index"]) == wrong
    assert (found["suggested"] == (found["label"] - 1) % CLASSES).all()


@pytest.mark.slow
def test_warnings_are_told_and_stop_nothing(made_project):
    project = made_project
    # No network is exactly as sure as it is right; nor is it right where the labels are others.
    project.edit("settings.yaml", "calibration_error: 0.015", "calibration_error: 0.01")
    path = project.folder / "raw" / FILE_NAMES["test_labels"]
    data = bytearray(path.read_bytes())
    data[8:28] = bytes((label + 1) % CLASSES for label in data[8:28])
    path.write_bytes(data)
    with project.instance() as instance:
        outcome = project.update(
            instance, select='key:"dataset/test_labels" or key:"champion/quality"'
        )
    checks = outcome.checks()
    for name in ("as_promoted", "calibrated"):
        assert not checks[f"champion/quality:{name}"].passed
        assert checks[f"champion/quality:{name}"].severity.value == "WARN"
    assert "champion/quality" in outcome.made
