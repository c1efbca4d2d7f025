"""Labels of the training part that look wrong, found by networks that never saw them.

Confident learning: C. G. Northcutt, L. Jiang, I. L. Chuang (2021), "Confident learning: estimating
uncertainty in dataset labels", Journal of Artificial Intelligence Research 70, 1373-1411.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.evaluation.predictions import Subset, predict
from mnist_assets.findings import Finding
from mnist_assets.networks.declaration import Training
from mnist_assets.networks.loop.training_loop import TrainingLoop
from mnist_assets.networks.memory import require_memory
from mnist_assets.networks.model import applied_normalization, build_network
from mnist_assets.networks.training import choose_chunk_size, epoch_chunks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray


def out_of_sample_probabilities(
    training: Training,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    normalization: Mapping[str, NDArray[np.float32]],
    *,
    classes: int,
    folds: int,
    seed: int,
    memory_limit: int,
    batch_size: int,
) -> NDArray[np.float32]:
    """The probabilities that a network gives images it was not trained on, for all images.

    The images are divided at random into equal folds, and the network is trained anew for each of
    them on all others, always from the same initial weights. One compiled program trains them all,
    where the folds are of one size.

    The normalisation is shared, so that it knows the pixels of the images held out, though not
    their labels.

    Args:
        training: The network's declaration.
        images: uint8 (n, height, width); may be a memory map.
        labels: uint8 (n,).
        normalization: float32 `mean` and `std`, (height, width).
        classes: Number of classes.
        folds: Number of networks to train, at least 2.
        seed: Decides the division into folds.
        memory_limit: Bytes of images up to which they are held in memory.
        batch_size: Images a prediction.

    Returns:
        float32 (n, classes).

    Raises:
        InputError: The network does not fit into memory, or its loss became NaN or infinite.
    """
    require_memory("evaluation/label_errors", training, images.shape[1:], classes)
    model = build_network(
        training.layers,
        applied_normalization(normalization, training.normalization),
        classes=classes,
        seed=training.seed,
        name="held_out",
    )
    most = len(labels) - len(labels) // folds
    loop = TrainingLoop(model, training, most)
    state = [*model.variables, *loop.optimizer.variables]
    untrained = [variable.numpy() for variable in state]
    chunk_size = choose_chunk_size(images, most, training.batch_size, memory_limit)
    loop.compile(chunk_size, images.shape[1:])
    # Not scikit-learn's KFold: it knows only NumPy's legacy generator, which divides otherwise for
    # the same seed.
    fold_of = np.random.default_rng(seed).permutation(len(labels)) % folds
    probabilities = np.empty((len(labels), classes), np.float32)
    for fold in range(folds):
        for variable, value in zip(state, untrained, strict=True):
            variable.assign(value)
        others, held_out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        epochs = epoch_chunks(images, labels, others.astype(np.int32), training, chunk_size)
        for epoch, chunks in enumerate(epochs, 1):
            loop.run_epoch(chunks, f"evaluation/label_errors, fold {fold + 1}, epoch {epoch}")
        probabilities[held_out] = predict(model, Subset(images, held_out), batch_size)
    return probabilities


def find_label_errors(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8]
) -> pd.DataFrame:
    """List the labels that look wrong, the least believable first.

    A network is as sure of a class as of that class's own images, on average: that is the class's
    threshold. A label is a candidate if the most probable of the classes that reach theirs is
    another one (the off-diagonal of the paper's confident joint). Candidates are ranked by
    self-confidence, the probability of the label.

    Args:
        probabilities: float32 (n, classes), of networks that have not seen the image.
        labels: uint8 (n,), every class being there.

    Returns:
        One row a candidate: index of the image; label; suggested, the class it looks like;
        self_confidence, the probability of the label; suggested_probability.
    """
    import pandas as pd

    classes = probabilities.shape[1]
    thresholds = [probabilities[labels == k, k].mean(dtype=np.float64) for k in range(classes)]
    reached = np.where(probabilities >= thresholds, probabilities, -1)
    suggested = reached.argmax(axis=1)
    images = np.arange(len(labels))
    table = pd.DataFrame(
        {
            "index": images,
            "label": labels,
            "suggested": suggested,
            "self_confidence": probabilities[images, labels].astype(np.float64),
            "suggested_probability": reached.max(axis=1).astype(np.float64),
        }
    )
    candidates: pd.DataFrame = table[(table["suggested_probability"] >= 0) & (suggested != labels)]
    return candidates.sort_values("self_confidence", kind="stable", ignore_index=True)


def check_label_errors(candidates: int, images: int, largest_share: float) -> Finding:
    """Check that few labels look wrong: at most the largest share, 0 to 1, of the images.

    Hard images do look so, too: which share is right depends on the dataset.
    """
    share = candidates / images
    message = f"{candidates:,} of {images:,} labels look wrong, {100 * share:.2f} %."
    return Finding.of(
        share <= largest_share,
        message,
        f"{message} At most {100 * largest_share:g} % are expected. Look at the picture and the "
        "table: correct the labels, or, if they are right and the classes hard to tell apart, "
        "raise quality.label_errors.largest_share in settings.yaml.",
        seen={"candidates": candidates, "share": share},
        expected={"share_at_most": largest_share},
    )
