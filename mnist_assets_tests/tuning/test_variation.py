"""From a declaration of sweeps to trainings that differ from a network's in one thing alone."""

import numpy as np
import pytest

from mnist_assets.declarations.places import TUNING_FILE
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import read_networks
from mnist_assets.tuning.declaration import Sweep, read_sweeps
from mnist_assets.tuning.variation import fit, points_of, vary, written
from mnist_assets_tests.study.test_training import declare

DENSE = {"kind": "dense", "units": 8, "activation": "tanh"}
NORM, DROP = {"kind": "batch_normalization"}, {"kind": "dropout", "rate": 0.3}
DEEP = declare([DROP, DENSE, NORM, DENSE | {"units": 3}, DROP])


def tried(varies, *values, training=None):
    sweep = Sweep(varies=varies, values={"tiny": values})
    points = points_of(sweep, "tiny", training or declare(), "tuning.yaml: sweeps.one")
    return {point.value: point for point in points}


def layers(training):
    return [layer.model_dump(exclude_none=True) for layer in training.layers]


def test_the_declared_value_is_among_numbers_in_its_place():
    points = tried("optimizer.learning_rate", 0.1, 0.001)
    assert list(points) == ["0.001", "0.02", "0.1"]
    assert [point.declared for point in points.values()] == [False, True, False]
    assert points["0.02"].training == declare()
    changed = points["0.1"].training
    assert changed.optimizer.learning_rate == 0.1
    assert changed == declare(optimizer={"kind": "adam", "learning_rate": 0.1})


def test_a_declared_value_that_is_listed_is_there_once():
    points = tried("batch_size", 8, 16)
    assert {name: point.declared for name, point in points.items()} == {"8": False, "16": True}


def test_other_values_keep_their_order_behind_the_declared_one():
    momentum = {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True}
    points = tried("optimizer", momentum, {"kind": "rmsprop", "learning_rate": 0.001})
    assert list(points) == ["adam 0.02", "sgd 0.1, momentum 0.9, nesterov", "rmsprop 0.001"]
    assert points["rmsprop 0.001"].training.optimizer.kind == "rmsprop"


def test_what_is_not_declared_of_a_network_can_be_tried():
    points = tried("schedule", {"kind": "cosine"})
    assert list(points) == ["none", "cosine"]
    assert points["cosine"].training.schedule.kind == "cosine"


def test_width_multiplies_the_neurons_of_every_hidden_layer():
    points = tried("width", 0.25, 2, training=DEEP)
    assert list(points) == ["0.25", "1", "2"]
    of = {name: [layer.get("units") for layer in layers(p.training)] for name, p in points.items()}
    assert of == {
        "0.25": [None, 2, None, 1, None],
        "1": [None, 8, None, 3, None],
        "2": [None, 16, None, 6, None],
    }
    assert points["1"].declared


def test_depth_takes_the_first_layers_or_repeats_the_last_with_what_follows_it():
    points = tried("depth", 0, 1, 4, training=DEEP)
    assert list(points) == ["0", "1", "2", "4"]
    assert points["2"].declared
    narrow = DENSE | {"units": 3}
    assert layers(points["0"].training) == [DROP]
    assert layers(points["1"].training) == [DROP, DENSE, NORM]
    assert layers(points["4"].training) == [DROP, DENSE, NORM, *[narrow, DROP] * 3]


def test_normalisation_leaves_the_training_as_it_is():
    points = tried("normalization", "raw_pixels", "notebook_guard")
    assert list(points) == ["per pixel", "raw pixels", "notebook guard"]
    assert {point.training for point in points.values()} == {declare()}
    assert [point.normalization for point in points.values()] == [
        "per_pixel",
        "raw_pixels",
        "notebook_guard",
    ]
    assert [point.declared for point in points.values()] == [True, False, False]


def test_what_normalisations_make_of_pixels():
    images = np.zeros((4, 1, 2), np.uint8)
    images[:2, 0, 0] = 200
    indices = np.arange(4, dtype=np.int32)
    fitted = {
        kind: fit(kind, 25.5)(images, indices)
        for kind in ("raw_pixels", "divide_by_255", "per_pixel", "notebook_guard")
    }
    means = {kind: of["mean"].tolist() for kind, of in fitted.items()}
    stds = {kind: of["std"].tolist() for kind, of in fitted.items()}
    assert means["raw_pixels"] == means["divide_by_255"] == [[0, 0]]
    assert means["per_pixel"] == means["notebook_guard"] == [[100, 0]]
    assert (stds["raw_pixels"], stds["divide_by_255"]) == ([[1, 1]], [[255, 255]])
    assert stds["per_pixel"] == [[100, 25.5]]
    assert stds["notebook_guard"] == [[100, pytest.approx(1e-10)]]
    assert {array.dtype for of in fitted.values() for array in of.values()} == {np.dtype("f4")}


@pytest.mark.parametrize(
    ("varies", "value", "told"),
    [
        ("batch_size", 0, "values.tiny[0]: batch_size: found 0"),
        ("optimizer", {"kind": "best"}, "values.tiny[0]: optimizer: found 'best'"),
        ("optimizer.momentum", 0.9, "varies: found optimizer.momentum, expected a field of"),
        ("patience", 3, "varies: found patience, expected a field of a network's training, or one"),
        ("width", -1, "values.tiny[0]: found -1, expected a number above 0"),
        ("depth", 1.5, "values.tiny[0]: found 1.5, expected a whole number from 0 on"),
        ("normalization", "z", "found z, expected one of raw_pixels, divide_by_255, per_pixel"),
    ],
)
def test_what_cannot_be_tried_is_told_with_its_place(varies, value, told):
    with pytest.raises(InputError) as raised:
        tried(varies, value)
    assert told in str(raised.value)
    assert "tuning.yaml: sweeps.one." in str(raised.value)


def test_a_value_twice_is_refused_and_a_network_without_layers_has_no_depth():
    with pytest.raises(InputError, match="found 8 more than once"):
        tried("batch_size", 8, 8)
    with pytest.raises(InputError, match="found 1, expected 0, as the network has no hidden"):
        vary(declare([]), "depth", 1, "here")


def test_values_are_written_short():
    assert written({"kind": "dense", "units": 3, "activation": None}) == "dense, units 3"
    assert [written(of) for of in (1e-05, 128, True, None, "divide_by_255")] == [
        "1e-05",
        "128",
        "yes",
        "none",
        "divide by 255",
    ]
    assert written(written(0.05)) == "0.05"


def test_the_sweeps_that_come_with_the_package_are_of_the_notebooks_networks():
    networks = read_networks()
    sweeps = read_sweeps(networks)
    assert list(sweeps) == [
        *("learning_rate", "batch_size", "optimizer", "width", "depth", "epochs", "normalization")
    ]
    for name, sweep in sweeps.items():
        assert sweep.seeds >= 5
        for network in sweep.networks:
            points = points_of(sweep, network, networks[network].training, name)
            assert sum(point.declared for point in points) == 1
    assert {name for sweep in sweeps.values() for name in sweep.networks} == {
        *("given", "simplest", "best")
    }
    given = read_sweeps({"given": networks["given"]})
    assert {tuple(sweep.networks) for sweep in given.values()} == {("given",)}
    assert read_sweeps({"mine": networks["given"]}) == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("given: [32, 512]", "mine: [32, 512]", "sweeps.batch_size.values: found mine, expected"),
        ("given: [32, 512]", "given: []", "sweeps.batch_size.values.given: found []"),
        ("  batch_size:\n", "  overview:\n", "other than overview"),
        ("varies: batch_size", "vary: batch_size", "sweeps.batch_size.vary: found"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_the_field(tmp_path, old, new, told):
    text = TUNING_FILE.read_text()
    assert old in text
    path = tmp_path / "tuning.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as raised:
        read_sweeps(read_networks(), path)
    assert told in str(raised.value)
