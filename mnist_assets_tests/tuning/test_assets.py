"""Sweeps as assets of a tiny project: on request alone, resumable, blind to the test part."""

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from mnist_assets.study.runs import KeptRuns
from mnist_assets.tuning import training as tuning_training
from mnist_assets.tuning.training import train_task
from mnist_assets_tests.tiny import make_digits, write_arrays

TUNING = 'group:"tuning"'
SWEEPS = """
sweeps:
  rate:
    varies: optimizer.learning_rate
    seeds: 2
    values: {small: [0.001]}
  normalization:
    varies: normalization
    seeds: 2
    values: {small: [raw_pixels]}
"""


def with_sweeps(project):
    (project.folder / "tuning.yaml").write_text(SWEEPS)
    return project.at(tuning=project.folder / "tuning.yaml")


@pytest.fixture(scope="module")
def made(materialized, tmp_path_factory):
    """A project with its sweeps, and what came of it."""
    project = with_sweeps(materialized[0].copy(tmp_path_factory.mktemp("tuning") / "made"))
    with project.instance() as instance:
        outcome = project.update(instance, TUNING, on_request=True)
        yield project, instance, outcome


@pytest.fixture
def trained(monkeypatch):
    """Every training that was begun: network, learning rate, normalisation, seed."""
    begun = []

    def train(digits, task):
        assert len(digits.test_images) == len(digits.test_labels) == 0
        study = task.study
        rate = study.training.optimizer.learning_rate
        begun.append((study.network, rate, task.normalization, task.seeds.training))
        return train_task(digits, task)

    monkeypatch.setattr(tuning_training, "train_task", train)
    return begun


def table(project, name):
    return pd.read_csv(project.path(f"tuning/{name}", "csv"))


@pytest.mark.slow
def test_each_sweep_has_its_trainings_what_they_say_and_a_place_in_the_overview(made):
    project, instance, outcome = made
    assert outcome.success, outcome.failures()
    assert set(outcome.made) == {
        f"tuning/{name}"
        for name in ("rate_runs", "rate", "normalization_runs", "normalization", "overview")
    }
    assert {name: check.passed for name, check in outcome.checks().items()} == {
        f"tuning/{sweep}_runs:{check}": True
        for sweep in ("rate", "normalization")
        for check in ("runs", "finite", "enough_seeds")
    }
    runs = table(project, "rate_runs")
    assert runs.groupby(["network", "value", "seed"]).size().to_list() == [3] * 4
    assert set(runs["value"][runs["declared"]]) == {0.01}
    told = table(project, "rate")
    assert told["value"].to_list() == [0.001, 0.01]
    assert told["runs"].to_list() == [2] * 2
    made_of = instance.get_latest_materialization_event(dg.AssetKey(["tuning", "rate"]))
    shown = made_of.asset_materialization.metadata
    assert shown["shows"].value.startswith("small: ")
    assert shown["points"].value.startswith("![Accuracy with each value of rate](data:image/png")
    assert shown["curves"].value.startswith("![Learning with each value of rate](data:image/png")
    assert len(table(project, "overview")) == 3
    observed = instance.fetch_observations(dg.AssetKey(["tuning", "rate_runs"]), limit=100).records
    assert {"network", "value", "seed", "seconds_left", "validation_accuracy"} <= set(
        observed[0].asset_observation.metadata
    )


@pytest.mark.slow
def test_finished_sweeps_are_up_to_date_and_share_their_declared_points(made, trained):
    project, instance, _ = made
    assert project.update(instance, TUNING, on_request=True).made == []
    assert project.update(instance, TUNING, on_request=True, force=True).success
    assert trained == []
    kept = sorted((project.folder / "assets" / "tuning").glob("*_runs/*/training_0_split_0.json"))
    same = {path.parent.name for path in kept}
    assert (len(kept), len(same)) == (4, 3)


@pytest.mark.slow
def test_claims_and_report_follow_and_show_them(made, tmp_path):
    project = with_sweeps(made[0].copy(tmp_path / "copy"))
    with project.instance() as instance:
        outcome = project.update(instance)
    assert outcome.success, outcome.failures()
    assert outcome.made == ["report/claims", "report/notebook"]
    assert outcome.checks()["report/notebook:pictures"].passed
    page = project.path("report/notebook", "html").read_text()
    for picture in ("rate_points", "rate_curves", "normalization_points", "overview"):
        assert f'id="picture-tuning_{picture}"' in page


def test_nothing_plain_makes_them_or_misses_them(materialized, tmp_path):
    project = with_sweeps(materialized[0].copy(tmp_path / "copy"))
    with project.instance() as instance:
        graph = project.graph(instance)
        assert graph.select(TUNING) == []
        assert not any(key.path[0] == "tuning" for key in graph.keys)
        assert not any(key.asset_key.path[0] == "tuning" for key in graph.checks)
    jobs = project.definitions().get_repository_def()
    for name, wanted in (("everything", False), ("study", False), ("tuning", True)):
        selected = jobs.get_job(name).asset_layer.selected_asset_keys
        assert any(key.path[0] == "tuning" for key in selected) == wanted
    asset = project.definitions().resolve_asset_graph().get(dg.AssetKey(["tuning", "rate_runs"]))
    assert asset.automation_condition is None
    assert dg.AssetKey(["dataset", "test_labels"]) not in asset.parent_keys


@pytest.mark.slow
def test_a_stopped_sweep_goes_on_and_ends_as_one_that_was_not(
    made, materialized, tmp_path, monkeypatch, trained
):
    project = with_sweeps(materialized[0].copy(tmp_path / "copy"))
    keep = KeptRuns.keep

    def keep_or_stop(self, run):
        if len(trained) == 3:
            raise RuntimeError("stopped")
        keep(self, run)

    only = f'{TUNING} and (key:"tuning/rate_runs" or key:"tuning/rate")'
    with project.instance() as instance:
        with monkeypatch.context() as patch:
            patch.setattr(KeptRuns, "keep", keep_or_stop)
            assert not project.update(instance, only, on_request=True).success
        assert not project.path("tuning/rate_runs", "csv").exists()
        assert trained.pop() == ("small", 0.01, "per_pixel", 0)
        begun = list(trained)
        assert project.update(instance, only, on_request=True).success
    assert len(trained) == len(set(trained)) == 4
    assert begun == [("small", 0.001, "per_pixel", 0), ("small", 0.001, "per_pixel", 1)]
    mine, theirs = (table(of, "rate_runs").drop(columns="seconds") for of in (project, made[0]))
    pd.testing.assert_frame_equal(mine, theirs)
    mine, theirs = (table(of, "rate").drop(columns="seconds") for of in (project, made[0]))
    pd.testing.assert_frame_equal(mine, theirs)


@pytest.mark.slow
def test_other_test_labels_change_no_sweep(made, tmp_path):
    project = with_sweeps(made[0].copy(tmp_path / "poisoned"))
    images, labels = make_digits(60, 1)
    poisoned = np.random.default_rng(5).permutation(labels)
    assert (poisoned != labels).mean() > 0.5
    write_arrays(project.folder / "raw", *make_digits(300, 0), images, poisoned)
    for name in ("rate_runs", "normalization_runs"):
        for kept in (project.folder / "assets" / "tuning" / name).glob("*/*.json"):
            kept.unlink()
    with project.instance() as instance:
        assert project.update(instance, 'group:"dataset"').made, "the labels are others now"
        assert project.update(instance, TUNING, on_request=True, force=True).success
    for name in ("rate_runs", "rate", "normalization_runs", "normalization", "overview"):
        mine, theirs = (table(of, name).drop(columns="seconds") for of in (project, made[0]))
        pd.testing.assert_frame_equal(
            mine.drop(columns="quickest", errors="ignore"),
            theirs.drop(columns="quickest", errors="ignore"),
        )


@pytest.mark.slow
def test_a_value_that_diverges_is_told_of_and_stops_nothing(made, tmp_path):
    project = with_sweeps(made[0].copy(tmp_path / "copy"))
    project.edit("tuning.yaml", "varies: optimizer.learning_rate", "varies: optimizer")
    wild = "{kind: sgd, learning_rate: 1000, momentum: 0.99}"
    project.edit("tuning.yaml", "small: [0.001]", f"small: [{wild}]")
    with project.instance() as instance:
        outcome = project.update(instance, TUNING, on_request=True)
    assert outcome.success, outcome.failures()
    assert outcome.checks()["tuning/rate_runs:runs"].passed
    finite = outcome.checks()["tuning/rate_runs:finite"]
    assert (finite.passed, finite.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert finite.description.startswith("Diverged: small at sgd 1000, momentum 0.99, seed 0; ")
    told = table(project, "rate").set_index("value")
    assert told.loc["sgd 1000, momentum 0.99", ["runs", "failed"]].to_list() == [0, 2]
    assert told.loc["adam 0.01", ["runs", "failed"]].to_list() == [2, 0]
