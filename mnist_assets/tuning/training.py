"""Training one point of a sweep with one seed, with what it reached after each epoch."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_assets.errors import InputError
from mnist_assets.networks.model import parameters_of
from mnist_assets.networks.training import Epoch
from mnist_assets.study.training import Seeds, Study, start
from mnist_assets.tuning.variation import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mnist_assets.study.digits import Digits
    from mnist_assets.tuning.variation import Point

COLUMNS = ("network", "value", "declared", "parameters", "seed", *Epoch.__annotations__, "failure")


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
        epochs: Those that came to an end; `seconds` are of the updates alone.
        failure: Why the training has no result, or None.
    """

    training_seed: int
    split_seed: int
    epochs: tuple[Epoch, ...]
    failure: str | None

    @property
    def seeds(self) -> Seeds:
        """What it was trained with."""
        return Seeds(self.training_seed, self.split_seed)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> SweepRun:
        """What `dataclasses.asdict` and JSON have made of one."""
        return cls(**plain | {"epochs": tuple(Epoch(**epoch) for epoch in plain["epochs"])})


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
    loop, epochs, validation = start(images, labels, task.study, task.seeds, normalize)
    done: list[Epoch] = []
    failure = None
    for number, chunks in enumerate(epochs, 1):
        started = time.perf_counter()
        try:
            loss, accuracy = loop.run_epoch(chunks, f"epoch {number}")
        except InputError as error:
            failure = f"{error.where}: {error.seen}"
            break
        seconds = time.perf_counter() - started
        val_loss, val_accuracy = loop.validate(images, labels, validation)
        if not math.isfinite(val_loss):
            failure = f"epoch {number}: a loss that is NaN or infinite after it"
            break
        done.append(Epoch(number, loss, accuracy, val_loss, val_accuracy, seconds))
    return SweepRun(*task.seeds, tuple(done), failure)


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
        training and split), then the fields of `Epoch`, and `failure`. A run that failed has a last
        row that says why, without figures.
    """
    import pandas as pd

    rows = []
    for point, of_point in zip(points, runs, strict=True):
        total = parameters_of(point.training.layers, shape, classes)["total"]
        first = (point.network, point.value, point.declared, total)
        for run in of_point:
            epochs = [(*asdict(epoch).values(), None) for epoch in run.epochs]
            if run.failure:
                nothing = [math.nan] * (len(Epoch.__annotations__) - 1)
                epochs.append((len(run.epochs) + 1, *nothing, run.failure))
            rows += [(*first, run.training_seed, *epoch) for epoch in epochs]
    return pd.DataFrame(rows, columns=list(COLUMNS))
