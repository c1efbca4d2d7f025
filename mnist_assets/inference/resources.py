"""The inbox, as a Dagster resource."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import dagster as dg
from upath import UPath

from mnist_assets.declarations.operation import Inbox as Limits
from mnist_assets.errors import InputError
from mnist_assets.inference.entries import Entry, Fetched, fetch, list_entries
from mnist_assets.inference.inbox import look_at, quarantine
from mnist_assets.inference.scored import (
    ScoredFiles,
    first_unknown,
    read_table,
    without_scored,
)
from mnist_assets.orchestration.storage.addresses import open_address

if TYPE_CHECKING:
    import pandas as pd


class Inbox(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """The folder or address that new digits are dropped into. What was scored stays there.

    Attributes:
        folder: Where files are dropped.
        predictions: The folder or address of the tables that tell which were scored.
    """

    folder: str
    predictions: str

    @property
    def path(self) -> UPath:
        """Where files are dropped.

        Raises:
            InputError: It is an address that is not known, or a whole bucket.
        """
        path = open_address(self.folder)
        if not path.name:
            raise InputError(
                "inbox",
                seen=self.folder,
                expected="a folder in it, since what cannot be read is put beside the inbox",
                remedy=f"Set MNIST_ASSETS_INBOX to {self.folder.rstrip('/')}/inbox, say.",
            )
        return path

    @property
    def quarantine(self) -> UPath:
        """Where files go that cannot be read, each with its reason beside it."""
        return self.path.with_name(f"{self.path.name}-quarantine")

    @contextmanager
    def waiting_files(
        self, limits: Limits, most: int, warn: Callable[[str], None]
    ) -> Iterator[list[Fetched]]:
        """The files that are ready and were not scored yet, by name; what is no file is put aside.

        They can be read here as long as the context lasts.

        Args:
            limits: How long a file must not have changed, and its size, beyond which no more of a
                file is fetched.
            most: How many of them.
            warn: Told of each that is put aside.
        """
        ready = []
        for entry in list_entries(self.path):
            verdict = look_at(entry, settled_seconds=limits.settled_seconds, now=time.time())
            if verdict.state == "quarantine":
                self.put_aside(entry, verdict.reason, warn)
            elif verdict.state == "ready":
                ready.append(entry)
        if not ready:
            yield []
            return
        scored = ScoredFiles.read(open_address(self.predictions))
        with TemporaryDirectory() as copies:
            new = without_scored(ready, scored)
            with closing(fetch(new, Path(copies), limits.largest_file)) as fetched:
                files = first_unknown(fetched, scored, most)
            yield self._unchanged(files, warn)

    def table(self, day: str) -> "pd.DataFrame | None":
        """The predictions of a day so far, as text.

        Raises:
            InputError: They cannot be read.
        """
        return read_table(open_address(self.predictions) / f"{day}.csv")

    def put_aside(self, entry: Entry, reason: str, warn: Callable[[str], None]) -> None:
        """Move something out of the inbox into quarantine, with the reason beside it.

        Raises:
            InputError: It cannot be moved.
        """
        moved = quarantine(entry.path, self.quarantine, reason)
        warn(f"{entry.name} is now {moved}: {reason}")

    def _unchanged(self, files: list[Fetched], warn: Callable[[str], None]) -> list[Fetched]:
        """Those whose copies are of what is there now, which takes another listing."""
        if not any(file.is_copy for file in files):
            return files
        now = {entry.stamp for entry in list_entries(self.path)}
        as_before = []
        for file in files:
            if file.entry.stamp in now:
                as_before.append(file)
            else:
                warn(changed(file))
        return as_before


def changed(file: Fetched) -> str:
    """What is told of a file that is not scored as something wrote to it."""
    return f"{file.entry.name} changed while it was read, and is left for the next run."
