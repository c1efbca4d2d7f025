"""What may be declared in `tuning.yaml`: which part of a training is tried with which values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mnist_assets.declarations.places import TUNING_FILE
from mnist_assets.declarations.yaml_files import Declared, Whole, read_yaml
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import NetworkName
from mnist_assets.tuning.search.declaration import Search, SearchName
from mnist_assets.tuning.search.space import Space

Value = int | float | str | dict[str, Any] | list[Any]


def _check_sweep_name(name: str) -> str:
    if name in {"overview", "search"} or name.endswith("_runs"):
        raise ValueError("a sweep name other than overview, search and *_runs")
    return name


SweepName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$"), AfterValidator(_check_sweep_name)
]


class Sweep(Declared):
    """One part of the training of networks, and the values that it is tried with.

    Attributes:
        varies: What is varied: the way to a field of `training` in `networks.yaml`, such as
            `batch_size` or `optimizer.learning_rate`; or one of `variation.NAMED`.
        values: Of each network. The declared value is tried in any case.
        seeds: Trainings of each value, each with its own seed and split: the seeds from 0 on.
    """

    varies: str = Field(min_length=1)
    values: dict[NetworkName, Annotated[tuple[Value, ...], Field(min_length=1)]] = Field(
        min_length=1
    )
    seeds: Whole = Field(default=5, ge=2, le=10_000)

    @property
    def networks(self) -> list[str]:
        """The networks that it is run on."""
        return list(self.values)


class TuningFile(Declared):
    """What `tuning.yaml` holds."""

    sweeps: dict[SweepName, Sweep] = Field(default_factory=dict)
    searches: dict[SearchName, Search] = Field(default_factory=dict)


def read_sweeps(networks: Mapping[str, Any], path: Path = TUNING_FILE) -> dict[str, Sweep]:
    """Read every declared sweep, in the order of the file.

    The file that comes with the package names the notebook's networks: of these, those that are not
    declared are left out.

    Args:
        networks: The declared networks, by name.
        path: The file.

    Raises:
        InputError: The file is unreadable, holds a value that is not allowed, or names a network
            that is not declared.
    """
    sweeps = read_yaml(path, TuningFile).sweeps
    for name, sweep in sweeps.items():
        unknown = [network for network in sweep.networks if network not in networks]
        if unknown and path != TUNING_FILE:
            raise InputError(
                f"{path}: sweeps.{name}.values",
                seen=unknown[0],
                expected=f"any of {', '.join(networks)}",
                remedy="Name networks that are declared in networks.yaml.",
            )
        sweeps[name] = sweep.model_copy(
            update={"values": {of: tried for of, tried in sweep.values.items() if of in networks}}
        )
    return {name: sweep for name, sweep in sweeps.items() if sweep.values}


def read_searches(path: Path = TUNING_FILE) -> dict[str, Search]:
    """Read every declared search, in the order of the file.

    Raises:
        InputError: The file is unreadable or holds a value that is not allowed, be it in a space.
    """
    searches = read_yaml(path, TuningFile).searches
    for name, search in searches.items():
        for _ in space_of(name, search, path).corners():
            pass
    return searches


def space_of(name: str, search: Search, path: Path = TUNING_FILE) -> Space:
    """The space of a search, which errors find in that file."""
    return Space(search.training, f"{path}: searches.{name}.training")
