"""`mnist-assets dataset`: what a dataset is, before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mnist_assets.dataset.loading import Loaded

EXAMPLES = """\b
Examples:
  mnist-assets dataset inspect ~/letters
  mnist-assets dataset inspect ~/clothes.npz
"""
SHOWN = 30  # classes that are listed


@click.group(epilog=EXAMPLES)
def dataset() -> None:
    """Look at a dataset that may become the graph's."""


@dataset.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path))
def inspect(path: Path) -> None:
    """Say what is at PATH, and what of it the graph would read.

    PATH is what MNIST_ASSETS_DATASET would be: a folder of IDX files or of pictures by class, or an
    .npz file. Nothing is run or stored.

    The exit code is 1 if the dataset would be refused, when it is read or by a check of the graph.
    """
    from mnist_assets.dataset.declaration import CLASSES, FILE, beside, read_declaration
    from mnist_assets.dataset.held_out import HeldOut
    from mnist_assets.dataset.loading import load_dataset
    from mnist_assets.dataset.readers import find_reader
    from mnist_assets.declarations.places import Places
    from mnist_assets.declarations.settings import read_settings, with_bounds

    path = path.expanduser().absolute()
    reader = find_reader(path)
    files = reader.files()
    click.echo(f"{path}: {reader.layout}, {len(files):,} file{'s' * (len(files) > 1)}")
    if told := [
        file.name for file in (beside(path, FILE), beside(path, CLASSES)) if file.is_file()
    ]:
        click.echo(f"with {' and '.join(told)}")
    declared = read_declaration(path)
    settings = read_settings(Places.from_environment().settings)
    settings = with_bounds(settings, declared.bounds, beside(path, FILE))
    held_out = HeldOut(settings.dataset.test_share, settings.dataset.test_seed)
    loaded = load_dataset(path, None, declared, held_out)
    for line in describe(loaded):
        click.echo(line)
    if verdicts := list(_judge(loaded, settings.dataset.model_dump())):
        click.echo("\n".join(verdicts))
    if any(verdict.startswith("refused") for verdict in verdicts):
        raise SystemExit(1)


def _judge(loaded: Loaded, bounds: dict[str, Any]) -> Iterator[str]:
    """What the graph's checks of the dataset would say, if they would say anything."""
    from mnist_assets.dataset.idx_names import FILE_NAMES
    from mnist_assets.dataset.verification import verify

    for name in FILE_NAMES:
        for check, finding in verify(loaded, name, None, bounds).items():
            if not finding.passed:
                stops = finding.binding and check != "upright"
                yield f"{'refused' if stops else 'warning'}: {check}: {finding.message}"


def describe(loaded: Loaded) -> list[str]:
    """Say in lines what a dataset would be read as."""
    import numpy as np

    described, arrays = loaded.description, loaded.dataset
    height, width = arrays.train_images.shape[1:]
    lines = [f"title:   {described.title}{' (MNIST itself)' if described.mnist else ''}"]
    for name, images in (("train", arrays.train_images), ("test", arrays.test_images)):
        lines.append(
            f"{name + ':':9}{len(images):,} images of {height} x {width} pixels (height x width), "
            f"grey levels {images.min()} to {images.max()}"
        )
    classes = len(described.labels)
    lines.append(f"classes: {classes}")
    counts = [
        np.bincount(labels, minlength=classes)
        for labels in (arrays.train_labels, arrays.test_labels)
    ]
    for index in range(min(classes, SHOWN)):
        label, name = str(described.labels[index]), described.class_names[index]
        named = label if label == name else f"{label} ({name})"
        lines.append(f"  {named}: {counts[0][index]:,} to train with, {counts[1][index]:,} to test")
    if classes > SHOWN:
        lines.append(f"  and {classes - SHOWN} more")
    if described.own_bounds:
        lines.append(f"its own bounds: {', '.join(described.own_bounds)}")
    return lines + [f"notice:  {notice}" for notice in described.notices]
