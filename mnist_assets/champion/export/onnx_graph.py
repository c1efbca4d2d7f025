"""A network as an ONNX file, written node by node from its layers.

What converts TensorFlow graphs leaves constants of the normalisation as inputs to be fed; a stack
of layers is short to write. ONNX has channels before rows and columns, Keras behind them.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.champion.export.serving import pixels_of
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    import keras
    from numpy.typing import ArrayLike, NDArray

OPSET, IR_VERSION = 20, 9  # of 2023, the first that has Gelu
# By Keras's name: the operator, and its attributes.
ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "gelu": ("Gelu", {"approximate": "none"}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {"axis": -1}),
}


def to_onnx(model: keras.Model) -> bytes:
    """Write a network as an ONNX file.

    Args:
        model: A stack of layers from raw pixels, float32 (n, height, width, 1), to probabilities.

    Returns:
        The file: `images`, uint8 (n, height, width), to `probabilities`, float32 (n, classes).

    Raises:
        InputError: The package onnx is not installed, or the network has a layer, or a layer a
            setting, that is not known here.
    """
    require_onnx("onnx", "mnist-assets[onnx]")
    import onnx
    from onnx import helper

    graph = _Graph()
    graph.add("Cast", to=onnx.TensorProto.FLOAT)
    graph.add("Unsqueeze", np.array([1]))
    for layer in model.layers:
        _add_layer(graph, layer, model.name)
    graph.add("Identity", output="probabilities")
    _, height, width, _ = model.input_shape
    taken = helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, ["n", height, width])
    given = helper.make_tensor_value_info(
        "probabilities", onnx.TensorProto.FLOAT, ["n", model.output_shape[-1]]
    )
    written = helper.make_model(
        helper.make_graph(graph.nodes, model.name, [taken], [given], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="mnist_assets",
    )
    onnx.checker.check_model(written, full_check=True)
    return bytes(written.SerializeToString(deterministic=True))


def run_onnx(file: bytes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give an ONNX file's probabilities for images, float32 (n, classes).

    Raises:
        InputError: The package onnxruntime is not installed.
    """
    require_onnx("onnxruntime", "onnxruntime")
    import onnxruntime  # type: ignore[import-untyped]

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return np.concatenate(
        [session.run(None, {"images": np.ascontiguousarray(of)})[0] for of in pixels_of(images)]
    )


def require_onnx(package: str, wanted: str) -> None:
    """See that a package is installed.

    Raises:
        InputError: It is not.
    """
    if find_spec(package) is None:
        raise InputError(
            "--format onnx",
            seen=f"no package {package}",
            expected="one that is installed",
            remedy=f"Install it: `pip install '{wanted}'`.",
        )


class _Graph:
    """A chain of nodes, each on what the one before gives."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.last = "images"

    def add(self, operator: str, *constants: ArrayLike, output: str = "", **settings: Any) -> None:
        """Add an operator on the last value and constants; what it gives is the last value then."""
        self.join([self.last, *map(self._constant, constants)], operator, output, **settings)

    def join(self, inputs: list[str], operator: str, output: str = "", **settings: Any) -> None:
        """Add an operator on the values named."""
        from onnx import helper

        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **settings))
        self.last = output

    def _constant(self, value: ArrayLike) -> str:
        from onnx import numpy_helper

        array, name = np.asarray(value), f"constant_{len(self.constants)}"
        if array.dtype.kind == "f":
            array = array.astype(np.float32)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name


def _add_layer(graph: _Graph, layer: keras.Layer, network: str) -> None:
    """Add the nodes that do what a layer does after training."""
    kind, settings = type(layer).__name__, layer.get_config()
    if settings.get("data_format", "channels_last") != "channels_last":
        raise _unknown(layer, network)
    match kind:
        case "Dropout" | "Activation":
            pass
        case "Normalization" if not layer.invert:
            _add_normalization(graph, layer)
        case "Flatten":
            graph.add("Transpose", perm=[0, 2, 3, 1])
            graph.add("Flatten", axis=1)
        case "Dense" if len(layer.input.shape) == 2 and layer.use_bias:
            graph.add("Gemm", layer.kernel, layer.bias)
        case "BatchNormalization" if layer.scale and layer.center and _of_channels(layer):
            moments = (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
            graph.add("BatchNormalization", *moments, epsilon=layer.epsilon)
        case "Conv2D" if layer.use_bias:
            kernel = np.transpose(layer.kernel, (3, 2, 0, 1))
            graph.add("Conv", kernel, layer.bias, group=layer.groups, **_window(layer))
        case "DepthwiseConv2D" if layer.use_bias:
            rows, columns, channels, times = layer.kernel.shape
            kernel = np.transpose(layer.kernel, (2, 3, 0, 1))
            kernel = kernel.reshape(channels * times, 1, rows, columns)
            graph.add("Conv", kernel, layer.bias, group=channels, **_window(layer))
        case "AveragePooling2D" | "MaxPooling2D":
            operator = kind.removesuffix("ing2D")
            graph.add(operator, kernel_shape=list(layer.pool_size), **_window(layer))
        case "Cropping2D":
            (top, bottom), (left, right) = layer.cropping
            height, width = layer.input.shape[1:3]
            graph.add("Slice", [top, left], [height - bottom, width - right], [2, 3])
        case _:
            raise _unknown(layer, network)
    if hasattr(layer, "activation"):
        _add_activation(graph, layer, network)


def _add_normalization(graph: _Graph, layer: keras.layers.Normalization) -> None:
    """Add (x - mean) / std, as Keras computes it."""
    import keras

    shape = layer.input.shape[1:]
    std = np.maximum(np.sqrt(np.asarray(layer.variance)), keras.config.epsilon())
    for operator, of in (("Sub", np.asarray(layer.mean)), ("Div", std)):
        pixels = np.broadcast_to(of[0], shape)  # height, width, channels
        graph.add(operator, np.transpose(pixels, (2, 0, 1))[None])


def _add_activation(graph: _Graph, layer: keras.Layer, network: str) -> None:
    import keras

    name = keras.activations.serialize(layer.activation)
    if name == "linear":
        return
    if name == "silu":
        inputs = graph.last
        graph.add("Sigmoid")
        graph.join([inputs, graph.last], "Mul")
        return
    if name not in ACTIVATIONS or (name == "softmax" and len(layer.output.shape) != 2):
        raise _unknown(layer, network)
    operator, settings = ACTIVATIONS[name]
    graph.add(operator, **settings)


def _window(layer: keras.Layer) -> dict[str, Any]:
    """How far a window moves, and whether it goes beyond the edges."""
    settings: dict[str, Any] = {
        "strides": list(layer.strides),
        "auto_pad": {"valid": "VALID", "same": "SAME_UPPER"}[layer.padding],
    }
    if hasattr(layer, "dilation_rate"):
        settings["dilations"] = list(layer.dilation_rate)
    return settings


def _unknown(layer: keras.Layer, network: str) -> InputError:
    return InputError(
        f"network {network}, layer {layer.name}",
        seen=f"{type(layer).__name__} {layer.get_config()}",
        expected="a kind of layer that `networks.yaml` allows",
        remedy="Export it as saved_model or litert, which take every layer.",
    )


def _of_channels(layer: keras.layers.BatchNormalization) -> bool:
    return layer.axis in (-1, len(layer.input.shape) - 1)
