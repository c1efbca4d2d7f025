"""JAX: all full batches of an epoch in one compiled `scan`, optimizers written out."""

# JAX is optional, and so are its types.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jax import numpy as jnp

from benchmarks.implementations import Epoch, Trained
from benchmarks.work import layers_to_logits
from mnist_assets.networks.layers import BatchNormalization, Dense
from mnist_assets.networks.optimizers import Adam

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from benchmarks.work import Work
    from mnist_assets.networks.declaration import Training
    from mnist_assets.networks.layers import Layer
    from mnist_assets.networks.optimizers import Optimizer

KEPT, EPSILON = 0.99, 1e-3  # Keras's defaults in batch normalisation
BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7  # Keras's defaults in Adam

Step = tuple[Any, Any, Any]  # state, mean loss, right predictions


class State(NamedTuple):
    """What an update changes: per layer trained weights and moving statistics; Adam's memory."""

    weights: Any
    statistics: Any
    means: Any
    squares: Any
    updates: Any


class JaxScan:
    """Trains on the device that JAX chooses."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.images, self.labels = self._arrays("train")
        self.val_images, self.val_labels = self._arrays("validation")

    def train(self, name: str, training: Training) -> Trained:
        """Build, compile and train."""
        del name
        layers = layers_to_logits(training, self.work.classes)
        update = _update(layers, training.optimizer)
        run_batches = jax.jit(_scan(update), donate_argnums=0)
        run_rest = jax.jit(update)
        validate = jax.jit(lambda state, *part: _measure(layers, state, *part, training=False)[:2])
        state = _initial(layers, self.images.shape[1], training.seed)
        size, count = training.batch_size, len(self.labels)
        generator = np.random.default_rng(training.seed)
        epochs = []
        for _ in range(training.epochs):
            order = generator.permutation(count).astype(np.int32)
            batches = order[: count // size * size].reshape(-1, size)
            rest = order[batches.size :]
            state, losses, corrects = run_batches(state, self.images, self.labels, batches)
            loss, correct = losses.sum() * size, corrects.sum()
            if len(rest):
                state, last, last_correct = run_rest(state, self.images, self.labels, rest)
                loss, correct = loss + last * len(rest), correct + last_correct
            val_loss, val_correct = validate(state, self.val_images, self.val_labels)
            epochs.append(
                Epoch(
                    float(loss) / count,
                    float(correct) / count,
                    float(val_loss),
                    float(val_correct) / len(self.val_labels),
                )
            )
        return Trained(epochs, _in_keras_order(state))

    def _arrays(self, part: str) -> tuple[Any, Any]:
        images, labels = self.work.part(part)
        return jnp.asarray(images.reshape(len(images), -1)), jnp.asarray(labels.astype(np.int32))


def _initial(layers: Sequence[Layer], width: int, seed: int) -> State:
    """Glorot uniform kernels, and zeros and ones as Keras has them."""
    glorot = jax.nn.initializers.glorot_uniform()
    weights: list[Any] = []
    statistics: list[Any] = []
    for layer, key in zip(layers, jax.random.split(jax.random.key(seed), len(layers)), strict=True):
        match layer:
            case Dense(units=units):
                weights.append((glorot(key, (width, units)), jnp.zeros(units)))
                statistics.append(())
                width = units
            case BatchNormalization():
                weights.append((jnp.ones(width), jnp.zeros(width)))
                statistics.append((jnp.zeros(width), jnp.ones(width)))
    means, squares = (jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
    return State(weights, statistics, means, squares, jnp.zeros((), jnp.int32))


def _measure(
    layers: Sequence[Layer], state: State, images: Any, labels: Any, *, training: bool
) -> tuple[Any, Any, Any]:
    """Mean loss, right predictions, and the moving statistics that follow."""
    values, statistics = images, []
    for layer, weights, moving in zip(layers, state.weights, state.statistics, strict=True):
        match layer:
            case Dense(activation=activation):
                kernel, bias = weights
                values = values @ kernel + bias
                if activation == "relu":
                    values = jax.nn.relu(values)
                statistics.append(())
            case BatchNormalization():
                mean, variance = (values.mean(0), values.var(0)) if training else moving
                gamma, beta = weights
                values = (values - mean) * (jax.lax.rsqrt(variance + EPSILON) * gamma) + beta
                statistics.append(_moved(moving, (mean, variance)))
    logs = jax.nn.log_softmax(values)
    loss = -jnp.take_along_axis(logs, labels[:, None], 1).mean()
    return loss, (values.argmax(1) == labels).sum(), statistics


def _moved(old: Any, new: Any) -> Any:
    return jax.tree.map(lambda kept, seen: KEPT * kept + (1 - KEPT) * seen, old, new)


def _update(layers: Sequence[Layer], optimizer: Optimizer) -> Callable[..., Step]:
    """One update from the images at some rows."""

    def update(state: State, images: Any, labels: Any, rows: Any) -> Step:
        def loss_of(weights: Any) -> tuple[Any, Any]:
            loss, *others = _measure(
                layers,
                state._replace(weights=weights),
                images[rows],
                labels[rows],
                training=True,
            )
            return loss, others

        (loss, (correct, statistics)), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            state.weights
        )
        state = _apply(optimizer, state._replace(statistics=statistics), gradients)
        return state, loss, correct

    return update


def _apply(optimizer: Optimizer, state: State, gradients: Any) -> State:
    rate = optimizer.learning_rate
    if not isinstance(optimizer, Adam):
        weights = jax.tree.map(lambda w, g: w - rate * g, state.weights, gradients)
        return state._replace(weights=weights)
    updates = state.updates + 1
    means = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), state.means, gradients)
    squares = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - BETA_2), state.squares, gradients)
    rate = rate * jnp.sqrt(1 - BETA_2**updates) / (1 - BETA_1**updates)
    weights = jax.tree.map(
        lambda w, m, v: w - rate * m / (jnp.sqrt(v) + ADAM_EPSILON), state.weights, means, squares
    )
    return State(weights, state.statistics, means, squares, updates)


def _scan(update: Callable[..., Step]) -> Callable[..., Step]:
    """Updates one after another, from rows (batches, batch size)."""

    def run(state: State, images: Any, labels: Any, batches: Any) -> Step:
        def step(state: State, rows: Any) -> tuple[State, tuple[Any, Any]]:
            state, loss, correct = update(state, images, labels, rows)
            return state, (loss, correct)

        state, (losses, corrects) = jax.lax.scan(step, state, batches)
        return state, losses, corrects

    return run


def _in_keras_order(state: State) -> list[NDArray[np.float32]]:
    return [
        np.asarray(weight)
        for weights, moving in zip(state.weights, state.statistics, strict=True)
        for weight in (*weights, *moving)
    ]
