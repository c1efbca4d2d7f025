"""`mnist-assets predict`: which digits pictures show."""

from __future__ import annotations

import glob
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnist_assets.cli.context import native_logs_kept
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from mnist_assets.inference.scoring import FileRead, Reader

LONG = 100  # files from which on progress is shown
SHOWN = 100  # files at most that are kept in memory to be drawn

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
    help="Write a PNG picture of what was seen: boxes, prepared digits and guesses.",
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
    if show and (show.suffix.lower() != ".png" or show.exists()):
        raise InputError(
            "--show",
            seen="a file that is there" if show.exists() else show.name,
            expected="the name of a new file that ends in .png",
            remedy="Give another name, or remove the file.",
        )
    with native_logs_kept():
        reader = _open_reader(places)
        paths = _find(files)
        tables: list[pd.DataFrame] = []
        kept: list[FileRead] = []
        failed = False
        with click.progressbar(
            reader.read_all(paths),
            length=len(paths),
            label="Reading",
            file=sys.stderr,
            hidden=len(paths) < LONG,
        ) as outcomes:
            for path, outcome in zip(paths, outcomes, strict=True):
                if isinstance(outcome, InputError):
                    failed = True
                    click.echo(f"Error: {outcome}", err=True)
                    continue
                tables.append(outcome.table)
                tables[-1].insert(0, "file", str(path))
                if show and len(kept) < SHOWN:
                    kept.append(outcome)
    table = pd.concat(tables, ignore_index=True) if tables else None
    if as_json:
        click.echo(json.dumps([] if table is None else _records(table), indent=1))
    elif table is not None:
        click.echo(_as_text(table))
    if show and kept:
        _draw(kept, show)
    if failed:
        sys.exit(1)


def _find(files: tuple[str, ...]) -> list[Path]:
    """Resolve folders and patterns; what is not there stays, to be named as missing."""
    paths: list[Path] = []
    for file in files:
        path = Path(file)
        if path.is_dir():
            inside = (entry for entry in path.iterdir() if not entry.name.startswith("."))
            found = sorted(entry for entry in inside if entry.is_file())
            if not found:
                raise InputError(
                    path,
                    seen="no file in this folder itself",
                    expected="pictures in it: folders within it are not looked into",
                    remedy="Name the folder that the pictures are in.",
                )
            paths += found
        else:
            matching = [] if path.exists() else sorted(glob.glob(file))  # noqa: PTH207 - any path
            paths += [Path(match) for match in matching if Path(match).is_file()] or [path]
    return paths


def _open_reader(places: Places) -> Reader:
    """The champion, and how it reads files.

    Raises:
        InputError: There is no champion.
    """
    from mnist_assets.champion.archive import archive_folder, serving
    from mnist_assets.dataset.description import Description
    from mnist_assets.declarations.settings import read_settings
    from mnist_assets.inference.scoring import Reader
    from mnist_assets.networks.stored import StoredNetwork
    from mnist_assets.orchestration.storage.addresses import open_address

    champion = serving(archive_folder(places.assets))
    told = {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name in ("inference/reference", "dataset/description")
        if (path := open_address(places.assets) / f"{name}.json").exists()
    }
    described = told.get("dataset/description")
    limits = read_settings(places.settings).inbox
    return Reader(
        champion.version,
        StoredNetwork(champion.model_path).model,
        told.get("inference/reference", {}).get("shapes"),
        Description.from_json(described).names if described else None,
        limits.doubtful_below,
        limits.largest_file,
        limits.largest_picture,
    )


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
    rows["probability"] = table["probability"].map(_percent)
    rows["or"] = [
        f"{digit} ({_percent(probability)})"
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


def _percent(probability: float) -> str:
    """Round down, so that only certainty reads as 100 %."""
    return f"{math.floor(1000 * probability) / 10:.1f}%"


def _draw(kept: list[FileRead], target: Path) -> None:
    from mnist_assets.inference.figures import batch
    from mnist_assets.inference.scoring import join
    from mnist_assets.plots.style import to_png

    read = join(kept)
    png = to_png(batch(read.images, read.table, read.pictures))
    try:
        target.write_bytes(png)
    except OSError as error:
        raise InputError(
            target,
            seen=error.strerror,
            expected="a file that can be written",
            remedy="Name another one.",
        ) from error
