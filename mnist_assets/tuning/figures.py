"""What sweeps say: each value's accuracy, how networks learn with it, and what it costs.

Accuracies are drawn by their errors on a logarithmic axis, on which 97 and 98 % are as far apart as
94 and 96 %, and a value that hardly learns leaves room for the others.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator

from mnist_assets.plots.style import BLUE, INK, MUTED, SERIES, VERMILLION, styled
from mnist_assets.tuning.summary import accuracies, title_of, values_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

LEAST_ERROR = 1e-4
LEARNT = 0.8  # accuracy from which on a value is among those whose costs are compared
ERRORS = (0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
MORE_ERRORS = (0.7, 0.3, 0.15, 0.08, 0.07, 0.06, 0.04, 0.035, 0.03, 0.025, 0.018, 0.016, 0.014)
FEW_TICKS = 4
ROOM = 1.08  # beyond the outermost points, as a factor
HOLLOW: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 1.8}


@styled
def points(
    summary: pd.DataFrame, runs: pd.DataFrame, sweep: str, declared: str, confidence: float
) -> Figure:
    """Draw each value's mean accuracy with its interval, and every run; one panel a network.

    Args:
        summary: As from `summary.summarise`.
        runs: A table of runs; see `training.tabulate`.
        sweep: Its name.
        declared: How to call the declared values.
        confidence: Of the intervals.
    """
    networks = list(dict.fromkeys(summary["network"]))
    heights = [len(values_of(summary, network)) for network in networks]
    figure = Figure(figsize=(9.5, 1.3 + 0.36 * len(networks) + 0.3 * sum(heights)))
    panels = figure.subplots(len(networks), sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for axes, network in zip(panels, networks, strict=True):
        of_network = summary[summary["network"] == network].reset_index(drop=True)
        for row, point in of_network.iterrows():
            _draw_point(axes, row, point, _errors(accuracies(runs, network, point["value"])))
        labels = [f"{value}" for value in of_network["value"]]
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_title(network, fontweight="normal", fontsize=10)
    _scale(panels[-1], "x", _errors(runs["validation_accuracy"]))
    panels[-1].set_xlabel("Validation accuracy (logarithmic in the error)")
    marks = [
        Line2D([], [], color=MUTED, marker="o", ls="", ms=4, label="a run"),
        Line2D(
            [], [], color=BLUE, marker="|", ms=11, label=f"mean, {100 * confidence:g} % interval"
        ),
        Line2D(
            [], [], color=VERMILLION, marker="D", ls="", label=f"the {declared} value", **HOLLOW
        ),
    ]
    figure.legend(handles=marks, loc="outside lower left", ncols=len(marks), fontsize=9)
    _title(figure, f"{title_of(sweep)}: what each value reaches")
    return figure


def _draw_point(axes: Axes, row: Any, point: pd.Series[Any], errors: NDArray[np.float64]) -> None:
    colour = VERMILLION if point["declared"] else BLUE
    axes.scatter(errors, [row] * len(errors), s=14, color=MUTED, alpha=0.6, linewidth=0, zorder=3)
    ends = _errors(point[["low", "high"]].to_numpy(np.float64))
    if len(ends) == 2:
        axes.plot(ends, [row, row], color=colour, linewidth=2)
    mean = _errors(np.array([point["mean"]], np.float64))
    axes.plot(mean, [row] * len(mean), "|", color=colour, markersize=13, markeredgewidth=2)
    if point["declared"]:
        axes.plot(mean, [row] * len(mean), "D", color=colour, markersize=8, **HOLLOW)
    if not len(mean):
        axes.annotate(
            "diverged", (0.01, row), xycoords=("axes fraction", "data"), va="center", color=MUTED
        )


@styled
def curves(runs: pd.DataFrame, sweep: str, declared: str) -> Figure:
    """Draw the mean validation accuracy after each epoch, a line a value, one panel a network.

    Args:
        runs: A table of runs; see `training.tabulate`.
        sweep: Its name.
        declared: How to call the declared values.
    """
    networks = list(dict.fromkeys(runs["network"]))
    most = max(len(values_of(runs, network)) for network in networks)
    figure = Figure(figsize=(9.5, 3.6 + 0.17 * most))
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    drawn = []
    for axes, network in zip(panels, networks, strict=True):
        by_value = list(runs[runs["network"] == network].groupby("value", sort=False))
        shades = mpl.colormaps["viridis"](np.linspace(0, 0.9, len(by_value)))
        for (value, of_value), shade in zip(by_value, shades, strict=True):
            mean = of_value.groupby("epoch")["val_accuracy"].mean().dropna()
            look: dict[str, Any] = {"color": shade, "linewidth": 1.5, "label": value}
            if of_value["declared"].any():
                look = {"color": VERMILLION, "linewidth": 2.5, "label": f"{value} ({declared})"}
            short = {"marker": "o", "markersize": 4} if len(mean) < 4 else {}
            drawn.append(_errors(mean))
            axes.plot(mean.index, drawn[-1], **look, **short)
        axes.set_title(network, fontweight="normal", fontsize=10)
        axes.set_xlabel("Epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y")
        axes.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=8, ncols=1 if most > 5 else 2
        )
    _scale(panels[0], "y", np.concatenate(drawn))
    panels[0].set_ylabel("Validation accuracy, mean of the runs")
    _title(figure, f"{title_of(sweep)}: how the networks learn")
    return figure


@styled
def overview(table: pd.DataFrame) -> Figure:
    """Draw accuracy against parameters and against seconds, the Pareto fronts marked.

    Args:
        table: As from `summary.overview`.
    """
    learnt = table[table["mean"] >= LEARNT]
    drawn = table if learnt.empty else learnt
    figure = Figure(figsize=(9.5, 5))
    panels = figure.subplots(1, 2, sharey=True)
    colours = dict(zip(dict.fromkeys(table["network"]), cycle(SERIES), strict=False))
    _draw_costs(panels[0], drawn, colours, "parameters", "smallest")
    _draw_costs(panels[1], drawn, colours, "seconds", "quickest")
    panels[0].set_xlabel("Parameters")
    panels[1].set_xlabel("Seconds of training")
    _scale(panels[0], "y", _errors(drawn["mean"]))
    panels[0].set_ylabel("Validation accuracy (logarithmic in the error)")
    marks = [
        Line2D([], [], color=colour, marker="o", ls="", label=network)
        for network, colour in colours.items()
    ]
    marks += [
        Line2D([], [], color=MUTED, marker="D", ls="", label="as declared", **HOLLOW),
        Line2D([], [], color=INK, lw=1.2, label="Pareto front: none is better in both"),
    ]
    figure.legend(handles=marks, loc="outside lower left", ncols=len(marks), fontsize=9)
    left_out = len(table) - len(drawn)
    without = f" (without {left_out} below {100 * LEARNT:g} %)" if left_out else ""
    _title(figure, f"Every value of every sweep: what accuracy costs{without}")
    return figure


def _draw_costs(
    axes: Axes, table: pd.DataFrame, colours: dict[str, str], cost: str, front: str
) -> None:
    """Draw accuracies against a cost on a logarithmic axis, and name the points of its front."""
    for network, of_network in table.groupby("network", sort=False):
        colour = colours[str(network)]
        axes.scatter(of_network[cost], _errors(of_network["mean"]), s=22, color=colour, alpha=0.7)
        own = of_network[of_network["sweep"] == "declared"]
        look: dict[str, Any] = {"s": 90, "facecolor": "none", "linewidth": 1.8, "zorder": 4}
        axes.scatter(own[cost], _errors(own["mean"]), marker="D", edgecolor=colour, **look)
    best = table[table[front]].sort_values(cost)
    errors = _errors(best["mean"])
    axes.plot(best[cost], errors, color=INK, linewidth=1.2, zorder=1)
    for (_, point), error in zip(best.iterrows(), errors, strict=True):
        told = f"{title_of(point['sweep']).lower()} {point['value']}"
        axes.annotate(
            point["network"] if point["sweep"] == "declared" else told,
            (point[cost], error),
            xytext=(4, -9),
            textcoords="offset points",
            fontsize=7,
            color=INK,
        )
    axes.set_xscale("log")
    axes.margins(x=0.12)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid()


def _errors(shares: Any) -> NDArray[np.float64]:
    """The errors of those accuracies that are known, none too small for a logarithm."""
    known = np.asarray(shares, np.float64)
    return (1 - known[np.isfinite(known)]).clip(LEAST_ERROR, 1)


def _scale(axes: Axes, which: Literal["x", "y"], errors: NDArray[np.float64]) -> None:
    """Make an axis logarithmic in the error, falling, and name its ticks by the accuracy."""
    low, high = (errors.min(), errors.max()) if len(errors) else (0.01, 0.1)
    axes.set(**{f"{which}scale": "log"})
    axes.set(**{f"{which}lim": (min(high * ROOM, 1), low / ROOM)})
    axis = axes.xaxis if which == "x" else axes.yaxis
    inside = [error for error in ERRORS if low <= error <= high]
    if len(inside) < FEW_TICKS:
        inside += [error for error in MORE_ERRORS if low <= error <= high]
    axis.set_major_locator(FixedLocator(inside))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda error, _: f"{100 * (1 - error):.4g} %")


def _title(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.01, ha="left", fontsize=11, weight="bold")
