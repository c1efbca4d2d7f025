"""What may be declared in `networks.yaml`, and how it is read.

Only declarations and their rules belong here, the layers' in `layers.py`, the optimizers' in
`optimizers.py`; building a network from one is `model.py`.
"""

import re
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from mnist_assets.declarations.places import NETWORKS_FILE
from mnist_assets.declarations.yaml_files import Declared, Real, Whole, read_yaml
from mnist_assets.networks.augmentation import Augmentation
from mnist_assets.networks.layers import PICTURE_KINDS, Layer
from mnist_assets.networks.optimizers import Optimizer, Schedule

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


Loss = Literal["categorical_crossentropy", "sparse_categorical_crossentropy"]


class EarlyStopping(Declared):
    """Training ends when validation gets no better, and the best epoch's weights are kept.

    Attributes:
        monitor: What is watched, on the validation images.
        patience: Epochs in a row without a better value after which training ends.
    """

    monitor: Literal["val_loss", "val_accuracy"] = "val_loss"
    patience: Whole = Field(ge=1, le=100_000)


class Training(Declared):
    """Everything that decides a network's weights: a change here means training it again.

    Attributes:
        layers: Hidden layers from input to output. The softmax over the dataset's classes follows
            by itself, the normalisation comes before, and a picture becomes one row where the first
            dense layer is.
        normalization: `picture` for one mean and standard deviation of all pixels together; each
            pixel has its own without.
        optimizer: How the weights are updated.
        schedule: How the learning rate changes; it stays the same without.
        loss: What is minimised. The two give the same numbers from differently encoded labels.
        label_smoothing: Part of each target that is spread over all classes.
        augmentation: How training images are changed at random.
        batch_size: Images an update is computed from.
        epochs: Passes over the training images, at most.
        early_stopping: When to end before.
        seed: Decides initial weights, dropout, augmentation and the order of the images.
    """

    layers: tuple[Layer, ...]
    normalization: Literal["picture"] | None = None
    optimizer: Optimizer
    schedule: Schedule | None = None
    loss: Loss = "categorical_crossentropy"
    label_smoothing: Annotated[Real, Field(gt=0, lt=1)] | None = None
    augmentation: Augmentation | None = None
    batch_size: Whole = Field(ge=1, le=1_000_000)
    epochs: Whole = Field(ge=1, le=100_000)
    early_stopping: EarlyStopping | None = None
    seed: Whole = Field(ge=0, lt=2**32)

    @field_validator("layers")
    @classmethod
    def _pictures_come_first(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        kinds = [layer.kind for layer in layers]
        if "dense" in kinds:
            for kind in kinds[kinds.index("dense") :]:
                if kind in PICTURE_KINDS:
                    raise ValueError(f"no '{kind}' behind a dense layer, which leaves no picture")
        return layers

    @field_validator("label_smoothing")
    @classmethod
    def _smoothing_needs_shares(cls, smoothing: float | None, info: ValidationInfo) -> float | None:
        if smoothing and info.data.get("loss") == "sparse_categorical_crossentropy":
            raise ValueError("none where the loss is 'sparse_categorical_crossentropy'")
        return smoothing

    def plain(self) -> dict[str, Any]:
        """What is declared, as JSON has it, without what is not used."""
        return self.model_dump(mode="json", exclude_none=True)


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
