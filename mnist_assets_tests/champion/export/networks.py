"""A network of every kind of layer that may be declared, and images for it."""

from typing import get_args

import numpy as np

from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layers import Activation
from mnist_assets.networks.model import build_network
from mnist_assets.preparation.normalization import fit_normalization

PADDINGS = ("valid", "same")
PICTURE_LAYERS = [
    {"kind": "crop", "pixels": 1},
    *(
        {"kind": "convolution", "filters": 3, "size": 3, "padding": padding, "stride": stride}
        for padding, stride in (("valid", 1), ("same", 2), ("same", 1))
    ),
    {"kind": "batch_normalization"},
    {"kind": "activation", "activation": "silu"},
    *(
        {"kind": "depthwise_convolution", "size": 2, "padding": padding, "activation": "linear"}
        for padding in PADDINGS
    ),
    {"kind": "max_pooling", "size": 2},
    {"kind": "average_pooling", "size": 2},
    {"kind": "dropout", "rate": 0.1},
]
ROW_LAYERS = [
    layer
    for units, activation in enumerate(get_args(Activation), start=8)
    for layer in (
        {"kind": "dense", "units": units, "activation": activation},
        {"kind": "batch_normalization"},
    )
]


def make_images(count=50, seed=0):
    """Images of 20 x 18 pixels, a blot in each, and labels of four classes."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 60, (count, 20, 18), dtype=np.uint8)
    labels = np.arange(count, dtype=np.uint8) % 4
    for image, label in zip(images, labels, strict=True):
        image[4 * label + 2 : 4 * label + 6, 5:13] += 190
    return images, labels


def make_network(layers, seed=0):
    """An untrained network whose batch normalisations have statistics of their own."""
    images, _ = make_images()
    training = Training.model_validate(
        {
            "layers": layers,
            "optimizer": {"kind": "sgd", "learning_rate": 0.1},
            "batch_size": 8,
            "epochs": 1,
            "seed": seed,
        }
    )
    fitted = fit_normalization(images, np.arange(len(images), dtype=np.int32), 25.5)
    model = build_network(training.layers, fitted, classes=4, seed=seed, name="learnt")
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([generator.uniform(0.5, 1.5, of.shape) for of in layer.get_weights()])
        elif weights := layer.get_weights():
            shift = generator.uniform(-0.2, 0.2, weights[-1].shape)  # zero at first
            layer.set_weights([*(2 * kernel for kernel in weights[:-1]), shift])
    return model, training
