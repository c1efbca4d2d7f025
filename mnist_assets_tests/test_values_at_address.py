"""Everything is kept at an address: in memory, made in this process, and on S3, by commands."""

import re
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mnist_assets.champion import archive
from mnist_assets.champion.assets import model as champion_model
from mnist_assets.champion.promotion import promote
from mnist_assets.cli.study import _record as record_study
from mnist_assets.errors import InputError
from mnist_assets.orchestration.staleness import State
from mnist_assets.orchestration.storage.addresses import list_folder, open_address, read_bytes
from mnist_assets.orchestration.storage.changes import put, remove
from mnist_assets.study import workers as study_workers
from mnist_assets.study.training import train_run
from mnist_assets_tests.champion.test_assets import look, score
from mnist_assets_tests.cli.command import command, worked_on
from mnist_assets_tests.forked import run_command
from mnist_assets_tests.stores import bucket_address, memory_address
from mnist_assets_tests.test_places import states_of
from mnist_assets_tests.tiny import Project, blank_pictures, make_digits, without_xla

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def at_address(tmp_path_factory):
    """A project with one network, all of whose values are in memory, and what came of making it."""
    project = with_one_network(Project.create(tmp_path_factory.mktemp("at_address")))
    with memory_address() as address, project.instance() as instance:
        there = project.at(assets=f"{address}/values", inbox=f"{address}/inbox")
        with without_xla(), blank_pictures():
            outcome = there.update(instance)
            yield there, instance, outcome


def with_one_network(project):
    _, second = (project.folder / "networks.yaml").read_text().split("  normalised:")
    project.edit("networks.yaml", f"  normalised:{second}", "")
    project.edit("settings.yaml", "settled_seconds: 2", "settled_seconds: 0")
    return project


def below(project, file):
    return open_address(project.places.assets) / file


def test_at_an_address_everything_is_made_and_then_nothing(at_address):
    project, instance, outcome = at_address
    assert outcome.success, outcome.failures()
    assert outcome.made == [key.to_user_string() for key in project.graph(instance).keys]
    assert not any(check.passed is False for check in outcome.checks().values())
    assert project.update(instance).made == []
    assert states_of(project, instance) == {State.UP_TO_DATE}
    assert not (project.folder / "assets").exists()


def test_what_is_lost_or_damaged_at_an_address_is_noticed_named_and_made_again(at_address):
    project, instance, _ = at_address
    lost, spoilt = below(project, "exploration/summary.json"), below(project, "champion/model.json")
    table = below(project, "evaluation/comparison.csv")
    picture = below(project, "exploration/grey_levels.png")
    before = {path: read_bytes(path) for path in (lost, spoilt, table, picture)}
    remove(lost)
    remove(picture)
    put(b"x" * len(before[spoilt]), spoilt)
    put(b"x" * len(before[table]), table)
    graph = project.graph(instance)
    found = {
        key.to_user_string(): (state, reason)
        for key, (state, reason) in graph.states(graph.keys).items()
        if state not in {State.UP_TO_DATE, State.WAITING}
    }
    changed = "its file was changed by something else:"
    assert found == {
        "exploration/summary": (State.MISSING, f"no file {lost}"),
        "exploration/grey_levels": (State.BROKEN, f"its file was lost: {picture}"),
        "evaluation/comparison": (State.BROKEN, f"{changed} {table}"),
        "champion/model": (State.BROKEN, f"{changed} {spoilt}"),
    }
    assert set(project.update(instance).made) == set(found)
    assert {path: read_bytes(path) for path in before} == before
    assert states_of(project, instance) == {State.UP_TO_DATE}


def test_pictures_in_an_inbox_at_an_address_are_read(at_address):
    project, instance, _ = at_address
    inbox = open_address(project.places.inbox)
    for number, image in enumerate(make_digits(3, 3)[0]):
        put(picture_of(image), inbox / f"digit {number}.png")
    put(b"no picture", inbox / "notes.txt")
    (request,) = look(project, instance).run_requests
    seen, _ = score(project, instance, request)
    assert seen["files"].value == 3
    day = below(project, f"inference/predictions/{request.partition_key}.csv")
    scores = pd.read_csv(BytesIO(read_bytes(day)))
    assert scores["file"].tolist() == [f"digit {number}.png" for number in range(3)]
    aside = inbox.with_name("inbox-quarantine")
    told = read_bytes(aside / "notes.txt.reason.txt").decode()
    assert told.startswith(f"{inbox}/notes.txt: found a file that begins with")
    assert sorted(path.name for path in list_folder(aside)) == [
        "notes.txt",
        "notes.txt.reason.txt",
    ]
    assert look(project, instance).skip_message == "There is no new file."
    put(picture_of(make_digits(1, 5)[0][0]), inbox / "one more.png")
    (request,) = look(project, instance).run_requests
    assert score(project, instance, request)[0]["files"].value == 1
    assert pd.read_csv(BytesIO(read_bytes(day)))["file"].tolist()[-1] == "one more.png"


def test_commands_work_on_values_at_an_address(at_address, tmp_path):
    project, _, _ = at_address
    put(b"{}", below(project, "study/gone_runs/abc/training_0_split_0.json"))
    (tmp_path / "7.png").write_bytes(picture_of(make_digits(1, 3)[0][0]))
    with worked_on(project):
        assert "missing" not in command("status").output
        verified = command("verify")
        assert (verified.exit_code, "all as written" in verified.output) == (0, True)
        assert "7.png" in command("predict", tmp_path / "7.png").output
        exported = command("export", "--format", "saved_model", "--output", tmp_path / "exported")
        assert exported.exit_code == 0, exported.output
        forced = command("champion", "promote", "small", "--why", "to see it")
        assert forced.exit_code == 0, forced.output
        assert command("champion", "rollback", "0001-small", "--why", "seen").exit_code == 0
        listed = command("champion", "list").output
        assert re.findall(r"000\d-small", listed) == ["0001-small", "0002-small"]
        cleaned = command("clean", "--yes")
        assert "study of gone, no longer declared" in cleaned.output
        assert "Nothing to remove" in command("clean").output
    assert archive.pointed(below(project, "champion")) == "0001-small"


def test_a_step_that_is_overtaken_before_its_value_is_stored_undoes_nothing(
    at_address, monkeypatch
):
    project, instance, _ = at_address
    folder, present, others = below(project, "champion"), champion_model._present, []

    def present_and_be_overtaken(*arguments):
        value = present(*arguments)
        champion = archive.current(folder)
        why = {"network": "small", "who": "Ada", "why": "faster", "when": datetime.now(UTC)}
        others.append(
            promote(
                folder,
                champion.model_path,
                champion.explanation(),
                replaces=champion.version,
                **why,
            )
        )
        return value

    with monkeypatch.context() as patch:
        patch.setattr(champion_model, "_present", present_and_be_overtaken)
        outcome = project.update(instance, 'key:"champion/model"', force=True)
    assert [reason.partition(", expected")[0] for reason in outcome.failures()] == [
        f"{folder}/model.json: found another champion, by now"
    ]
    assert archive.pointed(folder) == others[0]
    assert project.update(instance, 'key:"champion/model"').made == ["champion/model"]
    assert archive.pointed(folder) == others[0]


def test_a_study_is_recorded_from_an_address_if_it_is_of_mnist(at_address):
    project, _, _ = at_address
    with pytest.raises(InputError, match="--record: found another dataset"):
        record_study(project.places, {}, [])


def test_a_study_at_an_address_goes_on_elsewhere(at_address, tmp_path, monkeypatch):
    """Another machine has the same declarations and nothing else but the address."""
    project, instance, _ = at_address
    trained = []

    def train_two(digits, study, seeds):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(seeds)
        return train_run(digits, study, seeds)

    study = 'key:"study/small"'
    with monkeypatch.context() as patch:
        patch.setattr(study_workers, "train_run", train_two)
        assert not project.update(instance, study, on_request=True).success
    elsewhere = with_one_network(Project.create(tmp_path)).at(assets=project.places.assets)
    with elsewhere.instance() as other:
        monkeypatch.setattr(study_workers, "train_run", counting(trained))
        outcome = elsewhere.update(other, f"+{study}", on_request=True)
    assert outcome.success, outcome.failures()
    assert len(trained) == len(set(trained)) == 5
    assert len(pd.read_csv(BytesIO(read_bytes(below(project, "study/small.csv"))))) == 6


def counting(trained):
    def train(digits, study, seeds):
        trained.append(seeds)
        return train_run(digits, study, seeds)

    return train


def picture_of(image):
    """A PNG file of a tiny digit, dark on light."""
    file = BytesIO()
    large = 255 - np.kron(np.pad(image, 3), np.ones((9, 9), np.uint8))
    Image.fromarray(large).save(file, "PNG")
    return file.getvalue()


def materialize(project, environment):
    """What `mnist-assets materialize` tells, in a process that forks two more."""
    done = run_command(["materialize"], project.environment | environment)
    return done.stdout + done.stderr


def test_on_s3_two_processes_make_everything_and_what_is_lost_or_damaged_again(s3, tmp_path):
    project = with_one_network(Project.create(tmp_path))
    with bucket_address() as address:
        project = project.at(assets=f"{address}/values")
        told = materialize(project, s3)
        assert f"Values are in {address}/values" in told
        lost = below(project, "preparation/one_hot_examples.csv")
        picture = below(project, "exploration/grey_levels.png")
        spoilt = below(project, "champion/model.json")
        before = {path: read_bytes(path) for path in (lost, spoilt, picture)}
        with project.instance() as instance:
            assert states_of(project, instance) == {State.UP_TO_DATE}
        remove(lost)
        remove(picture)
        put(b"x" * len(before[spoilt]), spoilt)
        told = materialize(project, s3)
        assert "Materialising 3 assets" in told
        assert f"preparation/one_hot_examples: no file {lost}" in told
        assert f"exploration/grey_levels: its file was lost: {picture}" in told
        assert f"champion/model: its file was changed by something else: {spoilt}" in told
        assert {path: read_bytes(path) for path in before} == before
        with project.instance() as instance:
            assert states_of(project, instance) == {State.UP_TO_DATE}
