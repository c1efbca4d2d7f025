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
from mnist_assets.orchestration.incremental import CODE_VERSION, DATA_VERSION, INPUT_VERSION
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

        Args:
            instance: The run history.
            key: Of the asset.
            storage: Key of its I/O manager.
            code_version: Its present one.
        """
        tags = _tags(instance, [key])[key]
        followed = {
            name.removeprefix(INPUT_VERSION): version
            for name, version in tags.items()
            if name.startswith(INPUT_VERSION)
        }
        present = {name: of.get(DATA_VERSION) for name, of in _tags(instance, followed).items()}
        if tags.get(CODE_VERSION) != code_version or present != followed:
            return None
        keeper = file_storages(self.assets)[storage]
        try:
            return keeper.load(keeper.file_of(dg.AssetKey.from_user_string(key)))
        except InputError:  # deleted since, or damaged: what tells of that is the asset itself
            return None

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
        tags, storage = _tags(instance, code_versions), PictureStorage(UPath(self.assets))
        found = {}
        for file in files:
            key = file.partition(".")[0]
            if tags[key].get(CODE_VERSION, code_versions[key]) != code_versions[key]:
                continue
            try:
                found[file] = storage.load(storage.file_of(dg.AssetKey.from_user_string(file)))
            except InputError:  # as above; and without a picture there is its alternative text
                continue
        return found


def made_as(definitions: Iterable[dg.AssetsDefinition]) -> dict[str, tuple[str, str]]:
    """The key of each asset's storage and its present code version, by the asset's key."""
    return {
        key.to_user_string(): (of.get_io_manager_key_for_asset_key(key), code_version or "")
        for of in definitions
        for key, code_version in of.code_versions_by_key.items()
    }


def _tags(instance: dg.DagsterInstance, keys: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """What Dagster's history says of the assets' latest materialisations; {} if there is none."""
    tags: dict[str, Mapping[str, str]] = {key: {} for key in keys}
    for record in instance.get_asset_records(list(map(dg.AssetKey.from_user_string, tags))):
        event = record.asset_entry.last_materialization
        if event and (made := event.asset_materialization):
            tags[record.asset_entry.asset_key.to_user_string()] = made.tags or {}
    return tags
