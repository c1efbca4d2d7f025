"""What the notebook prints and sets, in its order, each with its place: its own evidence.

Only figures belong here; what is claimed of them is `sections/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mnist_assets.networks.layers import BatchNormalization, Dense, Layer
from mnist_assets.networks.optimizers import SGD, Adam, Optimizer

# Basic dataset analysis, output
CLASS_DISTRIBUTION = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]

# The first 9 numbers of MNIST dataset, code: rows and columns of its pictures
GRID = (3, 3)

# Nearest to average, code: base and exponent of `10^-5`
NEARER_THAN = (10, -5)

# How much gray is there in the set of images?, output: the first images' means, cut
# fmt: off
GREY_LEVELS = [
    35, 39, 24, 21, 29, 37, 22, 45, 13, 27, 36, 18, 45, 36, 14, 32, 31, 34, 17, 22,
    43, 45, 19, 21, 28, 52, 17, 58, 53, 20, 32, 41, 22, 27, 46, 20, 40, 47, 27, 34,
    17, 36, 16, 22, 21, 30, 29, 28, 21, 42, 23, 58, 35, 21, 30, 41, 53, 25, 43, 21,
    37, 23, 38, 58, 33, 21, 34, 19, 31, 53, 28, 26, 13, 33, 33, 43, 33, 21, 25, 29,
    33, 47, 51, 34, 23, 33, 27, 35, 43, 32, 37, 33, 19, 37, 34, 48, 23, 37, 27, 16,
]
# fmt: on

# Normalization of the data, code: what it adds to the standard deviation
GUARD = 1e-10

# Change data shape, code: the index, axis by axis, by which it adds a dimension
NEW_SHAPE = (":", ":", ":", ": np.newaxis")


class Epoch(NamedTuple):
    """A line of a training log; the time is in microseconds an image."""

    microseconds: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float

    @property
    def is_copy(self) -> bool:
        """Whether the validation columns repeat the training columns digit for digit."""
        return (self.val_loss, self.val_accuracy) == (self.loss, self.accuracy)


@dataclass(frozen=True)
class Network:
    """A network as the notebook builds, trains and prints it.

    Attributes:
        layers: Its hidden layers.
        optimizer: With the learning rate set.
        batch_size: Images an update is computed from.
        epochs: As the code sets them; the log may have others.
        summary: Width and parameters of each printed layer, the flattened input first.
        totals: All parameters, those trained, and the others.
        log: One line an epoch.
    """

    layers: tuple[Layer, ...]
    optimizer: Optimizer
    batch_size: int
    epochs: int
    summary: list[list[int]]
    totals: list[int]
    log: list[Epoch]

    @property
    def hidden_widths(self) -> list[int]:
        """Neurons of each hidden dense layer."""
        return [layer.units for layer in self.layers if isinstance(layer, Dense)]

    @property
    def real_epochs(self) -> list[Epoch]:
        """The epochs whose validation columns are not those of training."""
        return [epoch for epoch in self.log if not epoch.is_copy]


# Implementation of the given network
GIVEN = Network(
    layers=(Dense(kind="dense", units=128),),
    optimizer=SGD(kind="sgd", learning_rate=0.05),
    batch_size=128,
    epochs=10,
    summary=[[784, 0], [128, 100480], [10, 1290]],
    totals=[101770, 101770, 0],
    log=[
        Epoch(81, 0.4126, 0.8858, 0.2422, 0.9310),
        Epoch(42, 0.2067, 0.9409, 0.1937, 0.9437),
        Epoch(42, 0.1617, 0.9539, 0.1722, 0.9517),
        Epoch(42, 0.1354, 0.9616, 0.1579, 0.9550),
        Epoch(42, 0.1171, 0.9674, 0.1479, 0.9577),
        Epoch(42, 0.1034, 0.9713, 0.1416, 0.9603),
        Epoch(43, 0.0921, 0.9751, 0.1342, 0.9635),
        Epoch(42, 0.0825, 0.9778, 0.1354, 0.9635),
        Epoch(42, 0.0753, 0.9798, 0.1244, 0.9655),
        Epoch(42, 0.0688, 0.9822, 0.1247, 0.9667),
    ],
)

# Our network (simplest fully-connected network with accuracy >95%)
SIMPLEST = Network(
    layers=(Dense(kind="dense", units=13), Dense(kind="dense", units=128)),
    optimizer=Adam(kind="adam", learning_rate=0.00045),
    batch_size=32,
    epochs=10,
    summary=[[784, 0], [13, 10205], [128, 1792], [10, 1290]],
    totals=[13287, 13287, 0],
    log=[  # a page break repeats the line of epoch 9 before its number
        Epoch(253, 0.4629, 0.8600, 0.2470, 0.9250),
        Epoch(209, 0.2278, 0.9322, 0.2130, 0.9345),
        Epoch(210, 0.1914, 0.9431, 0.2046, 0.9382),
        Epoch(210, 0.1703, 0.9485, 0.1882, 0.9412),
        Epoch(211, 0.1559, 0.9525, 0.1827, 0.9453),
        Epoch(209, 0.1439, 0.9566, 0.1689, 0.9495),
        Epoch(209, 0.1338, 0.9585, 0.1693, 0.9495),
        Epoch(213, 0.1267, 0.9614, 0.1693, 0.9495),
        Epoch(212, 0.1202, 0.9627, 0.1202, 0.9627),
        Epoch(211, 0.1138, 0.9648, 0.1138, 0.9648),
        Epoch(209, 0.1090, 0.9666, 0.1090, 0.9666),
        Epoch(209, 0.1048, 0.9674, 0.1048, 0.9674),
        Epoch(207, 0.1004, 0.9688, 0.1004, 0.9688),
    ],
)

# Model with highest test accuracy
BEST = Network(
    layers=(
        Dense(kind="dense", units=256),
        BatchNormalization(kind="batch_normalization"),
        Dense(kind="dense", units=128),
        BatchNormalization(kind="batch_normalization"),
        Dense(kind="dense", units=64),
        BatchNormalization(kind="batch_normalization"),
    ),
    optimizer=Adam(kind="adam", learning_rate=0.00035),
    batch_size=256,
    epochs=10,
    summary=[
        *([784, 0], [256, 200960], [256, 1024], [128, 32896]),
        *([128, 512], [64, 8256], [64, 256], [10, 650]),
    ],
    totals=[244554, 243658, 896],
    log=[
        Epoch(112, 0.5005, 0.8575, 0.2148, 0.9387),
        Epoch(58, 0.1695, 0.9521, 0.1577, 0.9552),
        Epoch(58, 0.1076, 0.9704, 0.1273, 0.9637),
        Epoch(58, 0.0736, 0.9807, 0.1157, 0.9652),
        Epoch(58, 0.0520, 0.9873, 0.1057, 0.9675),
        Epoch(57, 0.0370, 0.9916, 0.1038, 0.9697),
        Epoch(58, 0.0259, 0.9948, 0.0997, 0.9712),
        Epoch(58, 0.0194, 0.9968, 0.1006, 0.9700),
        Epoch(57, 0.0138, 0.9979, 0.0942, 0.9725),
        Epoch(59, 0.0112, 0.9985, 0.0939, 0.9732),
    ],
)

NETWORKS = {"given": GIVEN, "simplest": SIMPLEST, "best": BEST}
HIGHEST_TEST_ACCURACY = "best"  # so its heading calls it; the notebook never tests it

# Confusion matrix, output: of `best` on the validation images, rows true, columns predicted
CONFUSION_MATRIX = [
    [599, 0, 1, 0, 1, 0, 2, 2, 1, 1],
    [0, 659, 4, 1, 0, 0, 1, 1, 1, 1],
    [0, 2, 562, 4, 5, 0, 0, 3, 1, 1],
    [2, 1, 5, 590, 0, 6, 0, 2, 6, 4],
    [0, 0, 1, 0, 561, 0, 3, 3, 4, 8],
    [0, 1, 0, 3, 0, 530, 7, 0, 5, 4],
    [4, 0, 2, 0, 2, 3, 610, 1, 0, 0],
    [0, 2, 3, 1, 3, 0, 0, 598, 2, 4],
    [1, 5, 0, 2, 0, 1, 2, 0, 561, 0],
    [1, 0, 0, 2, 7, 3, 0, 6, 6, 569],
]
TOTALS_ESTIMATED = [607, 668, 578, 616, 580, 550, 622, 613, 572, 594]
REPORT = {  # of each digit
    "precision": [0.99, 0.98, 0.97, 0.98, 0.97, 0.98, 0.98, 0.97, 0.96, 0.96],
    "recall": [0.99, 0.99, 0.97, 0.96, 0.97, 0.96, 0.98, 0.98, 0.98, 0.96],
    "f1": [0.99, 0.99, 0.97, 0.97, 0.97, 0.97, 0.98, 0.97, 0.97, 0.96],
    "support": [607, 668, 578, 616, 580, 550, 622, 613, 572, 594],
}
REPORT_AVERAGE = [0.97, 0.97, 0.97, 6000]  # precision, recall, F1 and support of all

# Computations from the confusion matrix, output: of each digit against all others
COUNTS = {
    "true_positives": [599, 659, 562, 590, 561, 530, 610, 598, 561, 569],
    "false_positives": [8, 11, 16, 13, 18, 13, 15, 18, 26, 23],
    "false_negatives": [8, 9, 16, 26, 19, 20, 12, 15, 11, 25],
    "true_negatives": [5385, 5321, 5406, 5371, 5402, 5437, 5363, 5369, 5402, 5383],
}
# fmt: off
RATIOS = {
    "accuracy": [
        0.9973333333333333, 0.9966666666666667, 0.9946666666666667, 0.9935, 0.9938333333333333,
        0.9945, 0.9955, 0.9945, 0.9938333333333333, 0.992,
    ],
    "misclassification_rate": [
        0.0026666666666666666, 0.0033333333333333335, 0.0053333333333333333, 0.0065,
        0.006166666666666667, 0.0055, 0.0045, 0.0055, 0.006166666666666667, 0.008,
    ],
    "precision": [
        0.9868204283360791, 0.9835820895522388, 0.972318339100346, 0.978441127694859,
        0.9689119170984456, 0.9760589318600368, 0.976, 0.9707792207792207, 0.9557069846678024,
        0.9611486486486487,
    ],
    "recall": [
        0.9868204283360791, 0.9865269461077845, 0.972318339100346, 0.9577922077922078,
        0.9672413793103448, 0.9636363636363636, 0.9807073954983923, 0.9755301794453507,
        0.9807692307692307, 0.9579124579124579,
    ],
    "specificity": [
        0.9985165955868719, 0.9979369842460615, 0.9970490593876798, 0.9975854383358098,
        0.9966789667896679, 0.9976146788990826, 0.997210859055411, 0.996658622609987,
        0.9952100221075902, 0.9957454679985202,
    ],
}
# fmt: on
