"""The loop makes the updates that `keras.Model.fit` makes: for each optimizer and each layer."""

import numpy as np
import pytest

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.loop import joined_weights, training_loop
from mnist_assets.networks.loop.batches import Chunk, whole_epoch
from mnist_assets.networks.loop.training_loop import TrainingLoop
from mnist_assets.networks.model import build_network
from mnist_assets.networks.optimizers import build_optimizer

CLASSES, SIZE = 3, 4
DENSE = {"kind": "dense", "units": 8}
LAYERS = {
    "dense": [DENSE],
    "batch normalisation": [DENSE, {"kind": "batch_normalization"}],
    "dropout": [DENSE, {"kind": "dropout", "rate": 0.4}],
    "none": [],
    "l2": [DENSE | {"l2": 0.01, "activation": "gelu"}],
    "convolutions": [
        {"kind": "convolution", "filters": 3, "size": 3, "padding": "same"},
        {"kind": "batch_normalization"},
        {"kind": "activation", "activation": "tanh"},
        {"kind": "convolution", "filters": 4, "size": 2, "stride": 2, "l2": 0.01},
        DENSE,
    ],
    "strides": [
        {"kind": "convolution", "filters": 3, "size": 3, "stride": 2, "padding": "same"},
        {"kind": "depthwise_convolution", "size": 2},
    ],
    "pooling": [
        {"kind": "crop", "pixels": 1},
        {"kind": "convolution", "filters": 3, "size": 1, "activation": "elu"},
        {"kind": "max_pooling", "size": 2},
        {"kind": "dropout", "rate": 0.2},
    ],
    "averages": [{"kind": "average_pooling", "size": 2}, DENSE],
}
OPTIMIZERS = {
    "sgd": {"kind": "sgd", "learning_rate": 0.1},
    "momentum": {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9},
    "nesterov": {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    "rmsprop": {"kind": "rmsprop", "learning_rate": 0.01},
    "adam": {"kind": "adam", "learning_rate": 0.01},
    "nadam": {"kind": "nadam", "learning_rate": 0.01},
    "adamw": {"kind": "adamw", "learning_rate": 0.01, "weight_decay": 0.1, "clip_norm": 0.5},
    "decay": {"kind": "sgd", "learning_rate": 0.1, "weight_decay": 0.1},
}


def declare(layers="dense", optimizer="sgd", **other):
    declared = {"batch_size": 16, "epochs": 2, "seed": 5} | other
    return Training(layers=LAYERS[layers], optimizer=OPTIMIZERS[optimizer], **declared)


@pytest.fixture(scope="module")
def digits():
    """70 images of 4 x 4 pixels, in three classes that differ in where they are light."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, CLASSES, 70).astype(np.uint8)
    images = generator.integers(0, 120, (70, SIZE, SIZE)).astype(np.uint8)
    images[np.arange(70), labels] += 100
    return images, labels


@pytest.fixture(scope="module")
def normalization(digits):
    images, _ = digits
    return {
        "mean": images.mean(axis=0).astype(np.float32),
        "std": images.std(axis=0).astype(np.float32),
    }


def build(training, normalization):
    return build_network(
        training.layers, normalization, classes=CLASSES, seed=training.seed, name="tiny"
    )


def test_small_weights_are_joined_large_ones_stay_alone(normalization, monkeypatch):
    monkeypatch.setattr(joined_weights, "SMALL", 24)
    model = build(declare(), normalization)  # 16 x 8, 8, 8 x 3, 3
    joined = joined_weights.JoinedWeights(model)
    assert [tuple(variable.shape) for variable in joined.variables] == [(128,), (8 + 24 + 3,)]
    before = model.get_weights()
    for tensor, weight in zip(joined.tensors(), model.trainable_variables, strict=True):
        np.testing.assert_array_equal(tensor, weight)
    for variable in joined.variables:
        variable.assign(variable + 1)
    joined.write()
    for weight, old in zip(model.trainable_variables, before[-4:], strict=True):
        np.testing.assert_array_equal(weight.numpy(), old + 1)
    model.set_weights(before)
    joined.read()
    joined.write()
    for weight, old in zip(model.trainable_variables, before[-4:], strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def train_by_loop(training, digits, normalization):
    images, labels = digits
    loop = TrainingLoop(build(training, normalization), training, len(labels))
    generator = np.random.default_rng(1)
    history = [
        loop.run_epoch(whole_epoch(images, labels, generator), "here")
        for _ in range(training.epochs)
    ]
    return loop, history


def train_by_fit(training, digits, normalization):
    import keras

    images, labels = digits
    model = build(training, normalization)
    updates = -(-len(labels) // training.batch_size)
    optimizer = build_optimizer(training.optimizer, training.schedule, training.epochs, updates)
    loss = training.loss
    if training.label_smoothing:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing)
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=["accuracy"],
        # Compiled and uncompiled code draw different dropout from the same seed.
        jit_compile=any(layer.kind == "dropout" for layer in training.layers),
    )
    generator = np.random.default_rng(1)
    history = []
    for _ in range(training.epochs):
        order = generator.permutation(len(labels))
        target = labels[order]
        if training.loss == "categorical_crossentropy":
            target = keras.utils.to_categorical(target, CLASSES)
        pixels = images[order][..., None].astype(np.float32)
        epoch = model.fit(
            pixels, target, batch_size=training.batch_size, shuffle=False, verbose=0
        ).history
        history.append((epoch["loss"][0], epoch["accuracy"][0]))
    return model, history


ONE_CYCLE = {"kind": "one_cycle"}
CONSTANT = {"kind": "constant", "warmup": 0.5}
COSINE = {"kind": "cosine", "warmup": 0.2}
STEPS = {"kind": "step", "epochs": 1, "warmup": 0.1}
# To compile takes seconds: so several things are tried in one case where each would show.
CASES = [
    ("dense", "adam", {}),
    ("batch normalisation", "momentum", {"schedule": ONE_CYCLE, "label_smoothing": 0.1}),
    ("dropout", "sgd", {"schedule": CONSTANT}),
    ("none", "nesterov", {}),
    ("l2", "rmsprop", {}),
    ("convolutions", "nadam", {}),
    ("strides", "adamw", {"schedule": COSINE}),
    ("pooling", "decay", {"schedule": STEPS}),
    # no partial batch
    ("averages", "adam", {"loss": "sparse_categorical_crossentropy", "batch_size": 35}),
    # nothing but a partial batch
    *((layers, "sgd", {"batch_size": 100}) for layers in ("dense", "batch normalisation")),
]
FAST = CASES[:1]


def slow_but_for(fast, cases):
    """Each case takes seconds, most of them to compile."""
    return [case if case in fast else pytest.param(*case, marks=pytest.mark.slow) for case in cases]


@pytest.mark.parametrize(("layers", "optimizer", "other"), slow_but_for(FAST, CASES))
def test_an_epoch_updates_as_fit_does(layers, optimizer, other, digits, normalization):
    training = declare(layers, optimizer, **other)
    loop, ours = train_by_loop(training, digits, normalization)
    model, theirs = train_by_fit(training, digits, normalization)
    for mine, reference in zip(loop.model.weights, model.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), reference.numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("layers", ["batch normalisation", "dropout"])
def test_an_epoch_in_chunks_makes_the_updates_of_one_in_whole(layers, digits, normalization):
    training = declare(layers, "momentum", epochs=1)
    images, labels = digits
    whole, ours = train_by_loop(training, digits, normalization)
    order = np.random.default_rng(1).permutation(70)

    def chunks():
        for rows in (order[:48], order[48:]):
            pixels, classes = np.zeros((48, SIZE, SIZE), np.uint8), np.zeros(48, np.uint8)
            pixels[: len(rows)], classes[: len(rows)] = images[rows], labels[rows]
            yield Chunk(pixels, classes, np.arange(len(rows), dtype=np.int32))

    loop = TrainingLoop(build(training, normalization), training)
    theirs = loop.run_epoch(chunks(), "here")
    np.testing.assert_allclose(ours, [theirs], rtol=1e-6)
    for mine, reference in zip(loop.model.weights, whole.model.weights, strict=True):
        np.testing.assert_allclose(mine.numpy(), reference.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_validation_in_chunks_is_what_keras_evaluates(digits, normalization, monkeypatch):
    monkeypatch.setattr(training_loop, "VALIDATION_CHUNK", 12)
    training = declare("batch normalisation")
    loop, _ = train_by_loop(training, digits, normalization)
    images, labels = digits
    rows = np.arange(10, 40, dtype=np.int32)
    loop.model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    pixels = images[rows][..., None].astype(np.float32)
    expected = loop.model.evaluate(pixels, labels[rows], verbose=0)
    np.testing.assert_allclose(loop.validate(images, labels, rows), expected, rtol=1e-5)


BAD = [
    (bad_image, batch, layers)
    for bad_image, batch in ((3, 1), (20, 2), (66, 5))
    for layers in ("dense", "dropout")
]


@pytest.mark.parametrize(("bad_image", "batch", "layers"), slow_but_for([(20, 2, "dense")], BAD))
def test_a_loss_that_is_not_finite_names_epoch_batch_and_learning_rate(
    bad_image, batch, layers, digits, normalization, monkeypatch
):
    training = declare(layers)
    images, labels = digits
    poisoned = build(training, normalization)
    loop = TrainingLoop(poisoned, training)
    update = loop._update

    def update_badly(pixels, labels, in_use):
        import tensorflow as tf

        loss, correct = update(pixels, labels, in_use)
        is_bad = tf.reduce_any(pixels[:, 0, 0] == 255)
        return tf.where(is_bad, np.nan, loss), correct

    monkeypatch.setattr(loop, "_update", update_badly)
    if loop._run_last_batch:
        monkeypatch.setattr(loop, "_run_last_batch", update_badly)
    images = images.copy()
    images[:, 0, 0] = 0
    images[bad_image, 0, 0] = 255

    class InOrder:
        def permutation(self, count):
            return np.arange(count)

    with pytest.raises(InputError) as caught:
        loop.run_epoch(whole_epoch(images, labels, InOrder()), "networks/tiny, epoch 1")
    assert f"networks/tiny, epoch 1, batch {batch}" in str(caught.value)
    assert "learning rate 0.1" in str(caught.value)


def test_every_layer_and_every_optimizer_is_tried():
    assert {layers for layers, _, _ in CASES} == LAYERS.keys()
    assert {optimizer for _, optimizer, _ in CASES} == OPTIMIZERS.keys()
