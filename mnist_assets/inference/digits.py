"""Pictures of digits as people have them: made like MNIST's images, and their scores.

Reading their files is `picture_files.py`; running the network is `predictions.predict`.

MNIST's images were "size normalized to fit in a 20x20 pixel box while preserving their aspect
ratio", with anti-aliasing, and "centered in a 28x28 image by computing the center of mass of the
pixels, and translating the image so as to position this point at the center of the 28x28 field"
(http://yann.lecun.com/exdb/mnist/). The page does not say which pixel is the centre of 28. It is
the one with index 14: `round(14 - centre of mass)`, in indices from 0, gives the place of the box
in each of the 70,000 images; half a pixel less would give it in one of four.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

MNIST_SHAPE = (28, 28)
BOX = 20 / 28  # of the image's height and width, what the digit fills
NOISE = 5.0  # standard deviations of the background's grey levels; no more is taken for noise
SPECK = 0.02  # of all inked pixels: a smaller part that stands apart is dust, not ink
FAINT = 0.15  # of the ink's grey level: what is fainter does not widen the box
LEAST_CONTRAST = 24  # grey levels between ink and background
LEAST_SIDE = 4  # pixels of the digit's longer side, below which nobody can read it


def prepare_digit(picture: Picture, shape: tuple[int, int] = MNIST_SHAPE) -> Picture:
    """Make a picture of one digit like MNIST's images.

    The median of the border is the background, and what differs from it is ink, lighter or darker,
    whichever is more. The ink is cut out, resized to fit the box, stretched to the grey level 255,
    and placed with its centre of mass in the middle; where that would push ink out of the image,
    as near to it as fits.

    Args:
        picture: uint8 (height, width): one digit, light on dark or dark on light, that leaves at
            least half of the border free.
        shape: Height and width to give.

    Returns:
        uint8 of that shape, the digit light on black 0, its lightest pixel 255.

    Raises:
        InputError: There is no ink.
    """
    from scipy import ndimage

    resized = _resize(_cut_out(_ink(picture)), shape)
    places = map(_placed, shape, resized.shape, ndimage.center_of_mass(resized))
    prepared = np.zeros(shape, np.uint8)
    prepared[tuple(places)] = resized
    return prepared


def prepare_digits(
    pictures: Sequence[Picture], name: str, shape: tuple[int, int] = MNIST_SHAPE
) -> Picture:
    """Prepare all pictures of one file.

    Args:
        pictures: As from `picture_files.read_pictures`, at least one.
        name: What to call the file in an error.
        shape: As for `prepare_digit`.

    Returns:
        uint8 (n, height, width).

    Raises:
        InputError: A picture has no ink; the error says which, counted from 0.
    """
    prepared = np.empty((len(pictures), *shape), np.uint8)
    for index, picture in enumerate(pictures):
        try:
            prepared[index] = prepare_digit(picture, shape)
        except InputError as error:
            raise InputError(
                f"{name}, picture {index}",
                seen=error.seen,
                expected=error.expected,
                remedy=error.remedy,
            ) from error
    return prepared


def score(probabilities: NDArray[np.float32]) -> pd.DataFrame:
    """Name the two most probable digits of each picture.

    Args:
        probabilities: float32 (n, classes), classes at least 2, as from `predictions.predict`.

    Returns:
        One row a picture: `digit` (int64) and its `probability` (float32), `second_digit` and
        `second_probability`. Of equally probable digits the lower comes first.

    Raises:
        InputError: There are fewer than two classes.
    """
    import pandas as pd

    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise InputError(
            "probabilities to score",
            seen=f"shape {probabilities.shape}",
            expected="(pictures, classes), classes at least 2",
            remedy="Score the output of a network that tells two or more classes apart.",
        )
    digits = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    sorted_probabilities = np.take_along_axis(probabilities, digits, axis=1)
    return pd.DataFrame(
        {
            "digit": digits[:, 0],
            "probability": sorted_probabilities[:, 0],
            "second_digit": digits[:, 1],
            "second_probability": sorted_probabilities[:, 1],
        }
    )


def _ink(picture: Picture) -> Picture:
    """Return how far each pixel is from the background, 0 where it is no ink."""
    levels = picture.astype(np.int16)
    border = np.concatenate([levels[0], levels[-1], levels[1:-1, 0], levels[1:-1, -1]])
    background = int(np.median(border))
    # The median absolute deviation of normal noise is its standard deviation / 1.4826.
    noise = NOISE * 1.4826 * float(np.median(np.abs(border - background)))
    difference = levels - background
    difference[np.abs(difference) <= noise] = 0
    if difference.sum(dtype=np.int64) < 0:
        difference = -difference
    return difference.clip(0, 255).astype(np.uint8)


def _cut_out(ink: Picture) -> Picture:
    weights = np.bincount(ink.reshape(-1), minlength=256) * np.arange(256)
    # The level of the darkest tenth of the ink: a few stray pixels do not set it.
    level = int(np.searchsorted(weights.cumsum(), 0.9 * weights.sum()))
    inked = ink > FAINT * level
    rows = _extent(inked.sum(axis=1)) if level >= LEAST_CONTRAST else None
    columns = _extent(inked[rows].sum(axis=0)) if rows else None
    # Again, since dust that is apart from the digit sideways may have been in one row with it.
    rows = _extent(inked[:, columns].sum(axis=1)) if columns else None
    columns = _extent(inked[rows].sum(axis=0)) if rows else None
    if not (rows and columns) or max(ink[rows, columns].shape) < LEAST_SIDE:
        raise InputError(
            "picture of a digit",
            seen="no ink",
            expected=f"a digit of at least {LEAST_SIDE} pixels, {LEAST_CONTRAST} grey levels or "
            "more from its background",
            remedy="Give a picture of one digit with some background around it.",
        )
    return ink[rows, columns]


def _extent(counts: NDArray[np.int64]) -> slice | None:
    """Find the first and last run of inked lines that is more than a speck."""
    from scipy import ndimage

    least = SPECK * counts.sum()
    runs = (run for (run,) in ndimage.find_objects(ndimage.label(counts)[0]))
    kept = [run for run in runs if counts[run].sum() >= least]
    return slice(kept[0].start, kept[-1].stop) if kept else None


def _resize(ink: Picture, shape: tuple[int, int]) -> Picture:
    from PIL import Image as Pillow

    height, width = ink.shape
    scale = min(round(BOX * shape[0]) / height, round(BOX * shape[1]) / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # HAMMING averages over areas, with less blur than BILINEAR and no ringing like LANCZOS. As
    # float, since a stroke of few pixels in a large picture leaves fractions of a grey level.
    image = Pillow.fromarray(ink.astype(np.float32))
    levels = np.asarray(image.resize(size, Pillow.Resampling.HAMMING))
    resized: Picture = (levels * (255 / levels.max()) + 0.5).astype(np.uint8)
    return resized


def _placed(length: int, inked: int, centre: float) -> slice:
    """Find where along one side the centre of mass is in the middle."""
    start = min(max(round(length / 2 - centre), 0), length - inked)
    return slice(start, start + inked)
