"""The champion in the graph: decided, promoted, forced, rolled back; and what it serves."""

import json
import os
import zipfile

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.export.litert import run_litert
from mnist_assets.champion.history import promotion_log
from mnist_assets_tests.tiny import make_digits

pytestmark = pytest.mark.xdist_group("tensorflow")


@pytest.fixture(scope="module")
def made(materialized, tmp_path_factory):
    """A project in which everything is made; its champion is changed by one test after another."""
    project = materialized[0].copy(tmp_path_factory.mktemp("champion") / "made")
    with project.instance() as instance:
        yield project, instance


def read_json(project, key):
    return json.loads(project.path(key, "json").read_text())


def change(project, instance, **config):
    """Materialise the champion with a change."""
    return (
        project.definitions()
        .resolve_job_def("everything")
        .execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(["champion", "model"])],
            run_config={
                "loggers": {"terminal": {}},
                "ops": {"champion__model": {"config": config}},
            },
            raise_on_error=False,
        )
    )


def test_the_first_decision_promotes_one_network_and_gives_its_reasons(made):
    project, _ = made
    decision = read_json(project, "champion/decision")
    assert decision["promote"] is True
    assert decision["replaces"] is None
    assert {d["challenger"]["network"] for d in decision["decisions"]} == {"small", "normalised"}
    assert sum(d["promote"] for d in decision["decisions"]) == 1
    assert all(reason["message"] for d in decision["decisions"] for reason in d["reasons"])
    model = read_json(project, "champion/model")
    assert model["network"] == decision["promoted"]
    assert model["version"] == f"0001-{decision['promoted']}"


def test_the_champion_is_two_lines_of_plain_keras_and_explains_itself(made):
    import keras

    project, _ = made
    folder = project.folder / "assets" / "champion"
    model = keras.saving.load_model(folder / "current" / "model.keras")
    images, labels = make_digits(60, 1)
    predicted = model.predict(images[..., None].astype(np.float32), verbose=0).argmax(axis=1)
    explanation = archiving.current(folder).explanation()
    assert (predicted == labels).mean() == explanation["metrics"]["test"]["accuracy"]
    assert explanation["declaration"]["seed"] in {1, 2}
    assert explanation["decision"] == read_json(project, "champion/decision")


def test_the_champion_is_handed_on_in_one_archive(made):
    project, instance = made
    with zipfile.ZipFile(project.path("champion/export", "zip")) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert list(files) == ["model.tflite", "model_int8.tflite", "model_card.md"]
    images, labels = make_digits(60, 1)
    assert (run_litert(files["model.tflite"], images).argmax(axis=1) == labels).all()
    version = read_json(project, "champion/model")["version"]
    assert files["model_card.md"].decode().startswith(f"# Model card: champion {version}\n")
    assert project.checks(instance)["champion/export:same_answers"].passed


def test_every_training_is_in_the_log(made):
    project, _ = made
    log = pd.read_csv(project.path("champion/training_log", "csv"))
    assert sorted(log["network"]) == ["normalised", "small"]
    assert log["promoted"].sum() == 1
    assert log["validation_accuracy"].notna().all()


def test_a_forced_promotion_and_a_rollback_are_logged_and_stay(made):
    project, instance = made
    first = read_json(project, "champion/model")["version"]
    other = "small" if first.endswith("normalised") else "normalised"
    assert change(project, instance, promote=other, who="Ada", why="to compare").success
    assert read_json(project, "champion/model")["version"] == f"0002-{other}"
    # Without a change asked for, an old decision does not undo what somebody decided since.
    assert change(project, instance).success
    assert read_json(project, "champion/model")["version"] == f"0002-{other}"
    assert change(project, instance, roll_back_to=first, who="Ada", why="it was better").success
    assert read_json(project, "champion/model")["version"] == first
    log = promotion_log(project.folder / "assets" / "champion")
    assert log["action"].to_list() == ["promotion", "forced promotion", "rollback"]
    assert log["who"].to_list() == ["champion/decision", "Ada", "Ada"]


def test_an_unknown_version_is_refused_and_the_champion_stays(made):
    project, instance = made
    before = read_json(project, "champion/model")
    assert not change(project, instance, roll_back_to="0009-x", who="Ada", why="oops").success
    assert read_json(project, "champion/model") == before
    assert not change(project, instance, promote="nobody", who="Ada", why="oops").success
    assert read_json(project, "champion/model") == before


def look(project, instance):
    """One look of the inbox's sensor."""
    definitions = project.definitions()
    sensor = definitions.get_repository_def().get_sensor_def("inbox")
    resources = {name: definitions.resources[name] for name in ("inbox_folder", "archive")}
    with dg.build_sensor_context(instance, resources=resources) as context:
        return sensor(context)


def score(project, instance, request):
    """What the sensor's run request asks for."""
    instance.add_dynamic_partitions("inbox_days", [request.partition_key])
    job = project.definitions().get_repository_def().get_job("__anonymous_asset_job_inbox")
    result = job.execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        tags=request.tags,
        run_config={"loggers": {"terminal": {}}},
        raise_on_error=False,
    )
    assert result.success, [
        e.step_failure_data.error for e in result.all_events if e.is_step_failure
    ]
    (made,) = result.get_asset_materialization_events()
    (drift,) = result.get_asset_check_evaluations()
    return made.materialization.metadata, drift


def drop(inbox, name, image):
    """A picture of a tiny digit, dark on light, that nobody is writing to any more."""
    picture = Image.fromarray(255 - np.kron(np.pad(image, 3), np.ones((9, 9), np.uint8)))
    picture.save(inbox / name)
    os.utime(inbox / name, (0, 0))


def test_files_in_the_inbox_are_scored_together_and_once_by_the_champion(made):
    project, instance = made
    inbox = project.folder / "inbox"
    inbox.mkdir(exist_ok=True)
    images, _ = make_digits(8, 3)
    for number in range(3):
        drop(inbox, f"digit {number}.png", images[number])
    (inbox / "notes.txt").write_text("no picture")
    (inbox / "folder").mkdir()
    for path in inbox.iterdir():
        os.utime(path, (0, 0))
    (request,) = look(project, instance).run_requests
    seen, drift = score(project, instance, request)
    assert seen["files"].value == 3
    assert drift.check_name == "drift"
    assert "seen moved" in drift.metadata
    quarantine = project.folder / "inbox-quarantine"
    assert {path.name for path in quarantine.iterdir()} == {
        "notes.txt",
        "notes.txt.reason.txt",
        "folder",
        "folder.reason.txt",
    }
    path = project.folder / "assets/inference/predictions" / f"{request.partition_key}.csv"
    first = path.read_text()
    scores = pd.read_csv(path)
    assert scores["file"].tolist() == [f"digit {number}.png" for number in range(3)]
    assert set(scores["champion"]) == {read_json(project, "champion/model")["version"]}
    assert list(scores.columns) == [
        *("picture", "digit", "probability", "second_digit", "second_probability", "champion"),
        *("part", "left", "top", "right", "bottom", "number", "doubtful", "why"),
        *("file", "bytes", "modified", "sha256"),
    ]
    with Image.open(path.with_suffix(".png")) as drawn:
        assert drawn.format == "PNG"
    assert list(seen["picture_files"].value) == [f"{request.partition_key}.png"]
    assert look(project, instance).skip_message == "There is no new file."
    drop(inbox, "one more.png", images[4])
    (request,) = look(project, instance).run_requests
    seen, _ = score(project, instance, request)
    assert seen["files"].value == 1
    assert path.read_text().startswith(first)
    assert pd.read_csv(path)["file"].tolist()[-1] == "one more.png"


def test_while_a_run_over_the_inbox_is_not_over_there_is_no_other_nor_after_three(made):
    project, instance = made
    inbox = project.folder / "inbox"
    inbox.mkdir(exist_ok=True)
    drop(inbox, "again.png", make_digits(1, 9)[0][0])
    (request,) = look(project, instance).run_requests
    for number in range(3):
        run = dg.DagsterRun("inbox", tags=request.tags, status=dg.DagsterRunStatus.STARTED)
        instance.add_run(run)
        assert "not over yet" in look(project, instance).skip_message
        instance.report_run_failed(run)
        assert isinstance(look(project, instance), dg.SensorResult if number < 2 else dg.SkipReason)
    assert (
        "3 runs that began with again.png came to nothing" in look(project, instance).skip_message
    )
