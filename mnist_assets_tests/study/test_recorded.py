"""Recorded runs: of whom they speak, and how they are written."""

import pandas as pd
import pytest

from mnist_assets.networks.declaration import read_networks
from mnist_assets.study.recorded import (
    FIGURES,
    RECORDED,
    describe_machine,
    fingerprint,
    record,
    recorded_runs,
)
from mnist_assets_tests.report.stories import declare, runs_of

EMPTY = "network,declaration,kind,seed,validation_accuracy,test_accuracy,seconds,machine,date\n"


@pytest.fixture
def networks():
    return {"one": declare(), "two": declare(layers=[{"kind": "dense", "units": 3}])}


def test_what_is_recorded_is_told_of_a_network_that_is_declared_as_it_was(networks):
    text = record(EMPTY, networks, {"one": runs_of(0.9), "two": runs_of(0.8)}, "a machine")
    found = recorded_runs(text, networks)
    assert list(found) == ["one", "two"]
    runs, told = found["two"]
    pd.testing.assert_frame_equal(runs[FIGURES], runs_of(0.8)[FIGURES])
    assert runs["failure"].isna().all()
    assert told.endswith(", a machine")
    changed = networks | {"one": declare(learning_rate=0.02, kind="adam")}
    assert list(recorded_runs(text, changed)) == ["two"]
    assert list(recorded_runs(text, {"other": networks["one"]})) == []


def test_recording_replaces_a_networks_runs_and_drops_those_of_other_declarations(networks):
    text = record(EMPTY, networks, {"one": runs_of(0.9), "two": runs_of(0.8)}, "a machine")
    text = record(text, networks, {"one": runs_of(0.7, seeds=3)}, "another")
    found = recorded_runs(text, networks)
    assert len(found["one"][0]) == 6
    assert found["one"][1].endswith("another")
    assert found["two"][1].endswith("a machine")
    changed = {"one": networks["one"], "two": declare()}
    assert record(text, changed, {}, "third").count("\n") == 1 + 6
    assert record(EMPTY, networks, {}, "third") == EMPTY


def test_a_declaration_that_says_what_holds_anyway_is_the_same():
    said = declare(layers=[{"kind": "dense", "units": 3, "activation": "relu"}])
    assert fingerprint(said.training) != fingerprint(declare().training)
    explicit = declare(kind="sgd", learning_rate=0.1, momentum=0.0)
    assert fingerprint(explicit.training) == fingerprint(
        declare(kind="sgd", learning_rate=0.1).training
    )
    # Kept beside the recorded runs: a fingerprint that changed would drop all of them.
    assert fingerprint(declare().training) == "bcfe2c99276e58f3"


def test_what_comes_with_the_package_is_of_its_own_networks():
    text = RECORDED.read_text(encoding="utf-8")
    networks = read_networks()
    found = recorded_runs(text, networks)
    assert found.keys() <= networks.keys()
    assert sum(len(runs) for runs, _ in found.values()) == text.count("\n") - 1, "none is outdated"
    assert record(text, networks, {}, "none") == text


def test_a_machine_is_told_by_its_cores_and_processor():
    cores, processor = describe_machine().split(" cores of ")
    assert int(cores) >= 1
    assert processor
