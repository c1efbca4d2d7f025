"""What the epochs of one training run say: its generalisation gap and the checks on it.

A history is a table with one row an epoch, columns epoch (from 1), loss, accuracy (on the training
images), val_loss, val_accuracy (on the validation images) and seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from mnist_assets.networks.declaration import Training


def until_kept(history: pd.DataFrame, training: Training) -> pd.DataFrame:
    """The epochs up to the one whose weights are kept: all, or with early stopping the best."""
    if training.early_stopping is None:
        return history
    watched = history[training.early_stopping.monitor]
    best = watched.argmin() if training.early_stopping.monitor == "val_loss" else watched.argmax()
    return history.iloc[: int(best) + 1]


def generalization_gap(history: pd.DataFrame) -> float:
    """Subtract validation accuracy from training accuracy, both of the last epoch.

    Training accuracy is the mean over the epoch while the weights still change, so a network in its
    first epochs, or one with dropout, may well have a negative gap.

    Returns:
        The gap, -1 to 1; 0.02 means two percentage points better on images seen in training.
    """
    last = history.iloc[-1]
    return float(last["accuracy"] - last["val_accuracy"])


def check_as_declared(training: Mapping[str, Any], declared: Mapping[str, Any]) -> Finding:
    """Check that a stored network was trained as its declaration says, but for the seed."""
    different = sorted(
        name
        for name in {*training, *declared} - {"seed"}
        if training.get(name) != declared.get(name)
    )
    return Finding.of(
        not different,
        "The stored network was trained as declared.",
        f"The stored network was trained otherwise than declared, in {', '.join(different)}: "
        "it is another network, or one from before the declaration changed.",
        seen={name: str(training.get(name)) for name in different},
        expected={name: str(declared.get(name)) for name in different},
    )


def check_loss_finite(history: pd.DataFrame) -> Finding:
    """Check that training and validation loss are numbers in every epoch, and that there is one."""
    finite = np.isfinite(history[["loss", "val_loss"]].to_numpy(dtype=float)).all(axis=1)
    bad_epochs = [int(epoch) for epoch in history["epoch"][~finite]]
    if not len(history):
        message = "The history has no epoch: nothing was trained."
    elif bad_epochs:
        message = (
            f"The loss is no finite number from epoch {bad_epochs[0]} on: the training diverged. "
            "Lower the learning rate, or look for pixels that normalisation blows up."
        )
    else:
        message = f"Training and validation loss are finite in all {len(history)} epochs."
    return Finding(
        passed=bool(len(history)) and not bad_epochs,
        message=message,
        seen={"epochs": len(history), "epochs_not_finite": bad_epochs},
        expected={"epochs_at_least": 1, "epochs_not_finite": []},
    )


def check_accuracy(history: pd.DataFrame, floor: float) -> Finding:
    """Check that the last validation accuracy reaches the floor declared for it, 0 to 1."""
    accuracy = float(history["val_accuracy"].iloc[-1])
    return Finding.of(
        accuracy >= floor,
        f"Validation accuracy {accuracy:.4f} reaches the declared {floor:.4f}.",
        f"Validation accuracy {accuracy:.4f} is below the declared {floor:.4f}. Look at the loss "
        "history: train for more epochs if it still falls, change the learning rate if it jumps; "
        "lower the declared threshold only if this accuracy is good enough.",
        seen={"val_accuracy": accuracy},
        expected={"val_accuracy_at_least": floor},
    )


def check_no_worse_than_guessing(
    history: pd.DataFrame, guessed: float, images: int, false_alarm_rate: float
) -> Finding:
    """Check that the last validation accuracy reaches that of guessing the commonest class.

    It stops what follows only if it is further below than chance explains: if the binomial
    distribution of what guessing gets right has no more than the false-alarm rate down there.

    Args:
        history: With one row an epoch.
        guessed: The share of the commonest class, 0 to 1.
        images: Validation images.
        false_alarm_rate: Share of networks as good as guessing that may be stopped.
    """
    from scipy.stats import binom

    accuracy = float(history["val_accuracy"].iloc[-1])
    p_value = float(binom.cdf(np.rint(accuracy * images), images, guessed))
    return Finding.of(
        accuracy >= guessed,
        f"Validation accuracy {accuracy:.4f} reaches {guessed:.4f}, which guessing the commonest "
        "class does.",
        f"Validation accuracy {accuracy:.4f} is below {guessed:.4f}, which guessing the commonest "
        "class reaches. Look at the loss history: train for more epochs if it still falls, change "
        "the learning rate if it jumps.",
        seen={"val_accuracy": accuracy, "p_value": p_value},
        expected={"val_accuracy_at_least": guessed, "p_value_at_least": false_alarm_rate},
        binding=not p_value >= false_alarm_rate,
    )


def check_generalization_gap(history: pd.DataFrame, bound: float) -> Finding:
    """Check that the gap of the network, -1 to 1, does not exceed its bound."""
    gap = generalization_gap(history)
    return Finding.of(
        gap <= bound,
        f"The generalisation gap {gap:.4f} is within its bound {bound:.4f}.",
        f"The generalisation gap {gap:.4f} exceeds its bound {bound:.4f}: the network learns its "
        "training images by heart. Train for fewer epochs, shrink it, or add dropout.",
        seen={"generalization_gap": gap},
        expected={"generalization_gap_at_most": bound},
    )
