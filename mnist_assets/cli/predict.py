"""`mnist-assets predict`: which digits pictures show."""

from __future__ import annotations

import glob
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_assets.cli.context import native_logs_kept
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mnist_assets.declarations.settings import Inbox

AT_ONCE = 100  # files whose digits the network is given in one call

EXAMPLES = """\b
Examples:
  mnist-assets predict picture.png
  mnist-assets predict photographs/ --show seen.png
  mnist-assets predict 'photographs/*.jpg' --json > digits.json
"""


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, one object a digit.")
@click.option(
    "--show",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a PNG picture of what was seen: boxes, prepared digits and guesses (of the first "
    f"{AT_ONCE} files).",
)
def predict(files: tuple[str, ...], as_json: bool, show: Path | None) -> None:
    """Say which digits FILES show, by the champion.

    FILES are pictures of one or more digits, IDX files of many, folders of such files, or patterns
    such as '*.png'. Prints a row for each digit: where it is, what it is read as and the likeliest
    other digit, the number that it is part of, and why it is doubtful, if it is.

    Progress and errors go to the standard error. The exit code is 1 if a file cannot be read, which
    does not keep others from being read, or if there is no champion yet.
    """
    import pandas as pd

    places = Places.from_environment()
    with native_logs_kept():  # TensorFlow's, of its start
        reader = _Reader.of(places)
    paths = _find(files)
    read: list[_Read] = []
    failed = False
    with click.progressbar(
        length=len(paths), label="Reading", file=sys.stderr, hidden=len(paths) <= AT_ONCE
    ) as progress:
        for start in range(0, len(paths), AT_ONCE):
            chunk = paths[start : start + AT_ONCE]
            outcome, errors = reader.read(chunk)
            for error in errors:
                failed = True
                click.echo(f"Error: {error}", err=True)
            if outcome:
                # Of the first files alone what is drawn is kept: pictures take memory.
                read.append(outcome if not read else replace(outcome, pictures=[], images=None))
            progress.update(len(chunk))
    table = pd.concat([one.table for one in read], ignore_index=True) if read else None
    if as_json:
        click.echo(json.dumps([] if table is None else _records(table), indent=1))
    elif table is not None:
        click.echo(_as_text(table))
    if show and read:
        _draw(read[0], show)
    if failed:
        sys.exit(1)


def _find(files: tuple[str, ...]) -> list[Path]:
    """Resolve folders and patterns; what is not there stays, to be named as missing."""
    paths: list[Path] = []
    for file in files:
        path = Path(file)
        if path.is_dir():
            inside = (entry for entry in path.iterdir() if not entry.name.startswith("."))
            paths += sorted(entry for entry in inside if entry.is_file())
        else:
            matching = [] if path.exists() else sorted(glob.glob(file))  # noqa: PTH207 - any path
            paths += [Path(match) for match in matching if Path(match).is_file()] or [path]
    return paths


@dataclass(frozen=True)
class _Read:
    """What was read in files that were read together.

    Attributes:
        pictures: Of all of them.
        images: uint8 (n, height, width), their digits.
        table: As from `readings.read`, with the `file`; `picture` is counted within each.
        counted: The pictures of the table counted through all files.
    """

    pictures: list[NDArray[Any]]
    images: Any
    table: pd.DataFrame
    counted: pd.Series[int]


class _Reader:
    """The champion, and what its readings are held against."""

    def __init__(
        self, version: str, model: Any, shapes: dict[str, Any] | None, limits: Inbox
    ) -> None:
        self.version = version
        self.model = model
        self.shapes = shapes
        self.limits = limits

    @classmethod
    def of(cls, places: Places) -> _Reader:
        from upath import UPath

        from mnist_assets.champion.archive import archive_folder, current
        from mnist_assets.declarations.settings import read_settings
        from mnist_assets.networks.stored import StoredNetwork

        folder = archive_folder(places.assets)
        serving = current(folder)
        if serving is None:
            raise InputError(
                folder,
                seen="no champion",
                expected="a network that was promoted",
                remedy="Run `mnist-assets materialize` first.",
            )
        reference = UPath(places.assets) / "inference" / "reference.json"
        shapes = json.loads(reference.read_text()).get("shapes") if reference.exists() else None
        model = StoredNetwork(serving.model_path).model
        return cls(serving.version, model, shapes, read_settings(places.settings).inbox)

    def read(self, paths: list[Path]) -> tuple[_Read | None, list[InputError]]:
        """Read files together: what was read, None if nothing, and what is wrong with the rest."""
        import numpy as np
        import pandas as pd

        from mnist_assets.evaluation.predictions import predict as predict_probabilities
        from mnist_assets.inference import readings

        prepared = [(path, self._prepare(path)) for path in paths]
        errors = [file for _, file in prepared if isinstance(file, InputError)]
        whole = [(path, *file) for path, file in prepared if not isinstance(file, InputError)]
        if not whole:
            return None, errors
        pictures = [picture for _, own, _, _ in whole for picture in own]
        images = np.concatenate([images for _, _, images, _ in whole])
        found = pd.concat([places for *_, places in whole], ignore_index=True)
        # Counted through all files while they are read, and within each afterwards.
        within = found["picture"].to_numpy().copy()
        starts = np.cumsum([0, *(len(own) for _, own, _, _ in whole[:-1])])
        counts = [len(images) for _, _, images, _ in whole]
        found["picture"] += np.repeat(starts, counts)
        probabilities = predict_probabilities(self.model, images)
        table = readings.read(probabilities, images, found, self.shapes, self.limits.doubtful_below)
        table.insert(0, "file", np.repeat([str(path) for path, *_ in whole], counts))
        table["champion"] = self.version
        counted = table["picture"]
        return _Read(pictures, images, table.assign(picture=within), counted), errors

    def _prepare(
        self, path: Path
    ) -> tuple[list[NDArray[Any]], NDArray[Any], pd.DataFrame] | InputError:
        from mnist_assets.inference import readings
        from mnist_assets.inference.picture_files import read_pictures

        try:
            pictures = read_pictures(
                path,
                largest_file=self.limits.largest_file,
                largest_picture=self.limits.largest_picture,
            )
            shape = self.model.input_shape[1:3]
            return pictures, *readings.find_all(pictures, str(path), shape)
        except InputError as error:
            return error


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
    for record in records:
        record["box"] = [record.pop(edge) for edge in ("left", "top", "right", "bottom")]
    return records


def _as_text(table: pd.DataFrame) -> str:
    """Lay the rows out in columns, leaving out those that say nothing here."""
    import pandas as pd

    rows = pd.DataFrame({"file": table["file"]})
    if table["picture"].any():
        rows["picture"] = table["picture"]
    rows["digit"] = table["digit"]
    rows["probability"] = table["probability"].map("{:.1%}".format)
    rows["or"] = [
        f"{digit} ({probability:.1%})"
        for digit, probability in zip(
            table["second_digit"], table["second_probability"], strict=True
        )
    ]
    rows["left, top, right, bottom"] = (
        table[["left", "top", "right", "bottom"]].astype(str).agg(", ".join, axis=1)
    )
    rows["number"] = table["number"]
    if table["doubtful"].any():
        rows["doubtful"] = table["why"]
    return rows.to_string(index=False)


def _draw(read: _Read, target: Path) -> None:
    from mnist_assets.inference.figures import batch
    from mnist_assets.plots.style import to_png

    png = to_png(batch(read.images, read.table.assign(picture=read.counted), read.pictures))
    try:
        target.write_bytes(png)
    except OSError as error:
        raise InputError(
            target,
            seen=error.strerror,
            expected="a file that can be written",
            remedy="Name another one.",
        ) from error
