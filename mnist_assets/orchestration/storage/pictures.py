"""Pictures beside a value: each a PNG file of its own, in the folder of the value's file.

The only picture of `exploration/grey_levels` is `exploration/grey_levels.png`, one of several of
`evaluation/best` is `evaluation/best.ratios.png`. No asset's key has a dot, so that none can be
taken for another's.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from upath import UPath

from mnist_assets.orchestration.storage.patience import patiently

ENDING = ".png"


@dataclass(frozen=True)
class Illustrated:
    """A value with the pictures that are stored beside it.

    Attributes:
        value: What the asset is: its file holds this alone, and downstream nothing else is given.
        pictures: PNG files by their names, which is "" for an only one.
    """

    value: Any
    pictures: Mapping[str, bytes]


def picture_file(value: str, picture: str) -> str:
    """The name of a picture's file, given that of the value without its ending."""
    return f"{value}.{picture}{ENDING}" if picture else f"{value}{ENDING}"


def find_others(value: UPath, ending: str, belonging: Collection[str]) -> Iterator[UPath]:
    """The files of pictures beside a value that are not named among those belonging to it."""
    name = value.name.removesuffix(ending)
    for path in patiently(value, lambda: list(value.parent.iterdir())):
        is_picture = path.name == f"{name}{ENDING}" or (
            path.name.startswith(f"{name}.") and path.name.endswith(ENDING)
        )
        if is_picture and path.name not in belonging:
            yield path
