"""The inbox, as a Dagster resource."""

import hashlib
from pathlib import Path

import dagster as dg

from mnist_assets.errors import InputError
from mnist_assets.inference.inbox import partition_key


class Inbox(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """The folder that new digits are dropped into. What was scored stays there.

    Attributes:
        folder: Where files are dropped.
    """

    folder: str

    @property
    def quarantine(self) -> Path:
        """Where files go that cannot be read, each with its reason beside it."""
        folder = Path(self.folder)
        return folder.with_name(f"{folder.name}-quarantine")

    def entries(self) -> list[Path]:
        """Everything in the folder, by name; nothing if there is no folder yet."""
        folder = Path(self.folder)
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def find(self, key: str) -> Path:
        """The file that a partition was made for.

        Raises:
            InputError: It is no longer there, or has another content.
        """
        for path in self.entries():
            if path.is_file() and not path.is_symlink():
                sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
                if partition_key(path, sha256) == key:
                    return path
        raise InputError(
            self.folder,
            seen=f"no file for the partition {key}",
            expected="the file it was made for, unchanged",
            remedy="Drop the file into the inbox again.",
        )
