"""What an asset shows where it has been made, and does without where not, as a Dagster resource.

An input would have to be there. What is made only on request, or only where values are kept in a
local folder, is read here instead, and only if it is what would be made now. So are the pictures
beside the values.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import dagster as dg

from mnist_assets.errors import InputError
from mnist_assets.orchestration.dagster_internals import find_latest_evaluations
from mnist_assets.orchestration.history import (
    CODE_VERSION,
    DATA_VERSION,
    WITHOUT,
    Materialization,
    latest_materializations,
)
from mnist_assets.orchestration.storage.addresses import open_address
from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.formats import PictureStorage, file_storages

# Of assets that count together or not at all, by key: the key of the storage, the present code
# version, the names of the checks.
Group: TypeAlias = dict[str, tuple[str, str, Sequence[str]]]


class OptionalInputs(dg.ConfigurableResource):  # type: ignore[type-arg]  # nothing is yielded
    """The values that have been made, and their pictures.

    Attributes:
        assets: The folder of all values, or any address that fsspec knows.
    """

    assets: str

    def read(
        self, instance: dg.DagsterInstance, made: Mapping[str, tuple[str, str]]
    ) -> dict[str, Any | None]:
        """Read values, each if it has been made and nothing that it follows from has changed since.

        Args:
            instance: The run history.
            made: Their assets, as from `made_as`.

        Returns:
            The value of each, by its asset's key; None where that is not so.
        """
        codes = {key: code_version for key, (_, code_version) in made.items()}
        left_behind, storages = {*_find_left_behind(instance, codes)}, self.storages()
        return {
            key: None if key in left_behind else _load_if_whole(storages[storage], key)
            for key, (storage, _) in made.items()
        }

    def read_groups(
        self,
        instance: dg.DagsterInstance,
        groups: Mapping[str, Group],
        reads: Mapping[str, Mapping[str, str]],
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read what belongs together, such as the values of a network, all of it or none.

        Args:
            instance: The run history.
            groups: Of each group every asset that has to be what would be made now, its checks
                included.
            reads: The keys of the values to be read of each group, by the names they are given.

        Returns:
            The values by these names, of those groups that are there; and the metadata by which
            whoever goes without the others is made again once they are there.
        """
        values: dict[str, Any] = {}
        without: dict[str, list[str]] = {}
        for name, group in groups.items():
            codes = {key: code for key, (_, code, _) in group.items()}
            lacking = _find_left_behind(instance, codes) or _find_failed(instance, group)
            found: dict[str, Any] = {}
            if not lacking:
                storages = self.storages()
                found = {
                    argument: _load_if_whole(storages[group[key][0]], key)
                    for argument, key in reads[name].items()
                }
                lacking = [reads[name][argument] for argument in found if found[argument] is None]
            if not lacking:
                values |= found
            elif all(made.tags for made in _latest(instance, lacking).values()):
                without[name] = lacking  # else it is a changed input, once it is made
        return values, {WITHOUT: without} if without else {}

    def read_file(self, key: dg.AssetKey, storage: str) -> Any | None:
        """Read a value as it is, whatever it was made from; None if there is none that is whole."""
        return _load_if_whole(self.storages()[storage], key.to_user_string())

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
        made, storage = _latest(instance, code_versions), PictureStorage(open_address(self.assets))
        found = {}
        for file in files:
            key = file.partition(".")[0]
            drawn_by = made[key].tags.get(CODE_VERSION, code_versions[key])
            if drawn_by == code_versions[key] and (png := _load_if_whole(storage, file)):
                found[file] = png
        return found

    def storages(self) -> dict[str, FileStorage[Any]]:
        """What reads the values, by the keys of their I/O managers."""
        return file_storages(self.assets)


def made_as(definitions: Iterable[dg.AssetsDefinition]) -> dict[str, tuple[str, str]]:
    """The key of each asset's storage and its present code version, by the asset's key."""
    return {
        key.to_user_string(): (of.get_io_manager_key_for_asset_key(key), code_version or "")
        for of in definitions
        for key, code_version in of.code_versions_by_key.items()
    }


def group_of(definitions: Iterable[dg.AssetsDefinition]) -> Group:
    """The assets of these definitions as a group, as `read_groups` takes it."""
    definitions = list(definitions)
    checks = [check for of in definitions for check in of.check_keys]
    return {
        key: (*made, sorted(c.name for c in checks if c.asset_key.to_user_string() == key))
        for key, made in made_as(definitions).items()
    }


def keys_of(groups: Mapping[str, Group]) -> list[str]:
    """The keys of all their assets."""
    return [key for group in groups.values() for key in group]


def split_reads(
    of_each: Mapping[str, Mapping[str, str]], groups: Collection[str]
) -> tuple[dict[str, str], dict[str, Mapping[str, str]]]:
    """Divide what is read of each into inputs and, by group, what `read_groups` takes."""
    always = [reads for name, reads in of_each.items() if name not in groups]
    inputs = {argument: key for reads in always for argument, key in reads.items()}
    return inputs, {name: of_each[name] for name in groups}


def _find_left_behind(instance: dg.DagsterInstance, codes: Mapping[str, str]) -> list[str]:
    """Those assets that were never made, or whose code or inputs have changed since.

    Args:
        instance: The run history.
        codes: The present code version of each, by its key.
    """
    made = _latest(instance, codes)
    inputs = {name for of in made.values() for name in of.input_versions}
    looked_up = made | _latest(instance, inputs - made.keys())
    present = {name: of.tags.get(DATA_VERSION) for name, of in looked_up.items()}
    return [
        key
        for key, of in made.items()
        if of.tags.get(CODE_VERSION) != codes[key]
        or any(present[name] != version for name, version in of.input_versions.items())
    ]


def _find_failed(instance: dg.DagsterInstance, group: Group) -> list[str]:
    """Those assets of a group of which a check did not run, or stopped what follows."""
    checks = [
        dg.AssetCheckKey(dg.AssetKey.from_user_string(key), name)
        for key, (_, _, names) in group.items()
        for name in names
    ]
    found = find_latest_evaluations(instance, checks)
    passed = {
        check
        for check, evaluation in found.items()
        if evaluation.passed or evaluation.severity == dg.AssetCheckSeverity.WARN
    }
    failed = {check.asset_key.to_user_string() for check in checks if check not in passed}
    return [key for key in group if key in failed]


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
