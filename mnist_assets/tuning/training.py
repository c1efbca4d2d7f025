"""Training one point of a sweep with one seed, with what it reached after each epoch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_assets.errors import InputError
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.networks.training import Epoch, train_epochs
from mnist_assets.study.training import Seeds, Study, start
from mnist_assets.tuning.variation import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mnist_assets.study.digits import Digits
    from mnist_assets.tuning.variation import Point

EPOCH = tuple(Epoch.__annotations__)
COLUMNS = (
    *("network", "value", "declared", "parameters", "seed", "validation_accuracy"),
    *EPOCH,
    "failure",
)


class Task(NamedTuple):
    """One training.

    Attributes:
        study: What is trained.
        normalization: One of `variation.NORMALIZATIONS`.
        seeds: What it is trained with.
    """

    study: Study
    normalization: str
    seeds: Seeds


@dataclass(frozen=True)
class SweepRun:
    """What came of one training.

    Attributes:
        training_seed: Of initial weights, dropout and batch order.
        split_seed: Of which images train.
        validation_accuracy: Of the weights that training ends with; NaN if it failed.
        epochs: Those that came to an end.
        failure: Why the training has no result, or None.
    """

    training_seed: int
    split_seed: int
    validation_accuracy: float
    epochs: tuple[Epoch, ...]
    failure: str | None

    @property
    def seeds(self) -> Seeds:
        """What it was trained with."""
        return Seeds(self.training_seed, self.split_seed)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> SweepRun:
        """What `dataclasses.asdict` and JSON have made of one."""
        epochs = tuple(Epoch(**epoch) for epoch in plain["epochs"])
        reached = plain["validation_accuracy"]
        return cls(
            **plain
            | {"epochs": epochs, "validation_accuracy": math.nan if reached is None else reached}
        )


def seeds_of(seeds: int) -> list[Seeds]:
    """The seeds of each point: each training has a split of its own."""
    return [Seeds(seed, seed) for seed in range(seeds)]


def train_task(digits: Digits, task: Task) -> SweepRun:
    """Train with the task's seeds, judged after each epoch on the validation images alone.

    A loss that is NaN or infinite makes a failed run, no exception.

    Raises:
        InputError: The network does not fit into memory.
    """
    images, labels = digits.train_images, digits.train_labels
    normalize = fit(task.normalization, task.study.std_floor)
    loop, split, size = start(images, labels, task.study, task.seeds, normalize)
    done: list[Epoch] = []
    failure, reached = None, math.nan
    try:
        for epoch in train_epochs(loop, images, labels, split, size, task.study.network):
            if math.isfinite(epoch.val_loss):
                done.append(epoch)
        loss, reached = epoch.val_loss, epoch.val_accuracy
        if loop.training.early_stopping:  # which has the best weights restored
            loss, reached = loop.validate(images, labels, split["validation"])
        if not math.isfinite(loss):
            failure = "the last update: a loss that is NaN or infinite after it"
    except InputError as error:
        failure = f"{error.where}: {error.seen}"
    return SweepRun(*task.seeds, math.nan if failure else reached, tuple(done), failure)


def train_numbered(digits: Digits, numbered: tuple[int, Task]) -> tuple[int, SweepRun]:
    """Train a task; its number comes back with what came of it."""
    number, task = numbered
    return number, train_task(digits, task)


def tabulate(
    points: Sequence[Point],
    runs: Sequence[Sequence[SweepRun]],
    shape: tuple[int, ...],
    classes: int,
) -> pd.DataFrame:
    """Lay the runs of each point out as a table.

    Args:
        points: What was tried.
        runs: Of each point.
        shape: Height and width of an image.
        classes: Number of classes.

    Returns:
        One row an epoch of each run: `network`, `value`, `declared`, `parameters`, `seed` (of
        training and split), the run's `validation_accuracy`, then the fields of `Epoch`, and
        `failure`. A run that failed has a last row that says why, without figures.
    """
    import pandas as pd

    rows = []
    for point, of_point in zip(points, runs, strict=True):
        total = parameters_of(point.training.layers, shape, classes)["total"]
        first = (point.network, point.value, point.declared, total)
        for run in of_point:
            epochs = [(*asdict(epoch).values(), None) for epoch in run.epochs]
            if run.failure:
                nothing = [math.nan] * (len(EPOCH) - 1)
                epochs.append((len(run.epochs) + 1, *nothing, run.failure))
            whole = (run.training_seed, run.validation_accuracy)
            rows += [(*first, *whole, *epoch) for epoch in epochs]
    return pd.DataFrame(rows, columns=list(COLUMNS))
