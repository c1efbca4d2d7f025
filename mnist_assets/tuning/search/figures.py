"""What a search has found: trial by trial, as a front of sizes, and what decided it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from mnist_assets.formatting import percent
from mnist_assets.plots.style import BLUE, GRID, INK, MUTED, VERMILLION, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

WIDE, HIGH = 8.5, 4.2
UNCUT = 0.02  # of accuracy: trials further below the middle half are drawn at the edge


@styled
def history(table: pd.DataFrame) -> Figure:
    """Draw the validation accuracy of each trial, and the best until then.

    Args:
        table: Trials of one search as `table.tabulate` gives them, one finished at least.
    """
    finished = table[table["state"] == "complete"]
    figure = Figure(figsize=(WIDE, HIGH))
    axes = figure.subplots()
    accuracy = finished["validation_accuracy"]
    axes.plot(finished["trial"], accuracy, "o", color=BLUE, markersize=4, label="a trial")
    axes.step(
        finished["trial"], accuracy.cummax(), where="post", color=VERMILLION, label="best so far"
    )
    _cut(axes, accuracy)
    cut_short = int((table["state"] == "pruned").sum())
    axes.set_xlabel(
        f"Trial ({cut_short} more were refused or ended early)" if cut_short else "Trial"
    )
    axes.legend(loc="lower right")
    first = finished["trial"].to_numpy()[accuracy.to_numpy().argmax()]
    _title(
        figure,
        f"{_name(table)}: {percent(accuracy.max())} of the validation images after "
        f"{len(table)} trials, first reached by trial {first}",
    )
    return figure


@styled
def front(table: pd.DataFrame) -> Figure:
    """Draw validation accuracy against the number of parameters, the best trials joined.

    Args:
        table: Trials of one search as `table.tabulate` gives them, one finished at least.
    """
    finished = table[table["state"] == "complete"]
    best = finished[finished["best"]].sort_values("parameters")
    figure = Figure(figsize=(WIDE, HIGH))
    axes = figure.subplots()
    axes.plot(
        finished["parameters"], finished["validation_accuracy"], "o", color=GRID, markersize=5
    )
    axes.plot(best["parameters"], best["validation_accuracy"], "o-", color=VERMILLION, markersize=5)
    for _, row in best.iloc[_spread(len(best))].iterrows():
        axes.annotate(
            f"trial {row['trial']}",
            (row["parameters"], row["validation_accuracy"]),
            (4, -11),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.set_xlabel("Parameters")
    _cut(axes, finished["validation_accuracy"])
    many = "no other trial is better in every objective" if len(best) > 1 else "the best trial"
    _title(figure, f"{_name(table)}: {len(best)} of {len(finished)} trials marked: {many}")
    return figure


@styled
def importances(name: str, shares: Mapping[str, float]) -> Figure:
    """Draw how much each value that was left open decides.

    Args:
        name: The search's.
        shares: Of the variance of validation accuracy, greatest first; none if there are too few
            trials.
    """
    figure = Figure(figsize=(WIDE, 1.6 + 0.32 * max(len(shares), 1)))
    axes = figure.subplots()
    names = [each.replace("_", " ") for each in shares]
    axes.barh(range(len(names)), list(shares.values()), color=BLUE)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share, 0)))
    axes.set_xlabel("Share of the variance of validation accuracy (fANOVA)")
    if shares:
        most, share = next(iter(shares.items()))
        told = f"{most.replace('_', ' ')} decides most, {percent(share, 0)}"
    else:
        told = "too few trials to tell what decides"
    _title(figure, f"{name.replace('_', ' ')}: {told}")
    return figure


def _cut(axes: Axes, accuracy: pd.Series[float]) -> None:
    """Leave trials that went wrong at the lower edge, so that the others can be told apart."""
    values = accuracy.to_numpy(float)
    highest = values.max()
    lowest = max(values.min(), np.quantile(values, 0.25) - UNCUT)
    room = max((highest - lowest) / 12, 1e-4)
    axes.set_ylim(lowest - room, highest + room)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share, 1)))
    axes.set_ylabel("Validation accuracy")
    axes.grid(axis="y")
    below = int((values < lowest - room).sum())
    if below:
        axes.annotate(
            f"{below} below", (0.01, 0.02), xycoords="axes fraction", fontsize=8, color=MUTED
        )


def _spread(count: int, most: int = 8) -> list[int]:
    """At most so many places, spread evenly, with the first and the last."""
    if count <= most:
        return list(range(count))
    return sorted({round(place * (count - 1) / (most - 1)) for place in range(most)})


def _name(table: pd.DataFrame) -> str:
    return str(table["search"].iloc[0]).replace("_", " ")


def _title(figure: Figure, words: str) -> None:
    figure.suptitle(textwrap.fill(words, 95), x=0.01, ha="left", fontsize=11, weight="bold")
