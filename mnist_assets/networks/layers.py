"""The layers that may be declared in `networks.yaml`, and where the picture becomes one row.

What shapes and weights they come to is `layer_table.py`, building them `model.py`.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from mnist_assets.declarations.yaml_files import Declared, Real, Whole

Activation = Literal["relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "linear"]
Padding = Literal["valid", "same"]
L2 = Annotated[Real, Field(gt=0, le=10)]


class Dense(Declared):
    """A fully-connected layer of `units` neurons; `l2` times its squared weights joins the loss."""

    kind: Literal["dense"]
    units: Whole = Field(ge=1, le=100_000)
    activation: Activation = "relu"
    l2: L2 | None = None


class BatchNormalization(Declared):
    """Batch normalisation with Keras's defaults: of each column, or each channel of a picture."""

    kind: Literal["batch_normalization"]


class ActivationLayer(Declared):
    """An activation by itself, such as after batch normalisation of a layer that is linear."""

    kind: Literal["activation"]
    activation: Activation = "relu"


class Dropout(Declared):
    """Dropout of a share `rate` of its inputs, while training only."""

    kind: Literal["dropout"]
    rate: Real = Field(gt=0, lt=1)


class Convolution(Declared):
    """`filters` filters of `size` x `size` pixels, `stride` pixels apart."""

    kind: Literal["convolution"]
    filters: Whole = Field(ge=1, le=10_000)
    size: Whole = Field(ge=1, le=1000)
    stride: Whole = Field(default=1, ge=1, le=1000)
    padding: Padding = "valid"
    activation: Activation = "relu"
    l2: L2 | None = None


class DepthwiseConvolution(Declared):
    """One filter of `size` x `size` pixels for each channel by itself."""

    kind: Literal["depthwise_convolution"]
    size: Whole = Field(ge=1, le=1000)
    stride: Whole = Field(default=1, ge=1, le=1000)
    padding: Padding = "valid"
    activation: Activation = "relu"


class AveragePooling(Declared):
    """The mean of each square of `size` x `size` pixels; what fills no square is left out."""

    kind: Literal["average_pooling"]
    size: Whole = Field(ge=2, le=1000)


class MaxPooling(Declared):
    """The largest of each square of `size` x `size` pixels; what fills no square is left out."""

    kind: Literal["max_pooling"]
    size: Whole = Field(ge=2, le=1000)


class Crop(Declared):
    """The picture without `pixels` rows and columns at each of its four sides."""

    kind: Literal["crop"]
    pixels: Whole = Field(ge=1, le=1000)


Layer = Annotated[
    Dense
    | BatchNormalization
    | ActivationLayer
    | Dropout
    | Convolution
    | DepthwiseConvolution
    | AveragePooling
    | MaxPooling
    | Crop,
    Field(discriminator="kind"),
]

PICTURE_KINDS = frozenset(
    {"convolution", "depthwise_convolution", "average_pooling", "max_pooling", "crop"}
)


def flattened_before(kinds: Sequence[str]) -> int:
    """Tell before which layer a picture is laid out as one row of pixels.

    That is the first dense layer; the very first layer where none takes pictures; and the softmax
    behind them all, at `len(kinds)`, where none is dense.

    Args:
        kinds: Of the declared hidden layers, from input to output.
    """
    if PICTURE_KINDS.isdisjoint(kinds):
        return 0
    return list(kinds).index("dense") if "dense" in kinds else len(kinds)
