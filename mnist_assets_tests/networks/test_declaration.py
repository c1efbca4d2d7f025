import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from dagster._core.definitions.utils import DISALLOWED_NAMES

from mnist_assets.declarations.places import NETWORKS_FILE, Places
from mnist_assets.definitions import build_definitions
from mnist_assets.errors import InputError
from mnist_assets.networks import layers
from mnist_assets.networks.declaration import Loss, Network, always_made, read_networks
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.networks.layers import Activation, BatchNormalization, Dense, Dropout
from mnist_assets.networks.optimizers import SGD, Adam, AdamW, Nadam, RMSprop

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def declaration() -> dict[str, Any]:
    """The content of a file that declares one right network, `small`."""
    return {
        "networks": {
            "small": {
                "description": "A small network.",
                "training": {
                    "layers": [{"kind": "dense", "units": 3}],
                    "optimizer": {"kind": "adam", "learning_rate": 0.001},
                    "batch_size": 4,
                    "epochs": 2,
                    "seed": 0,
                },
                "thresholds": {"validation_accuracy": 0.9, "generalization_gap": 0.05},
                "parameters": {"total": 30, "trainable": 30},
            }
        }
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "networks.yaml"


def small(declaration: dict[str, Any], file: Path, **training: Any) -> Network:
    """The network of the declaration, its training changed."""
    declaration["networks"]["small"]["training"] |= training
    file.write_text(yaml.safe_dump(declaration))
    return read_networks(file)["small"]


def refusal(file: Path, text: str) -> InputError:
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        read_networks(file)
    return refused.value


def test_a_declaration_is_read_as_written(declaration: dict[str, Any], file: Path) -> None:
    network = small(declaration, file)
    assert network.model_dump(exclude_none=True) == {
        **declaration["networks"]["small"],
        "on_request": False,
        "training": {
            **declaration["networks"]["small"]["training"],
            "layers": ({"kind": "dense", "units": 3, "activation": "relu"},),
            "loss": "categorical_crossentropy",
        },
    }


def test_one_network_at_least_is_always_made(declaration: dict[str, Any], file: Path) -> None:
    small = declaration["networks"]["small"]
    large = small | {"on_request": True}
    file.write_text(yaml.safe_dump({"networks": {"large": large, "small": small}}))
    assert always_made(read_networks(file)) == ["small"]
    refused = refusal(file, yaml.safe_dump({"networks": {"large": large}}))
    assert "at least one network that is not on_request" in str(refused)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (
            {"kind": "dense", "units": 5, "activation": "tanh"},
            Dense(kind="dense", units=5, activation="tanh"),
        ),
        ({"kind": "batch_normalization"}, BatchNormalization(kind="batch_normalization")),
        ({"kind": "dropout", "rate": 0.25}, Dropout(kind="dropout", rate=0.25)),
        ({"kind": "activation", "activation": "gelu"}, layers.ActivationLayer),
        ({"kind": "convolution", "filters": 2, "size": 3, "l2": 0.1}, layers.Convolution),
        ({"kind": "depthwise_convolution", "size": 3, "stride": 2}, layers.DepthwiseConvolution),
        ({"kind": "average_pooling", "size": 2}, layers.AveragePooling),
        ({"kind": "max_pooling", "size": 2}, layers.MaxPooling),
        ({"kind": "crop", "pixels": 2}, layers.Crop),
    ],
)
def test_every_layer_can_be_declared(
    declaration: dict[str, Any], file: Path, declared: dict[str, Any], expected: object
) -> None:
    if isinstance(expected, type):
        expected = expected(**declared)
    assert small(declaration, file, layers=[declared]).training.layers == (expected,)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"kind": "sgd"}, SGD(kind="sgd", learning_rate=0.1)),
        ({"kind": "sgd", "momentum": 0.9}, SGD(kind="sgd", learning_rate=0.1, momentum=0.9)),
        (
            {"kind": "sgd", "momentum": 0.9, "nesterov": True},
            SGD(kind="sgd", learning_rate=0.1, momentum=0.9, nesterov=True),
        ),
        ({"kind": "rmsprop"}, RMSprop(kind="rmsprop", learning_rate=0.1)),
        ({"kind": "adam"}, Adam(kind="adam", learning_rate=0.1)),
        ({"kind": "nadam"}, Nadam(kind="nadam", learning_rate=0.1)),
        ({"kind": "adamw"}, AdamW(kind="adamw", learning_rate=0.1, weight_decay=0.004)),
        (
            {"kind": "sgd", "weight_decay": 0.01, "clip_norm": 1},
            SGD(kind="sgd", learning_rate=0.1, weight_decay=0.01, clip_norm=1),
        ),
    ],
)
def test_every_optimizer_can_be_declared(
    declaration: dict[str, Any], file: Path, declared: dict[str, Any], expected: object
) -> None:
    optimizer = {"learning_rate": 0.1, **declared}
    assert small(declaration, file, optimizer=optimizer).training.optimizer == expected


@pytest.mark.parametrize("activation", get_args(Activation))
def test_every_activation_can_be_declared(
    declaration: dict[str, Any], file: Path, activation: str
) -> None:
    (layer,) = small(
        declaration, file, layers=[{"kind": "dense", "units": 1, "activation": activation}]
    ).training.layers
    assert isinstance(layer, Dense)
    assert layer.activation == activation


@pytest.mark.parametrize("loss", get_args(Loss))
def test_every_loss_can_be_declared(declaration: dict[str, Any], file: Path, loss: str) -> None:
    assert small(declaration, file, loss=loss).training.loss == loss


def test_a_network_may_have_no_hidden_layer(declaration: dict[str, Any], file: Path) -> None:
    assert small(declaration, file, layers=[]).training.layers == ()


def test_a_number_without_a_point_before_its_exponent_is_a_number(
    declaration: dict[str, Any], file: Path
) -> None:
    """YAML 1.1 reads 1e-3 as a text."""
    file.write_text(
        yaml.safe_dump(declaration).replace("learning_rate: 0.001", "learning_rate: 1e-3")
    )
    assert read_networks(file)["small"].training.optimizer.learning_rate == 0.001


LAYER_KINDS = ("'dense'", "'batch_normalization'", "'dropout'", "'convolution'", "'crop'")
OPTIMIZER_KINDS = ("'sgd'", "'rmsprop'", "'adam'", "'adamw'", "'nadam'")
PICTURE_LAST = [{"kind": "dense", "units": 3}, {"kind": "max_pooling", "size": 2}]


def put(way: str, value: Any) -> Change:
    """A change that puts a value at a place in a network, such as `training.layers.0.units`."""

    def change(network: dict[str, Any]) -> None:
        *parents, last = way.split(".")
        content: Any = network
        for parent in parents:
            content = content[int(parent) if parent.isdecimal() else parent]
        content[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "field", "seen", "allowed"),
    [
        (
            put("training.layers", [{"kind": "conv"}]),
            "training.layers[0]",
            "'conv'",
            LAYER_KINDS,
        ),
        (put("training.layers", [{"units": 3}]), "training.layers[0]", "{'units': 3}", ["'kind'"]),
        (put("training.layers", ["dense"]), "training.layers[0]", "'dense'", ["a mapping"]),
        (put("training.layers", "dense"), "training.layers", "'dense'", ["a list"]),
        (put("training.layers.0.units", 0), "training.layers[0].units", "0", ["or equal to 1"]),
        (put("training.layers.0.units", 2.5), "training.layers[0].units", "2.5", ["integer"]),
        (
            put("training.layers.0.activation", "rleu"),
            "training.layers[0].activation",
            "'rleu'",
            [f"'{activation}'" for activation in get_args(Activation)],
        ),
        (
            put("training.layers", [{"kind": "dropout", "rate": 1.0}]),
            "training.layers[0].rate",
            "1.0",
            ["less than 1"],
        ),
        (
            put("training.layers", [{"kind": "dense", "units": 1}, {"kind": "dropout"}]),
            "training.layers[1].rate",
            "nothing",
            ["required"],
        ),
        (
            put("training.layers", [{"kind": "batch_normalization", "rate": 0.5}]),
            "training.layers[0].rate",
            "0.5",
            ["no such field"],
        ),
        (
            put("training.optimizer", {"kind": "adagrad", "learning_rate": 0.1}),
            "training.optimizer",
            "'adagrad'",
            OPTIMIZER_KINDS,
        ),
        (put("training.optimizer", "adam"), "training.optimizer", "'adam'", ["a mapping"]),
        (
            put("training.optimizer.learning_rate", -0.1),
            "training.optimizer.learning_rate",
            "-0.1",
            ["greater than 0"],
        ),
        (
            put("training.optimizer.learning_rate", 0),
            "training.optimizer.learning_rate",
            "0",
            ["greater than 0"],
        ),
        (
            put("training.optimizer.learning_rate", float("nan")),
            "training.optimizer.learning_rate",
            "nan",
            ["a finite number"],
        ),
        (
            put("training.optimizer.learning_rate", float("inf")),
            "training.optimizer.learning_rate",
            "inf",
            ["a finite number"],
        ),
        (
            put("training.optimizer.learning_rate", "fast"),
            "training.optimizer.learning_rate",
            "'fast'",
            ["a valid number"],
        ),
        (
            put("training.optimizer.learning_rate", True),
            "training.optimizer.learning_rate",
            "True",
            ["a number"],
        ),
        (
            put("training.optimizer.learningrate", 0.1),
            "training.optimizer.learningrate",
            "0.1",
            ["no such field", "misspelt"],
        ),
        (
            put("training.optimizer", {"kind": "sgd", "learning_rate": 0.1, "nesterov": True}),
            "training.optimizer.nesterov",
            "True",
            ["false where momentum is 0"],
        ),
        (
            put("training.optimizer", {"kind": "sgd", "learning_rate": 0.1, "momentum": 1}),
            "training.optimizer.momentum",
            "1",
            ["less than 1"],
        ),
        (
            put("training.layers", PICTURE_LAST),
            "training.layers",
            str(PICTURE_LAST),
            ["'max_pooling'"],
        ),
        (
            put("training.schedule", {"kind": "linear"}),
            "training.schedule",
            "'linear'",
            ["'constant'", "'cosine'", "'one_cycle'", "'step'"],
        ),
        (
            put("training.augmentation", {"rotate": 200}),
            "training.augmentation.rotate",
            "200",
            ["less than or equal to 180"],
        ),
        (
            put("training.early_stopping", {"patience": 0}),
            "training.early_stopping.patience",
            "0",
            ["or equal to 1"],
        ),
        (
            lambda network: network["training"].update(
                loss="sparse_categorical_crossentropy", label_smoothing=0.1
            ),
            "training.label_smoothing",
            "0.1",
            ["none where the loss is"],
        ),
        (
            put("training.loss", "mse"),
            "training.loss",
            "'mse'",
            [f"'{loss}'" for loss in get_args(Loss)],
        ),
        (put("training.batch_size", 0), "training.batch_size", "0", ["or equal to 1"]),
        (
            put("training.batch_size", 10**30),
            "training.batch_size",
            str(10**30),
            ["less than or equal to 1000000"],
        ),
        (
            put("training.epochs", 10**30),
            "training.epochs",
            str(10**30),
            ["less than or equal to 100000"],
        ),
        (
            put("training.layers", [{"kind": "dense", "units": 10**30}]),
            "training.layers[0].units",
            str(10**30),
            ["less than or equal to 100000"],
        ),
        (
            put("training.optimizer.learning_rate", 1e308),
            "training.optimizer.learning_rate",
            "1e+308",
            ["less than or equal to 1000"],
        ),
        (put("training.epochs", -3), "training.epochs", "-3", ["or equal to 1"]),
        (put("training.epochs", True), "training.epochs", "True", ["a number"]),
        (put("training.seed", 2**32), "training.seed", "4294967296", ["less than 4294967296"]),
        (put("training.epoch", 3), "training.epoch", "3", ["no such field", "misspelt"]),
        (
            put("thresholds.validation_accuracy", 95),
            "thresholds.validation_accuracy",
            "95",
            ["or equal to 1"],
        ),
        (
            put("notebook_validation_accuracy", True),
            "notebook_validation_accuracy",
            "True",
            ["a number"],
        ),
        (put("description", ""), "description", "''", ["at least 1 character"]),
        (lambda network: network.pop("training"), "training", "nothing", ["required"]),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_the_values_allowed(
    *,
    declaration: dict[str, Any],
    file: Path,
    change: Change,
    field: str,
    seen: str,
    allowed: list[str],
) -> None:
    change(declaration["networks"]["small"])
    error = refusal(file, yaml.safe_dump(declaration))
    assert str(error.where) == f"{file}: networks.small.{field}"
    assert error.seen == seen
    for value in allowed:
        assert value in str(error.expected)
    assert "_" not in re.sub(r"'\w+'", "", str(error.expected))  # no name out of our own code


def test_a_misspelt_field_goes_before_the_one_that_is_therefore_missing(
    declaration: dict[str, Any], file: Path
) -> None:
    training = declaration["networks"]["small"]["training"]
    training["epoch"] = training.pop("epochs")
    error = refusal(file, yaml.safe_dump(declaration))
    assert str(error.where).endswith("networks.small.training.epoch")
    assert "More errors follow this one: 1." in error.remedy


@pytest.mark.parametrize(
    "name",
    [
        "Best",
        "2nd",
        "a-b",
        "a b",
        "",
        "_a",
        "ä",
        "a\n",
        "a" * 61,
        "comparison",
        "best_history",
        "best_predictions",
        "best_quality",
        "best_mistakes",
        "best_robustness",
        "label_errors",
        "train_images",
        "train_labels",
    ],
)
def test_a_name_that_cannot_become_an_asset_of_its_own_is_refused(
    declaration: dict[str, Any], file: Path, name: str
) -> None:
    declaration["networks"] = {name: declaration["networks"]["small"]}
    error = refusal(file, yaml.safe_dump(declaration, allow_unicode=True))
    assert str(error.where) == f"{file}: networks.{name}"
    assert error.seen == repr(name)
    assert "a network name" in str(error.expected)


@pytest.mark.parametrize("name", sorted(name for name in DISALLOWED_NAMES if name.islower()))
def test_no_name_is_accepted_that_dagster_refuses(
    declaration: dict[str, Any], file: Path, name: str
) -> None:
    declaration["networks"] = {name: declaration["networks"]["small"]}
    if name == "config":
        file.write_text(yaml.safe_dump(declaration))
        assert list(read_networks(file)) == [name]
    else:
        assert "a network name" in str(refusal(file, yaml.safe_dump(declaration)).expected)


def test_every_other_name_makes_a_graph(declaration: dict[str, Any], file: Path) -> None:
    names = ("config", "source", "network", "self", "nan", "null", "none", "validation", "a" * 60)
    network = declaration["networks"]["small"]
    file.write_text(yaml.safe_dump({"networks": dict.fromkeys(names, network)}))
    graph = build_definitions(Places(networks=file)).resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert {f"networks/{name}" for name in names} <= keys


def test_a_name_that_is_no_text_is_refused(file: Path) -> None:
    error = refusal(file, "networks: {1: {}}")
    assert error.seen == "1"
    assert "string" in str(error.expected)


def test_a_second_network_of_the_same_name_is_refused_with_its_line(
    declaration: dict[str, Any], file: Path
) -> None:
    text = yaml.safe_dump(declaration)
    once_more = text.removeprefix("networks:\n")
    error = refusal(file, text + once_more)
    assert str(error.where) == f"{file}, line {text.count(chr(10)) + 1}"
    assert error.seen == "a second 'small'"


def test_a_repeated_field_is_refused(file: Path) -> None:
    error = refusal(file, "networks:\n  small: {description: a, description: b}\n")
    assert str(error.where) == f"{file}, line 2"
    assert error.seen == "a second 'description'"


def test_what_networks_share_can_be_written_once(declaration: dict[str, Any], file: Path) -> None:
    text = yaml.safe_dump(declaration).replace("  small:", "  small: &small")
    file.write_text(f"{text}  other:\n    <<: *small\n    description: Another.\n")
    networks = read_networks(file)
    assert networks["other"].description == "Another."
    assert networks["other"].training == networks["small"].training


@pytest.mark.parametrize(
    ("text", "where", "seen", "expected"),
    [
        ("", ": the file's top level", "None", "a mapping"),
        ("# nothing yet\n", ": the file's top level", "None", "a mapping"),
        ("- small\n", ": the file's top level", "['small']", "a mapping"),
        ("networks:\n", ": networks", "None", "a mapping"),
        ("networks: {}\n", ": networks", "{}", "at least 1"),
        ("networks: {small: }\n", ": networks.small", "None", "a mapping"),
        ("network: {}\n", ": network", "{}", "no such field"),
        ("networks: [\n", "", "line 2, column 1", "valid YAML"),
        ("networks: {{a: 1}: 2}\n", "", "unhashable key", "valid YAML"),
        ("networks: !!python/object/apply:os.getcwd []\n", "", "constructor", "valid YAML"),
    ],
)
def test_a_file_that_declares_no_networks_is_refused(
    file: Path, text: str, where: str, seen: str, expected: str
) -> None:
    error = refusal(file, text)
    assert str(error.where) == f"{file}{where}"
    assert seen in str(error.seen)
    assert expected in str(error.expected)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: found No such file"):
        read_networks(tmp_path / "nowhere.yaml")


def test_a_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8") as refused:
        read_networks(file)
    assert refused.value.where == file


def test_the_shipped_file_declares_the_three_networks_of_the_notebook() -> None:
    networks = read_networks(NETWORKS_FILE)
    assert {name: networks[name].parameters.model_dump() for name in always_made(networks)} == {
        "given": {"total": 101_770, "trainable": 101_770},
        "simplest": {"total": 13_287, "trainable": 13_287},
        "best": {"total": 244_554, "trainable": 243_658},
    }
    for network in networks.values():
        counted = parameters_of(network.training.layers, (28, 28), 10)
        assert counted == network.parameters.model_dump()


def test_the_shipped_networks_are_trained_as_in_the_notebook() -> None:
    networks = read_networks(NETWORKS_FILE)
    trainings = {name: networks[name].training for name in always_made(networks)}
    assert {
        name: (training.optimizer, training.batch_size, training.epochs)
        for name, training in trainings.items()
    } == {
        "given": (SGD(kind="sgd", learning_rate=0.05), 128, 10),
        "simplest": (Adam(kind="adam", learning_rate=0.00045), 32, 13),
        "best": (Adam(kind="adam", learning_rate=0.00035), 256, 10),
    }
    assert {training.loss for training in trainings.values()} == {"categorical_crossentropy"}
