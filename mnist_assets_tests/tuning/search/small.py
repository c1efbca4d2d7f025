"""A search whose trainings are made up: accuracy follows from the declaration alone."""

import numpy as np

from mnist_assets.networks.training import Epoch
from mnist_assets.tuning.search.declaration import Search
from mnist_assets.tuning.search.space import Space
from mnist_assets.tuning.search.study import Goal
from mnist_assets.tuning.search.trials import Measured, TrainingPart

TRAINING = {
    "layers": [
        {"kind": "dense", "units": {"tune": "units", "low": 2, "high": 40}},
        {"tune": "normalised", "choose": {"no": [], "yes": [{"kind": "batch_normalization"}]}},
    ],
    "optimizer": {
        "kind": "adam",
        "learning_rate": {"tune": "rate", "low": 0.001, "high": 1.0, "log": True},
    },
    "batch_size": 4,
    "epochs": 4,
    "seed": 1,
}


def goal(images=40, **declared):
    """A search on ten pixels in three classes."""
    search = Search.model_validate({"description": "Small.", "training": TRAINING} | declared)
    part = TrainingPart(
        images=np.zeros((images, 5, 2), np.uint8),
        labels=(np.arange(images) % 3).astype(np.uint8),
        split={"train": np.arange(30), "validation": np.arange(30, images)},
        normalization={"mean": np.zeros((5, 2)), "std": np.ones((5, 2))},
        classes=3,
        memory_limit=10**9,
    )
    return Goal("small", search, Space(search.training, "small"), part)


def made_up(training, part, on_epoch=lambda _: None, *, timed=False):
    """As if trained: more units are better, and a rate of 0.03 is best."""
    units, rate = training.layers[0].units, training.optimizer.learning_rate
    accuracy = 1 - 1 / units - 0.1 * abs(np.log10(rate / 0.03))
    for epoch in range(1, training.epochs + 1):
        on_epoch(Epoch(epoch, 0.0, 0.0, 0.0, accuracy * epoch / training.epochs, 0.1))
    return Measured(
        float(accuracy),
        0.01,
        part.parameters(training),
        training.epochs,
        0.4,
        0.1,
        0.001 if timed else None,
    )
