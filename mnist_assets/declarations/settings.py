"""Settings: the tunables of every stage but the networks, as `settings.yaml` declares them.

Only wiring reads them; what computes is passed the values. The sections are those of `bounds.py`,
`quality.py` and `operation.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_assets.declarations.bounds import (
    Champion,
    Dataset,
    Evaluation,
    GreyLevels,
    Normalization,
    Split,
)
from mnist_assets.declarations.operation import (
    Download,
    History,
    Inbox,
    Libraries,
    Notification,
    Schedules,
    Study,
    Training,
)
from mnist_assets.declarations.places import SETTINGS_FILE
from mnist_assets.declarations.quality import Quality
from mnist_assets.declarations.yaml_files import Declared, read_yaml, validated
from mnist_assets.errors import InputError

# What a dataset may set itself: how it is judged, never what runs, where or when.
OWN_SECTIONS = (
    "grey_levels",
    "dataset",
    "split",
    "normalization",
    "evaluation",
    "champion",
    "quality",
)


class Settings(Declared):
    """Every tunable outside `networks.yaml`."""

    grey_levels: GreyLevels
    dataset: Dataset
    split: Split
    normalization: Normalization
    training: Training
    evaluation: Evaluation
    champion: Champion
    quality: Quality
    study: Study
    schedules: Schedules
    history: History
    libraries: Libraries
    notification: Notification
    inbox: Inbox
    download: Download


def read_settings(path: Path = SETTINGS_FILE) -> Settings:
    """Read the tunables.

    Raises:
        InputError: The file is unreadable or holds a value that is not allowed.
    """
    return read_yaml(path, Settings)


def with_bounds(settings: Settings, bounds: Mapping[str, Any], path: Path) -> Settings:
    """Give the settings with those in the place of theirs that a dataset brings.

    Args:
        settings: Those of every dataset.
        bounds: Sections as in `settings.yaml`, each with the fields that are to be others.
        path: The file with them under `bounds`, for errors.

    Raises:
        InputError: A section may not be set by a dataset, a field does not exist, or a value is not
            allowed.
    """
    if foreign := sorted(set(bounds) - set(OWN_SECTIONS)):
        raise InputError(
            f"{path}: bounds.{foreign[0]}",
            seen=f"the section {foreign[0]}",
            expected=f"one of {', '.join(OWN_SECTIONS)}: the others are not the dataset's",
            remedy="Remove it, or correct its name.",
        )
    return validated(_merged(settings.model_dump(), bounds), Settings, f"{path}: bounds")


def _merged(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {**content} | {
        name: _merged(content[name], value)
        if isinstance(value, Mapping) and isinstance(content.get(name), Mapping)
        else value
        for name, value in changes.items()
    }
