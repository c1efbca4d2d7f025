"""Pixels of any type and of colour, made the uint8 grey levels that the graph works on.

What is no picture of grey levels 0 to 255 is refused rather than scaled: nobody but its owner knows
what its values mean.
"""

import numpy as np
from numpy.typing import NDArray

from mnist_assets.errors import InputError

HIGHEST = 255
# Of red, green and blue: ITU-R BT.601, as Pillow turns colour to grey.
LUMA = (0.299, 0.587, 0.114)


def to_grey_levels(values: NDArray[np.generic], name: str) -> tuple[NDArray[np.uint8], list[str]]:
    """Take numbers from 0 to 255 for grey levels, rounded to the nearest whole number.

    Args:
        values: Of any shape and of any type of number.
        name: What to call them in a notice or an error.

    Returns:
        uint8 of the same shape, the very array where it is uint8 already; and a notice, where
        values had to be rounded.

    Raises:
        InputError: They are no numbers or none at all, some are below 0, above 255 or not finite,
            or all are from 0 to 1: scaled before.
    """
    if not values.size or values.dtype.kind not in "biuf":
        raise _refused(name, f"an array of shape {values.shape} and type {values.dtype}")
    low, high = values.min().item(), values.max().item()  # NaN, if there is one
    if not (low >= 0 and high <= HIGHEST):
        raise _refused(name, f"values from {low:g} to {high:g}")
    if low < high <= 1:
        raise InputError(
            name,
            seen=f"values from {low:g} to {high:g}, as of pixels that were scaled before",
            expected="grey levels from 0 to 255",
            remedy="Multiply the values by 255 and save them as unsigned bytes: the graph "
            "normalises pixels itself.",
        )
    if values.dtype == np.uint8:
        return values.view(np.uint8), []
    rounded = np.rint(values) if values.dtype.kind == "f" else values
    grey = rounded.astype(np.uint8)
    changed = int(np.count_nonzero(rounded != values))
    share = f"{100 * changed / values.size:.3g} % of the values"
    rounding = f"{_without_folders(name)}: {share} were not whole, and were rounded."
    return grey, [rounding] if changed else []


def from_colour(images: NDArray[np.generic], name: str) -> tuple[NDArray[np.generic], list[str]]:
    """Turn images with red, green and blue to grey, and leave those without colour as they are.

    Args:
        images: Numbers, (n, height, width), or with a last dimension of 1 or 3 channels.
        name: What to call them in a notice or an error.

    Returns:
        (n, height, width): of the same type, or float64 where they had colour; and a notice, where
        they had.

    Raises:
        InputError: They have another shape.
    """
    if images.ndim == 3:
        return images, []
    if images.ndim == 4 and images.shape[3] == 1:
        return images[..., 0], []
    if images.ndim == 4 and images.shape[3] == len(LUMA) and images.dtype.kind in "biuf":
        return np.rint(images @ np.array(LUMA)), [
            f"{_without_folders(name)}: colour was turned to grey."
        ]
    raise InputError(
        name,
        seen=f"an array of shape {images.shape} and type {images.dtype}",
        expected="images (n, height, width), or with 1 or 3 channels as a last dimension",
        remedy="Save each image with its rows and columns, as numbers.",
    )


def _without_folders(name: str) -> str:
    """A name as notices have it, which are the same wherever the dataset is."""
    return name.replace("\\", "/").rpartition("/")[2]


def _refused(name: str, seen: str) -> InputError:
    return InputError(
        name,
        seen=seen,
        expected="grey levels from 0 (black) to 255 (white)",
        remedy="Give images of grey levels: scale the values to 0-255 if they mean something else.",
    )
