"""What an asset shows where it has been made, and does without where not, as a Dagster resource.

An input would have to be there. What is made only on request, or only where values are kept in a
local folder, is read here instead, and only if it is what would be made now. So are the pictures
beside the values.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.orchestration.history import (
    CODE_VERSION,
    DATA_VERSION,
    Materialization,
    latest_materializations,
)
from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.formats import PictureStorage, file_storages


class OptionalInputs(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """The values that have been made, and their pictures.

    Attributes:
        assets: The folder of all values, or any address that fsspec knows.
    """

    assets: str

    def read(
        self, instance: dg.DagsterInstance, key: str, storage: str, code_version: str
    ) -> Any | None:
        """Read a value, if it has been made and nothing that it follows from has changed since.

        It is found by its asset's key, the key of its I/O manager and its present code version.
        """
        made = _latest(instance, [key])[key]
        followed = made.input_versions
        present = {
            name: of.tags.get(DATA_VERSION) for name, of in _latest(instance, followed).items()
        }
        if made.tags.get(CODE_VERSION) != code_version or present != followed:
            return None
        return _load_if_whole(file_storages(self.assets)[storage], key)

    def read_file(self, key: dg.AssetKey, storage: str) -> Any | None:
        """Read a value as it is, whatever it was made from; None if there is none that is whole."""
        return _load_if_whole(file_storages(self.assets)[storage], key.to_user_string())

    def read_pictures(
        self, instance: dg.DagsterInstance, files: Iterable[str], code_versions: Mapping[str, str]
    ) -> dict[str, bytes]:
        """Read pictures, but for those that are not there or that other code has drawn.

        Args:
            instance: The run history.
            files: Of the pictures: `exploration/grey_levels`, `evaluation/best.ratios`.
            code_versions: The present ones of the assets that draw them, by key.

        Returns:
            PNG files, by what was asked for.
        """
        made, storage = _latest(instance, code_versions), PictureStorage(UPath(self.assets))
        found = {}
        for file in files:
            key = file.partition(".")[0]
            drawn_by = made[key].tags.get(CODE_VERSION, code_versions[key])
            if drawn_by == code_versions[key] and (png := _load_if_whole(storage, file)):
                found[file] = png
        return found


def made_as(definitions: Iterable[dg.AssetsDefinition]) -> dict[str, tuple[str, str]]:
    """The key of each asset's storage and its present code version, by the asset's key."""
    return {
        key.to_user_string(): (of.get_io_manager_key_for_asset_key(key), code_version or "")
        for of in definitions
        for key, code_version in of.code_versions_by_key.items()
    }


def _load_if_whole(storage: FileStorage[Any], file: str) -> Any | None:
    """A file's content; None if it was deleted or damaged, which the asset itself tells of."""
    try:
        return storage.load(storage.file_of(dg.AssetKey.from_user_string(file)))
    except InputError:
        return None


def _latest(instance: dg.DagsterInstance, keys: Iterable[str]) -> dict[str, Materialization]:
    """The latest materialisation of each asset; an empty one of what was never made."""
    assets = {key: dg.AssetKey.from_user_string(key) for key in keys}
    latest = latest_materializations(instance, assets.values())
    return {key: latest.get(asset, Materialization()) for key, asset in assets.items()}
