"""The compiled loop that makes the updates `keras.Model.fit` would make, at the machine's speed.

All batches of a chunk run inside one compiled program that gathers each batch from uint8 pixels in
memory. The last, partial batch of an epoch is filled up with images that count for nothing, since
compiling its shape would take longer than all its updates. With dropout it is compiled nonetheless:
what is drawn at random depends on the shape, and all updates are to be those of `fit` with
`jit_compile=True`. Validation is not compiled, which would take longer than it saves.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.loop.batches import Chunk, as_tensor, shareable_zeros
from mnist_assets.networks.loop.compile_cache import seal_compiled_programs
from mnist_assets.networks.loop.convolutions import convolutions_as_products
from mnist_assets.networks.loop.joined_weights import JoinedWeights
from mnist_assets.networks.loop.padding import only_in_use, pad_batches
from mnist_assets.networks.optimizers import build_optimizer

if TYPE_CHECKING:
    from collections.abc import Iterable

    import keras
    from numpy.typing import NDArray

# With less effort XLA emits narrower vectors, which for layers of 13 neurons run a quarter faster;
# the large products are a library's either way. It has an effect until XLA's first compilation.
XLA_FLAGS = "--xla_backend_optimization_level=1"
VALIDATION_CHUNK = 2_000  # images; more at a time take more memory and are no faster


class Sums(NamedTuple):
    """Totals over some batches: of the loss, of right predictions; the first bad batch or -1."""

    loss: Any
    correct: Any
    first_bad_batch: Any


class TrainingLoop:
    """A model's updates and validation, compiled once and run chunk by chunk."""

    def __init__(self, model: keras.Model, training: Training, images: int = 1) -> None:
        """Prepare to train a model on so many images, as a learning-rate schedule has to know."""
        import tensorflow as tf

        os.environ.setdefault("XLA_FLAGS", XLA_FLAGS)
        self.model = model
        self.training = training
        self.weights = JoinedWeights(model)
        updates = -(-images // training.batch_size)
        self.optimizer = build_optimizer(
            training.optimizer, training.schedule, training.epochs, updates
        )
        self.optimizer.build(self.weights.variables)
        self._run_batches = tf.function(self._batches, jit_compile=True, autograph=False)
        self._run_last_batch: Any = None
        if any(layer.kind == "dropout" for layer in training.layers):
            self._run_last_batch = tf.function(self._update, jit_compile=True, autograph=False)
        pixels = tf.TensorSpec((None, *model.input_shape[1:-1]), tf.uint8)
        signature = (pixels, tf.TensorSpec((None,), tf.uint8))
        self._run_validation = tf.function(self._validate, signature, autograph=False)

    def compile(self, chunk_size: int, image_shape: tuple[int, ...]) -> float:
        """Compile for chunks of this shape, by running no batch at all; returns the seconds."""
        started = time.perf_counter()
        images = shareable_zeros((chunk_size, *image_shape))
        blank = Chunk(images, np.zeros(chunk_size, np.uint8), np.zeros(1, np.int32))
        self._run_batches(*self._tensors(blank), _scalar(0))
        seal_compiled_programs()
        return time.perf_counter() - started

    def run_epoch(self, chunks: Iterable[Chunk], where: str) -> tuple[float, float]:
        """Update the weights with every batch of an epoch.

        Returns:
            Mean loss and accuracy over the images, each batch judged before its update, as Keras
            reports them.

        Raises:
            InputError: The loss of some batch is not finite.
        """
        loss = correct = 0.0
        images = batches = 0
        self.weights.read()
        for chunk in chunks:
            sums = self._run_chunk(chunk)
            first_bad_batch = int(sums.first_bad_batch)
            if first_bad_batch >= 0:
                raise InputError(
                    f"{where}, batch {batches + first_bad_batch + 1}",
                    seen="a loss that is NaN or infinite, with learning rate "
                    f"{self.training.optimizer.learning_rate}",
                    expected="a finite loss",
                    remedy="Lower the network's learning_rate where it is declared. "
                    "The last good model is untouched.",
                )
            loss += float(sums.loss)
            correct += float(sums.correct)
            images += len(chunk.order)
            batches += len(chunk.order) // self.training.batch_size
        self.weights.write()
        return loss / images, correct / images

    def validate(
        self, images: NDArray[np.uint8], labels: NDArray[np.uint8], indices: NDArray[np.int32]
    ) -> tuple[float, float]:
        """Mean loss and accuracy over the images at `indices`."""
        import tensorflow as tf

        loss = correct = 0.0
        for at in range(0, len(indices), VALIDATION_CHUNK):
            rows = np.sort(indices[at : at + VALIDATION_CHUNK])
            sums = self._run_validation(tf.constant(images[rows]), tf.constant(labels[rows]))
            loss += float(sums[0])
            correct += float(sums[1])
        return loss / len(indices), correct / len(indices)

    def _run_chunk(self, chunk: Chunk) -> Sums:
        import tensorflow as tf

        count = len(chunk.order)
        last = count % self.training.batch_size if self._run_last_batch else 0
        images, labels, order = self._tensors(chunk)
        sums = Sums(*self._run_batches(images, labels, order, _scalar(count - last)))
        if last == 0:
            return sums
        rows = chunk.order[-last:]
        loss, correct = self._run_last_batch(
            tf.gather(images, rows), tf.gather(labels, rows), tf.ones(last, tf.bool)
        )
        is_first_bad = sums.first_bad_batch < 0 and not np.isfinite(loss)
        return Sums(
            sums.loss + loss,
            sums.correct + correct,
            count // self.training.batch_size if is_first_bad else sums.first_bad_batch,
        )

    def _tensors(self, chunk: Chunk) -> tuple[Any, Any, Any]:
        """The chunk on the device, its order filled up to a constant number of batches."""
        import tensorflow as tf

        order = pad_batches(chunk.order, len(chunk.labels), self.training.batch_size)
        return as_tensor(chunk.images), tf.convert_to_tensor(chunk.labels), tf.constant(order)

    def _batches(self, images: Any, labels: Any, order: Any, count: Any) -> tuple[Any, ...]:
        """Update with the first `count` images of the order, batch by batch."""
        import tensorflow as tf

        size = self.training.batch_size

        def run_batch(batch: Any, sums: Sums) -> tuple[Any, Sums]:
            rows = tf.slice(order, [batch * size], [size])
            in_use = batch * size + tf.range(size) < count
            loss, correct = self._update(tf.gather(images, rows), tf.gather(labels, rows), in_use)
            is_first_bad = (sums.first_bad_batch < 0) & ~tf.math.is_finite(loss)
            return batch + 1, Sums(
                sums.loss + loss,
                sums.correct + correct,
                tf.where(is_first_bad, batch, sums.first_bad_batch),
            )

        _, sums = tf.while_loop(
            lambda batch, _: batch * size < count,
            run_batch,
            (tf.constant(0), Sums(tf.constant(0.0), tf.constant(0.0), tf.constant(-1))),
        )
        return tuple(sums)

    def _update(self, pixels: Any, labels: Any, in_use: Any) -> tuple[Any, Any]:
        """One update of the weights; total loss and number of right predictions before it.

        Only images in use count: in the loss, in the statistics of batch normalisation, in all.
        """
        import tensorflow as tf

        counts = tf.cast(in_use, tf.float32)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            weights = self.weights.tensors()
            tape.watch(weights)
            with convolutions_as_products(self.model), only_in_use(self.model, in_use):
                probabilities, state, penalties = self.model.stateless_call(
                    weights,
                    self.model.non_trainable_variables,
                    _network_input(pixels),
                    training=True,
                    return_losses=True,
                )
            losses, hits = self._measure(probabilities, labels)
            images = tf.reduce_sum(counts)
            loss = tf.reduce_sum(counts * losses) / images
            if penalties:
                loss += tf.add_n(penalties)
        gradients = self.weights.join(tape.gradient(loss, weights))
        self.optimizer.apply(gradients, self.weights.variables)
        for variable, value in zip(self.model.non_trainable_variables, state, strict=True):
            variable.assign(value)
        return loss * images, tf.reduce_sum(counts * hits)

    def _validate(self, pixels: Any, labels: Any) -> tuple[Any, Any]:
        """Total loss and number of right predictions."""
        import tensorflow as tf

        probabilities = self.model(_network_input(pixels), training=False)
        losses, hits = self._measure(probabilities, labels)
        for penalty in self.model.losses:
            losses += penalty
        return tf.reduce_sum(losses), tf.reduce_sum(hits)

    def _measure(self, probabilities: Any, labels: Any) -> tuple[Any, Any]:
        """Loss of each image, and 1 for each right prediction, 0 for a wrong one."""
        import keras
        import tensorflow as tf

        labels = tf.cast(labels, tf.int32)
        hits = tf.equal(tf.argmax(probabilities, axis=-1, output_type=tf.int32), labels)
        if self.training.loss == "categorical_crossentropy":
            losses = keras.losses.categorical_crossentropy(
                tf.one_hot(labels, probabilities.shape[-1]),
                probabilities,
                label_smoothing=self.training.label_smoothing or 0.0,
            )
        else:
            losses = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
        return losses, tf.cast(hits, tf.float32)


def _network_input(pixels: Any) -> Any:
    """A batch of uint8 pixels as a network takes them: float32, one channel."""
    import tensorflow as tf

    return tf.cast(tf.expand_dims(pixels, -1), tf.float32)


def _scalar(count: int) -> Any:
    """A count as a tensor: a plain int would compile the loop anew for each value."""
    import tensorflow as tf

    return tf.constant(count, tf.int32)
