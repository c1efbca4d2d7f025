"""The dataset's origin, as a Dagster resource: set once, overridable in a run's configuration."""

import hashlib
from pathlib import Path

import dagster as dg

from mnist_assets.dataset.download import download_dataset
from mnist_assets.dataset.idx import find_idx
from mnist_assets.dataset.loading import FILE_NAMES, MNIST, DatasetFacts
from mnist_assets.declarations.places import BUNDLED_DATASET, PROJECT
from mnist_assets.declarations.settings import Download

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
