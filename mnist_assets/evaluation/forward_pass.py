"""A network's predictions by hand, in NumPy: its layers, its weights and the graph's normalisation.

What Keras answers through the stored model has to be the same. It is not if pixels were normalised
twice or not at all, turned or scaled on their way, if the model holds another normalisation than
the graph does today, or if its layers worked as they do in training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding
from mnist_assets.networks.layers import flattened_before

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mnist_assets.evaluation.predictions import Images

    Values = NDArray[np.float64]

EPSILON = 1e-3  # what Keras adds to the variance in batch normalisation
# Klambauer et al. (2017), "Self-normalizing neural networks", https://arxiv.org/abs/1706.02515.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _sigmoid(values: Values) -> Values:
    from scipy.special import expit

    return np.asarray(expit(values))


def _elu(values: Values) -> Values:
    return np.where(values > 0, values, np.expm1(np.minimum(values, 0)))


def _gelu(values: Values) -> Values:
    from scipy.special import ndtr

    return np.asarray(values * ndtr(values))


ACTIVATIONS: Mapping[str, Callable[[Values], Values]] = {
    "relu": lambda values: np.maximum(values, 0),
    "elu": _elu,
    "selu": lambda values: SELU_SCALE * np.where(values > 0, values, SELU_ALPHA * _elu(values)),
    "gelu": _gelu,
    "silu": lambda values: values * _sigmoid(values),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "linear": lambda values: values,
}


def predict_by_hand(
    images: NDArray[np.uint8],
    normalization: Mapping[str, NDArray[np.float32]],
    layers: Sequence[Mapping[str, Any]],
    weights: Sequence[NDArray[np.float32]],
) -> Values:
    """Compute the class probabilities of a few images in float64.

    Args:
        images: uint8 (n, height, width).
        normalization: `mean` and `std`, float32 (height, width), in grey levels.
        layers: The declared hidden layers as plain values: `kind` and its options.
        weights: The model's, layer by layer as `get_weights` gives them: kernel and bias of a dense
            layer or a convolution; gamma, beta, moving mean and variance of batch normalisation.

    Returns:
        float64 (n, classes), each row summing to 1.
    """
    from scipy.special import softmax

    left = [weight.astype(np.float64) for weight in reversed(weights)]
    values = (images - normalization["mean"].astype(np.float64)) / normalization["std"]
    values = values[..., None]
    flattened = flattened_before([layer["kind"] for layer in layers])
    for position, layer in enumerate([*layers, {"kind": "dense", "activation": "linear"}]):
        if position == flattened:
            values = values.reshape(len(images), -1)
        match layer["kind"]:
            case "dense":
                values = values @ left.pop() + left.pop()
            case "convolution":
                values = np.einsum("nhwcij,ijcf->nhwf", _patches(values, layer), left.pop())
                values += left.pop()
            case "depthwise_convolution":
                kernel = left.pop()[..., 0]
                values = np.einsum("nhwcij,ijc->nhwc", _patches(values, layer), kernel)
                values += left.pop()
            case "average_pooling":
                values = _squares(values, layer["size"]).mean(axis=(2, 4))
            case "max_pooling":
                values = _squares(values, layer["size"]).max(axis=(2, 4))
            case "crop":
                inside = slice(layer["pixels"], -layer["pixels"])
                values = values[:, inside, inside]
            case "batch_normalization":
                gamma, beta, mean, variance = (left.pop() for _ in range(4))
                values = gamma * (values - mean) / np.sqrt(variance + EPSILON) + beta
        values = ACTIVATIONS[layer.get("activation", "linear")](values)
    return np.asarray(softmax(values, axis=1))


def _patches(values: Values, layer: Mapping[str, Any]) -> Values:
    """What a convolution sees at each place: (n, rows, columns, channels, size, size)."""
    size, stride = layer["size"], layer["stride"]
    if layer["padding"] == "same":
        missing = [
            max((-(-side // stride) - 1) * stride + size - side, 0) for side in values.shape[1:3]
        ]
        around = [(some // 2, some - some // 2) for some in missing]
        values = np.pad(values, [(0, 0), *around, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), axis=(1, 2))
    return windows[:, ::stride, ::stride]


def _squares(values: Values, size: int) -> Values:
    """A picture in squares: (n, rows, size, columns, size, channels), what fills none left out."""
    images, height, width, channels = values.shape
    rows, columns = height // size, width // size
    whole = values[:, : rows * size, : columns * size]
    return whole.reshape(images, rows, size, columns, size, channels)


def distances_by_hand(
    predicted: Mapping[str, NDArray[np.float32]],
    images: Mapping[str, Images],
    normalization: Mapping[str, NDArray[np.float32]],
    layers: Sequence[Mapping[str, Any]],
    weights: Sequence[NDArray[np.float32]],
    count: int,
) -> dict[str, Values]:
    """Predict some images of each part by hand, and measure how far off the given predictions are.

    Args:
        predicted: By part, the network's probabilities, float32 (n, classes).
        images: By part, the images, uint8 (n, height, width), or a `Subset` of such.
        normalization: As `predict_by_hand` takes it.
        layers: Likewise.
        weights: Likewise.
        count: Images of each part, taken evenly from the first to the last; all if they are fewer.

    Returns:
        By part, the largest difference of a probability for each of these images, float64.
    """
    distances = {}
    for part, probabilities in predicted.items():
        last = len(probabilities) - 1
        some = np.unique(np.linspace(0, last, min(count, last + 1)).astype(np.int64))
        by_hand = predict_by_hand(images[part][some], normalization, layers, weights)
        distances[part] = np.abs(probabilities[some] - by_hand).max(axis=1)
    return distances


def check_as_by_hand(distances: Mapping[str, Values], tolerance: float) -> Finding:
    """Check by their distances that a network's predictions are those computed by hand.

    Two probabilities may be as far apart as the tolerance; float32 alone moves them.
    """
    furthest = {part: float(of_part.max()) for part, of_part in distances.items()}
    images = sum(map(len, distances.values()))
    wrong = sum(int((~(of_part <= tolerance)).sum()) for of_part in distances.values())
    return Finding.of(
        not wrong,
        f"{images} predictions are within {max(furthest.values()):.1e} of those by hand.",
        f"Of {images} predictions, {wrong} are not those computed by hand with the graph's "
        "normalisation and the model's weights: the model was given other pixels, normalises them "
        "otherwise, or ran as it does in training.",
        seen={"images_apart": wrong} | {f"{part}_furthest": far for part, far in furthest.items()},
        expected={"images_apart": 0, "furthest_at_most": tolerance},
    )
