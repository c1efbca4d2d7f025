"""Datasets larger than MNIST, made of it: repeated, each image shifted a little, by a seed.

Run as a program it writes one, so that the memory of writing stays out of what is measured.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from mnist_assets.dataset.loading import MNIST, load_dataset
from mnist_assets.declarations.places import BUNDLED_DATASET
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 10_000  # images at a time
LARGEST_SHIFT, SEED = 2, 0
IMAGES, LABELS = "images.npy", "labels.npy"


def shift_images(
    images: NDArray[np.uint8], largest: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Move each image by up to `largest` pixels along both axes; what comes in is black.

    Args:
        images: (n, height, width).
        largest: Pixels.
        generator: Chooses each image's shift, every one being equally likely.
    """
    count, height, width = images.shape
    padded = np.pad(images, ((0, 0), (largest, largest), (largest, largest)))
    corners = generator.integers(0, 2 * largest + 1, (count, 2))
    shifted = np.empty_like(images)
    for top, left in np.ndindex(2 * largest + 1, 2 * largest + 1):
        chosen = (corners == (top, left)).all(axis=1)
        shifted[chosen] = padded[chosen, top : top + height, left : left + width]
    return shifted


def write_repeated(
    folder: Path,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    count: int,
) -> None:
    """Write `count` images and their labels, chunk by chunk: those given, repeated and shifted."""
    new_images, new_labels = (
        np.lib.format.open_memmap(folder / name, "w+", np.uint8, shape=(count, *array.shape[1:]))
        for name, array in ((IMAGES, images), (LABELS, labels))
    )
    generator = np.random.default_rng(SEED)
    for start in range(0, count, CHUNK):
        chunk = slice(start, min(start + CHUNK, count))
        rows = np.arange(chunk.start, chunk.stop) % len(images)
        new_images[chunk] = shift_images(images[rows], LARGEST_SHIFT, generator)
        new_labels[chunk] = labels[rows]
    new_images.flush()
    new_labels.flush()


def read_repeated(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The memory maps of what was written: images (n, height, width) and labels (n,)."""
    images, labels = (np.load(folder / name, mmap_mode="r") for name in (IMAGES, LABELS))
    return images, labels


def require_space(folder: Path, needed: int) -> None:
    """See that a folder's disk has so many bytes free.

    Raises:
        InputError: It has not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            folder,
            seen=f"{free / 1e9:.1f} GB free",
            expected=f"at least {needed / 1e9:.1f} GB",
            remedy="Free some, or name a folder on another disk in TMPDIR.",
        )


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.argument("count", type=int)
def main(folder: Path, count: int) -> None:
    """Write MNIST, repeated to COUNT images, to FOLDER."""
    dataset = load_dataset(BUNDLED_DATASET, MNIST).dataset
    write_repeated(folder, dataset.train_images, dataset.train_labels, count)


if __name__ == "__main__":
    main()
