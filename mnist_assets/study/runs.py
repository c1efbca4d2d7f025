"""Finished runs, each in a small file at once, so that a study that was killed goes on.

Runs lie in a folder named after everything that decides them but their seeds: when that changes,
the study begins anew, and what it made before is removed once it is complete.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

from mnist_assets.orchestration.versions.content import content_version
from mnist_assets.orchestration.versions.libraries import installed_versions
from mnist_assets.study.digits import Digits
from mnist_assets.study.training import Run, Seeds, Study

if TYPE_CHECKING:
    from pathlib import Path

LIBRARIES = ("tensorflow", "keras", "numpy")


class KeptRuns:
    """The runs of one network's study that are in its folder."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        """Keep runs in the network's folder, which nothing else is in, under their fingerprint."""
        self._folder = folder / fingerprint

    def read(self) -> dict[Seeds, Run]:
        """Every run that was kept; a file that is damaged counts as none."""
        runs = filter(None, (_read(path) for path in sorted(self._folder.glob("*.json"))))
        return {run.seeds: run for run in runs}

    def keep(self, run: Run) -> None:
        """Write a run, whole or not at all."""
        plain = {name: _plain(value) for name, value in asdict(run).items()}
        name = f"training_{run.training_seed}_split_{run.split_seed}"
        written = self._folder / f"{name}.part"
        self._folder.mkdir(parents=True, exist_ok=True)
        written.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
        written.replace(self._folder / f"{name}.json")

    def remove_others(self) -> None:
        """Remove the runs that something else decided."""
        for folder in self._folder.parent.glob("*/"):
            if folder != self._folder:
                shutil.rmtree(folder)


def fingerprint(digits: Digits, study: Study, code: str) -> str:
    """Hash what decides a study's runs but for their seeds, 16 hexadecimal digits.

    Args:
        digits: What is learnt and judged.
        study: What the runs have in common.
        code: The version of the code that trains.
    """
    declared = vars(study) | {
        "network": None,  # a name decides nothing
        "training": study.training.plain() | {"seed": None},
        "split": content_version(dict(study.split)),
        "digits": [content_version(array) for array in vars(digits).values()],
        "code": code,
        "libraries": installed_versions(LIBRARIES),
    }
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: float | str | None) -> float | str | None:
    """A value as JSON has it, which knows no NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _read(path: Path) -> Run | None:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        accuracies = ("validation_accuracy", "test_accuracy")
        failed = {name: math.nan for name in accuracies if plain[name] is None}
        return Run(**plain | failed)
    except (ValueError, TypeError, KeyError):
        return None
