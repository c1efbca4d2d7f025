"""Pixel-wise normalisation: fitted on the training images alone, and bounded on any image.

Images are uint8 (n, h, w), grey levels 0 to 255, and stay so: only a chunk at a time is widened,
and no normalised copy of the dataset is ever made.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_assets.findings import Finding

CHUNK = 500  # images widened at a time, so that they stay in the processor's cache
NOTEBOOK_EPSILON = 1e-10  # what the notebook adds to the standard deviation


def fit_normalization(
    images: NDArray[np.uint8], indices: NDArray[np.int32], std_floor: float
) -> dict[str, NDArray[np.float32]]:
    """Fit the pixel-wise mean and standard deviation on the training images alone.

    The guard against pixels that are constant, or almost, in training is a floor under the standard
    deviation and not a small number added to it. With 1e-10 added, one grey level on new data in a
    pixel that never varied becomes 1e10; and a pixel lit in a single one of 54,000 images has a
    standard deviation of 1/232 of that grey level, which no added number that leaves ordinary
    pixels alone can mend. The floor leaves every pixel above it exactly as it was and bounds the
    rest: grey levels and their means both lie in 0 to 255, so that |z| <= 255 / std_floor on any
    image whatever. A floor of 25.5, a tenth of the range, bounds it at 10.

    Args:
        images: The training part, (n, h, w).
        indices: The images to fit on: the split's `train`.
        std_floor: Least standard deviation to divide by, in grey levels, above 0.

    Returns:
        `mean` and `std`, float32 (h, w), in grey levels; `std` is the population's, floored.
    """
    mean, std = _pixel_moments(images, indices)
    return {
        "mean": mean.astype(np.float32),
        "std": np.maximum(std, std_floor).astype(np.float32),
    }


def normalise(
    images: NDArray[np.uint8], mean: NDArray[np.float32], std: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (image - mean) / std, float32, of the images' shape; for a chunk, not the dataset."""
    normalised = images.astype(np.float32)
    normalised -= mean
    normalised /= std
    return normalised


def normalised_moments(
    images: NDArray[np.uint8],
    indices: NDArray[np.int32],
    normalization: Mapping[str, NDArray[np.float32]],
    std_floor: float,
) -> dict[str, Any]:
    """Normalise the training images as a network would, and measure what comes out.

    Args:
        images: The training part, (n, h, w).
        indices: The images the normalisation was fitted on.
        normalization: As from `fit_normalization`.
        std_floor: The floor it was fitted with: at it, a pixel's std is below 1 by design.

    Returns:
        `finite` (all values are), `largest_mean` (largest absolute mean of a pixel),
        `largest_std_error` (largest |std - 1| of a pixel above the floor), `pixels_at_floor` and
        `pixels`.
    """
    mean, std = normalization["mean"], normalization["std"]
    sums, squares = np.zeros(mean.shape), np.zeros(mean.shape)
    # A normalisation that gives no number is the check's to report, not a warning's.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for chunk in _chunks(images, indices):
            normalised = normalise(chunk, mean, std)
            sums += normalised.sum(axis=0, dtype=np.float64)
            normalised *= normalised
            squares += normalised.sum(axis=0, dtype=np.float64)
        means = sums / len(indices)
        stds = np.sqrt(np.maximum(squares / len(indices) - means**2, 0))
    above = std > np.float32(std_floor)
    return {
        # A sum of squares is finite only if every value summed is.
        "finite": bool(np.isfinite(squares).all()),
        "largest_mean": float(np.abs(means).max()),
        "largest_std_error": float(np.abs(stds - 1).max(where=above, initial=0.0)),
        "pixels_at_floor": int((~above).sum()),
        "pixels": mean.size,
    }


def check_normalized(
    moments: Mapping[str, Any], mean_tolerance: float, std_tolerance: float
) -> Finding:
    """Check that normalised training pixels are finite, with mean 0 and, above the floor, std 1.

    `moments` are as from `normalised_moments`; the tolerances are absolute differences.
    """
    seen = dict(moments)
    mean, std = seen["largest_mean"], seen["largest_std_error"]
    finite = "all" if seen["finite"] else "NOT all"
    return Finding(
        passed=bool(seen["finite"] and mean <= mean_tolerance and std <= std_tolerance),
        message=(
            f"Normalised training pixels are {finite} finite. Their means are within {mean:.1e} of "
            f"0 ({mean_tolerance:.1e} allowed); their standard deviations within {std:.1e} of 1 "
            f"({std_tolerance:.1e} allowed), but for the {seen['pixels_at_floor']} of "
            f"{seen['pixels']} pixels at the floor."
        ),
        seen=seen,
        expected={
            "finite": True,
            "largest_mean_at_most": mean_tolerance,
            "largest_std_error_at_most": std_tolerance,
        },
    )


def largest_absolute(
    images: NDArray[np.uint8],
    indices: NDArray[np.int32] | None,
    normalization: Mapping[str, NDArray[np.float32]],
) -> float:
    """Return the largest |z| among the normalised images at `indices` (all of them if None).

    Normalising keeps the order of a pixel's values, so its extremes are those of its grey levels.
    """
    extremes = np.stack(_pixel_range(images, indices))
    with np.errstate(divide="ignore", invalid="ignore"):
        normalised = normalise(extremes, normalization["mean"], normalization["std"])
    return float(np.abs(normalised).max())


def largest_possible(normalization: Mapping[str, NDArray[np.float32]]) -> float:
    """Return the largest |z| that any image whatever could have: one all black or all white."""
    shape = normalization["mean"].shape
    black_and_white = np.stack([np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)])
    return largest_absolute(black_and_white, None, normalization)


def check_bounded(largest_by_part: Mapping[str, float], bound: float) -> Finding:
    """Check that no normalised pixel of any part is further from 0 than `bound`.

    Args:
        largest_by_part: Each part's largest |z|, as from `largest_absolute`, or that of any image,
            as from `largest_possible`.
        bound: 255 / std_floor, or less.
    """
    seen = dict(largest_by_part)
    rounded_up = bound * (1 + 1e-6)  # float32 may round a pixel at the bound to just above it
    outside = [part for part, largest in seen.items() if not largest <= rounded_up]
    found = ", ".join(f"{largest:.4g} in {part}" for part, largest in seen.items())
    return Finding(
        passed=not outside,
        message=(
            f"The largest absolute normalised pixel is {found}; the bound is {bound:.4g}"
            + (f", exceeded in {' and '.join(outside)}." if outside else ".")
        ),
        seen=seen,
        expected={"largest_absolute_at_most": bound},
    )


def notebook_normalization_evidence(
    train_images: NDArray[np.uint8], test_images: NDArray[np.uint8]
) -> dict[str, Any]:
    """Measure what the notebook's own normalisation does to the test part.

    The notebook fits mean and standard deviation on the whole training part, before splitting
    validation off, and adds 1e-10 to the standard deviation.

    Returns:
        JSON-able: `constant_pixels` (how many have standard deviation 0), `test_images_lit`
        (indices of the test images in which such a pixel differs from its constant),
        `test_pixels_lit` (how many pixels do), `largest_absolute` |z| on the test part, and
        `largest_absolute_elsewhere`, over the pixels that are not constant (None if all are).
    """
    mean, std = _pixel_moments(train_images, None)
    lowest, highest = _pixel_range(test_images, None)
    furthest = np.maximum(np.abs(lowest - mean), np.abs(highest - mean)) / (std + NOTEBOOK_EPSILON)
    constant = std == 0
    lit = test_images[:, constant] != mean[constant]
    return {
        "constant_pixels": int(constant.sum()),
        "test_images_lit": np.flatnonzero(lit.any(axis=1)).tolist(),
        "test_pixels_lit": int(lit.sum()),
        "largest_absolute": float(furthest.max()),
        "largest_absolute_elsewhere": None if constant.all() else float(furthest[~constant].max()),
    }


def _chunks(
    images: NDArray[np.uint8], indices: NDArray[np.int32] | None
) -> Iterator[NDArray[np.uint8]]:
    """Yield the images at `indices`, or all of them, a chunk at a time and in stored order."""
    ordered = None if indices is None else np.sort(indices)
    for start in range(0, len(images) if ordered is None else len(ordered), CHUNK):
        chunk = slice(start, start + CHUNK)
        yield images[chunk] if ordered is None else images[ordered[chunk]]


def _pixel_moments(
    images: NDArray[np.uint8], indices: NDArray[np.int32] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each pixel's mean and population standard deviation, from exact integer sums."""
    shape = images.shape[1:]
    count, sums, squares = 0, np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for chunk in _chunks(images, indices):
        wide = chunk.astype(np.int32)
        count += len(chunk)
        sums += wide.sum(axis=0, dtype=np.int64)
        squares += (wide * wide).sum(axis=0, dtype=np.int64)
    return sums / count, np.sqrt(count * squares - sums * sums) / count


def _pixel_range(
    images: NDArray[np.uint8], indices: NDArray[np.int32] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return each pixel's lowest and highest grey level."""
    lowest = np.full(images.shape[1:], 255, np.uint8)
    highest = np.zeros(images.shape[1:], np.uint8)
    for chunk in _chunks(images, indices):
        np.minimum(lowest, chunk.min(axis=0), out=lowest)
        np.maximum(highest, chunk.max(axis=0), out=highest)
    return lowest, highest
