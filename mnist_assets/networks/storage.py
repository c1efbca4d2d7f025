"""The file format of a trained network, `.keras`; see `stored.py`."""

from pathlib import Path
from typing import Any

from mnist_assets.networks.stored import (
    HISTORY_MEMBER,
    TRAINING_MEMBER,
    StoredNetwork,
    TrainedNetwork,
)
from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.formats import archive_members, file_storages
from mnist_assets.orchestration.storage.optional import OptionalInputs


class NetworkStorage(FileStorage[TrainedNetwork]):
    """`.keras`: a trained network with its history, read only as far as is asked for."""

    extension = ".keras"

    def write(self, value: TrainedNetwork, path: Path) -> None:
        """Write the model and its history."""
        value.save(path)

    def read(self, path: Path) -> StoredNetwork:
        """See that the archive is whole, and read no more of it yet."""
        if missing := {HISTORY_MEMBER, TRAINING_MEMBER} - set(archive_members(path)):
            raise ValueError(f"it has no member {', '.join(sorted(missing))}")
        return StoredNetwork(path)


class OptionalNetworks(OptionalInputs):
    """What has been made, networks among it."""

    def storages(self) -> dict[str, FileStorage[Any]]:
        """What reads the values, by the keys of their I/O managers."""
        return file_storages(self.assets, NetworkStorage)
