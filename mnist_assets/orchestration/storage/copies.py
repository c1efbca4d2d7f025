"""Local copies of files that are far away: each version of one is fetched once by a machine.

A copy is named after the address and the version of what it is of, so that it is never outdated.
Those not used for longest are removed when all together are larger than the limit.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from upath import UPath

from mnist_assets.declarations.places import PROJECT
from mnist_assets.orchestration.storage.addresses import (
    FileState,
    file_system,
    look,
    transfer_options,
)
from mnist_assets.orchestration.storage.patience import patiently

FOLDER = PROJECT / "data" / "cache" / "values"
LIMIT = "MNIST_ASSETS_CACHE_GB"
_UNFINISHED = ".part"


def local_copy(path: UPath, state: FileState | None = None) -> Path:
    """A file, or a copy of it on this machine if it is at an address.

    Args:
        path: The file.
        state: What a look at it has told, if it was looked at just now.

    Raises:
        FileNotFoundError: There is none.
        OSError: There is no room for it.
        InputError: Its store refuses or is not available.
    """
    if isinstance(path, Path):
        return Path(path)
    state = state or look(path)
    named_after = f"{path}\n{state.stamp}\n{state.bytes}"
    copy = FOLDER / f"{hashlib.sha256(named_after.encode()).hexdigest()}{path.suffix}"
    try:
        os.utime(copy)
    except FileNotFoundError:
        _fetch(path, copy, state.bytes)
    return copy


def _fetch(path: UPath, copy: Path, size: int) -> None:
    """Copy a file, then make room for what comes next."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(suffix=_UNFINISHED, dir=FOLDER)
    os.close(descriptor)
    fetched = Path(name)
    try:
        options = transfer_options(path)
        patiently(path, lambda: file_system(path).get_file(path.path, name, **options))
        if fetched.stat().st_size != size:
            raise OSError(f"{fetched.stat().st_size:,} bytes came of {size:,}")
        fetched.replace(copy)
    finally:
        fetched.unlink(missing_ok=True)
    remove_oldest(keep=copy)


def remove_oldest(keep: Path) -> None:
    """Remove the copies not used for longest, until all others fit into the limit.

    Whoever has an array mapped to a removed file keeps it until it is done.
    """
    limit = float(os.environ.get(LIMIT) or 10) * 1e9
    used = []
    for path in FOLDER.glob("*"):
        try:
            status = path.stat()
        except FileNotFoundError:  # another process made room just now
            continue
        if path.suffix != _UNFINISHED:
            used.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in used)
    for _, size, path in sorted(used):
        if total <= limit:
            return
        if path != keep:
            path.unlink(missing_ok=True)
            total -= size
