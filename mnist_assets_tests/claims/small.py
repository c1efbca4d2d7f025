"""Values in small that claims are held against, so that every figure can be counted by hand."""

import numpy as np
import pandas as pd

from mnist_assets.claims.graph import Graph, NetworkValues, OtherDataset
from mnist_assets.claims.notebook import NETWORKS
from mnist_assets.claims.sections import all_claims
from mnist_assets.evaluation.scores import evaluate
from mnist_assets.exploration import grey
from mnist_assets.exploration import summary as exploration
from mnist_assets.networks.declaration import Training
from mnist_assets.preparation.normalization import fit_normalization

CLAIMS = {claim.id: claim for claim in all_claims()}

# Eight images of 2 x 2 pixels in two classes, so that averages and distances are plain. Their mean
# grey levels are 0, 25, 12.5, 62.5, 150 three times and 100.
IMAGES = np.array(
    [
        [[0, 0], [0, 0]],
        [[0, 100], [0, 0]],
        [[0, 50], [0, 0]],
        [[0, 250], [0, 0]],
        [[0, 200], [200, 200]],
        [[0, 200], [200, 200]],
        [[0, 200], [200, 200]],
        [[0, 200], [200, 0]],
    ],
    np.uint8,
)
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.uint8)


def seen(images=IMAGES, labels=LABELS, test_images=None, train=None, **values):
    """The graph of a dataset; the test part is the training part, if none is given."""
    train = np.arange(len(images), dtype=np.int32) if train is None else np.array(train, np.int32)
    test_images = images if test_images is None else test_images
    averages = exploration.average_digits(images, labels, 2)
    made = {
        "summary": exploration.summarise(images, labels, test_images, labels[: len(test_images)]),
        "average_digits": averages,
        "extreme_digits": exploration.extreme_digits(images, labels, averages),
        "grey_levels": grey.grey_levels(images),
        "pixel_histogram": grey.pixel_histogram(images),
        "split": {"train": train, "validation": np.setdiff1d(np.arange(len(images)), train)},
        "normalization": fit_normalization(images, train, 1.0),
        "comparison": pd.DataFrame(),
        "networks": {},
    }
    parts = (images, labels, test_images, labels[: len(test_images)])
    return Graph(*parts, **(made | values))


def grey_images(*levels):
    """Images of 2 x 2 pixels by their mean grey levels, each within a single pixel."""
    images = np.zeros((len(levels), 2, 2), np.uint8)
    images[:, 0, 0] = np.array(levels) * 4
    return images, np.arange(len(levels), dtype=np.uint8) % 2


def network(name, predictions, **history):
    """A network as the notebook has it, by what it predicts of `IMAGES[4:]` and of `IMAGES`."""
    printed = NETWORKS[name]
    training = Training(
        layers=printed.layers,
        optimizer=printed.optimizer,
        batch_size=printed.batch_size,
        epochs=len(printed.log),
        seed=0,
    )
    evaluation = evaluate(
        validation=(predictions["validation"], LABELS[4:]),
        test=(predictions["test"], LABELS),
        classes=2,
    )
    return NetworkValues(training, pd.DataFrame(history), evaluation, predictions)


def first(claim, graph=None):
    """The first thing that a claim is held against: of its own output, if it has any."""
    return next(iter(CLAIMS[claim].evidence(graph or OtherDataset())))


def last(claim, graph):
    """The last thing that a claim is held against: what is found here."""
    return list(CLAIMS[claim].evidence(graph))[-1]
