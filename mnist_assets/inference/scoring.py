"""Many files at once: read, prepared, and given to a network together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict
from mnist_assets.inference import readings
from mnist_assets.inference.picture_files import read_pictures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

CHAMPION = readings.COLUMNS.index("part")  # the column that the champion's version is before
COLUMNS = [*readings.COLUMNS[:CHAMPION], "champion", *readings.COLUMNS[CHAMPION:]]
AT_ONCE = 100  # files that are in memory, and whose digits the network is given in one call


@dataclass(frozen=True)
class Reader:
    """How files are read.

    Attributes:
        champion: The version of the network.
        model: A Keras model: float32 (n, height, width, 1) in, probabilities out.
        shapes: As from `likeness.with_limit`; None where there are none.
        class_names: The names of the classes, None where they are the class indices.
        doubtful_below: A less probable digit is doubtful.
        largest_file: As for `picture_files.read_pictures`, in bytes.
        largest_picture: As for `picture_files.read_pictures`, in pixels.
    """

    champion: str
    model: Any
    shapes: Mapping[str, Any] | None
    class_names: Sequence[str] | None
    doubtful_below: float
    largest_file: int
    largest_picture: int

    def read_all(
        self, paths: Sequence[Path], names: Sequence[object] | None = None
    ) -> Iterator[FileRead | InputError]:
        """Read files, `AT_ONCE` at a time: for each what is in it, or what is wrong with it.

        Args:
            paths: The files.
            names: What to call them in errors; by their paths, if not given.
        """
        named = list(zip(paths, map(str, names or paths), strict=True))
        for start in range(0, len(named), AT_ONCE):
            yield from self._read_together(named[start : start + AT_ONCE])

    def _read_together(self, named: Sequence[tuple[Path, str]]) -> Iterator[FileRead | InputError]:
        prepared = [self._prepare(path, name) for path, name in named]
        whole = [file for file in prepared if not isinstance(file, InputError)]
        read = iter(self._read_prepared(whole) if whole else ())
        for file in prepared:
            yield file if isinstance(file, InputError) else next(read)

    def _read_prepared(
        self, files: Sequence[tuple[list[Picture], Picture, pd.DataFrame]]
    ) -> Iterator[FileRead]:
        """Read them in one call, which for a hundred small files takes a tenth of the time."""
        import pandas as pd

        images = np.concatenate([images for _, images, _ in files])
        firsts = np.cumsum([0, *(len(pictures) for pictures, _, _ in files[:-1])])
        places = pd.concat(
            [
                found.assign(picture=found["picture"] + first)
                for (_, _, found), first in zip(files, firsts, strict=True)
            ],
            ignore_index=True,
        )
        probabilities = predict(self.model, images)
        table = readings.read(
            probabilities, images, places, self.shapes, self.doubtful_below, self.class_names
        )
        table.insert(CHAMPION, "champion", self.champion)
        classes = probabilities.argmax(axis=1)
        end = 0
        for (pictures, own, _), first in zip(files, firsts, strict=True):
            start, end = end, end + len(own)
            rows = table.iloc[start:end].reset_index(drop=True)
            rows["picture"] -= first
            yield FileRead(pictures, own, classes[start:end], rows)

    def _prepare(
        self, path: Path, name: str
    ) -> tuple[list[Picture], Picture, pd.DataFrame] | InputError:
        try:
            pictures = read_pictures(
                path,
                name,
                largest_file=self.largest_file,
                largest_picture=self.largest_picture,
            )
            return pictures, *readings.find_all(pictures, name, self.model.input_shape[1:3])
        except InputError as error:
            return error


@dataclass(frozen=True)
class FileRead:
    """What was read in a file.

    Attributes:
        pictures: Its pictures, each uint8 (height, width).
        images: uint8 (n, height, width), the digits found in them as the network got them.
        classes: int (n,), the indices of the classes that they are read as.
        table: A row for each of these, with `COLUMNS`: as from `readings.read`, and the champion.
    """

    pictures: list[Picture]
    images: Picture
    classes: NDArray[np.int64]
    table: pd.DataFrame


def join(files: Sequence[FileRead]) -> FileRead:
    """Put what was read in several files together; pictures are counted through.

    Those of the last files may have been left out.
    """
    import pandas as pd

    tables, start = [], 0
    for file in files:
        tables.append(file.table.assign(picture=file.table["picture"] + start))
        start += int(file.table["picture"].max()) + 1
    return FileRead(
        [picture for file in files for picture in file.pictures],
        np.concatenate([file.images for file in files]),
        np.concatenate([file.classes for file in files]),
        pd.concat(tables, ignore_index=True),
    )
