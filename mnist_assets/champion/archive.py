"""How champions are kept: every one in a folder of its own, and a pointer to the current one.

    champion/
        versions/0001-given/   model.keras and, as JSON, what explains it; never changed again
        current                a symbolic link to one of them; where there are none, current.json
        model.json             at an address, where there are no links: the pointer
        log.jsonl              who changed the champion, when and why, a line each

The model of the current champion is `current/model.keras`, which plain Keras reads:

    import keras
    model = keras.saving.load_model("data/assets/champion/current/model.keras")

At an address, `model.json` names its file. It is the value of the asset `champion/model`, too, so
that the two cannot disagree; if it is lost or damaged, the log tells what it said.

Readers that want several files of one champion take them from `current(folder)`, once, since the
pointer may be switched between two reads. Nothing here writes: how the champion is changed is
`promotion.py`, and what the log tells of it is `history.py`.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.findings import Finding
from mnist_assets.orchestration.storage.addresses import list_folder, open_address, read_bytes
from mnist_assets.orchestration.storage.copies import local_copy

MODEL = "model.keras"
EXPLANATION = ("decision", "declaration", "metrics", "versions")
# What `zipfile` raises for content that it cannot make sense of.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
VERSIONS, LINK, POINTER, LOG = "versions", "current", "current.json", "log.jsonl"
REMOTE_POINTER = "model.json"


@dataclass(frozen=True)
class Champion:
    """A version in the archive, whole and never changed again.

    Attributes:
        version: Its name, such as 0003-best: a number that grows, and the network.
        folder: Where its files are.
    """

    version: str
    folder: UPath

    @property
    def network(self) -> str:
        """The name of the network."""
        return self.version.partition("-")[2]

    @property
    def model_path(self) -> Path:
        """The trained network, which plain Keras reads: its file, or a copy on this machine.

        Raises:
            FileNotFoundError: It is not there.
        """
        return local_copy(self.folder / MODEL)

    def explanation(self) -> dict[str, Any]:
        """What was given at its promotion: decision, declaration, metrics and versions."""
        return {
            name: json.loads(local_copy(self.folder / f"{name}.json").read_text(encoding="utf-8"))
            for name in EXPLANATION
        }


def archive_folder(assets: str) -> UPath:
    """Where the archive is, beside the other values in a folder or at an address."""
    return open_address(assets) / "champion"


def describe(folder: UPath, version: str | None) -> dict[str, str | None]:
    """What `champion/model.json` says: the champion's version, network and file, None of none."""
    pointed_to = LINK if isinstance(folder, Path) else f"{VERSIONS}/{version}"
    return {
        "version": version,
        "network": version.partition("-")[2] if version else None,
        "file": f"champion/{pointed_to}/{MODEL}" if version else None,
    }


def current(folder: UPath) -> Champion | None:
    """Find the champion, or None if there was never one.

    Raises:
        InputError: The champion's files are not all there, or its network is damaged.
    """
    version = pointed(folder)
    if version is None:
        return None
    champion = Champion(version, folder / VERSIONS / version)
    if not _is_whole(champion):
        raise InputError(
            champion.folder,
            seen="missing or damaged files",
            expected=f"{MODEL}, whole, and the JSON files {', '.join(EXPLANATION)}",
            remedy="Restore them, roll back to another version "
            f"({', '.join(whole.version for whole in whole_versions(folder)) or 'there is none'}), "
            "or promote a network: `mnist-assets champion promote NETWORK --why REASON`.",
        )
    return champion


def serving(folder: UPath) -> Champion:
    """Find the champion, for whoever cannot do without.

    Raises:
        InputError: There was never one, or it is not whole.
    """
    if champion := current(folder):
        return champion
    raise InputError(
        folder,
        seen="no champion",
        expected="a network that was promoted",
        remedy="Run `mnist-assets materialize`. If that was done, champion/decision.json says why "
        "no network was promoted; `mnist-assets champion promote NETWORK --why REASON` does so all "
        "the same.",
    )


def pointed(folder: UPath) -> str | None:
    """Read the pointer: the champion's version, whole or not, or None if there was never one.

    Raises:
        InputError: A folder or file is in place of the link.
    """
    if not isinstance(folder, Path):
        return _pointed_at_address(folder)
    link, pointer = Path(folder) / LINK, folder / POINTER
    if link.is_symlink():
        return link.readlink().name
    if link.exists():
        raise InputError(
            link,
            seen="a folder or file, as some ways of copying leave one",
            expected=f"a symbolic link into {VERSIONS}",
            remedy="Delete it, and roll back to the version that it is a copy of.",
        )
    if pointer.exists():
        return str(json.loads(pointer.read_text())["version"])
    return None


def _pointed_at_address(folder: UPath) -> str | None:
    """Read the pointer, or, if it is lost or damaged, what it was set to last."""
    with suppress(FileNotFoundError, ValueError):
        return told_version(read_bytes(folder / REMOTE_POINTER))
    whole = {champion.version for champion in whole_versions(folder)}
    return next((version for version in reversed(_logged(folder)) if version in whole), None)


def told_version(pointer: bytes) -> str | None:
    """The version that the pointer at an address tells of, None if there was never one.

    Raises:
        ValueError: It is damaged.
    """
    told = json.loads(pointer)
    if not isinstance(told, dict) or not isinstance(told.get("version", 0), str | None):
        raise ValueError("it names no version")  # noqa: TRY004 - it is content of a file
    version: str | None = told["version"]
    return version


def log_lines(folder: UPath) -> list[str]:
    """The lines of the log that were written to their end, none where there is no log yet."""
    try:
        text = read_bytes(folder / LOG).decode()
    except FileNotFoundError:
        return []
    # What follows the last line end is still being written, or was when its writer died.
    return text.split("\n")[:-1]


def whole_versions(folder: UPath) -> list[Champion]:
    """Find all versions whose files are all there and whole, the oldest first."""
    found = sorted(version_folders(folder), key=number_of)
    return [champion for path in found if _is_whole(champion := Champion(path.name, path))]


def broken_versions(folder: UPath) -> list[str]:
    """Name the versions whose files are not all there, or whose network is damaged.

    One that was never logged is unfinished, as its writer died, and no champion.
    """
    logged = _logged(folder)
    return [path.name for path in _not_whole(folder) if path.name in logged or not logged]


def unfinished_versions(folder: UPath) -> list[UPath]:
    """Find what was never finished and never will be, as there was a later champion."""
    logged = _logged(folder)
    last = max((number_of(folder / version) for version in logged), default=0)
    return [
        path for path in _not_whole(folder) if path.name not in logged and number_of(path) < last
    ]


def superseded_versions(folder: UPath, keep: int) -> list[Champion]:
    """Find the versions before the last `keep`, but for the present one, the oldest first."""
    present = pointed(folder)
    others = [champion for champion in whole_versions(folder) if champion.version != present]
    return others[: max(len(others) - keep, 0)]


def version_folders(folder: UPath) -> list[UPath]:
    """Find the folders of all versions, whole or not, in no order."""
    versions = folder / VERSIONS
    return [path for path in list_folder(versions) if re.fullmatch(r"\d+-\w+", path.name)]


def number_of(version: UPath) -> int:
    """The number that a version's folder begins with."""
    return int(version.name.partition("-")[0])


def _logged(folder: UPath) -> list[str]:
    """The versions that the log tells of, in its order; a damaged line tells of none."""
    versions = []
    for line in log_lines(folder):
        with suppress(ValueError, KeyError, TypeError):
            versions.append(str(json.loads(line)["to"]))
    return versions


def _not_whole(folder: UPath) -> list[UPath]:
    found = sorted(version_folders(folder), key=number_of)
    return [path for path in found if not _is_whole(Champion(path.name, path))]


def _is_whole(champion: Champion) -> bool:
    files = {MODEL, *(f"{part}.json" for part in EXPLANATION)}
    return files <= {path.name for path in list_folder(champion.folder)} and not _is_damaged(
        champion
    )


def _is_damaged(champion: Champion) -> bool:
    """Whether a network, read from end to end, differs from its own checksums."""
    try:
        with zipfile.ZipFile(champion.model_path) as archive:
            return archive.testzip() is not None
    except DAMAGED:
        return True


def check_current(folder: UPath, version: str | None) -> Finding:
    """Check that the champion is the version expected, and its files all there and whole.

    No version is expected where no network was ever promoted.
    """
    seen = pointed(folder)
    whole = seen is None or _is_whole(Champion(seen, folder / VERSIONS / seen))
    message = f"The champion is {seen}." if seen else "No network was promoted yet."
    if not whole:
        message = f"Files of the champion {seen} are missing or damaged: roll back to another."
    return Finding(
        passed=whole and seen == version,
        message=message,
        seen={"version": seen, "whole": whole},
        expected={"version": version, "whole": True},
    )
