"""Each format answers as the network: every kind of layer, every activation, pixels as they are."""

import numpy as np
import pytest

from mnist_assets.champion.export import onnx_graph
from mnist_assets.champion.export.agreement import check_same_answers, compare_answers
from mnist_assets.champion.export.litert import run_litert
from mnist_assets.champion.export.saved_model import run_saved_model
from mnist_assets.champion.export.writing import (
    INT8,
    LITERT,
    litert_files,
    run_file,
    size_of,
    write_network,
)
from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict
from mnist_assets_tests.champion.export.networks import (
    PICTURE_LAYERS,
    ROW_LAYERS,
    make_images,
    make_network,
)

LAYERS = {
    "rows": ROW_LAYERS[:2],
    "every kind": [*PICTURE_LAYERS, *ROW_LAYERS],
    "pictures alone": PICTURE_LAYERS[:4],
}
IMAGES, LABELS = make_images(seed=1)


@pytest.fixture(scope="module")
def network():
    return make_network(LAYERS["every kind"])[0]


def assert_same(network, found):
    assert found.dtype == np.float32
    expected = predict(network, IMAGES)
    assert np.ptp(expected, axis=0).max() > 0.01, "its answers depend on the image"
    agreement = compare_answers(expected, found, LABELS)
    assert agreement.other_class == 0
    assert check_same_answers(agreement).passed, agreement


@pytest.mark.parametrize("layers", LAYERS)
def test_onnx_answers_as_the_network(layers, tmp_path):
    network, _ = make_network(LAYERS[layers])
    path = tmp_path / "network.onnx"
    write_network(network, "onnx", path)
    assert_same(network, run_file("onnx", path, IMAGES))
    again = tmp_path / "again.onnx"
    write_network(network, "onnx", again)
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.slow
def test_saved_model_answers_as_the_network_to_either_kind_of_pixels(network, tmp_path):
    path = tmp_path / "network"
    path.mkdir()
    (path / "old").touch()
    write_network(network, "saved_model", path)
    assert not (path / "old").exists()
    assert_same(network, run_file("saved_model", path, IMAGES))
    assert_same(network, run_saved_model(path, IMAGES, "float32"))
    assert size_of(path) > network.count_params() * 4


@pytest.mark.slow
def test_litert_answers_as_the_network_and_in_8_bits_nearly_so(network):
    contents, files = litert_files(network, IMAGES, IMAGES, LABELS)
    assert_same(network, run_litert(contents[LITERT], IMAGES))
    rough = run_litert(contents[INT8], IMAGES)
    differences = np.abs(rough - predict(network, IMAGES))
    assert differences.max() > 1e-6
    assert np.median(differences) < 0.02
    assert [(file.name, file.int8, file.bytes) for file in files] == [
        (LITERT, False, len(contents[LITERT])),
        (INT8, True, len(contents[INT8])),
    ]
    assert files[0].agreement.images == len(IMAGES)


@pytest.mark.slow
def test_litert_is_written_in_either_arithmetic(tmp_path):
    network, _ = make_network([{"kind": "dense", "units": 300}])
    for name, int8 in (("whole", False), ("small", True)):
        write_network(network, "litert", tmp_path / name, IMAGES, int8=int8)
    assert size_of(tmp_path / "small") < size_of(tmp_path / "whole") / 3
    assert_same(network, run_file("litert", tmp_path / "whole", IMAGES))


def odd_network(*layers):
    import keras

    return keras.Sequential([keras.Input((3, 2, 1)), *layers], name="odd")


def test_a_layer_that_onnx_is_not_taught_is_named():
    import keras

    for layer in (
        keras.layers.Rescaling(2.0, name="mine"),
        keras.layers.Dense(2, activation="softsign", name="mine"),
        keras.layers.BatchNormalization(axis=1, name="mine"),
        keras.layers.Conv2D(2, 1, use_bias=False, name="mine"),
    ):
        with pytest.raises(InputError, match="network odd, layer mine: found") as refused:
            onnx_graph.to_onnx(odd_network(layer))
        assert "Export it as saved_model or litert" in str(refused.value)


@pytest.mark.parametrize(
    ("package", "wanted"), [("onnx", r"mnist-assets\[onnx\]"), ("onnxruntime", "onnxruntime")]
)
def test_a_package_that_is_missing_is_named(monkeypatch, package, wanted):
    found = onnx_graph.find_spec
    missing = lambda name: None if name == package else found(name)  # noqa: E731
    monkeypatch.setattr(onnx_graph, "find_spec", missing)
    with pytest.raises(InputError, match=f"no package {package}.*pip install '{wanted}'"):
        onnx_graph.run_onnx(onnx_graph.to_onnx(make_network([])[0]), IMAGES)


def test_a_place_that_cannot_be_written_to_is_one_message(tmp_path):
    with pytest.raises(InputError, match=f"{tmp_path}: found Is a directory"):
        write_network(make_network([])[0], "onnx", tmp_path)
