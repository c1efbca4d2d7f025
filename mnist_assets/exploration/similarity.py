"""Is the test part like the training part? Statistics that compare two samples already summarised.

Counting images and pixels is exploration's; here are only the comparisons of what was counted.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def compare_classes(
    train_counts: NDArray[np.int64], test_counts: NDArray[np.int64]
) -> dict[str, Any]:
    """Compare the class shares of the two parts.

    Args:
        train_counts: Images of each class in the training part, (classes,).
        test_counts: The same for the test part.

    Returns:
        `train_shares` and `test_shares` (each sums to 1), `largest_share_difference` (absolute, 0
        to 1), and Pearson's `chi_squared` of homogeneity with `degrees_of_freedom` and `p_value`:
        the probability of parts at least this different if both were drawn from the same classes.
        Classes without an image in either part count for nothing.
    """
    from scipy import stats

    counts = np.stack([train_counts, test_counts])
    shares = counts / counts.sum(axis=1, keepdims=True)
    test = stats.chi2_contingency(counts[:, counts.any(axis=0)], correction=False)
    return {
        "train_shares": shares[0].tolist(),
        "test_shares": shares[1].tolist(),
        "largest_share_difference": float(np.abs(shares[0] - shares[1]).max()),
        "chi_squared": float(test.statistic),
        "degrees_of_freedom": int(test.dof),
        "p_value": float(test.pvalue),
    }


def compare_grey_levels(
    train_means: NDArray[np.float64],
    test_means: NDArray[np.float64],
    train_pixels: NDArray[np.int64],
    test_pixels: NDArray[np.int64],
) -> dict[str, Any]:
    """Compare how grey the two parts are, pixel by pixel and image by image.

    Args:
        train_means: Mean grey level of each training image, (n,), 0 to 255.
        test_means: The same for the test part, (m,).
        train_pixels: Pixels of the training part at each grey level, (256,).
        test_pixels: The same for the test part.

    Returns:
        `train` and `test`: `mean`, `std` and `median` grey level of all pixels, and under
        `image_mean` the same of the images' mean grey levels. `cohens_d` of the images' means, test
        less training in pooled standard deviations (None where neither part varies).
        `kolmogorov_smirnov`: the largest distance between the distribution functions of the images'
        means (0 to 1), with its `kolmogorov_smirnov_p_value`, exact for parts of at most 10,000
        images and asymptotic for larger ones.
        `largest_pixel_share_difference`: over the 256 grey levels, the largest absolute difference
        between the parts' shares of pixels at that level.
    """
    from scipy import stats

    test = stats.ks_2samp(train_means, test_means)
    shares = train_pixels / train_pixels.sum() - test_pixels / test_pixels.sum()
    return {
        "train": _describe(train_means, train_pixels),
        "test": _describe(test_means, test_pixels),
        "cohens_d": cohens_d(train_means, test_means),
        "kolmogorov_smirnov": float(test.statistic),
        "kolmogorov_smirnov_p_value": float(test.pvalue),
        "largest_pixel_share_difference": float(np.abs(shares).max()),
    }


def cohens_d(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Return the second sample's mean less the first's, in pooled standard deviations.

    Cohen (1988) calls 0.2 small. None where neither sample varies, so that there is no scale.
    """
    squares = float(((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum())
    if squares == 0:
        return None
    pooled = math.sqrt(squares / (len(first) + len(second) - 2))
    return float(second.mean() - first.mean()) / pooled


def _describe(means: NDArray[np.float64], pixels: NDArray[np.int64]) -> dict[str, Any]:
    levels = np.arange(len(pixels))
    total = int(pixels.sum())
    mean = float((levels * pixels).sum()) / total
    # The two middle pixels are the same one when their number is odd.
    middle = np.searchsorted(pixels.cumsum(), [(total - 1) // 2 + 1, total // 2 + 1])
    return {
        "mean": mean,
        "std": math.sqrt(float(((levels - mean) ** 2 * pixels).sum()) / total),
        "median": float(levels[middle].mean()),
        "image_mean": {
            "mean": float(means.mean()),
            "std": float(means.std()),
            "median": float(np.median(means)),
        },
    }
