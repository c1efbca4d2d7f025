import numpy as np
import pytest

from mnist_assets.evaluation.forward_pass import (
    ACTIVATIONS,
    check_as_by_hand,
    distances_by_hand,
    predict_by_hand,
)
from mnist_assets.evaluation.predictions import predict
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layers import Dense
from mnist_assets.networks.model import build_network

SHAPE, CLASSES = (4, 3), 5
NORMALIZATION = {
    "mean": np.linspace(10, 200, 12, dtype=np.float32).reshape(SHAPE),
    "std": np.linspace(25.5, 90, 12, dtype=np.float32).reshape(SHAPE),
}
IMAGES = np.random.default_rng(0).integers(0, 256, (20, *SHAPE), dtype=np.uint8)


def declared(*layers):
    optimizer = {"kind": "adam", "learning_rate": 1}
    of_training = {"layers": layers, "optimizer": optimizer, "batch_size": 1, "epochs": 1}
    return Training.model_validate({**of_training, "seed": 0}).layers


def build(layers):
    """A network whose weights are all random, and these as the steps take them."""
    model = build_network(layers, NORMALIZATION, classes=CLASSES, seed=1, name="some")
    generator = np.random.default_rng(2)
    weights = [
        generator.uniform(0.1, 1, weight.shape).astype(np.float32) - 0.3 * (weight.ndim == 2)
        for weight in model.get_weights()
    ]
    model.set_weights(weights)
    return model, [layer.model_dump() for layer in layers], weights


def test_two_pixels_and_two_classes_by_hand():
    # Normalised, the pixels are 1 and -2; the hidden neuron gives relu(1 + 4 - 3) = 2, and the
    # classes get 2 ln 3 / 2 and 0.
    probabilities = predict_by_hand(
        np.array([[[30, 0]]], dtype=np.uint8),
        {"mean": np.array([[20, 40]], np.float32), "std": np.array([[10, 20]], np.float32)},
        [{"kind": "dense", "units": 1, "activation": "relu"}],
        [
            np.array([[1], [-2]], np.float32),
            np.array([-3], np.float32),
            np.array([[np.log(3) / 2, 0]], np.float32),
            np.zeros(2, np.float32),
        ],
    )
    np.testing.assert_allclose(probabilities, [[0.75, 0.25]], rtol=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_keras_s(activation):
    model, layers, weights = build(
        declared({"kind": "dense", "units": 6, "activation": activation})
    )
    by_hand = predict_by_hand(IMAGES, NORMALIZATION, layers, weights)
    np.testing.assert_allclose(predict(model, IMAGES, 20), by_hand, atol=1e-5)


PICTURES = {
    "same padding": [
        {"kind": "convolution", "filters": 3, "size": 3, "padding": "same", "activation": "tanh"},
        {"kind": "batch_normalization"},
        {"kind": "activation", "activation": "elu"},
        {"kind": "dense", "units": 6},
    ],
    "strides": [
        {"kind": "convolution", "filters": 3, "size": 2, "stride": 2, "padding": "same"},
        {"kind": "depthwise_convolution", "size": 2, "activation": "gelu"},
    ],
    "pooling": [{"kind": "max_pooling", "size": 2}, {"kind": "dropout", "rate": 0.5}],
    "averages": [{"kind": "average_pooling", "size": 3}, {"kind": "dense", "units": 2}],
    "crop": [{"kind": "crop", "pixels": 1}, {"kind": "convolution", "filters": 2, "size": 1}],
}


@pytest.mark.parametrize("layers", PICTURES.values(), ids=PICTURES)
def test_layers_that_take_pictures_are_as_keras_predicts(layers):
    model, plain, weights = build(declared(*layers))
    by_hand = predict_by_hand(IMAGES, NORMALIZATION, plain, weights)
    np.testing.assert_allclose(predict(model, IMAGES, 20), by_hand, atol=1e-5)


def test_every_activation_that_may_be_declared_is_known():
    from typing import get_args

    assert set(ACTIVATIONS) == set(get_args(Dense.model_fields["activation"].annotation))


def test_batch_normalisation_and_dropout_are_as_keras_predicts():
    model, layers, weights = build(
        declared(
            {"kind": "dense", "units": 6},
            {"kind": "batch_normalization"},
            {"kind": "dropout", "rate": 0.5},
            {"kind": "dense", "units": 4, "activation": "tanh"},
            {"kind": "batch_normalization"},
        )
    )
    by_hand = predict_by_hand(IMAGES, NORMALIZATION, layers, weights)
    assert by_hand.std(axis=0).min() > 0.001, "the images are told apart"
    np.testing.assert_allclose(predict(model, IMAGES, 20), by_hand, atol=1e-5)


def test_far_out_values_overflow_nothing():
    _, layers, weights = build(declared({"kind": "dense", "units": 6, "activation": "silu"}))
    huge = [1e6 * weight for weight in weights]
    assert np.isfinite(predict_by_hand(IMAGES, NORMALIZATION, layers, huge)).all()


@pytest.mark.parametrize(("count", "measured"), [(4, 4), (500, 20)])
def test_distances_are_those_of_images_from_the_first_to_the_last(count, measured):
    _, layers, weights = build(declared({"kind": "dense", "units": 6}))
    predicted = predict_by_hand(IMAGES, NORMALIZATION, layers, weights).astype(np.float32)
    predicted[[0, -1]] += 0.25
    distances = distances_by_hand(
        {"test": predicted}, {"test": IMAGES}, NORMALIZATION, layers, weights, count
    )
    assert len(distances["test"]) == measured
    np.testing.assert_allclose(distances["test"][[0, -1]], 0.25, rtol=1e-5)
    np.testing.assert_allclose(distances["test"][1:-1], 0, atol=1e-6)


def test_predictions_within_the_tolerance_pass():
    distances = {"validation": np.array([0.001, 0.0]), "test": np.array([0.002])}
    finding = check_as_by_hand(distances, 0.002)
    assert finding.passed is True
    assert finding.message == "3 predictions are within 2.0e-03 of those by hand."


@pytest.mark.parametrize("distance", [0.0021, np.nan])
def test_a_single_prediction_beyond_it_fails(distance):
    distances = {"validation": np.array([0.001, distance]), "test": np.array([0.002])}
    finding = check_as_by_hand(distances, 0.002)
    assert finding.passed is False
    assert finding.seen["images_apart"] == 1
    assert "Of 3 predictions, 1 are not" in finding.message
