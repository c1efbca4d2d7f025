import json

import numpy as np
import pytest

from mnist_assets.dataset.description import Description, describe
from mnist_assets.dataset.loading import MNIST, Dataset, load_dataset
from mnist_assets.declarations.places import BUNDLED_DATASET


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset(BUNDLED_DATASET, MNIST)


def described(**fields: object) -> Description:
    values = describe(
        Dataset(*[np.zeros((3, 2, 2), np.uint8), np.arange(3, dtype=np.uint8)] * 2), "x"
    )
    return Description(**(values.to_json() | fields))


def test_mnist_is_known_by_its_arrays_wherever_they_are(mnist: Dataset) -> None:
    described = describe(mnist, "a folder")
    assert (described.title, described.mnist) == ("MNIST", True)
    assert described.labels == list(range(10))
    assert described.class_names == list("0123456789")


@pytest.mark.parametrize("name", Dataset._fields)
def test_one_changed_value_makes_it_another_dataset(mnist: Dataset, name: str) -> None:
    changed = getattr(mnist, name).copy()
    changed.flat[-1] ^= 1
    described = describe(mnist._replace(**{name: changed}), "a folder")
    assert (described.title, described.mnist) == ("a folder", False)


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
    fields: dict[str, object], setting: str, binds: bool
) -> None:
    assert described(**fields).binds(setting) is binds
