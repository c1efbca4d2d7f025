"""Digits of pictures as people have them, made like MNIST's images.

Reading files is `picture_files.py`; telling ink from paper `background.py`, one digit from the next
`parts.py`; what is read in a whole file `readings.py`.

MNIST's images were "size normalized to fit in a 20x20 pixel box while preserving their aspect
ratio", with anti-aliasing, and "centered in a 28x28 image by computing the center of mass of the
pixels, and translating the image so as to position this point at the center of the 28x28 field"
(http://yann.lecun.com/exdb/mnist/). The page does not say which pixel is the centre of 28. It is
the one with index 14: `round(14 - centre of mass)`, in indices from 0, gives the place of the box
in each of the 70,000 images; half a pixel less would give it in one of four.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.errors import InputError
from mnist_assets.inference import parts, strokes
from mnist_assets.inference.background import find_ink, ink_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

MNIST_SHAPE = (28, 28)
BOX = 20 / 28  # of the image's height and width, what the digit fills
FINE = 4  # pixels for one of the box's, at which strokes are measured and widened
LONGEST = 1000  # pixels of a picture's longer side; a larger one is reduced to it


@dataclass(frozen=True)
class Digit:
    """A digit of a picture.

    Attributes:
        image: uint8 (height, width), as from `prepare`.
        box: Where it is: left, top, right and bottom edge, in pixels of the picture.
        number: Which of the picture's numbers it is a digit of, from 0.
    """

    image: Picture
    box: tuple[int, int, int, int]
    number: int


def find_digits(picture: Picture, shape: tuple[int, int] = MNIST_SHAPE) -> list[Digit]:
    """Find the digits of a picture and make each like MNIST's images.

    A picture no larger than the images themselves is taken for one digit, whatever its parts.

    Args:
        picture: uint8 (height, width), of any size: light on dark or dark on light, its border
            mostly free.
        shape: Height and width of the images.

    Returns:
        At least one, in reading order.

    Raises:
        InputError: There is no ink.
    """
    reduced = _reduce(picture)
    single = picture.shape[0] <= shape[0] and picture.shape[1] <= shape[1]
    ink = find_ink(reduced)
    found = parts.whole(ink) if single else parts.find_parts(ink)
    if not found:
        raise InputError(
            "picture of digits",
            seen="no ink",
            expected=f"a digit of at least {parts.LEAST_SIDE} pixels, {parts.LEAST_CONTRAST} grey "
            "levels or more from its background",
            remedy="Give a picture of digits with some background around them.",
        )
    scale = max(picture.shape) / max(reduced.shape)
    return [Digit(prepare(p.ink, shape), _scaled(p.box, scale), p.number) for p in found]


def prepare(ink: Picture, shape: tuple[int, int] = MNIST_SHAPE) -> Picture:
    """Make the ink of one digit like MNIST's images.

    Strokes much thinner or thicker than MNIST's are brought to the usual width. The ink is resized
    to fit the box, stretched to the grey level 255, and placed with its centre of mass in the
    middle; where that would push ink out of the image, as near to it as fits.

    Args:
        ink: uint8 (height, width), not all 0, cut out: as of `parts.Part`.
        shape: Height and width to give.

    Returns:
        uint8 of that shape, the digit light on black 0, its lightest pixel 255.
    """
    from scipy import ndimage

    resized = _resize(_with_usual_strokes(ink, shape), shape)
    places = map(_placed, shape, resized.shape, ndimage.center_of_mass(resized))
    prepared = np.zeros(shape, np.uint8)
    prepared[tuple(places)] = resized
    return prepared


def _with_usual_strokes(ink: Picture, shape: tuple[int, int]) -> NDArray[np.generic]:
    """Return the ink itself where its strokes are in the usual range."""
    box = tuple(FINE * side for side in _box(shape))
    fine = _scale(ink.clip(0, ink_level(ink)), _fitting(ink.shape, box))
    longer = max(fine.shape)
    width = strokes.measure_width(fine)
    if strokes.THINNEST * longer <= width <= strokes.THICKEST * longer:
        return ink
    return strokes.set_width(fine, width, strokes.USUAL * longer)


def _reduce(picture: Picture) -> Picture:
    from PIL import Image as Pillow

    scale = LONGEST / max(picture.shape)
    if scale >= 1:
        return picture
    height, width = (max(1, round(scale * length)) for length in picture.shape)
    reduced = Pillow.fromarray(picture).resize((width, height), Pillow.Resampling.BOX)
    return np.asarray(reduced)


def _scaled(box: tuple[int, int, int, int], scale: float) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(scale * edge) for edge in box)
    return left, top, right, bottom


def _box(shape: tuple[int, int]) -> tuple[int, int]:
    return round(BOX * shape[0]), round(BOX * shape[1])


def _fitting(size: tuple[int, ...], box: tuple[int, ...]) -> tuple[int, int]:
    """Height and width that fill a box in one direction, of the same proportions."""
    scale = min(box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _scale(ink: NDArray[np.generic], size: tuple[int, int]) -> NDArray[np.float32]:
    from PIL import Image as Pillow

    # HAMMING averages over areas, with less blur than BILINEAR and no ringing like LANCZOS. As
    # float, since a stroke of few pixels in a large picture leaves fractions of a grey level.
    image = Pillow.fromarray(ink.astype(np.float32))
    return np.asarray(image.resize(size[::-1], Pillow.Resampling.HAMMING))


def _resize(ink: NDArray[np.generic], shape: tuple[int, int]) -> Picture:
    levels = _scale(ink, _fitting(ink.shape, _box(shape)))
    resized: Picture = (levels * (255 / levels.max()) + 0.5).astype(np.uint8)
    return resized


def _placed(length: int, inked: int, centre: float) -> slice:
    """Find where along one side the centre of mass is in the middle."""
    start = min(max(round(length / 2 - centre), 0), length - inked)
    return slice(start, start + inked)
