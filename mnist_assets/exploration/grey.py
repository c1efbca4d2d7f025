"""How grey images and pixels are: distributions of grey levels, counted exactly.

Images are uint8 (n, h, w), grey levels 0 (black) to 255 (white). Comparing two such distributions
is `similarity.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

CHUNK = 500  # images at a time, so that what is widened stays in the processor's cache
WHITE_FROM = 254  # the last of the notebook's 255 bins holds 254 and 255


def mean_grey(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return each image's mean grey level, float64 (n,), from an exact sum.

    Cutting it to an integer is therefore safe: an exactly whole mean stays whole.
    """
    pixels = images.reshape(len(images), -1)
    means = np.empty(len(pixels))
    for start in range(0, len(pixels), CHUNK):
        means[start : start + CHUNK] = pixels[start : start + CHUNK].sum(axis=1, dtype=np.int64)
    means /= pixels.shape[1]
    return means


def count_pixels(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the pixels at each of the 256 grey levels, int64 (256,)."""
    counts = np.zeros(256, np.int64)
    for start in range(0, len(images), CHUNK):  # bincount widens what it is given to int64
        counts += np.bincount(images[start : start + CHUNK].reshape(-1), minlength=256)
    return counts


def grey_levels(images: NDArray[np.uint8]) -> pd.DataFrame:
    """Measure how grey each image is.

    Returns:
        One row an image: `image` (int32, its index), `mean_grey` (float64, 0 to 255) and
        `grey_level` (uint8), the mean cut to a whole number as the notebook does: 13 bytes an
        image, the one thing about exploration that grows with their number.
    """
    import pandas as pd

    means = mean_grey(images)
    columns = {
        "image": np.arange(len(means), dtype=np.int32),
        "mean_grey": means,
        "grey_level": means.astype(np.uint8),
    }
    return pd.DataFrame(columns, copy=False)


def summarise_grey_levels(
    table: pd.DataFrame, *, usual: tuple[float, float], dark: float, light: float
) -> dict[str, Any]:
    """Describe the distribution of the images' mean grey levels.

    The notebook says it has "the form of a normal distribution, centered around 28". Mean, median
    and mode say where its centre is; skewness, excess kurtosis and the share within one standard
    deviation say how normal it is (a normal distribution has 0, 0 and 0.683).

    Args:
        table: As from `grey_levels`.
        usual: The band in which the notebook says most images lie, bounds included.
        dark: Images with a mean below this are counted as unusually dark.
        light: Images with a mean above this are counted as unusually light.

    Returns:
        JSON-able: `images`, `mean`, `median`, `std` (population) of the mean grey, `mode` of the
        whole grey levels (the lowest of equals), `minimum`, `maximum`, `usual` with `share_usual`,
        `dark` with `images_dark`, `light` with `images_light`, `skewness`, `excess_kurtosis` (both
        None if all images are equally grey) and `share_within_one_std`.
    """
    from scipy import stats

    means = table["mean_grey"].to_numpy()
    low, high = usual
    std = float(means.std())
    varies = means.min() < means.max()
    return {
        "images": len(means),
        "mean": float(means.mean()),
        "median": float(np.median(means)),
        "mode": int(np.bincount(table["grey_level"].to_numpy()).argmax()),
        "std": std,
        "minimum": float(means.min()),
        "maximum": float(means.max()),
        "usual": [low, high],
        "share_usual": float(((means >= low) & (means <= high)).mean()),
        "dark": dark,
        "images_dark": int((means < dark).sum()),
        "light": light,
        "images_light": int((means > light).sum()),
        "skewness": float(stats.skew(means)) if varies else None,
        "excess_kurtosis": float(stats.kurtosis(means)) if varies else None,
        "share_within_one_std": float((np.abs(means - means.mean()) <= std).mean()),
    }


def pixel_histogram(images: NDArray[np.uint8]) -> pd.DataFrame:
    """Count the pixels of all images at each grey level.

    Returns:
        256 rows: `grey_level` 0 to 255 and `count` (int64), exact.
    """
    import pandas as pd

    return pd.DataFrame({"grey_level": np.arange(256), "count": count_pixels(images)})


def summarise_pixels(histogram: pd.DataFrame, *, white_from: int) -> dict[str, Any]:
    """Say how many pixels are black, white and between.

    Args:
        histogram: As from `pixel_histogram`.
        white_from: Lowest grey level called white, 1 to 255. The last of the notebook's 255 bins
            holds both 254 and 255.

    Returns:
        JSON-able: `pixels`, `white_from`; `black`, `white` and `between`, each with `count` and
        `share`; and `tallest_grey_level` with `tallest_count`, the level above 0 with most pixels
        (the lowest of equals).
    """
    counts = histogram["count"].to_numpy()
    total = int(counts.sum())
    parts = {"black": counts[:1], "between": counts[1:white_from], "white": counts[white_from:]}
    tallest = 1 + int(counts[1:].argmax())
    return {
        "pixels": total,
        "white_from": white_from,
        **{
            name: {"count": int(part.sum()), "share": float(part.sum() / total)}
            for name, part in parts.items()
        },
        "tallest_grey_level": tallest,
        "tallest_count": int(counts[tallest]),
    }
