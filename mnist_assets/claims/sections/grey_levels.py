"""What the notebook says of how grey the images are, and reads off its histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.claims import notebook
from mnist_assets.claims.claim import Evidence, Section, here, own, read_as, run
from mnist_assets.claims.graph import Graph
from mnist_assets.claims.rules import ABOVE, AT_MOST, Share, Within, by_chance, differs
from mnist_assets.exploration.grey import mean_grey
from mnist_assets.formatting import MINUS, TIMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

DARK, LIGHT = 10, 75  # the bounds that the notebook names itself
LEVELS_COUNTED = "the levels it prints, counted"
IMAGES_COUNTED, PIXELS_COUNTED = "all training images, counted", "all training pixels, counted"

grey = Section("How much gray is there in the set of images?")


@grey.code("#cast to int to group images by integer aver", 1, "one grey level a bin")
def grouped_by_whole_averages(_: Graph) -> Evidence:
    low, high = min(notebook.GREY_LEVELS), max(notebook.GREY_LEVELS)
    edges = np.linspace(low, high, high + 1)  # as many bins as the highest level, from the lowest
    filled = np.count_nonzero(np.histogram(np.arange(low, high + 1), edges)[0])
    width = (high - low) / high
    empty = f"{high - filled} hold no whole number and stay empty whatever the images are"
    detail = f"{high} bins from {low} to {high}, of which {empty}"
    how = "its histogram's bins, for the levels it prints"
    yield run(how, width, text=f"{width:.2f} grey levels", detail=detail)


@grey.output("[35, 39, 24, 21, 29, 37, 22, 45, 13,", notebook.GREY_LEVELS)
def first_hundred_grey_levels(graph: Graph) -> Evidence:
    first = graph.grey_levels["grey_level"].head(len(notebook.GREY_LEVELS))
    yield here("the first images' means, cut", first.tolist())


@grey.figure(
    "the image averages seem to be pretty well distributed", 0.5, "well distributed, random"
)
@read_as(
    "of five equal bands between the lowest and the highest, none has more than half of the images"
)
def well_distributed(_: Graph) -> Evidence:
    from scipy.stats import chisquare

    counts = np.histogram(notebook.GREY_LEVELS, 5)[0]
    even = chisquare(counts)
    text = f"{', '.join(map(str, counts))} images in {len(counts)} equal bands"
    found = f"chi-squared {even.statistic:.1f} with {len(counts) - 1} degrees of freedom"
    detail = f"an even spread it is not: {found}, p = {even.pvalue:.2g}"
    yield own(LEVELS_COUNTED, float(counts.max() / counts.sum()), AT_MOST, text, detail)


@grey.text("there are no very dark or light images", 0)
@read_as("none below 10 or above 75, the bounds that it names itself")
def no_very_dark_or_light_images(graph: Graph) -> Evidence:
    levels = np.array(notebook.GREY_LEVELS)
    yield own(LEVELS_COUNTED, sum(_outside(levels)), detail=f"of {len(levels)} images")
    means = _means(graph)
    dark, light = _outside(means)
    text = f"{dark} below {DARK}, {light} above {LIGHT}"
    detail = f"of {len(means):,} images, from {means.min():.1f} to {means.max():.1f}"
    yield here(IMAGES_COUNTED, dark + light, text=text, detail=detail)


@grey.text("making interpretation on few images is not significant", True, "few images mislead")
@read_as("what the first 100 images show, none below 10 or above 75, is not so of all")
def few_images_mislead(graph: Graph) -> Evidence:
    from scipy.stats import ks_2samp

    means = _means(graph)
    first = means[: len(notebook.GREY_LEVELS)]
    few, everywhere = sum(_outside(first)), sum(_outside(means))
    text = f"{few} of the first {len(first)} images, {everywhere} of all {len(means):,}"
    p_value = ks_2samp(first, means, method="asymp").pvalue
    chance = f"that chance alone parts the two distributions as far has p = {p_value:.3f}"
    detail = f"means {first.mean():.1f} and {means.mean():.1f}; {chance} (Kolmogorov-Smirnov)"
    how = "images outside these bounds counted"
    yield here(how, few == 0 and everywhere > 0, text=text, detail=detail)


@grey.figure("the average values seem to take the form of a normal distribution", "alike", "normal")
def normal_form(graph: Graph) -> Evidence:
    from scipy.stats import kstest, norm, skew

    means = _means(graph)
    normal = norm(means.mean(), means.std())
    # With mean and standard deviation fitted the p-value is too large, which favours the claim.
    tested = kstest(means, normal.cdf)
    (dark, light), count = _outside(means), len(means)
    text = f"skewness {skew(means):+.2f}, distance {tested.statistic:.3f}".replace("-", MINUS)
    detail = (
        f"below {DARK} a normal distribution has {count * normal.cdf(DARK):,.0f} images, here are "
        f"{dark:,}; above {LIGHT} it has {count * normal.sf(LIGHT):,.0f}, here are {light:,}"
    )
    how = "Kolmogorov-Smirnov test against the fitted normal distribution"
    yield here(how, float(tested.pvalue), by_chance, text, detail)


@grey.figure("centered around 28", 28)
@read_as("a median within 2 grey levels")
def centred_around_28(graph: Graph) -> Evidence:
    means = _means(graph)
    mode = int(np.bincount(graph.grey_levels["grey_level"]).argmax())
    median = float(np.median(means))
    detail = f"the mean is {means.mean():.1f}, the commonest whole level {mode}"
    how = "median of all images' mean grey levels"
    yield here(how, median, Within(2), f"median {median:.1f}", detail)


@grey.text("this means that we have few outliers", 0.01, "few")
@read_as("at most 1 image in 100 is further from the mean than 3 standard deviations")
def few_outliers(graph: Graph) -> Evidence:
    from scipy.stats import norm

    means = _means(graph)
    far = int((np.abs(means - means.mean()) > 3 * means.std()).sum())
    text = f"{far / len(means):.2%} ({far:,} images)"
    detail = f"a normal distribution has {2 * norm.sf(3):.2%}"
    yield here(IMAGES_COUNTED, far / len(means), AT_MOST, text, detail)


@grey.text(
    "we could expect less good results for images which average are smaller than 10 or larger "
    "than 75",
    "lower",
    "a lower accuracy",
)
def worse_if_dark_or_light(graph: Graph) -> Evidence:
    predictions, validation = graph.network("best").predictions, graph.split["validation"]
    predicted = np.concatenate(
        [predictions[part].argmax(axis=1) for part in ("validation", "test")]
    )
    correct = predicted == np.concatenate([graph.train_labels[validation], graph.test_labels])
    means = np.concatenate([_means(graph)[validation], mean_grey(graph.test_images)])
    odd = (means < DARK) | (means > LIGHT)
    shares = [Share(int(of.sum()), max(len(of), 1)) for of in (correct[odd], correct[~odd])]
    text, detail = f"{shares[0]} against {shares[1]}", "validation and test images"
    yield here("accuracy on these images and on all others", shares, differs, text, detail)


@grey.text("images with averages mostly between 20 and 40", 0.5, "mostly")
@read_as("more than half of them")
def mostly_between_20_and_40(graph: Graph) -> Evidence:
    means = _means(graph)
    share = float(((means >= 20) & (means <= 40)).mean())
    yield here(IMAGES_COUNTED, share, ABOVE, f"{share:.1%}")


@grey.figure("the images in dataset are mostly black", 0.5, "mostly")
@read_as("more than half of the pixels are 0")
def mostly_black(graph: Graph) -> Evidence:
    counts = graph.pixel_histogram["count"]
    share = float(counts.iloc[0] / counts.sum())
    yield here(PIXELS_COUNTED, share, ABOVE, f"{share:.1%}")


@grey.figure("approximately $3,8.10^7$ pixel's value equals to 0", 38_000_000, f"3.8 {TIMES} 10⁷")
@read_as("to the digits given")
def black_pixels(graph: Graph) -> Evidence:
    black = int(graph.pixel_histogram["count"].iloc[0])
    yield here(PIXELS_COUNTED, black, Within(500_000))


@grey.figure(
    "approximately $0,2.10^7$ pixel's value equals to 255 (or almost)",
    2_000_000,
    f"0.2 {TIMES} 10⁷",
)
@read_as('to the digit given; "or almost" is the last of its 255 bins, 254 and 255')
def white_pixels(graph: Graph) -> Evidence:
    counts = graph.pixel_histogram["count"]
    detail = f"with level 253 it is {int(counts.iloc[253:].sum()):,}"
    yield here(PIXELS_COUNTED, int(counts.iloc[254:].sum()), Within(500_000), detail=detail)


def _means(graph: Graph) -> NDArray[np.float64]:
    """The mean grey level of each training image."""
    means: NDArray[np.float64] = graph.grey_levels["mean_grey"].to_numpy()
    return means


def _outside(levels: NDArray[Any]) -> tuple[int, int]:
    """How many levels are below `DARK`, and how many above `LIGHT`."""
    return int((levels < DARK).sum()), int((levels > LIGHT).sum())
