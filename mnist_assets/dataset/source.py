"""The dataset's origin, as a Dagster resource: set once, overridable in a run's configuration."""

import hashlib
import os
from pathlib import Path

import dagster as dg

from mnist_assets.dataset.declaration import CLASSES, FILE, Declaration, beside, read_declaration
from mnist_assets.dataset.download import download_dataset
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.loading import MNIST, DatasetFacts
from mnist_assets.dataset.readers import find_reader
from mnist_assets.declarations.operation import Download
from mnist_assets.declarations.places import BUNDLED_DATASET, PROJECT

DOWNLOADS = PROJECT / "data" / "raw" / "download"
_READ_AT_ONCE = 2**20  # bytes: a file may be larger than memory


class DatasetSource(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """Where the dataset comes from.

    Attributes:
        location: `mnist` (the bundled files), `download` (the public mirrors), the address of a
            mirror, or a folder or file that `readers.find_reader` knows.
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
    def declaration(self) -> Declaration:
        """What the dataset says of itself; MNIST says nothing.

        Raises:
            InputError: `dataset.yaml` or `classes.txt` cannot be read, or holds what is not
                allowed.
        """
        return Declaration() if self.facts else read_declaration(self.folder)

    @property
    def folder(self) -> Path:
        """The dataset's folder or file; it is not there before `fetch` if downloaded."""
        if self.location == "mnist":
            return BUNDLED_DATASET
        return DOWNLOADS if self._mirrors else Path(self.location)

    def fetch(self) -> Path:
        """The dataset's folder or file, downloaded now if it has to be.

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

        What the dataset says of itself is part of it, and so are the names of the files: those of
        folders are those of classes.

        Raises:
            InputError: The folder or one of the files is missing.
        """
        digest = hashlib.sha256()
        if self._mirrors:
            digest.update("".join(MNIST.sha256[name] for name in FILE_NAMES).encode())
            return digest.hexdigest()[:32]
        folder = self.folder
        told = (beside(folder, name) for name in (FILE, CLASSES))
        reader = find_reader(folder, MNIST.sha256 if self.facts else None)
        for path in (*reader.files(), *filter(Path.is_file, told)):
            digest.update(f"{os.path.relpath(path, folder)}:{path.stat().st_size}:".encode())
            with path.open("rb") as file:
                while part := file.read(_READ_AT_ONCE):
                    digest.update(part)
        return digest.hexdigest()[:32]

    @property
    def _mirrors(self) -> list[str]:
        if self.location == "download":
            return self.mirrors
        return [self.location] if "://" in self.location else []
