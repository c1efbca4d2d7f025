import copy

import pytest

from mnist_assets.errors import InputError
from mnist_assets.tuning.search.space import Space

TEMPLATE = {
    "layers": [
        {"kind": "dense", "units": {"tune": "units", "low": 8, "high": 64, "log": True}},
        {
            "tune": "depth",
            "choose": {
                1: [],
                3: [
                    {"kind": "dense", "units": {"tune": "second", "low": 4, "high": 6}},
                    {"kind": "dense", "units": {"tune": "second", "low": 4, "high": 6}},
                ],
            },
        },
    ],
    "optimizer": {
        "kind": "sgd",
        "learning_rate": {"tune": "rate", "low": "1e-3", "high": 0.5, "log": True},
        "momentum": {"tune": "momentum", "choose": [0, 0.9]},
    },
    "batch_size": 32,
    "epochs": 2,
    "seed": 1,
}


def changed(*path, value):
    """The template with the value at a place replaced."""
    template = copy.deepcopy(TEMPLATE)
    part = template
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return Space(template, "tuning.yaml: searches.some.training")


def picked(**values):
    return lambda tunable: values.get(tunable.tune, tunable.ends[0])


def test_picked_values_fill_a_training():
    training = changed("epochs", value=5).fill(
        picked(units=10, depth=3, second=6, rate=0.0123456, momentum=0.9)
    )
    assert [layer.units for layer in training.layers] == [10, 6, 6]
    assert training.optimizer.learning_rate == 0.0123
    assert training.optimizer.momentum == 0.9
    assert training.epochs == 5


def test_an_empty_list_of_layers_is_none():
    training = changed("seed", value=1).fill(picked(depth=1))
    assert [layer.units for layer in training.layers] == [8]


def test_rounding_leaves_no_range():
    rate = {"tune": "rate", "low": 0.0012345, "high": 0.0023456}
    space = changed("optimizer", "learning_rate", value=rate)
    assert space.fill(picked(rate=0.0012345)).optimizer.learning_rate == 0.0012345
    assert space.fill(picked(rate=0.0023456)).optimizer.learning_rate == 0.0023456


def test_the_corners_try_every_end_and_alternative():
    corners = list(changed("seed", value=1).corners())
    # The first of everything, then the other end of units, depth, rate and momentum, and of what
    # only the second depth has.
    assert len(corners) == 6
    assert {corner.layers[0].units for corner in corners} == {8, 64}
    assert {corner.layers[-1].units for corner in corners} == {8, 64, 4, 6}
    assert {corner.optimizer.momentum for corner in corners} == {0, 0.9}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("epochs",),
            {"tune": "epochs", "low": 5, "high": 2},
            "searches.some.training.epochs: .*expected low below high",
        ),
        (
            ("epochs",),
            {"tune": "epochs", "low": 0, "high": 2, "log": True},
            "low above 0 where log is true",
        ),
        (("epochs",), {"tune": "epochs", "low": 1, "high": 9, "step": 0.5}, "a whole step"),
        (("epochs",), {"tune": "epochs", "low": 1, "high": 9, "step": -1}, "step above 0"),
        (
            ("epochs",),
            {"tune": "epochs", "low": True, "high": 9},
            "epochs: low: found True, expected a number",
        ),
        (("epochs",), {"tune": "epochs", "low": 1, "hihg": 9}, "hihg: .*no such field"),
        (("epochs",), {"tune": "Epochs", "low": 1, "high": 9}, "tune: found 'Epochs'"),
        (("epochs",), {"tune": "epochs", "choose": [1]}, "choose: .*at least 2"),
        (("epochs",), {"tune": "epochs", "choose": [1, 1]}, "each value once"),
        (("epochs",), {"tune": "epochs", "choose": [1, [2]]}, "a name for each alternative"),
        (("epochs",), {"tune": "epochs", "choose": [2, "many"]}, "with .*epochs many: epochs"),
        (("epochs",), {"tune": "epochs", "low": 0, "high": 9}, "epochs 0: epochs: found 0"),
        (("epohcs",), 4, "epohcs: .*no such field"),
        (
            ("epochs",),
            {"tune": "units", "low": 1, "high": 9},
            "two different declarations of units",
        ),
        (
            ("layers", 1, "choose", 3, 0, "units"),
            {"tune": "third", "low": 1, "high": 1_000_000},
            r"third 1000000.*layers\[1\].units",
        ),
    ],
)
def test_what_is_wrong_in_a_space_is_told_with_its_place(path, value, message):
    with pytest.raises(InputError, match=message):
        list(changed(*path, value=value).corners())


def test_a_space_with_nothing_left_open_is_refused():
    fixed = Space(
        {
            "layers": [],
            "optimizer": {"kind": "adam", "learning_rate": 0.1},
            "batch_size": 1,
            "epochs": 1,
            "seed": 1,
        },
        "here",
    )
    with pytest.raises(InputError, match="no value left open"):
        list(fixed.corners())
