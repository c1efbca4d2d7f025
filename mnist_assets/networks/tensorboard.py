"""Training logs that TensorBoard reads: scalars and histograms of the weights, epoch by epoch."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import keras

    from mnist_assets.networks.training import Epoch


def require_tensorboard() -> None:
    """Tell before any training that TensorBoard is missing.

    Raises:
        InputError: It is not installed.
    """
    if find_spec("tensorboard") is None:
        raise InputError(
            "--tensorboard",
            seen="no package tensorboard",
            expected="it to be installed, as it writes the logs",
            remedy="Install it: pip install 'mnist-assets[tensorboard]'",
        )


@contextmanager
def training_log(model: keras.Model, folder: Path) -> Iterator[Callable[[Epoch], None]]:
    """Write what TensorBoard shows of a training into a folder of its own, named as Keras does.

    Yields:
        What to call after each epoch, when the model has that epoch's weights.
    """
    import tensorflow as tf

    require_tensorboard()
    writers = {
        prefix: tf.summary.create_file_writer(str(folder / part))
        for prefix, part in (("", "train"), ("val_", "validation"))
    }

    def log(epoch: Epoch) -> None:
        for prefix, writer in writers.items():
            with writer.as_default(step=epoch.epoch):
                for figure in ("loss", "accuracy"):
                    tf.summary.scalar(f"epoch_{figure}", getattr(epoch, prefix + figure))
        with writers[""].as_default(step=epoch.epoch):
            for weight in model.weights:
                tf.summary.histogram(weight.path, weight)

    try:
        yield log
    finally:
        for writer in writers.values():
            writer.close()
