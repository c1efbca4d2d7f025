"""A trained network and its file: a `.keras` archive that plain Keras reads, history included."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import keras
    import pandas as pd

WEIGHTS_MEMBER = "model.weights.h5"  # Keras's own
HISTORY_MEMBER = "history.csv"
TRAINING_MEMBER = "training.json"


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained model, how it was trained and what came of it, which travel in one `.keras` file.

    Attributes:
        model: Takes raw pixels, float32 (n, height, width, 1) in 0-255.
        history: One row an epoch: `epoch` (from 1), `loss`, `accuracy`, `val_loss`, `val_accuracy`,
            `seconds`.
        training: The declaration it was trained by, seed included, as plain values.
    """

    model: keras.Model
    history: pd.DataFrame
    training: Mapping[str, Any]

    def save(self, path: Path) -> None:
        """Write a `.keras` archive that plain Keras reads, the other two as further members."""
        self.model.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(HISTORY_MEMBER, self.history.to_csv(index=False))
            archive.writestr(TRAINING_MEMBER, json.dumps(dict(self.training), indent=2))

    def content(self) -> list[Any]:
        """What makes it what it is: layers, declaration, weights, history; see `content_version`.

        The archive's bytes would not do: Keras writes the date into them.
        """
        described = [self.model.to_json(), dict(self.training)]
        return [*described, *self.model.get_weights(), self.history]


@dataclass(frozen=True)
class StoredNetwork:
    """A trained network in its file; what is asked for is read, no more (Keras takes seconds)."""

    path: Path

    @cached_property
    def model(self) -> keras.Model:
        """The model, ready to predict; not to be changed, since others may be given the same."""
        now = self.path.stat()
        return _load_model(self.path, now.st_ino, now.st_mtime_ns, now.st_size)

    @cached_property
    def weights(self) -> bytes:
        """Its weights as Keras writes them: equal for equal ones, unlike the whole archive."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(WEIGHTS_MEMBER)

    @cached_property
    def history(self) -> pd.DataFrame:
        """The history it was trained with; see `TrainedNetwork`."""
        import pandas as pd

        with zipfile.ZipFile(self.path) as archive, archive.open(HISTORY_MEMBER) as member:
            return pd.read_csv(member)

    @cached_property
    def training(self) -> dict[str, Any]:
        """The declaration it was trained by; see `TrainedNetwork`."""
        with zipfile.ZipFile(self.path) as archive:
            training: dict[str, Any] = json.loads(archive.read(TRAINING_MEMBER))
        return training


@lru_cache(maxsize=4)  # step after step of a process asks for the same one
def _load_model(path: Path, *_: int) -> keras.Model:
    """The model in a file, as long as what tells of the file stays the same."""
    import keras

    return keras.saving.load_model(path, compile=False)
