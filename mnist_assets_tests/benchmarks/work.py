import numpy as np

from benchmarks.work import Work
from mnist_assets.dataset.loading import Dataset
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.layers import BatchNormalization, Dense, Dropout
from mnist_assets.networks.optimizers import SGD, Adam, Optimizer

DENSE = Dense(kind="dense", units=2)
NORMALIZATION = BatchNormalization(kind="batch_normalization")
ADAM = Adam(kind="adam", learning_rate=0.01)


def training(
    *layers: Dense | BatchNormalization | Dropout, optimizer: Optimizer = ADAM, epochs: int = 1
) -> Training:
    return Training(layers=layers, optimizer=optimizer, batch_size=8, epochs=epochs, seed=0)


def tiny_work() -> Work:
    """Images of 4 x 3 pixels in three classes, told apart by which column is bright."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 330).astype(np.uint8)
    images = generator.integers(0, 60, (330, 4, 3)).astype(np.uint8)
    images[np.arange(330), :, labels] += 150
    indices = np.arange(300, dtype=np.int32)
    wide, sgd = Dense(kind="dense", units=16), SGD(kind="sgd", learning_rate=0.05)
    return Work(
        trainings={
            "plain": training(wide, optimizer=sgd, epochs=8),
            "normalised": training(wide, NORMALIZATION, epochs=8),
        },
        dataset=Dataset(images[:300], labels[:300], images[300:], labels[300:]),
        split={"train": indices[:270], "validation": indices[270:]},
        normalization={
            "mean": np.full((4, 3), 80, np.float32),
            "std": np.full((4, 3), 70, np.float32),
        },
        classes=3,
        memory_limit=10**9,
    )
