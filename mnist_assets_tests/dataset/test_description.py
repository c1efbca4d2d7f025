import json
from typing import Any

import pandas as pd
import pytest

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import MNIST, Dataset, is_mnist, load_dataset
from mnist_assets.declarations.places import BUNDLED_DATASET


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset(BUNDLED_DATASET, MNIST).dataset


def described(**fields: Any) -> Description:
    values = {"title": "x", "mnist": False, "labels": [0, 1], "class_names": ["0", "1"]}
    return Description(**(values | {"own_bounds": [], "notices": []} | fields))


@pytest.mark.parametrize("name", Dataset._fields)
def test_one_changed_value_makes_it_another_dataset(mnist: Dataset, name: str) -> None:
    assert is_mnist(mnist)
    changed = getattr(mnist, name).copy()
    changed.flat[-1] ^= 1
    assert not is_mnist(mnist._replace(**{name: changed}))


def test_a_description_is_stored_as_plain_values() -> None:
    stored = json.loads(json.dumps(described(labels=[1, "b"], notices=["Said."]).to_json()))
    assert Description.from_json(stored).labels == [1, "b"]
    assert Description.from_json(stored).to_json() == stored


@pytest.mark.parametrize(
    ("fields", "setting", "binds"),
    [
        ({"mnist": True}, "champion.floor", True),
        ({}, "champion.floor", False),
        ({"own_bounds": ["champion.floor"]}, "champion.floor", True),
        ({"own_bounds": ["champion.floor"]}, "champion.recall_margin", False),
        ({"own_bounds": ["quality.robustness.floors.shift.accuracy"]}, "quality.robustness", True),
        ({"own_bounds": ["quality.bins_of"]}, "quality.bins", False),
    ],
)
def test_a_bound_of_mnist_binds_mnist_and_who_sets_it(
    fields: dict[str, Any], setting: str, binds: bool
) -> None:
    assert described(**fields).binds(setting) is binds


def test_names_are_told_where_they_are_more_than_the_indices() -> None:
    assert described(class_names=["0", "1"]).names is None
    assert described(class_names=["1", "2"]).names == ["1", "2"]


def test_tables_get_a_column_of_names_behind_that_of_indices() -> None:
    table = pd.DataFrame({"true": [1, 0], "predicted": [0, 0], "index": [7, 9]})
    assert described().with_names(table, "true", "predicted") is table
    named = described(class_names=["off", "on"]).with_names(table, "true", "predicted")
    assert list(named) == ["true", "true_name", "predicted", "predicted_name", "index"]
    assert named["true_name"].tolist() == ["on", "off"]
    assert named["predicted_name"].tolist() == ["off", "off"]
    assert list(table) == ["true", "predicted", "index"]
