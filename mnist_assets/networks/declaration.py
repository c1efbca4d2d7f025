"""What may be declared in `networks.yaml`, and how it is read.

Only declarations and their rules belong here; building a network from one is `networks/model.py`.
"""

import re
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from mnist_assets.declarations.places import NETWORKS_FILE
from mnist_assets.declarations.yaml_files import Declared, Real, Whole, read_yaml

Activation = Literal["relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "linear"]

# Keys and inputs beside a network's own, then the names of inputs that Dagster keeps to itself: the
# comparison takes each network's evaluation as an input of the network's name.
_TAKEN_NAMES = re.compile(
    "comparison|label_errors|train_images|train_labels"
    "|.*_(history|predictions|quality|mistakes|robustness)"
    "|arg_dict|bool|conf|context|dict|float|input|input_arg_dict|int|meta|output|output_arg_dict"
    "|str|type"
)


def _check_network_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name):
        raise ValueError(
            "a network name of up to 60 lower-case letters, digits and underscores, a letter first"
        )
    if _TAKEN_NAMES.fullmatch(name) or iskeyword(name):
        raise ValueError(
            "a network name other than comparison, label_errors, train_images, train_labels, "
            "*_history, *_predictions, *_quality, *_mistakes, *_robustness and the words of "
            "Python and Dagster"
        )
    return name


NetworkName = Annotated[str, AfterValidator(_check_network_name)]


class Dense(Declared):
    """A fully-connected layer of `units` neurons."""

    kind: Literal["dense"]
    units: Whole = Field(ge=1, le=100_000)
    activation: Activation = "relu"


class BatchNormalization(Declared):
    """Batch normalisation with Keras's defaults."""

    kind: Literal["batch_normalization"]


class Dropout(Declared):
    """Dropout of a share `rate` of its inputs, while training only."""

    kind: Literal["dropout"]
    rate: Real = Field(gt=0, lt=1)


Layer = Annotated[Dense | BatchNormalization | Dropout, Field(discriminator="kind")]


class _Optimizer(Declared):
    learning_rate: Real = Field(gt=0, le=1000)


class SGD(_Optimizer):
    """Stochastic gradient descent, plain or with (Nesterov) momentum."""

    kind: Literal["sgd"]
    momentum: Real = Field(default=0.0, ge=0, lt=1)
    nesterov: bool = False

    @field_validator("nesterov")
    @classmethod
    def _nesterov_needs_momentum(cls, nesterov: bool, info: ValidationInfo) -> bool:
        if nesterov and info.data.get("momentum") == 0:
            raise ValueError("false where momentum is 0")
        return nesterov


class RMSprop(_Optimizer):
    """RMSprop with Keras's defaults."""

    kind: Literal["rmsprop"]


class Adam(_Optimizer):
    """Adam with Keras's defaults."""

    kind: Literal["adam"]


class Nadam(_Optimizer):
    """Adam with Nesterov momentum, Keras's defaults."""

    kind: Literal["nadam"]


Optimizer = Annotated[SGD | RMSprop | Adam | Nadam, Field(discriminator="kind")]
Loss = Literal["categorical_crossentropy", "sparse_categorical_crossentropy"]


class Training(Declared):
    """Everything that decides a network's weights: a change here means training it again.

    Attributes:
        layers: Hidden layers from input to output. The softmax over the dataset's classes follows
            by itself, and the pixel-wise normalisation comes before.
        optimizer: How the weights are updated.
        loss: What is minimised. The two give the same numbers from differently encoded labels.
        batch_size: Images an update is computed from.
        epochs: Passes over the training images.
        seed: Decides initial weights, dropout and the order of the images.
    """

    layers: tuple[Layer, ...]
    optimizer: Optimizer
    loss: Loss = "categorical_crossentropy"
    batch_size: Whole = Field(ge=1, le=1_000_000)
    epochs: Whole = Field(ge=1, le=100_000)
    seed: Whole = Field(ge=0, lt=2**32)


class Thresholds(Declared):
    """What a trained network must reach before anything is built on it.

    Attributes:
        validation_accuracy: Lowest accuracy on the validation images of MNIST, in [0, 1]. For
            another dataset the floor is the share of its commonest class.
        generalization_gap: Largest training accuracy minus validation accuracy, in [0, 1].
    """

    validation_accuracy: Real = Field(ge=0, le=1)
    generalization_gap: Real = Field(ge=0, le=1)


class Parameters(Declared):
    """Numbers of weights expected for 28 x 28 images in ten classes."""

    total: Whole = Field(ge=0, le=10**12)
    trainable: Whole = Field(ge=0, le=10**12)


class Network(Declared):
    """One network: how it is trained, what it must reach, and what the notebook says of it.

    One `on_request` is made only when it is asked for.
    """

    description: str = Field(min_length=1)
    on_request: bool = False
    training: Training
    thresholds: Thresholds
    parameters: Parameters
    notebook_validation_accuracy: Annotated[Real, Field(ge=0, le=1)] | None = None


class NetworksFile(Declared):
    """What `networks.yaml` holds."""

    networks: dict[NetworkName, Network] = Field(min_length=1)

    @field_validator("networks")
    @classmethod
    def _one_is_always_made(cls, networks: dict[str, Network]) -> dict[str, Network]:
        if all(network.on_request for network in networks.values()):
            raise ValueError("at least one network that is not on_request")
        return networks


def always_made(networks: Mapping[str, Network]) -> list[str]:
    """The names of the networks that are not made only on request; there is at least one."""
    return [name for name, network in networks.items() if not network.on_request]


def read_networks(path: Path = NETWORKS_FILE) -> dict[str, Network]:
    """Read every declared network, in the order of the file.

    Raises:
        InputError: The file is unreadable, names a network twice, or holds a value that is not
            allowed; the message names the file, the network, the field and the allowed values.
    """
    return read_yaml(path, NetworksFile).networks
