"""A trained network inside a page: its weights as text, and the canvas that it answers.

What the browser does with them is in `SCRIPTS`, of `templates/`; the page around the canvas is
`page.py`.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.formatting import number, percent
from mnist_assets.inference import digits, parts, strokes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import keras
    from numpy.typing import ArrayLike, NDArray

    from mnist_assets.networks.layers import Layer

SCRIPTS = ("network.js", "parts.js", "images.js", "canvas.js")  # each uses those before it
# What `templates/network.js` has.
KINDS = ("dense", "batch_normalization", "dropout", "flatten")
ACTIVATIONS = ("linear", "relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softmax")


def can_run(layers: Iterable[Layer]) -> bool:
    """Whether a page can run a network of these declared layers."""
    return all(
        layer.kind in KINDS and getattr(layer, "activation", "linear") in ACTIVATIONS
        for layer in layers
    )


def export_network(model: keras.Model) -> dict[str, Any]:
    """Write a network down as plain values, as far as its answers need it.

    Flattening is left out, since a page holds an image row by row as one list, and so is dropout,
    which does nothing after training. Batch normalisation becomes what it then is: a factor and a
    summand for each input.

    Args:
        model: As from `networks.build_network`: a stack of layers from raw pixels, float32
            (n, height, width, 1), to a softmax.

    Returns:
        `shape`, height and width of an image; `classes`; and `layers`, each with its `kind`:
        `normalization` (x - mean) / std, `dense` activation(x @ kernel + bias) with `units`, or
        `scale` scale * x + shift. Arrays are little-endian float32, row by row, in base64.

    Raises:
        InputError: The model has a layer that a page cannot run.
    """
    _, height, width, _ = model.input_shape
    exported = (_export_layer(layer, model.name) for layer in model.layers)
    layers = [layer for layer in exported if layer is not None]
    return {"shape": [height, width], "classes": layers[-1]["units"], "layers": layers}


def export_preparation() -> dict[str, float]:
    """The constants by which the graph finds the digits of ink and makes them like MNIST's."""
    return {
        "box": digits.BOX,
        "fine": digits.FINE,
        "faint": parts.FAINT,
        "speck": parts.SPECK,
        "least_contrast": parts.LEAST_CONTRAST,
        "least_side": parts.LEAST_SIDE,
        "smaller": parts.SMALLER,
        "beside": parts.BESIDE,
        "above": parts.ABOVE,
        "near": parts.NEAR,
        "shared": parts.SHARED,
        "same_line": parts.SAME_LINE,
        "next_number": parts.NEXT_NUMBER,
        "usual": strokes.USUAL,
        "thinnest": strokes.THINNEST,
        "thickest": strokes.THICKEST,
        "quartile": strokes.QUARTILE,
        "edge": strokes.EDGE,
    }


def example_digits(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], classes: int
) -> list[dict[str, Any]]:
    """Take the first image of each class, for readers who cannot draw.

    Args:
        images: uint8 (n, height, width).
        labels: uint8 (n,).
        classes: The number of classes.

    Returns:
        `digit` and `pixels`, its bytes row by row in base64, of each class that there is.
    """
    firsts = {digit: np.flatnonzero(labels == digit)[:1] for digit in range(classes)}
    return [
        {"digit": digit, "pixels": b64encode(images[first[0]].tobytes()).decode()}
        for digit, first in firsts.items()
        if len(first)
    ]


def render_canvas(
    network: Mapping[str, Any],
    examples: Sequence[Mapping[str, Any]],
    *,
    name: str,
    parameters: int,
    test_accuracy: float,
    names: Sequence[str],
    mnist: bool,
    largest: int,
    template: str,
    script: str,
) -> str:
    """Write the part of a page in which one draws a digit and the network answers.

    Where the network would take too much of the page, the part says so and has no canvas.

    Args:
        network: As from `export_network`.
        examples: As from `example_digits`.
        name: What the network is called.
        parameters: The number of its weights.
        test_accuracy: Its accuracy on the test images, in [0, 1].
        names: What each class is called.
        mnist: Whether what is drawn are digits.
        largest: Most bytes that the network and the examples may add to the page.
        template: Jinja2 source, which fails on a name it is not given.
        script: JavaScript, put into the page.

    Returns:
        HTML without a heading, to be put into a section with the id `draw`, once in a page.
    """
    from jinja2 import Environment, StrictUndefined
    from jinja2.utils import htmlsafe_json_dumps
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "percent": percent}
    data = htmlsafe_json_dumps(
        {
            "network": network,
            "preparation": export_preparation(),
            "examples": examples,
            "names": names,
        },
        separators=(",", ":"),
    )
    return environment.from_string(template).render(
        data=data,
        size=len(data),
        largest=largest,
        name=name,
        parameters=parameters,
        test_accuracy=test_accuracy,
        shape=network["shape"],
        names=names,
        article="a" if mnist else "an",
        noun="digit" if mnist else "image",
        kind="digit" if mnist else "class",
        box=[round(digits.BOX * length) for length in network["shape"]],
        examples=examples,
        script=Markup(script),  # noqa: S704 - the project's own file
    )


def _export_layer(layer: keras.Layer, model: str) -> dict[str, Any] | None:
    """Write one layer down; None where it changes nothing."""
    import keras

    if type(layer) in (keras.layers.Flatten, keras.layers.Dropout):
        return None
    if type(layer) is keras.layers.Normalization and not layer.invert:
        shape = layer.input.shape[1:]
        std = np.maximum(np.sqrt(np.asarray(layer.variance)), keras.config.epsilon())
        return {
            "kind": "normalization",
            "mean": _encode(np.broadcast_to(np.asarray(layer.mean)[0], shape)),
            "std": _encode(np.broadcast_to(std[0], shape)),
        }
    flat = len(layer.input.shape) == 2
    if type(layer) is keras.layers.Dense and flat and layer.use_bias:
        activation = keras.activations.serialize(layer.activation)
        if activation in ACTIVATIONS:
            return {
                "kind": "dense",
                "units": layer.units,
                "activation": activation,
                "kernel": _encode(layer.kernel),
                "bias": _encode(layer.bias),
            }
    if type(layer) is keras.layers.BatchNormalization and flat and layer.scale and layer.center:
        gamma, beta, mean, variance = (
            np.asarray(weight, np.float64)
            for weight in (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
        )
        scale = gamma / np.sqrt(variance + layer.epsilon)
        return {"kind": "scale", "scale": _encode(scale), "shift": _encode(beta - scale * mean)}
    raise InputError(
        f"network {model}, layer {layer.name}",
        seen=f"{type(layer).__name__} {layer.get_config()}",
        expected="a kind of layer that `networks.yaml` allows",
        remedy="Teach `export_network` and `templates/network.js` this layer.",
    )


def _encode(array: ArrayLike) -> str:
    return b64encode(np.asarray(array).astype("<f4").tobytes()).decode()
