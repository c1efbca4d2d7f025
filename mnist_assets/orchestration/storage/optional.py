"""What the report shows where it has been made, and does without where not, as a Dagster resource.

An input would have to be there. What is made only on request, or only where values are kept in a
local folder, is read here instead, and only if it is what would be made now.
"""

from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.orchestration.incremental import CODE_VERSION, DATA_VERSION, INPUT_VERSION
from mnist_assets.orchestration.storage.formats import file_storages


class Shelf(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """The values that have been made.

    Attributes:
        assets: The folder of all values, or any address that fsspec knows.
    """

    assets: str

    def take(
        self, instance: dg.DagsterInstance, key: str, storage: str, code_version: str
    ) -> Any | None:
        """Read a value, if it has been made and nothing that it follows from has changed since.

        Args:
            instance: The run history.
            key: Of the asset.
            storage: Key of its I/O manager.
            code_version: Its present one.
        """
        tags = _tags(instance, key)
        inputs = {name: tags[name] for name in tags if name.startswith(INPUT_VERSION)}
        followed = all(
            _tags(instance, name.removeprefix(INPUT_VERSION)).get(DATA_VERSION) == version
            for name, version in inputs.items()
        )
        if tags.get(CODE_VERSION) != code_version or not followed:
            return None
        keeper = file_storages(self.assets)[storage]
        path = UPath(self.assets).joinpath(*key.split("/"))
        try:
            return keeper.load_from_path(
                dg.build_input_context(), path.with_name(path.name + keeper.extension)
            )
        except InputError:  # deleted since, or damaged: what tells of that is the asset itself
            return None


def _tags(instance: dg.DagsterInstance, key: str) -> dict[str, str]:
    """What Dagster's history says of an asset's latest materialisation; empty if there is none."""
    event = instance.get_latest_materialization_event(dg.AssetKey.from_user_string(key))
    materialization = event.asset_materialization if event else None
    return dict(materialization.tags or {}) if materialization else {}
