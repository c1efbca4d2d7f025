"""`mnist-assets predict`: which digits pictures show."""

from __future__ import annotations

from pathlib import Path

import click

from mnist_assets.cli.context import native_logs_kept
from mnist_assets.declarations.places import Places
from mnist_assets.errors import InputError

EXAMPLES = """\b
Examples:
  mnist-assets predict picture.png
  mnist-assets predict photographs/*.jpg
"""


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def predict(files: tuple[Path, ...]) -> None:
    """Say which digits FILES show, by the champion.

    FILES are PNG or JPEG pictures of one digit each, or IDX files of many. Prints a line for each
    digit: the file, the likeliest digit and the second likeliest, with their probabilities.

    The exit code is 1 if a file cannot be read, or if there is no champion yet.
    """
    from mnist_assets.champion.archive import archive_folder, current
    from mnist_assets.declarations.settings import read_settings
    from mnist_assets.evaluation.predictions import predict as predict_probabilities
    from mnist_assets.inference.digits import prepare_digits, score
    from mnist_assets.inference.picture_files import read_pictures
    from mnist_assets.networks.stored import StoredNetwork

    places = Places.from_environment()
    with native_logs_kept():
        limits = read_settings(places.settings).inbox
        folder = archive_folder(places.assets)
        serving = current(folder)
        if serving is None:
            raise InputError(
                folder,
                seen="no champion",
                expected="a network that was promoted",
                remedy="Run `make run` first.",
            )
        pictures = {
            path: read_pictures(
                path,
                largest_file=limits.largest_file,
                largest_picture=limits.largest_picture,
            )
            for path in files
        }
        model = StoredNetwork(serving.model_path).model
        for path, digits in pictures.items():
            prepared = prepare_digits(digits, str(path), model.input_shape[1:3])
            scores = score(predict_probabilities(model, prepared))
            for row in scores.to_dict("records"):
                click.echo(
                    f"{path}: {row['digit']} ({row['probability']:.1%}), or "
                    f"{row['second_digit']} ({row['second_probability']:.1%})"
                )
