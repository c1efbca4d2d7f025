"""The study as assets of a tiny project: made on request alone, and gone on with after a stop."""

import json

import dagster as dg
import pandas as pd
import pytest

from mnist_assets.orchestration.staleness import State
from mnist_assets.orchestration.versions.code import code_version
from mnist_assets.study import workers as study_workers
from mnist_assets.study.runs import KeptRuns
from mnist_assets.study.training import Seeds, train_run
from mnist_assets_tests.orchestration import test_code_versions as code_versions

real_sources = code_versions.real_sources
STUDY = 'group:"study"'
SMALL, NORMALISED = dg.AssetKey(["study", "small"]), dg.AssetKey(["study", "normalised"])


@pytest.fixture(scope="module")
def made(materialized, tmp_path_factory):
    """A project with its study, and what came of it."""
    project = materialized[0].copy(tmp_path_factory.mktemp("study") / "made")
    with project.instance() as instance:
        outcome = project.update(instance, STUDY, on_request=True)
        yield project, instance, outcome


@pytest.fixture
def trained(monkeypatch):
    """The seeds of every run that was trained, as it was begun."""
    begun = []

    def train(digits, study, seeds):
        begun.append((study.network, seeds))
        return train_run(digits, study, seeds)

    monkeypatch.setattr(study_workers, "train_run", train)
    return begun


def runs_of(project, name):
    return pd.read_csv(project.path(f"study/{name}", "csv"))


@pytest.mark.slow
def test_it_makes_each_networks_runs_and_their_comparison(made):
    project, _, outcome = made
    assert outcome.success, outcome.failures()
    assert outcome.made == ["study/normalised", "study/small", "study/comparison"]
    assert {name for name, check in outcome.checks().items() if check.passed} == {
        *(f"study/{name}:{check}" for name in ("small", "normalised") for check in CHECKS),
        "study/comparison:paired",
    }
    runs = runs_of(project, "small")
    assert list(runs.columns) == [
        "kind",
        "seed",
        "validation_accuracy",
        "test_accuracy",
        "seconds",
        "failure",
    ]
    assert list(runs["kind"]) == ["training"] * 3 + ["split"] * 3
    assert list(runs["seed"]) == [0, 1, 2] * 2
    assert runs["failure"].isna().all()
    # Network `small` is declared with seed 1, its split with seed 0: that run is in both kinds.
    accuracies = runs.drop(columns=["kind", "seed", "seconds"])
    assert accuracies.iloc[1].equals(accuracies.iloc[3])
    compared = pd.read_csv(project.path("study/comparison", "csv"))
    assert len(compared) == 4
    assert (compared["pairs"] == 3).all()


CHECKS = ("runs", "enough_seeds")


@pytest.mark.slow
def test_the_web_ui_shows_pictures_statistics_and_each_run_as_it_finished(made):
    _, instance, _ = made
    shown = instance.get_latest_materialization_event(SMALL).asset_materialization.metadata
    assert shown["picture"].value.startswith("![Accuracy of every run of small](data:image/png")
    assert len(shown["summary"].value.records) == 4
    assert set(shown["variation"].value["test"]) >= {"training_points", "split_points"}
    assert "notebook" not in shown, "the notebook says nothing of this dataset"
    observed = instance.fetch_observations(SMALL, limit=100).records
    assert len(observed) == 5, "one run serves both kinds"
    last = observed[0].asset_observation.metadata
    assert last["runs_left"].value == 0
    assert 0 < last["validation_accuracy"].value <= 1
    compared = instance.get_latest_materialization_event(dg.AssetKey(["study", "comparison"]))
    metadata = compared.asset_materialization.metadata
    assert metadata["correction"].value == "Holm's method over all 4 comparisons"


@pytest.mark.slow
def test_a_finished_study_is_up_to_date(made, trained):
    project, instance, _ = made
    assert project.update(instance, STUDY, on_request=True).made == []
    assert project.update(instance, STUDY, on_request=True, force=True).success
    assert trained == []


def test_nothing_plain_makes_it_or_misses_it(materialized):
    project = materialized[0]
    with project.instance() as instance:
        graph = project.graph(instance)
    assert graph.select(STUDY) == []
    assert not any(key.path[0] == "study" for key in graph.keys)
    assert not any(key.asset_key.path[0] == "study" for key in graph.checks)
    jobs = project.definitions().get_repository_def()
    for name in ("everything", "retrain"):
        selected = jobs.get_job(name).asset_layer.selected_asset_keys
        assert not any(key.path[0] == "study" for key in selected)
    studied = jobs.get_job("study").asset_layer.selected_asset_keys
    assert {SMALL, NORMALISED, dg.AssetKey(["preparation", "split"])} <= studied
    assert dg.AssetKey(["networks", "small"]) not in studied


def test_no_automation_makes_it(materialized):
    project = materialized[0]
    graph = project.definitions().resolve_asset_graph()
    studies = {key for key in graph.get_all_asset_keys() if key.path[0] == "study"}
    assert len(studies) == 3
    for key in studies:
        assert graph.get(key).automation_condition is None
        assert graph.get(key).tags["mnist_assets/on_request"] == "true"
    assert graph.get(dg.AssetKey(["networks", "small"])).automation_condition is not None


def stop_after(runs, monkeypatch):
    """Let a study be stopped once so many runs are kept."""
    kept = []
    keep = KeptRuns.keep

    def keep_or_stop(self, run):
        if len(kept) == runs:
            raise RuntimeError("stopped")
        keep(self, run)
        kept.append(run)

    monkeypatch.setattr(KeptRuns, "keep", keep_or_stop)


@pytest.mark.slow
def test_a_stopped_study_goes_on_and_ends_as_one_that_was_not(
    made, made_project, monkeypatch, trained
):
    project = made_project
    with project.instance() as instance:
        with monkeypatch.context() as patch:
            stop_after(2, patch)
            stopped = project.update(instance, f'{STUDY} and key:"study/small"', on_request=True)
        assert not stopped.success
        assert not project.path("study/small", "csv").exists()
        assert trained == [("small", (0, 0)), ("small", (1, 0)), ("small", (2, 0))]
        trained.clear()
        assert project.update(instance, STUDY, on_request=True).success
        of_small = [seeds for name, seeds in trained if name == "small"]
        assert of_small == [(2, 0), (1, 1), (1, 2)], "the rest alone"
        states = project.graph(instance, on_request=True).states([SMALL])
        assert states[SMALL] == (State.UP_TO_DATE, "")
    uninterrupted = made[0]
    for name in ("small", "normalised"):
        mine, theirs = (
            runs_of(of, name).drop(columns="seconds") for of in (project, uninterrupted)
        )
        assert mine.equals(theirs)
    pd.testing.assert_frame_equal(
        pd.read_csv(project.path("study/comparison", "csv")),
        pd.read_csv(uninterrupted.path("study/comparison", "csv")),
    )


@pytest.mark.slow
def test_a_changed_network_begins_anew_and_no_other(made, tmp_path, trained):
    project = made[0].copy(tmp_path / "copy")
    project.edit("networks.yaml", "batch_size: 32\n      epochs: 3\n      seed: 1", CHANGED)
    with project.instance() as instance:
        before = runs_of(project, "small")
        outcome = project.update(instance, STUDY, on_request=True)
    assert {name for name, _ in trained} == {"small"}
    assert len(trained) == 5
    assert "study/normalised" not in outcome.made
    assert not runs_of(project, "small").equals(before)
    assert len(list((project.folder / "assets" / "study" / "small_runs").iterdir())) == 1


CHANGED = "batch_size: 32\n      epochs: 1\n      seed: 1"


@pytest.mark.slow
def test_another_declared_seed_keeps_the_runs_that_have_it_in_them(made, tmp_path, trained):
    project = made[0].copy(tmp_path / "copy")
    project.edit("networks.yaml", "seed: 1", "seed: 7")
    with project.instance() as instance:
        assert project.update(instance, STUDY, on_request=True).success
    assert trained == [("small", Seeds(7, split)) for split in range(3)]


@pytest.mark.slow
def test_a_network_that_diverges_is_told_of_and_stops_the_comparison(made, tmp_path):
    project = made[0].copy(tmp_path / "copy")
    diverging = "{kind: sgd, learning_rate: 1000, momentum: 0.99}"
    project.edit("networks.yaml", "{kind: adam, learning_rate: 0.01}", diverging)
    project.path("study/comparison", "csv").unlink()
    with project.instance() as instance:
        outcome = project.update(instance, STUDY, on_request=True)
    assert not outcome.success
    failed = outcome.checks()["study/small:runs"]
    assert failed.passed is False
    assert "6 of 6 runs failed, first training seed 0: epoch" in failed.description
    runs = runs_of(project, "small")
    assert runs["validation_accuracy"].isna().all()
    assert runs["failure"].str.contains("a loss that is NaN or infinite").all()
    assert not project.path("study/comparison", "csv").exists()


def test_what_trains_runs_decides_them_and_what_draws_them_does_not(real_sources):
    def edit(file, old):
        path = real_sources / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, f"{old}1 + "))
        code_versions.forget_sources()

    first = code_version(train_run)
    edit("study/figures.py", "SPREAD = ")
    edit("process.py", "return len(")
    assert code_version(train_run) == first
    edit("networks/loop/training_loop.py", "VALIDATION_CHUNK = ")
    assert code_version(train_run) != first


@pytest.mark.slow
def test_runs_are_kept_beside_the_values(made):
    project, _, _ = made
    files = list((project.folder / "assets" / "study" / "small_runs").glob("*/*.json"))
    assert len(files) == 5
    plain = json.loads((files[0].parent / "training_1_split_0.json").read_text())
    assert (plain["training_seed"], plain["split_seed"], plain["failure"]) == (1, 0, None)
