"""The inbox, as a Dagster resource."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from upath import UPath

from mnist_assets.inference.inbox import look_at, quarantine
from mnist_assets.inference.scored import ScoredFiles, first_unknown, read_table

if TYPE_CHECKING:
    import pandas as pd


class Inbox(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """The folder that new digits are dropped into. What was scored stays there.

    Attributes:
        folder: Where files are dropped.
        predictions: The folder or address of the tables that tell which were scored.
    """

    folder: str
    predictions: str

    @property
    def quarantine(self) -> Path:
        """Where files go that cannot be read, each with its reason beside it."""
        folder = Path(self.folder)
        return folder.with_name(f"{folder.name}-quarantine")

    def waiting_files(
        self, settled_seconds: float, most: int, warn: Callable[[str], None]
    ) -> list[Path]:
        """The files that are ready and were not scored yet, by name; what is no file is put aside.

        Args:
            settled_seconds: How long a file must not have changed.
            most: How many of them.
            warn: Told of each that is put aside.
        """
        ready = []
        for path in self._entries():
            verdict = look_at(path, settled_seconds=settled_seconds, now=time.time())
            if verdict.state == "quarantine":
                self.put_aside(path, verdict.reason, warn)
            elif verdict.state == "ready":
                ready.append(path)
        scored = ScoredFiles.read(UPath(self.predictions)) if ready else None
        return first_unknown(ready, scored, most) if scored else []

    def table(self, day: str) -> "pd.DataFrame | None":
        """The predictions of a day so far, as text.

        Raises:
            InputError: They cannot be read.
        """
        return read_table(UPath(self.predictions) / f"{day}.csv")

    def put_aside(self, path: Path, reason: str, warn: Callable[[str], None]) -> None:
        """Move something out of the inbox into quarantine, with the reason beside it.

        Raises:
            InputError: It cannot be moved.
        """
        moved = quarantine(path, self.quarantine, reason)
        warn(f"{path.name} is now {moved}: {reason}")

    def _entries(self) -> list[Path]:
        """Everything in the folder, by name; nothing if there is no folder yet."""
        folder = Path(self.folder)
        return sorted(folder.iterdir()) if folder.is_dir() else []
