"""The file format of what is handed on: a `.zip` archive of files."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.formats import archive_members


class BundleStorage(FileStorage[Mapping[str, bytes]]):
    """`.zip`: a few files by their names, to be handed on together."""

    extension = ".zip"

    def write(self, value: Mapping[str, bytes], path: Path) -> None:
        """Write the files; equal ones make an equal archive, which holds no date."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in value.items():
                entry = zipfile.ZipInfo(name)  # of 1980
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)

    def read(self, path: Path) -> dict[str, bytes]:
        """Read the files, in the order they were written in."""
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive_members(path)}
