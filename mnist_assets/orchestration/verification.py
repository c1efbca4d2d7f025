"""Reading every value, to find what changed without a sign: a bad disk, a careless copy.

`status` and `materialize` read a file only when its time says that something wrote to it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from upath import UPath

from mnist_assets.orchestration.incremental import Graph
from mnist_assets.orchestration.storage.fingerprints import find_fault, picture_fingerprints


@dataclass(frozen=True)
class Verification:
    """What came of comparing files with the hashes that were recorded when they were written.

    Attributes:
        files: How many were looked at, pictures included.
        bytes: How many they hold.
        faults: What is wrong with an asset's file or one of its pictures, by its key.
    """

    files: int
    bytes: int
    faults: dict[dg.AssetKey, str]


def verify(graph: Graph) -> Verification:
    """Compare the files of all assets that were made with their hashes; of remote ones, the sizes.

    A local value that differs gets a time of its own, so that from now on it counts as changed
    wherever it is looked at: `materialize` makes it again.
    """
    files, size, faults = 0, 0, {}
    for key, (value, recorded) in graph.files().items():
        for path, of_file in ((value, recorded), *picture_fingerprints(value, recorded)):
            files += 1
            size += of_file["bytes"]
            if fault := _find_fault(path, of_file):
                faults[key] = fault
    return Verification(files, size, faults)


def _find_fault(path: UPath, recorded: Mapping[str, Any]) -> str | None:
    try:
        fault = find_fault(path, recorded, read=True)
    except FileNotFoundError:
        return f"no file {path}"
    if fault and isinstance(path, Path):
        os.utime(path)
    return fault
