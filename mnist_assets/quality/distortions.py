"""What may happen to an image on its way to a network: moved, turned, noisy, blurred, inverted.

All take and give uint8 (n, height, width), grey levels 0 to 255, of any size, with black (0) where
the image has no pixel to give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    raise ValueError(f"{distortion} is none of {', '.join(UNITS)}")


def move(images: Images, down: int, right: int) -> Images:
    """Move images by whole pixels; what leaves at one edge does not come back at the other."""
    from scipy import ndimage

    moved: Images = ndimage.shift(images, (0, down, right), order=0)
    return moved


def rotate(images: Images, degrees: float) -> Images:
    """Turn images about their centre, anticlockwise, with bilinear interpolation."""
    from scipy import ndimage

    turned = ndimage.rotate(
        images,
        degrees,
        axes=(2, 1),
        reshape=False,
        output=np.float32,
        order=1,
        mode="grid-constant",  # at the edge, too, between a pixel and the black beside it
    )
    return _grey_levels(turned)


def add_noise(images: Images, deviation: float, seed: int) -> Images:
    """Add Gaussian noise of `deviation` grey levels to every pixel, cut at 0 and 255."""
    noise = np.random.default_rng(seed).standard_normal(images.shape, dtype=np.float32)
    noise *= np.float32(deviation)
    noise += images
    return _grey_levels(noise)


def blur(images: Images, deviation: float) -> Images:
    """Blur with a Gaussian whose standard deviation is `deviation` pixels."""
    from scipy import ndimage

    blurred = ndimage.gaussian_filter(
        images, deviation, output=np.float32, mode="constant", truncate=REACH, axes=(1, 2)
    )
    return _grey_levels(blurred)


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


def _grey_levels(values: Values) -> Images:
    """Values as the nearest grey levels, 0 to 255; overwrites them."""
    return np.clip(np.rint(values, out=values), 0, 255, out=values).astype(np.uint8)
