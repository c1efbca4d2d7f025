"""Finished runs, each in a small file at once, so that a study that was killed goes on.

Runs lie in a folder named after everything that decides them but their seeds: when that changes,
the study begins anew, and what it made before is removed once it is complete.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from mnist_assets.orchestration.storage.addresses import list_folder, read_bytes
from mnist_assets.orchestration.storage.changes import put, remove_folder
from mnist_assets.orchestration.versions.content import content_version
from mnist_assets.orchestration.versions.libraries import installed_versions
from mnist_assets.study.digits import Digits
from mnist_assets.study.training import Run, Seeds, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from upath import UPath

LIBRARIES = ("tensorflow", "keras", "numpy")


class Trained(Protocol):
    """What came of a training: a dataclass of plain values, with the seeds it was trained with."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def seeds(self) -> Seeds:
        """Both seeds."""


_Run = TypeVar("_Run", bound=Trained)


class KeptRuns(Generic[_Run]):
    """Runs of the same training but for their seeds that are in a folder."""

    def __init__(
        self, folder: UPath, fingerprint: str, of: Callable[[dict[str, Any]], _Run]
    ) -> None:
        """Keep runs in a folder that nothing else is in, under what decides them but their seeds.

        Args:
            folder: The folder.
            fingerprint: As from `fingerprint`.
            of: Makes a run of what `asdict` has made of it.
        """
        self.fingerprint = fingerprint
        self._folder, self._of = folder / fingerprint, of

    def read(self) -> dict[Seeds, _Run]:
        """Every run that was kept; a file that is damaged counts as none."""
        files = sorted(path for path in list_folder(self._folder) if path.suffix == ".json")
        runs = filter(None, map(self._read, files))
        return {run.seeds: run for run in runs}

    def read_with_siblings(self) -> dict[Seeds, _Run]:
        """Every run that was kept here, or that is from now on: it was kept in a folder beside."""
        found = self.read()
        for folder in list_folder(self._folder.parents[1]):
            for seeds, run in KeptRuns(folder, self.fingerprint, self._of).read().items():
                if seeds not in found:
                    self.keep(run)
                    found[seeds] = run
        return found

    def keep(self, run: _Run) -> None:
        """Write a run, whole or not at all."""
        plain = {name: _plain(value) for name, value in asdict(run).items()}
        name = f"training_{run.seeds.training}_split_{run.seeds.split}"
        put((json.dumps(plain, indent=2) + "\n").encode(), self._folder / f"{name}.json")

    def _read(self, path: UPath) -> _Run | None:
        try:
            return self._of(json.loads(read_bytes(path)))
        except (ValueError, TypeError, KeyError):
            return None


def remove_others(folder: UPath, fingerprints: Collection[str]) -> None:
    """Remove from a folder the runs that something else decided than what these stand for."""
    for found in list_folder(folder):
        if found.name not in fingerprints:
            remove_folder(found)


def versions_of(digits: Digits) -> list[str]:
    """Hash of each of the arrays that are learnt and judged."""
    return [content_version(array) for array in vars(digits).values()]


def fingerprint(digits: Sequence[str], study: Study, code: str, **more: str) -> str:
    """Hash what decides a study's runs but for their seeds, 16 hexadecimal digits.

    Args:
        digits: What is learnt and judged, as from `versions_of`.
        study: What the runs have in common.
        code: The version of the code that trains.
        more: What else decides them, by name.
    """
    declared = vars(study) | {
        "network": None,  # a name decides nothing
        "training": study.training.plain() | {"seed": None},
        "split": content_version(dict(study.split)),
        "digits": list(digits),
        "code": code,
        "libraries": installed_versions(LIBRARIES),
        **more,
    }
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """A value as JSON has it, which knows no NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value


def run_of(plain: dict[str, Any]) -> Run:
    """A study's run, of what `asdict` and JSON have made of it."""
    accuracies = ("validation_accuracy", "test_accuracy")
    failed = {name: math.nan for name in accuracies if plain[name] is None}
    return Run(**plain | failed)
