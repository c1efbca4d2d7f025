"""Pictures of how grey images and pixels are: histograms of grey levels, 0 to 255.

Tables and summaries are those of `exploration/grey.py`. Single images, their averages and classes
are drawn in `digits.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from mnist_assets.plots.layout import BELOW, HEADING, place
from mnist_assets.plots.style import GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# What the notebook reads off its plots, to stand marked beside what is counted.
NOTEBOOK_CENTRE = 28
NOTEBOOK_BLACK, NOTEBOOK_WHITE = 38_000_000, 2_000_000

PLAIN = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # behind a text that crosses the grid


@styled
def grey_levels(
    table: pd.DataFrame, summary: Mapping[str, Any], first: int = 100, *, mnist: bool = True
) -> Figure:
    """Draw how grey the `first` images and all are, with the centre that the notebook claims.

    Table and summary are as from `grey.grey_levels` and `grey.summarise_grey_levels`. Of another
    dataset than MNIST the notebook claims nothing.
    """
    figure = Figure(figsize=(9, 6))
    upper, lower = figure.subplots(2, 1, sharex=True)
    levels = table["grey_level"].to_numpy()
    start = levels[:first]
    centres = {
        f"mean {summary['mean']:.1f}": (summary["mean"], VERMILLION, "-"),
        f"median {summary['median']:.1f}": (summary["median"], GREEN, "--"),
        f"mode {summary['mode']}": (summary["mode"], PURPLE, "-."),
    }
    if mnist:
        centres[f"the notebook's centre, {NOTEBOOK_CENTRE}"] = (NOTEBOOK_CENTRE, INK, ":")
    for axes, shown in ((upper, start), (lower, levels)):
        counts = np.bincount(shown)
        _draw_bars(axes, counts, 0.9)
        for name, (value, colour, line) in centres.items():
            axes.axvline(value, color=colour, linestyle=line, linewidth=1.8, label=name)
        axes.set_ylabel("images")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.grid(axis="y")
    upper.set_title(
        f"The first {len(start)} images scatter from {start.min()} to {start.max()}, "
        f"at most {np.bincount(start).max()} at one grey level"
    )
    low, high = summary["usual"]
    lower.set_title(
        f"All {len(levels):,} images centre on {summary['mean']:.0f}: "
        f"{summary['share_usual']:.0%} in {low:g} to {high:g}, "
        f"{summary['images_dark']:,} under {summary['dark']:g}, "
        f"{summary['images_light']:,} over {summary['light']:g}"
    )
    lower.axvspan(low, high, color=SKY, alpha=0.15, linewidth=0, zorder=0)
    lower.set_xlim(left=0)
    lower.set_xlabel("mean grey level of the image, cut to a whole number (0 black, 255 white)")
    upper.legend(title="of all images")
    place([upper, lower], top=HEADING, bottom=BELOW, between=HEADING + 0.12, heights=(1, 1))
    return figure


def _draw_bars(axes: Axes, heights: NDArray[Any], width: float) -> None:
    """Bars over 0, 1, 2, ... as one shape: a shape for each would take most of the time."""
    places = np.arange(len(heights))
    edges = np.column_stack([places - width / 2, places + width / 2]).ravel()
    with_gaps = np.column_stack([heights, np.zeros_like(heights)]).ravel()[:-1]
    axes.stairs(with_gaps, edges, fill=True, color=SKY)


@styled
def pixel_histogram(
    histogram: pd.DataFrame, summary: Mapping[str, Any], *, mnist: bool = True
) -> Figure:
    """Draw the count of each of the 256 grey levels on a log scale, with black and white told.

    Histogram and summary are as from `grey.pixel_histogram` and `grey.summarise_pixels`. Of another
    dataset than MNIST the notebook reads nothing.
    """
    black, white_read = (
        (f"\n(the notebook reads {read:,})" if mnist else "")
        for read in (NOTEBOOK_BLACK, NOTEBOOK_WHITE)
    )
    figure = Figure(figsize=(9, 4.6))
    axes = figure.add_subplot()
    levels, counts = histogram["grey_level"].to_numpy(), histogram["count"].to_numpy()
    white = levels >= summary["white_from"]
    axes.set_yscale("log")
    axes.minorticks_off()
    for shown, colour in ((levels == 0, INK), (~white & (levels > 0), SKY), (white, ORANGE)):
        edges = np.append(levels[shown], levels[shown][-1] + 1) - 0.5
        axes.stairs(counts[shown], edges, fill=True, color=colour)
    # A log scale has no zero to start at: a decade under the rarest level, or under one pixel.
    rarest = max(int(counts.min()), 1)
    axes.set_ylim(max(10 ** (np.floor(np.log10(rarest)) - 1), 0.5), 10 * counts.max())
    axes.text(
        5,
        2 * counts.max(),
        f"0: {summary['black']['count']:,} pixels{black}",
        va="center",
        bbox=PLAIN,
    )
    tallest = summary["tallest_count"]
    axes.text(
        255,
        3 * max(int(counts[summary["white_from"] :].max()), tallest, 1),
        f"{summary['white_from']} to 255: {summary['white']['count']:,} pixels{white_read}\n"
        f"tallest but 0: level {summary['tallest_grey_level']} with {tallest:,}",
        ha="right",
        va="center",
        bbox=PLAIN,
    )
    axes.set_title(
        f"{summary['black']['share']:.1%} of the pixels are black, "
        f"{summary['white']['share']:.1%} white, {summary['between']['share']:.1%} between"
    )
    axes.set_xlabel("grey level (0 black, 255 white)")
    axes.set_ylabel("pixels (log scale)")
    axes.set_xticks([0, 50, 100, 150, 200, 255])
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.grid(axis="y")
    axes.margins(x=0.01)
    place(axes, top=HEADING, bottom=BELOW, right=0.2)
    return figure
