"""What lies among the values and belongs to no declared asset any more.

Only what this project wrote is found: values that history tells of and that are as they were
written, and what a process that was killed left of writing one.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.orchestration.history import latest_materializations
from mnist_assets.orchestration.storage.addresses import size_below
from mnist_assets.orchestration.storage.changes import remove, remove_folder
from mnist_assets.orchestration.storage.files import is_writer_gone
from mnist_assets.orchestration.storage.fingerprints import find_fault, picture_fingerprints


@dataclass(frozen=True)
class Leftover:
    """Something that nothing needs.

    Attributes:
        what: What it is, and where.
        bytes: Its size.
        remove: Removes it.
    """

    what: str
    bytes: int
    remove: Callable[[], None]


def find_undeclared_values(
    instance: dg.DagsterInstance, root: UPath, declared: Collection[dg.AssetKey]
) -> Iterator[Leftover]:
    """The values of assets that are no longer declared, such as those of a removed network.

    A file that is not as it was written is left alone.
    """
    undeclared = [key for key in instance.all_asset_keys() if key not in declared]
    for key, made in latest_materializations(instance, undeclared).items():
        written_to = str(made.metadata.get("path", ""))
        value = root.joinpath(*key.path)
        value = value.with_name(f"{value.name}{PurePosixPath(written_to).suffix}")
        if "bytes" not in made.metadata:
            continue
        files = [(value, made.metadata), *picture_fingerprints(value, made.metadata)]
        own = {path: of_file["bytes"] for path, of_file in files if _is_as_written(path, of_file)}
        if value in own:
            yield Leftover(
                f"{key.to_user_string()}, no longer declared: {value}",
                sum(own.values()),
                partial(_remove_value, instance, key, list(own)),
            )


def _is_as_written(path: UPath, remembered: Mapping[str, Any]) -> bool:
    try:
        return find_fault(path, remembered) is None
    except FileNotFoundError:
        return False


def _remove_value(instance: dg.DagsterInstance, key: dg.AssetKey, files: list[UPath]) -> None:
    """Remove the files of an asset, and what the history tells of it."""
    for path in files:
        remove(path)
    instance.wipe_assets([key])


def find_unfinished_files(root: UPath) -> Iterator[Leftover]:
    """What processes left that were killed while they wrote a value."""
    if isinstance(root, Path):
        for folder in Path(root).rglob(".*.*.*"):
            written = re.fullmatch(r"\..+\.(\d+)\.\w+", folder.name)
            if written and folder.is_dir() and is_writer_gone(int(written[1])):
                yield folder_left(f"unfinished: {folder}", folder)


def folder_left(what: str, folder: UPath | Path) -> Leftover:
    """A folder that nothing needs."""
    return Leftover(what, size_below(folder), partial(remove_folder, folder))
