"""A network written in one of the formats, and held against itself on the test images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from mnist_assets.champion.export.agreement import Agreement, compare_answers
from mnist_assets.champion.export.card import ExportedFile
from mnist_assets.champion.export.litert import run_litert, to_int8_litert, to_litert
from mnist_assets.champion.export.onnx_graph import run_onnx, to_onnx
from mnist_assets.champion.export.saved_model import run_saved_model, write_saved_model
from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict

if TYPE_CHECKING:
    from pathlib import Path

    import keras
    import numpy as np
    from numpy.typing import NDArray

Format: TypeAlias = Literal["saved_model", "litert", "onnx"]
LITERT, INT8, CARD = "model.tflite", "model_int8.tflite", "model_card.md"


def write_network(
    model: keras.Model,
    kind: Format,
    path: Path,
    images: NDArray[np.uint8] | None = None,
    *,
    int8: bool = False,
) -> None:
    """Write a network to a file, or for `saved_model` to a folder.

    Args:
        model: Raw pixels, float32 (n, height, width, 1), to probabilities.
        kind: The format.
        path: Where it is to be; what is there is replaced.
        images: uint8 (n, height, width), of the training part; needed for int8.
        int8: Whether a LiteRT file computes in 8 bits.

    Raises:
        InputError: The format cannot hold this network, or its package is not installed, or the
            file cannot be written.
    """
    try:
        if kind == "saved_model":
            write_saved_model(model, path)
        elif kind == "onnx":
            path.write_bytes(to_onnx(model))
        elif int8 and images is not None:
            path.write_bytes(to_int8_litert(model, images))
        else:
            path.write_bytes(to_litert(model))
    except OSError as error:
        raise InputError(
            path,
            seen=error.strerror or str(error),
            expected="a place that can be written to",
            remedy="Name another one.",
        ) from error


def run_file(kind: Format, path: Path, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give the probabilities of a file that `write_network` wrote, float32 (n, classes).

    Raises:
        InputError: A package that runs it is not installed.
    """
    if kind == "saved_model":
        return run_saved_model(path, images)
    return (run_onnx if kind == "onnx" else run_litert)(path.read_bytes(), images)


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def litert_files(
    model: keras.Model,
    train_images: NDArray[np.uint8],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.uint8],
) -> tuple[dict[str, bytes], list[ExportedFile]]:
    """Convert a network to LiteRT, in float32 and in int8, and hold each against it.

    Returns:
        The files by their names, and what a card tells of each.
    """
    expected = predict(model, test_images)
    contents = {LITERT: to_litert(model), INT8: to_int8_litert(model, train_images)}

    def answers(content: bytes) -> Agreement:
        return compare_answers(expected, run_litert(content, test_images), test_labels)

    files = [
        ExportedFile(name, "litert", len(content), answers(content), int8=name == INT8)
        for name, content in contents.items()
    ]
    return contents, files
