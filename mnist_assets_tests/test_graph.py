"""The graph as a whole, on a tiny dataset of another image size and class count."""

import errno
import gzip
import json

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.preparation import normalization
from mnist_assets.preparation import split as splitting
from mnist_assets_tests.faults.fault import in_function
from mnist_assets_tests.faults.networks import in_training, with_loss_lost
from mnist_assets_tests.faults.preparation import overlapping
from mnist_assets_tests.tiny import (
    CLASSES,
    SHAPE,
    Project,
    blank_pictures,
    make_digits,
    without_xla,
    write_dataset,
)

pytestmark = pytest.mark.slow

NAMES = ["small", "normalised"]
TO_AN_EVALUATION = '+key:"evaluation/small"'
# The stages whose values are in one folder, where they are several.
GROUPS = {"evaluation": {"evaluation", "quality"}, "report": {"report", "claims"}}


@pytest.fixture(scope="module")
def made(materialized, tmp_path_factory):
    """A project with everything materialised."""
    project = materialized[0].copy(tmp_path_factory.mktemp("graph") / "made")
    with project.instance() as instance:
        yield project, instance


@pytest.fixture
def project(tmp_path):
    return Project.create(tmp_path)


def test_every_asset_is_made_and_every_check_passes(made):
    project, instance = made
    graph = project.graph(instance)
    (run,) = instance.get_runs()  # from nothing, one run makes everything
    assert run.is_success
    materialized = {
        key for key in graph.keys if instance.get_latest_materialization_event(key) is not None
    }
    assert materialized == set(graph.keys)
    checks = project.checks(instance)
    assert len(checks) == len(graph.checks)
    assert [name for name, evaluation in checks.items() if not evaluation.passed] == []


def test_every_key_is_a_file_that_opens_without_dagster(made):
    project, _ = made
    images = np.load(project.path("dataset/train_images", "npy"))
    assert (images == make_digits(300, 0)[0]).all()
    assert np.load(project.path("dataset/test_labels", "npy")).shape == (60,)
    description = json.loads(project.path("dataset/description", "json").read_text())
    assert (description["title"], description["mnist"]) == ("raw", False)
    summary = json.loads(project.path("exploration/summary", "json").read_text())
    assert summary["image_shape"] == list(SHAPE)
    assert summary["class_distribution"]["train"] == [75] * CLASSES
    for key in ("sample_digits", "pixel_range"):
        assert project.path(f"exploration/{key}", "png").read_bytes().startswith(b"\x89PNG")
    tables = {"class_distribution": 4, "extreme_digits": 4, "grey_levels": 300}
    for key, rows in (tables | {"pixel_histogram": 256}).items():
        assert len(pd.read_csv(project.path(f"exploration/{key}", "csv"))) == rows
    averages = np.load(project.path("exploration/average_digits", "npy"))
    assert averages.shape == (CLASSES, *SHAPE)
    with np.load(project.path("preparation/split", "npz")) as split:
        assert sorted(np.concatenate([split["train"], split["validation"]])) == list(range(300))
    with np.load(project.path("preparation/normalization", "npz")) as normalization:
        assert normalization["std"].min() == np.float32(25.5)
    assert project.path("preparation/normalized_digits", "png").is_file()
    assert len(pd.read_csv(project.path("preparation/one_hot_examples", "csv"))) == 9
    for name in NAMES:
        history = pd.read_csv(project.path(f"networks/{name}_history", "csv"))
        assert list(history["epoch"]) == [1, 2, 3]
        with np.load(project.path(f"evaluation/{name}_predictions", "npz")) as predictions:
            assert predictions["validation"].shape == (30, CLASSES)
            assert predictions["test"].shape == (60, CLASSES)
        evaluation = json.loads(project.path(f"evaluation/{name}", "json").read_text())
        assert np.sum(evaluation["test"]["confusion_matrix"]) == 60
    comparison = pd.read_csv(project.path("evaluation/comparison", "csv"))
    assert list(comparison["network"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_saved_network_gives_the_recorded_accuracies_in_plain_keras(made, name):
    import keras

    project, _ = made
    model = keras.saving.load_model(project.path(f"networks/{name}", "keras"))
    images, labels = make_digits(60, 1)
    predicted = model.predict(images[..., None].astype(np.float32), verbose=0).argmax(axis=1)
    evaluation = json.loads(project.path(f"evaluation/{name}", "json").read_text())
    assert (predicted == labels).mean() == evaluation["test"]["accuracy"]
    history = pd.read_csv(project.path(f"networks/{name}_history", "csv"))
    assert history["val_accuracy"].iloc[-1] == evaluation["validation"]["accuracy"]


def test_each_asset_is_presented(made):
    project, instance = made
    graph = project.definitions().resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.description, key
        assert node.group_name in GROUPS.get(key.path[0], {key.path[0]})
        assert node.kinds
        assert node.owners
        assert "dagster/code_references" in node.metadata, key
    shown = instance.get_latest_materialization_event(
        next(key for key in graph.materializable_asset_keys if key.path[-1] == "grey_levels")
    ).asset_materialization.metadata
    assert shown["picture"].value.startswith("![")


def test_training_is_observed_epoch_by_epoch(made):
    _, instance = made
    import dagster as dg

    observations = instance.fetch_observations(dg.AssetKey(["networks", "small"]), limit=10).records
    epochs = [record.asset_observation.metadata["epoch"].value for record in observations]
    assert epochs == [3, 2, 1]


def test_a_second_update_runs_nothing(made):
    project, instance = made
    assert project.update(instance).made == []


def test_one_network_can_be_chosen_with_what_follows(made):
    project, instance = made
    chosen = project.graph(instance).select('key:"networks/small"+')
    assert {key.to_user_string() for key in chosen} >= {
        "networks/small",
        "networks/small_history",
        "evaluation/small_predictions",
    }


def test_a_declaration_is_all_that_a_further_network_takes(project):
    project.edit("networks.yaml", "  normalised:", "  third:")
    keys = {
        key.to_user_string()
        for key in project.definitions().resolve_asset_graph().get_all_asset_keys()
    }
    assert keys >= {
        "networks/third",
        "networks/third_history",
        "evaluation/third_predictions",
        "evaluation/third",
    }


def blocked_by(project, instance, check, select="*"):
    outcome = project.update(instance, select)
    assert not outcome.success
    assert not outcome.checks()[check].passed
    return outcome


@pytest.mark.slow
def test_a_network_that_lost_its_loss_stops_its_evaluation_and_no_other(project, monkeypatch):
    in_training(with_loss_lost)(project, monkeypatch)
    with project.instance() as instance, without_xla(), blank_pictures():
        outcome = blocked_by(project, instance, "networks/small_history:loss_finite")
        assert "evaluation/small_predictions" not in outcome.made
        assert "evaluation/normalised" in outcome.made
        assert "evaluation/comparison" not in outcome.made
        again = blocked_by(project, instance, "networks/small_history:loss_finite")
        assert "networks/small" not in again.made, "what is up to date is not trained again"
        assert "evaluation/small_predictions" not in again.made, "a failure keeps blocking"


def test_a_bad_split_stops_everything_downstream(project, monkeypatch):
    in_function(splitting, "split_indices", overlapping)(project, monkeypatch)
    with project.instance() as instance:
        check = "preparation/split:complete_and_disjoint"
        outcome = blocked_by(project, instance, check, TO_AN_EVALUATION)
        assert [key for key in outcome.made if key.startswith(("networks", "evaluation"))] == []


def test_the_notebooks_guard_stops_training_when_a_constant_pixel_is_lit(project, monkeypatch):
    images, _ = make_digits(60, 1)
    images[5, 0, 0] = 200
    path = project.folder / "raw" / FILE_NAMES["test_images"]
    path.write_bytes(path.read_bytes()[:16] + images.tobytes())

    def fit_with_the_notebooks_guard(images, indices, std_floor):
        mean, std = images[indices].mean(axis=0), images[indices].std(axis=0) + 1e-10
        return {"mean": mean.astype(np.float32), "std": std.astype(np.float32)}

    monkeypatch.setattr(normalization, "fit_normalization", fit_with_the_notebooks_guard)
    with project.instance() as instance:
        outcome = blocked_by(
            project, instance, "preparation/normalization:bounded", TO_AN_EVALUATION
        )
    seen = outcome.checks()["preparation/normalization:bounded"].metadata
    assert seen["seen test"].value > 1e11
    assert seen["expected largest_absolute_at_most"].value == pytest.approx(10)
    assert [key for key in outcome.made if key.startswith(("networks", "evaluation"))] == []


BAD_FILES = {
    "truncated gzip": ("train_images", lambda data: gzip.compress(data)[:-20]),
    "wrong magic number": ("train_images", lambda data: b"\0\0\x08\x02" + data[4:]),
    "header disagrees with the length": ("test_images", lambda data: data[:-5]),
    "labels of different length": (
        "train_labels",
        lambda data: data[:4] + (299).to_bytes(4, "big") + data[8:-1],
    ),
    "label out of range": ("test_labels", lambda data: data[:-1] + b"\x09"),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_bad_input_is_named_and_everything_there_before_stays(made_copy, fault):
    project, before = made_copy
    name, spoil = BAD_FILES[fault]
    path = project.folder / "raw" / FILE_NAMES[name]
    path.write_bytes(spoil(path.read_bytes()))
    with project.instance() as instance:
        outcome = project.update(instance)
    assert not outcome.success
    (message,) = outcome.failures()
    assert path.name in message
    assert "expected" in message
    assert before == snapshot(project)


@pytest.fixture
def made_copy(made_project):
    """A project in which everything is made, and a snapshot of its files."""
    return made_project, snapshot(made_project)


def snapshot(project):
    root = project.folder / "assets"
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_missing_file_is_an_error_before_anything_runs(made_copy):
    project, before = made_copy
    (project.folder / "raw" / FILE_NAMES["test_labels"]).unlink()
    with project.instance() as instance, pytest.raises(ValueError, match="t10k-labels-idx1-ubyte"):
        project.update(instance)
    assert before == snapshot(project)


def test_a_full_disk_leaves_the_old_values(made_copy, monkeypatch):
    project, before = made_copy
    write_dataset(project.folder / "raw", seed=7)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with project.instance() as instance:
        outcome = project.update(instance)
    assert not outcome.success
    assert "No space left on device" in outcome.failures()[0]
    assert "Free some space" in outcome.failures()[0]
    assert before == snapshot(project)


def test_new_data_in_the_folder_is_noticed(made_copy):
    project, before = made_copy
    write_dataset(project.folder / "raw", seed=7)
    with project.instance() as instance:
        outcome = project.update(instance, select="group:dataset")
    # Equal labels in both: the arrays are all loaded anew, and two come out the same.
    assert outcome.made == [f"dataset/{name}" for name in sorted([*FILE_NAMES, "description"])]
    assert before != snapshot(project)


def test_a_dataset_may_bring_bounds_of_its_own(made_project):
    declared = made_project.folder / "raw" / "dataset.yaml"
    declared.write_text("bounds: {quality: {label_errors: {largest_share: 0.5}}}\n")
    with made_project.instance() as instance:
        outcome = made_project.update(instance, select='key:"dataset/description"')
        assert outcome.success
        description = json.loads(made_project.path("dataset/description", "json").read_text())
        assert description["own_bounds"] == ["quality.label_errors.largest_share"]
        declared.write_text("bounds: {dataset: {repeated_share: 0.5}}\ntitle: Rows\n")
        outcome = made_project.update(instance, select="group:dataset")
        seen = outcome.checks()["dataset/train_images:no_image_twice"].metadata
    assert seen["expected images_at_most"].value == 150


def test_a_dataset_of_other_bounds_than_the_definitions_is_refused(made_copy):
    project, before = made_copy
    definitions = project.definitions()
    (project.folder / "raw" / "dataset.yaml").write_text("bounds: {champion: {floor: 0.1}}")
    job = definitions.resolve_implicit_global_asset_job_def()
    with project.instance() as instance:
        result = job.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(["dataset", "description"])],
            raise_on_error=False,
        )
    assert not result.success
    assert before == snapshot(project)
