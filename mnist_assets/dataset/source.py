"""The dataset's origin, as a Dagster resource: set once, overridable in a run's configuration."""

import hashlib
from pathlib import Path

import dagster as dg

from mnist_assets.dataset.download import download_dataset
from mnist_assets.dataset.idx import find_idx
from mnist_assets.dataset.loading import FILE_NAMES, MNIST, DatasetFacts
from mnist_assets.declarations.settings import BUNDLED_DATASET, PROJECT, Download
from mnist_assets.errors import InputError
from mnist_assets.inference.inbox import partition_key

DOWNLOADS = PROJECT / "data" / "raw" / "download"


class DatasetSource(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """Where the four IDX files come from.

    Attributes:
        location: `mnist` (the bundled files), `download` (the public mirrors), the address of a
            mirror, or a folder with the four files, gzipped or not.
        mirrors: The public mirrors' addresses.
        attempts: How often each file is asked for.
        timeout_seconds: How long a silent connection is waited for.
    """

    location: str
    mirrors: list[str]
    attempts: int
    timeout_seconds: float

    @classmethod
    def declared(cls, location: str, download: Download) -> "DatasetSource":
        """The source at a location, asking mirrors as the settings say."""
        return cls(
            location=location,
            mirrors=list(download.mirrors),
            attempts=download.attempts,
            timeout_seconds=download.timeout_seconds,
        )

    @property
    def facts(self) -> DatasetFacts | None:
        """The published facts of MNIST, or None for a dataset of the user's own."""
        return MNIST if self.location == "mnist" or self._mirrors else None

    @property
    def folder(self) -> Path:
        """The folder with the four files; they are not there before `fetch` if downloaded."""
        if self.location == "mnist":
            return BUNDLED_DATASET
        return DOWNLOADS if self._mirrors else Path(self.location)

    def fetch(self) -> Path:
        """The folder with the four files, downloaded now if they have to be.

        Raises:
            InputError: No mirror gave a file with the published checksum.
        """
        if self._mirrors:
            download_dataset(
                self._mirrors,
                self.folder,
                MNIST,
                attempts=self.attempts,
                timeout=self.timeout_seconds,
            )
        return self.folder

    def version(self) -> str:
        """Hash of the files' content, or of their published checksums if they are downloaded.

        Raises:
            InputError: The folder or one of the files is missing.
        """
        digest = hashlib.sha256()
        for name in FILE_NAMES:
            if self._mirrors:
                digest.update(MNIST.sha256[name].encode())
            else:
                digest.update(find_idx(self.folder, FILE_NAMES[name]).read_bytes())
        return digest.hexdigest()[:32]

    @property
    def _mirrors(self) -> list[str]:
        if self.location == "download":
            return self.mirrors
        return [self.location] if "://" in self.location else []


class ChampionArchive(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """Where champions are kept, beside the other values.

    Attributes:
        assets: The folder of all values.
    """

    assets: str

    @property
    def path(self) -> Path:
        """The archive's folder.

        Raises:
            InputError: Values are kept at a remote address, where a champion cannot be switched
                in one step.
        """
        if "://" in self.assets:
            raise InputError(
                "MNIST_ASSETS_DATA",
                seen=self.assets,
                expected="a local folder, for the champion",
                remedy="Keep the values in a local folder, or leave out group:champion.",
            )
        return Path(self.assets) / "champion"


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
