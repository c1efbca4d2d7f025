"""The whole graph on other datasets than MNIST: all is made, and all speaks of the dataset."""

import json
import re
from html import unescape

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from mnist_assets_tests.dataset.made_up import MADE_UP
from mnist_assets_tests.report.stories import rows_of, text_of
from mnist_assets_tests.tiny import Project

pytestmark = pytest.mark.slow

NETWORKS = """
networks:
  small:
    description: Learns the small images.
    training:
      layers: [{kind: dense, units: 32}]
      optimizer: {kind: adam, learning_rate: 0.01}
      batch_size: 20
      epochs: 4
      seed: 1
    thresholds: {validation_accuracy: 0.9, generalization_gap: 0.2}
    parameters: {total: 1, trainable: 1}
"""
OF_MNIST_ALONE = r"\b(?i:notebook|digits?|handwrit\w+|writers?)\b"
NAMED = {  # the tables that tell of classes, by the columns of their indices
    "exploration/class_distribution": ["class"],
    "exploration/extreme_digits": ["class"],
    "preparation/one_hot_examples": ["label"],
    "evaluation/small_mistakes": ["true", "predicted"],
    "evaluation/label_errors": ["label", "suggested"],
}


@pytest.fixture(scope="module", params=MADE_UP, ids=lambda make: make.__name__)
def made(request, tmp_path_factory, uncompiled):
    """A project over one of them, with all that came of it."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    project = Project.create(folder)
    (folder / "networks.yaml").write_text(NETWORKS)
    (folder / "data").mkdir()
    project = project.at(dataset=str(request.param(folder / "data")))
    with dg.DagsterInstance.ephemeral(tempdir=str(folder / "history")) as instance:
        outcome = project.update(instance)
        assert project.update(instance).made == []
        yield project, MADE_UP[request.param], outcome, project.graph(instance)


def read_json(project, key):
    return json.loads(project.path(key, "json").read_text())


def test_everything_is_made_and_every_check_passes(made):
    _, _, outcome, graph = made
    assert outcome.success, outcome.failures()
    assert set(outcome.made) == {key.to_user_string() for key in graph.keys}
    checks = outcome.checks()
    assert len(checks) == len(graph.checks)
    failed = {name: check.description for name, check in checks.items() if not check.passed}
    assert failed == {}


def test_what_is_stored_is_what_was_read(made):
    project, expected, _, _ = made
    description = read_json(project, "dataset/description")
    assert description["title"] == expected.title
    assert description["class_names"] == expected.names
    assert description["labels"] == expected.labels
    classes = len(expected.names)
    for part, count in (("train", expected.train), ("test", expected.test)):
        images = np.load(project.path(f"dataset/{part}_images", "npy"))
        labels = np.load(project.path(f"dataset/{part}_labels", "npy"))
        assert images.shape == (count, *expected.shape)
        assert np.unique(labels).tolist() == list(range(classes))
    with np.load(project.path("evaluation/small_predictions", "npz")) as predictions:
        assert predictions["test"].shape == (expected.test, classes)
    assert read_json(project, "evaluation/small")["test"]["accuracy"] > 0.9
    assert read_json(project, "champion/model")["network"] == "small"


@pytest.mark.parametrize("key", NAMED)
def test_tables_name_the_classes_where_these_are_no_numbers_from_0(made, key):
    project, expected, _, _ = made
    table = pd.read_csv(project.path(key, "csv"), dtype=str)
    named = expected.names != [str(index) for index in range(len(expected.names))]
    for column in NAMED[key]:
        assert (f"{column}_name" in table) is named
        if named:
            indices = table[column].astype(int)
            assert table[f"{column}_name"].tolist() == [expected.names[of] for of in indices]


def test_the_report_speaks_of_the_dataset_and_its_classes_alone(made):
    project, expected, _, _ = made
    page = project.path("report/notebook", "html").read_text()
    page = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    assert f"<h1>{expected.title}: networks trained, judged and checked</h1>" in page
    for table in ("class-counts", "small-report", "small-totals", "small-matrix-test", "extremes"):
        told = [row[0] for row in rows_of(page, table)]
        assert told[: len(expected.names)] == expected.names
    said = unescape(text_of(page)).replace("report/notebook", "")
    spoken = " ".join(re.findall(r'(?:alt|aria-label)="([^"]*)"', page))
    assert re.findall(rf".{{0,40}}{OF_MNIST_ALONE}.{{0,20}}", f"{said} {spoken}") == []
    assert "A picture that is missing" not in page
    for notice in read_json(project, "dataset/description")["notices"]:
        assert notice in unescape(page)


def test_the_web_ui_shows_every_picture_of_the_classes(made):
    _, _, outcome, _ = made
    events = [
        event.step_materialization_data.materialization
        for result in outcome.results
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION
    ]
    shown = [
        (event.asset_key.to_user_string(), value.value)
        for event in events
        for value in event.metadata.values()
        if isinstance(value, dg.MarkdownMetadataValue)
    ]
    assert len(shown) > 12
    assert [key for key, text in shown if text.startswith("Could not be drawn")] == []
