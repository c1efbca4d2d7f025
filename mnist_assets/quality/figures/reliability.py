"""How good a network is beyond its accuracy: is it as sure as it is right, and what it bears."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from mnist_assets.evaluation.metrics import wilson_interval
from mnist_assets.plots.layout import BELOW, HEADINGS, NOTE, TITLE, place, set_note, set_title
from mnist_assets.plots.style import BLUE, INK, MUTED, SERIES, SKY, percent, styled
from mnist_assets.quality.robustness import UNDISTORTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

CURVES = {  # the distortions that have several strengths, with what their axis says
    "shift": "Shift (pixels)",
    "rotation": "Rotation (degrees)",
    "noise": "Noise (s.d., grey levels)",
    "blur": "Blur (s.d., pixels)",
}
MARKERS = "os^Dv"


@styled
def reliability(calibrated: Mapping[str, Any], name: str, confidence: float = 0.95) -> Figure:
    """Draw accuracy against confidence in bins, above the number of images in each.

    Args:
        calibrated: What `steps.calibration.calibration` returned.
        name: What to call the network.
        confidence: Of the intervals of the bins' accuracies.
    """
    import pandas as pd

    bins = pd.DataFrame(calibrated["bins"]).query("images > 0")
    right = (bins["accuracy"] * bins["images"]).round().astype(int)
    low, high = np.transpose(
        [wilson_interval(*of, confidence) for of in zip(right, bins["images"], strict=True)]
    )
    figure = Figure(figsize=(7, 5.6))
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.plot([0, 1], [0, 1], "--", color=MUTED, linewidth=1, label="as sure as right")
    upper.errorbar(
        bins["mean_confidence"],
        bins["accuracy"],
        yerr=[bins["accuracy"] - low, high - bins["accuracy"]],
        fmt="o",
        color=BLUE,
        capsize=3,
        label=f"images of like confidence,\nwith the {100 * confidence:g} % interval",
    )
    upper.set_ylabel("Accuracy")
    upper.set_ylim(-0.03, 1.03)
    upper.grid()
    upper.legend(loc="upper left")
    widths = bins["high"] - bins["low"]
    lower.bar(bins["low"], bins["images"], widths, align="edge", color=SKY, edgecolor="white")
    lower.set_yscale("log")
    lower.minorticks_off()
    lower.set_ylim(0.7)
    lower.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    lower.set_ylabel("Images (log.)")
    lower.set_xlabel("Confidence: probability of the predicted class")
    lower.set_xlim(0, 1.01)
    lower.grid(axis="y")
    for axis in (upper.xaxis, upper.yaxis, lower.xaxis):
        axis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    upper.set_title(_reliability_title(calibrated, name))
    place([upper, lower], top=HEADINGS, bottom=BELOW, right=0.2, between=0.15, heights=(3, 1))
    return figure


def _reliability_title(calibrated: Mapping[str, Any], name: str) -> str:
    sure, right = calibrated["mean_confidence"], calibrated["accuracy"]
    error = calibrated["expected_calibration_error"]
    chance = calibrated["calibration_error_by_chance"]
    return (
        f"{name} is {percent(sure)} sure on average and {percent(right)} right\n"
        f"expected calibration error {percent(error)}; chance alone makes {percent(chance)}"
    )


@styled
def robustness(table: pd.DataFrame, floors: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw accuracy against the strength of each distortion: a network with its intervals, or many.

    Args:
        table: What `steps.robustness.measure_robustness` returned, and `network`, the name.
        floors: Of each distortion that has one, its `strength` and the `accuracy` expected there.
    """
    figure = Figure(figsize=(9, 3.4))
    panels = figure.subplots(1, len(CURVES), sharey=True)
    networks = table["network"].unique()
    looks = zip(cycle(SERIES), cycle(MARKERS), strict=False)
    for network, (colour, marker) in zip(networks, looks, strict=False):
        for axes, distortion in zip(panels, CURVES, strict=True):
            rows = table[table["distortion"].isin([UNDISTORTED, distortion])]
            rows = rows[rows["network"] == network].sort_values("strength")
            x, accuracy = rows["strength"], rows["accuracy"]
            axes.plot(x, accuracy, color=colour, marker=marker, markersize=4, label=network)
            if len(networks) == 1:
                axes.fill_between(
                    x, rows["low"], rows["high"], color=colour, alpha=0.2, linewidth=0
                )
    for axes, (distortion, label) in zip(panels, CURVES.items(), strict=True):
        strengths = sorted({x for line in axes.lines for x in line.get_xdata()})
        axes.set_xticks(strengths[:: 1 + len(strengths) // 9])
        axes.set_xlabel(label)
        axes.grid(axis="y")
        _mark_floor(axes, floors.get(distortion))
    panels[0].set_ylabel("Accuracy")
    panels[0].set_ylim(0, 1.02)
    panels[0].yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    if len(networks) > 1 or floors:
        panels[0].legend(loc="lower left")
    set_title(figure, _robustness_title(table))
    below = BELOW
    inverted = table[table["distortion"] == "inversion"].to_dict("records")
    if inverted:
        told = (f"{row['network']} {percent(row['accuracy'], 1)}" for row in inverted)
        note = f"Right with black and white swapped: {', '.join(told)}"
        set_note(figure, note, color=MUTED)
        below += NOTE
    place(panels, top=TITLE + 0.1, bottom=below, right=0.2)
    return figure


def _mark_floor(axes: Axes, floor: Mapping[str, float] | None) -> None:
    if floor:
        low, high = axes.get_xlim()
        ends = floor["strength"] + 0.08 * (high - low) * np.array([-1, 1])
        label = "declared floor"
        axes.hlines(floor["accuracy"], *ends, color=INK, linewidth=2.5, zorder=3, label=label)


def _robustness_title(table: pd.DataFrame) -> str:
    """Which distortion leaves least."""
    curves = table[table["distortion"].isin(CURVES)].to_dict("records")
    lowest = min(curves, key=lambda row: row["accuracy"])
    return (
        f"{lowest['network']} is hurt most by {lowest['distortion']}: "
        f"{percent(lowest['accuracy'], 1)} right at {lowest['strength']:g} {lowest['unit']}"
    )
