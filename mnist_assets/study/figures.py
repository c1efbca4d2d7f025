"""What many runs say: where each run lies, and how sure the difference of two networks is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnist_assets.formatting import number, percent
from mnist_assets.plots.style import BLUE, GREEN, INK, MUTED, PURPLE, VERMILLION, styled
from mnist_assets.study.summary import KINDS, PARTS, summarise

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

KIND_LABELS = {"training": "other weights and order", "split": "another split"}
PART_MARKS = {"validation": (BLUE, "o", -0.21), "test": (VERMILLION, "s", 0.21)}
KIND_MARKS = {"training": (GREEN, "D", -0.16), "split": (PURPLE, "^", 0.16)}
SEEN_THROUGH: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 1.6}
HOLLOW: dict[str, Any] = {"markerfacecolor": "white", "markeredgewidth": 1.6}
SPREAD = 0.12  # half the height that the runs of a row take: those of equal accuracy stay apart


@styled
def runs(
    table: pd.DataFrame,
    claims: Mapping[str, float | None],
    confidence: float,
    among: int | None = None,
) -> Figure:
    """Draw every run of one or more networks as a point, with the means and their intervals.

    Args:
        table: Tables of runs (see `study/summary.py`) under each other, with a column `network`.
        claims: The validation accuracy that the notebook gives of each network, if it gives one.
        confidence: Of the intervals.
        among: How many networks there are, if these are the most accurate of more.
    """
    networks = list(dict.fromkeys(table["network"]))
    summaries = {
        name: summarise(table[table["network"] == name], confidence, claims.get(name))
        for name in networks
    }
    rows = [(name, kind) for name in networks for kind in KINDS]
    figure = Figure(figsize=(9.5, 1.7 + 0.66 * len(rows)))
    axes = figure.subplots()
    for row, (name, kind) in enumerate(rows):
        of_row = table[(table["network"] == name) & (table["kind"] == kind)]
        for part in PARTS:
            _draw_runs(axes, row, part, of_row[f"{part}_accuracy"], summaries[name][kind][part])
        if (claim := claims.get(name)) is not None:
            height = row + PART_MARKS["validation"][2]
            axes.plot(claim, height, "D", color=INK, markersize=9, zorder=4, **SEEN_THROUGH)
    one = len(networks) == 1
    _tidy_rows(
        axes, [KIND_LABELS[kind] if one else f"{n}\n{KIND_LABELS[kind]}" for n, kind in rows]
    )
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    axes.set_xlabel("Accuracy of a run")
    marks = [_mark(colour, marker, part) for part, (colour, marker, _) in PART_MARKS.items()]
    marks.append(
        Line2D([], [], color=INK, marker="|", ms=11, label=f"mean, {100 * confidence:g} % interval")
    )
    if any(claims.get(name) is not None for name in networks):
        marks.append(_mark(INK, "D", "validation, by the notebook", hollow=True))
    _finish(figure, marks, _runs_title(summaries) + _selected(networks, among))
    return figure


@styled
def differences(comparison: pd.DataFrame, confidence: float, among: int | None = None) -> Figure:
    """Draw the mean difference of each two networks with its interval.

    Args:
        comparison: What `paired_tests.compare_networks` gives of at least two networks.
        confidence: Of the intervals; 1 less this is the level that p-values are held against.
        among: How many networks there are, if these are the most accurate of more.
    """
    by_pair = comparison.groupby(["first", "second"], sort=False)
    leads: dict[Any, float] = by_pair["mean_difference"].sum().to_dict()
    pairs = sorted(leads, key=lambda pair: -abs(leads[pair]))
    figure = Figure(figsize=(9.5, 1.9 + 0.62 * len(pairs)))
    panels = figure.subplots(1, len(PARTS), sharex=True, sharey=True)
    for axes, part in zip(panels, PARTS, strict=True):
        axes.axvline(0, color=MUTED, linewidth=1)
        for _, row in comparison[comparison["part"] == part].iterrows():
            pair = (row["first"], row["second"])
            sign = -1 if leads[pair] < 0 else 1
            ends = [sign * row[name] for name in ("low", "mean_difference", "high")]
            sure = row["holm_p_value"] < 1 - confidence
            _draw_difference(axes, pairs.index(pair), row["kind"], ends, sure=sure)
        axes.set_title(f"{part.capitalize()} accuracy", fontweight="normal")
        axes.xaxis.set_major_formatter(lambda share, _: number(100 * share, 1))
        axes.set_xlabel("Mean difference (percentage points)")
    better_first = [pair[::-1] if leads[pair] < 0 else pair for pair in pairs]
    _tidy_rows(panels[0], [f"{better} over {worse}" for better, worse in better_first])
    _tidy_rows(panels[1], None)
    marks = [_mark(*KIND_MARKS[kind][:2], KIND_LABELS[kind]) for kind in KINDS]
    marks.append(_mark(MUTED, "o", "hollow: may be chance", hollow=True))
    compared = dict.fromkeys([*comparison["first"], *comparison["second"]])
    _finish(figure, marks, _differences_title(comparison, confidence) + _selected(compared, among))
    return figure


def _draw_runs(
    axes: Axes, row: int, part: str, accuracies: pd.Series[float], summary: Mapping[str, Any]
) -> None:
    colour, marker, offset = PART_MARKS[part]
    mean, low, high = (summary[name] for name in ("mean", "low", "high"))
    if low is not None:
        axes.hlines(row + offset, low, high, INK, linewidth=2)
    if mean is not None:
        axes.plot(mean, row + offset, "|", color=INK, markersize=15, markeredgewidth=2)
    heights = row + offset + np.linspace(-SPREAD, SPREAD, max(len(accuracies), 1))
    look: dict[str, Any] = {"s": 26, "edgecolor": "white", "linewidth": 0.6, "zorder": 3}
    axes.scatter(accuracies, heights[: len(accuracies)], color=colour, marker=marker, **look)


def _draw_difference(
    axes: Axes, height: int, kind: str, ends: Sequence[float], *, sure: bool
) -> None:
    colour, marker, offset = KIND_MARKS[kind]
    axes.plot(ends[::2], [height + offset] * 2, color=colour, linewidth=1.8)
    look = {} if sure else HOLLOW
    axes.plot(ends[1], height + offset, marker, color=colour, markersize=7, **look)


def _tidy_rows(axes: Axes, labels: list[str] | None) -> None:
    """Name the rows from top to bottom, without an axis beside them."""
    if labels is not None:
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _mark(colour: str, marker: str, label: str, *, hollow: bool = False) -> Line2D:
    look = HOLLOW if hollow else {}
    return Line2D([], [], color=colour, marker=marker, ls="", label=label, **look)


def _finish(figure: Figure, marks: list[Line2D], title: str) -> None:
    figure.legend(handles=marks, loc="outside lower left", ncols=len(marks), fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, weight="bold")


def _runs_title(summaries: Mapping[str, Mapping[str, Any]]) -> str:
    name, summary = next(iter(summaries.items()))
    if len(summaries) == 1:
        claims = [summary[kind]["notebook"] for kind in KINDS]
        if all(claims):
            training, split = (claim["words"] for claim in claims)
            figure = percent(claims[0]["claim"])
            return f"{name}: the notebook's {figure} is {training}; on other splits, {split}"
        return f"{name}: standard deviation from run to run {_points(summary)}"
    points = {
        name: of["variation"]["validation"]["together_points"] for name, of in summaries.items()
    }
    known = {name: value for name, value in points.items() if value is not None}
    if not known:
        return "One run a network says nothing of how its accuracy varies"
    least, most = (choose(known, key=lambda name: known[name]) for choose in (min, max))
    return (
        f"Standard deviation from run to run: {_points(summaries[least])} ({least}) "
        f"to {known[most]:.2f} ({most})"
    )


def _differences_title(comparison: pd.DataFrame, confidence: float) -> str:
    sure = int((comparison["holm_p_value"] < 1 - confidence).sum())
    return (
        f"{sure} of {len(comparison)} mean differences are more than chance "
        f"(exact sign-flip test, Holm's correction, {100 * (1 - confidence):.3g} %)"
    )


def _selected(networks: Collection[str], among: int | None) -> str:
    """A line that says which networks are drawn, where they are not all."""
    if among is None or among == len(networks):
        return ""
    return f"\nThe {len(networks)} most accurate of {among} networks: {', '.join(networks)}"


def _points(summary: Mapping[str, Any]) -> str:
    points = summary["variation"]["validation"]["together_points"]
    return "unknown" if points is None else f"{points:.2f} percentage points"
