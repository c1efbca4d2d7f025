"""What may happen to an image on its way to a network: moved, turned, noisy, blurred, inverted.

All take and give uint8 (n, height, width), grey levels 0 to 255, of any size, with black (0) where
the image has no pixel to give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Images = NDArray[np.uint8]
    Values = NDArray[np.float32]

# Every distortion, and what its strength is counted in; an inversion is either there or not.
UNITS = {
    "shift": "pixels",
    "rotation": "degrees",
    "noise": "grey levels",
    "blur": "pixels",
    "inversion": "-",
}
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  # (down, right): right, left, down, up
REACH = 3  # standard deviations at which a Gaussian blur is cut off; 0.3 % of it lies beyond


def distort(images: Images, distortion: str, strength: float, seed: int) -> Images:
    """Distort each image once.

    A distortion that has several directions is applied in each of them in turn, image by image: so
    all directions count alike, and the images stay independent of each other.

    Args:
        images: uint8 (n, height, width).
        distortion: One of `UNITS`.
        strength: Its strength in that unit, at least 0: how far a shift goes (whole pixels) or a
            rotation, or the standard deviation of noise or blur.
        seed: Decides noise: the same for all strengths but for its size, so that they compare.

    Raises:
        InputError: There is no such distortion.
    """
    match distortion:
        case "shift":
            return _move_in_turn(images, int(strength))
        case "rotation":
            return _rotate_in_turn(images, strength)
        case "noise":
            return add_noise(images, strength, seed)
        case "blur":
            return blur(images, strength)
        case "inversion":
            return ~images
    raise InputError(
        "distortion",
        seen=distortion,
        expected=f"one of {', '.join(UNITS)}",
        remedy="Give the name of a distortion.",
    )


def move(images: Images, down: int, right: int) -> Images:
    """Move images by whole pixels; what leaves at one edge does not come back at the other."""
    height, width = images.shape[1:]
    moved = np.zeros_like(images)
    if abs(down) < height and abs(right) < width:
        kept = images[:, _to(-down, height), _to(-right, width)]
        moved[:, _to(down, height), _to(right, width)] = kept
    return moved


def rotate(images: Images, degrees: float) -> Images:
    """Turn images about their centre, anticlockwise, with bilinear interpolation.

    Each new pixel is looked up where it came from, among the four pixels around that place.
    """
    height, width = images.shape[1:]
    centre = np.array([[(height - 1) / 2], [(width - 1) / 2]])
    down, right = np.indices((height, width)).reshape(2, -1) - centre
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    # Rows count downwards, which turns the usual signs round.
    row, column = np.stack([cosine * down + sine * right, cosine * right - sine * down]) + centre
    flat = images.reshape(len(images), -1)
    turned = np.zeros(flat.shape, np.float32)
    for above in (np.floor(row), np.floor(row) + 1):
        for beside in (np.floor(column), np.floor(column) + 1):
            weight = (1 - abs(row - above)) * (1 - abs(column - beside))
            inside = (above >= 0) & (above < height) & (beside >= 0) & (beside < width)
            pixel = np.where(inside, above * width + beside, 0).astype(np.intp)
            turned += flat[:, pixel] * (weight * inside).astype(np.float32)
    return _grey_levels(turned).reshape(images.shape)


def add_noise(images: Images, deviation: float, seed: int) -> Images:
    """Add Gaussian noise of `deviation` grey levels to every pixel, cut at 0 and 255."""
    noise = np.random.default_rng(seed).standard_normal(images.shape, dtype=np.float32)
    noise *= np.float32(deviation)
    noise += images
    return _grey_levels(noise)


def blur(images: Images, deviation: float) -> Images:
    """Blur with a Gaussian whose standard deviation is `deviation` pixels."""
    rows, columns = (_gaussian(length, deviation) for length in images.shape[1:])
    return _grey_levels(rows @ images.astype(np.float32) @ columns)


def _move_in_turn(images: Images, pixels: int) -> Images:
    moved = np.empty_like(images)
    for turn, (down, right) in enumerate(DIRECTIONS):
        every = slice(turn, None, len(DIRECTIONS))
        moved[every] = move(images[every], down * pixels, right * pixels)
    return moved


def _rotate_in_turn(images: Images, degrees: float) -> Images:
    rotated = np.empty_like(images)
    rotated[::2] = rotate(images[::2], degrees)
    rotated[1::2] = rotate(images[1::2], -degrees)
    return rotated


def _to(by: int, length: int) -> slice:
    """Where the pixels of one side come to lie that stay inside when moved `by` pixels."""
    return slice(max(by, 0), length + min(by, 0))


def _gaussian(length: int, deviation: float) -> Values:
    """The blur along one side as a (length, length) matrix, symmetric."""
    reach = int(np.ceil(REACH * deviation))
    total = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2).sum()
    apart = np.subtract.outer(np.arange(length), np.arange(length))
    weights = np.where(abs(apart) <= reach, np.exp(-0.5 * (apart / deviation) ** 2) / total, 0)
    return weights.astype(np.float32)


def _grey_levels(values: Values) -> Images:
    """Values as the nearest grey levels, 0 to 255; overwrites them."""
    return np.clip(np.rint(values, out=values), 0, 255, out=values).astype(np.uint8)
