"""Measures of how grey the images are, and of what the notebook reads off its histograms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from mnist_assets.exploration.grey import mean_grey
from mnist_assets.formatting import MINUS
from mnist_assets.steps.claim_evidence import Evidence, Measure, Measured, Share

if TYPE_CHECKING:
    from numpy.typing import NDArray


def bin_width(evidence: Evidence) -> Measured:
    """The width of a bin of its histogram: as many bins as the highest level, from the lowest."""
    levels = evidence.records.grey_levels.value
    low, high = min(levels), max(levels)
    edges = np.linspace(low, high, high + 1)
    filled = np.count_nonzero(np.histogram(np.arange(low, high + 1), edges)[0])
    return Measured(
        (high - low) / high,
        f"{(high - low) / high:.2f} grey levels",
        f"{high} bins from {low} to {high}, of which {high - filled} hold no whole number and stay "
        "empty whatever the images are",
    )


def first_grey_levels(evidence: Evidence) -> Measured:
    """The mean grey levels of as many first images as the notebook prints."""
    count = len(evidence.records.grey_levels.value)
    return Measured(evidence.graph.grey_levels["grey_level"].head(count).tolist())


def evenness(evidence: Evidence, bands: int) -> Measured:
    """A chi-squared test of its printed grey levels against an even spread over equal bands."""
    from scipy import stats

    counts = np.histogram(evidence.records.grey_levels.value, bands)[0]
    statistic, p_value = stats.chisquare(counts)
    return Measured(
        float(p_value),
        f"{', '.join(map(str, counts))} images in {bands} equal bands",
        f"chi-squared {statistic:.1f} with {bands - 1} degrees of freedom",
    )


def printed_outside(evidence: Evidence, low: float, high: float) -> Measured:
    """How many of its printed grey levels are below one level or above another."""
    return Measured(
        sum(not low <= level <= high for level in evidence.records.grey_levels.value),
        detail=f"of {len(evidence.records.grey_levels.value)} images",
    )


def images_outside(evidence: Evidence, low: float, high: float) -> Measured:
    """How many training images have a mean grey level below one level or above another."""
    means = _means(evidence)
    dark, light = int((means < low).sum()), int((means > high).sum())
    return Measured(
        dark + light,
        f"{dark} below {low}, {light} above {high}",
        f"of {len(means):,} images, from {means.min():.1f} to {means.max():.1f}",
    )


def first_like_all(evidence: Evidence) -> Measured:
    """A Kolmogorov-Smirnov test of the first images' mean grey levels against all."""
    from scipy import stats

    means = _means(evidence)
    count = len(evidence.records.grey_levels.value)
    few = means[:count]
    p_value = float(stats.ks_2samp(few, means).pvalue)
    return Measured(
        p_value,
        f"means {few.mean():.1f} and {means.mean():.1f}, p = {p_value:.3f}",
        f"the first {count} images against all {len(means):,}",
    )


def normality(evidence: Evidence, low: float, high: float) -> Measured:
    """A Kolmogorov-Smirnov test of all mean grey levels against the normal distribution fitted.

    With mean and standard deviation fitted the p-value is too large, which favours the claim.
    """
    from scipy import special

    means = np.sort(_means(evidence))
    count, normal = len(means), NormalDist(float(means.mean()), float(means.std()))
    every = max(count // 2000, 1)  # as many places show the distance to three digits
    expected = np.array([normal.cdf(mean) for mean in means[::every].tolist()])
    distance = float(np.abs(expected - (np.arange(count)[::every] + 0.5) / count).max())
    p_value = float(special.kolmogorov(distance * math.sqrt(count)))
    skewness = float((((means - normal.mean) / normal.stdev) ** 3).mean())
    dark, light = int((means < low).sum()), int((means > high).sum())
    return Measured(
        p_value,
        f"skewness {skewness:+.2f}, distance {distance:.3f}".replace("-", MINUS),
        f"below {low} a normal distribution has {count * normal.cdf(low):,.0f} images, here are "
        f"{dark:,}; above {high} it has {count * (1 - normal.cdf(high)):,.0f}, here are {light:,}",
    )


def centre(evidence: Evidence) -> Measured:
    """The median of all mean grey levels."""
    means = _means(evidence)
    mode = int(np.bincount(evidence.graph.grey_levels["grey_level"]).argmax())
    return Measured(
        float(np.median(means)),
        f"median {np.median(means):.1f}",
        f"the mean is {means.mean():.1f}, the commonest whole level {mode}",
    )


def outliers(evidence: Evidence, deviations: float) -> Measured:
    """The share of images further from the mean grey level than so many standard deviations."""
    means = _means(evidence)
    far = int((np.abs(means - means.mean()) > deviations * means.std()).sum())
    normal = 2 * NormalDist().cdf(-deviations)
    return Measured(
        far / len(means),
        f"{far / len(means):.2%} ({far:,} images)",
        f"a normal distribution has {normal:.2%}",
    )


def accuracy_outside(evidence: Evidence, network: str, low: float, high: float) -> Measured:
    """A network's accuracy on dark or light images it was not trained on, and on all others."""
    graph, predictions = evidence.graph, evidence.network(network).predictions
    validation = graph.split["validation"]
    correct = np.concatenate(
        [
            predictions["validation"].argmax(axis=1) == graph.train_labels[validation],
            predictions["test"].argmax(axis=1) == graph.test_labels,
        ]
    )
    means = np.concatenate([_means(evidence)[validation], mean_grey(graph.test_images)])
    odd = (means < low) | (means > high)
    first, second = _share(correct[odd]), _share(correct[~odd])
    return Measured((first, second), f"{first} against {second}", "validation and test images")


def _share(correct: NDArray[np.bool_]) -> Share:
    return Share(int(correct.sum()), max(len(correct), 1))


def share_between(evidence: Evidence, low: float, high: float) -> Measured:
    """The share of images with a mean grey level between two levels, bounds included."""
    means = _means(evidence)
    share = float(((means >= low) & (means <= high)).mean())
    return Measured(share, f"{share:.1%}")


def black_share(evidence: Evidence) -> Measured:
    """The share of the training images' pixels that are 0."""
    counts = evidence.graph.pixel_histogram["count"].to_numpy()
    share = float(counts[0] / counts.sum())
    return Measured(share, f"{share:.1%}")


def pixels_from(evidence: Evidence, low: int, high: int) -> Measured:
    """The number of the training images' pixels from one grey level to another."""
    counts = evidence.graph.pixel_histogram["count"].to_numpy()
    one_more = f"with level {low - 1} it is {int(counts[low - 1 : high + 1].sum()):,}"
    return Measured(int(counts[low : high + 1].sum()), detail=one_more if low else "")


def _means(evidence: Evidence) -> NDArray[np.float64]:
    """The mean grey level of each training image."""
    means: NDArray[np.float64] = evidence.graph.grey_levels["mean_grey"].to_numpy()
    return means


MEASURES: Mapping[str, Measure] = {
    "bin_width": Measure("its histogram's bins, for the levels it prints", bin_width),
    "first_grey_levels": Measure("the first images' means, cut", first_grey_levels),
    "evenness": Measure("chi-squared test of the levels it prints", evenness, "probability"),
    "printed_outside": Measure("the levels it prints, counted", printed_outside),
    "images_outside": Measure("all training images, counted", images_outside),
    "first_like_all": Measure("Kolmogorov-Smirnov test", first_like_all, "probability"),
    "normality": Measure(
        "Kolmogorov-Smirnov test against the fitted normal distribution", normality, "probability"
    ),
    "centre": Measure("median of all images' mean grey levels", centre),
    "outliers": Measure("all training images, counted", outliers),
    "accuracy_outside": Measure(
        "accuracy on these images and on all others", accuracy_outside, "pair"
    ),
    "share_between": Measure("all training images, counted", share_between),
    "black_share": Measure("all training pixels, counted", black_share),
    "pixels_from": Measure("all training pixels, counted", pixels_from),
}
