from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mnist_assets.networks.layers import Activation, BatchNormalization, Dense, Dropout, Layer
from mnist_assets.networks.model import build_network
from mnist_assets.networks.storage import NetworkStorage
from mnist_assets.networks.stored import TrainedNetwork
from mnist_assets.orchestration.storage.formats import ArrayStorage, JsonStorage, TableStorage
from mnist_assets.orchestration.versions.content import content_version

ARRAY = np.arange(6, dtype=np.uint8).reshape(2, 3)
TRAINING = {"seed": 1}
HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 1 / 3], "seconds": [1.5, 2.5]})

any_array = st.sampled_from([np.uint8, np.int32, np.float32]).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_side=3, min_side=0))
)


def test_it_is_32_hexadecimal_digits() -> None:
    version = content_version(ARRAY)
    assert len(version) == 32
    assert int(version, 16)


@settings(deadline=None)
@given(any_array, any_array)
def test_arrays_have_one_version_just_if_they_are_the_same(
    first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]
) -> None:
    same = (first.dtype, first.shape, first.tobytes()) == (
        second.dtype,
        second.shape,
        second.tobytes(),
    )
    assert (content_version(first) == content_version(second)) is same
    assert content_version(first) == content_version(first.copy())


def test_where_an_array_lies_in_memory_does_not_count(tmp_path: Path) -> None:
    storage = ArrayStorage()
    storage.write(ARRAY, tmp_path / "array.npy")
    for equal in (
        np.asfortranarray(ARRAY),
        ARRAY[::-1][::-1],
        storage.read(tmp_path / "array.npy"),
    ):
        assert content_version(equal) == content_version(ARRAY)


@pytest.mark.parametrize(
    "other",
    [
        np.where(ARRAY == 5, 6, ARRAY).astype(np.uint8),
        ARRAY.astype(np.int8),
        ARRAY.astype(">u2"),
        ARRAY.reshape(3, 2),
        ARRAY[None],
        ARRAY.T,
    ],
)
def test_a_change_of_an_array_is_another_version(other: np.ndarray[Any, Any]) -> None:
    assert content_version(other) != content_version(ARRAY)


ARRAYS = {"train": np.arange(3), "validation": np.arange(2)}


def test_the_order_of_named_arrays_does_not_count() -> None:
    assert content_version(dict(reversed(ARRAYS.items()))) == content_version(ARRAYS)


@pytest.mark.parametrize(
    "other",
    [
        {"train": np.arange(3), "validation": np.array([0, 2])},
        {"train": np.arange(3), "test": np.arange(2)},
        {"train": np.arange(2), "validation": np.arange(3)},
        {"train": np.arange(3)},
        {},
    ],
)
def test_a_change_of_named_arrays_is_another_version(other: dict[str, Any]) -> None:
    assert content_version(other) != content_version(ARRAYS)


def test_a_name_does_not_run_into_its_array() -> None:
    content = np.frombuffer(b"|u1(1,)Z", np.uint8)
    assert content_version({"n": content}) != content_version({"n|u1(8,)": content[-1:]})


VALUE = {"accuracy": 0.9, "counts": [1, 2], "name": "given", "none": None}


def test_the_order_of_names_does_not_count() -> None:
    assert content_version(dict(reversed(VALUE.items()))) == content_version(VALUE)


def test_plain_values_keep_their_version_in_their_file(tmp_path: Path) -> None:
    JsonStorage().write(VALUE, tmp_path / "value.json")
    assert content_version(JsonStorage().read(tmp_path / "value.json")) == content_version(VALUE)


@pytest.mark.parametrize(
    "other",
    [
        VALUE | {"accuracy": 0.9000000000000001},
        VALUE | {"counts": [2, 1]},
        VALUE | {"counts": [1.0, 2]},
        VALUE | {"none": False},
        VALUE | {"another": 1},
        [VALUE],
    ],
)
def test_a_change_of_plain_values_is_another_version(other: object) -> None:
    assert content_version(other) != content_version(VALUE)


def test_texts_and_bytes_have_versions() -> None:
    for value, other in [("a", "b"), (b"a", b"b"), ("", "a")]:
        assert content_version(value) == content_version(value[:])
        assert content_version(value) != content_version(other)


def test_the_time_something_took_does_not_count() -> None:
    assert content_version(HISTORY.assign(seconds=[9.0, 9.0])) == content_version(HISTORY)
    assert content_version(HISTORY.drop(columns="seconds")) == content_version(HISTORY)


@pytest.mark.parametrize(
    "other",
    [
        HISTORY.assign(loss=[0.5, 0.3333333333333334]),
        HISTORY.assign(epoch=[1.0, 2.0]),
        HISTORY.rename(columns={"loss": "val_loss"}),
        HISTORY[["loss", "epoch", "seconds"]],
        HISTORY.iloc[::-1],
        HISTORY.iloc[:1],
    ],
)
def test_a_change_of_a_table_is_another_version(other: pd.DataFrame) -> None:
    assert content_version(other) != content_version(HISTORY)


def test_a_table_keeps_its_version_in_its_file(tmp_path: Path) -> None:
    TableStorage().write(HISTORY, tmp_path / "history.csv")
    assert content_version(TableStorage().read(tmp_path / "history.csv")) == content_version(
        HISTORY
    )
    assert content_version(HISTORY.set_index(pd.Index([7, 8]))) == content_version(HISTORY)


@pytest.mark.parametrize(
    "value", [None, 3, 0.5, (1, 2), {1, 2}, object(), np.array([{}], object), {"a": ARRAY, "b": 1}]
)
def test_a_value_that_is_not_stored_has_no_version(value: object) -> None:
    with pytest.raises(TypeError, match="cannot tell the content version of"):
        content_version(value)


def test_no_number_has_no_version() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_version({"loss": float("nan")})


def build(seed: int = 0, units: int = 3, activation: Activation = "relu") -> Any:
    layers: list[Layer] = [
        Dense(kind="dense", units=units, activation=activation),
        BatchNormalization(kind="batch_normalization"),
        Dropout(kind="dropout", rate=0.5),
    ]
    normalization = {
        "mean": np.linspace(0, 255, 6, dtype=np.float32).reshape(2, 3),
        "std": np.full((2, 3), 8.1, np.float32),
    }
    return build_network(layers, normalization, classes=4, seed=seed, name="tiny")


def test_equal_networks_have_one_version_however_long_they_took() -> None:
    version = content_version(TrainedNetwork(build(), HISTORY, TRAINING))
    assert (
        content_version(TrainedNetwork(build(), HISTORY.assign(seconds=[9.0, 9.0]), TRAINING))
        == version
    )


def test_a_change_of_a_network_is_another_version() -> None:
    one_weight_changed = build()
    weights = one_weight_changed.get_weights()
    weights[0].flat[0] += 1e-6
    one_weight_changed.set_weights(weights)
    changed = {
        "seed": TrainedNetwork(build(seed=1), HISTORY, TRAINING),
        "layers": TrainedNetwork(build(units=4), HISTORY, TRAINING),
        "activation": TrainedNetwork(build(activation="tanh"), HISTORY, TRAINING),
        "one weight": TrainedNetwork(one_weight_changed, HISTORY, TRAINING),
        "history": TrainedNetwork(build(), HISTORY.assign(loss=[0.5, 0.3]), TRAINING),
    }
    version = content_version(TrainedNetwork(build(), HISTORY, TRAINING))
    assert version not in {content_version(network) for network in changed.values()}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_a_network_keeps_its_version_in_its_file(tmp_path: Path) -> None:
    network, path = TrainedNetwork(build(), HISTORY, TRAINING), tmp_path / "tiny.keras"
    NetworkStorage().write(network, path)
    stored = NetworkStorage().read(path)
    assert content_version(
        TrainedNetwork(stored.model, stored.history, stored.training)
    ) == content_version(network)
    assert all(map(np.array_equal, stored.model.get_weights(), network.model.get_weights()))
    pd.testing.assert_frame_equal(stored.history, HISTORY)
