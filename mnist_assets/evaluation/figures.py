"""How well networks tell the classes apart: confusion matrices, ratios per class, all networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from mnist_assets.evaluation.comparison import best_network
from mnist_assets.evaluation.metrics import commonest_confusion
from mnist_assets.plots.classes import FEW, name_along, name_beside, names_of, shorten
from mnist_assets.plots.layout import (
    BELOW,
    BELOW_UNNAMED,
    HEADING,
    HEADINGS,
    NOTE,
    TITLE,
    place,
    set_note,
    set_title,
    text_width,
)
from mnist_assets.plots.style import BLUE, GRID, INK, MUTED, VERMILLION, percent, styled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

MISTAKES = LinearSegmentedColormap.from_list("mistakes", ["white", VERMILLION]).with_extremes(
    bad="#EDF0F3"  # the diagonal, which is masked: where the network is right
)
PARTS = (("validation", BLUE, "o"), ("test", VERMILLION, "s"))
RATIOS = ("precision", "recall", "f1")
BEFORE, AFTER = 0.985, 1.015  # validation and test a hair apart: neither interval hides the other
RING = {"markersize": 7.5, "markerfacecolor": "none", "markeredgewidth": 1.8}
MOST_ROWS = 40  # classes of which the ratios are drawn: more would not fit on a screen
CELLS, NAME_IN_TITLE = 3.5, 0.9  # inches: of a matrix without its names, and of one in its title
SMALLEST_TYPE = 6.0  # points; below this a count in a cell is no longer readable


@styled
def confusion_matrices(
    matrices: Mapping[str, ArrayLike], names: Sequence[str] | None = None
) -> Figure:
    """Draw confusion matrices side by side, their mistakes coloured on one scale.

    Args:
        matrices: By part, (classes, classes) counts, rows true, columns predicted.
        names: Of the classes; their numbers if None.
    """
    counted = {part: np.asarray(counts) for part, counts in matrices.items()}
    shares = {part: _mistake_shares(counts) for part, counts in counted.items()}
    highest = max(float(share.filled(0).max()) for share in shares.values())
    digits = max(len(str(counts.max())) for counts in counted.values())
    named = names_of(len(next(iter(counted.values()))), names)
    figure = Figure(figsize=(4.2 * len(counted), 4.85))
    panels = figure.subplots(1, len(counted), squeeze=False)[0]
    for axes, (part, counts) in zip(panels, counted.items(), strict=True):
        axes.imshow(shares[part], cmap=MISTAKES, vmin=0, vmax=highest or 1)
        _write_counts(axes, counts, digits, dark=shares[part] > 0.75 * highest)
        _head_matrix(axes, counts, part, named)
        turned, beside = _label_matrix(axes, counts, named)
    # As many inches for the cells, whatever the names take.
    figure.set_size_inches(len(counted) * (4.2 + max(beside - 0.16, 0)), 4.85 + turned)
    if highest:
        # In words: a colour bar would be a quarter of the PNG.
        scale = f"Colour: share of the true class, up to {percent(highest, 1)}"
        set_note(figure, scale, color=MUTED)
    place(panels, top=HEADINGS, bottom=BELOW + NOTE + turned)
    for axes in panels:
        height = axes.get_position().height * figure.get_figheight()
        axes.xaxis.set_label_coords(0.5, -(0.3 + turned) / height)
    return figure


@styled
def per_class_ratios(
    parts: Mapping[str, Sequence[Mapping[str, Any]]], names: Sequence[str] | None = None
) -> Figure:
    """Draw precision, recall and F1 of each class, validation and test on one line.

    Of many classes only those of the lowest F1 in validation are drawn, which the title says. A
    class without images in a part has no ratios there.

    Args:
        parts: For each class of either part: class, support, precision, recall, f1, in [0, 1].
        names: Of the classes; their numbers if None.
    """

    def f1(figures: Mapping[str, Any]) -> float:
        return float(figures["f1"]) if figures["support"] else 1.0

    worst = {part: min(of, key=f1) for part, of in parts.items()}
    named = names_of(len(parts["validation"]), names)
    order = sorted(range(len(named)), key=lambda label: f1(parts["validation"][label]))
    drawn = sorted(order[:MOST_ROWS])
    all_classes = len(named)
    parts = {part: [of[label] for label in drawn] for part, of in parts.items()}
    rows = np.arange(len(drawn))
    inches = max(1.1, 0.28 * len(rows))
    figure = Figure(figsize=(9.5, 1.5 + inches))
    panels = figure.subplots(1, 3, sharex=True, sharey=True)
    for axes, ratio, name in zip(panels, RATIOS, ("Precision", "Recall", "F1"), strict=True):
        values = {
            part: [figures[ratio] if figures["support"] else np.nan for figures in of]
            for part, of in parts.items()
        }
        axes.hlines(rows, values["validation"], values["test"], color=GRID, linewidth=3, zorder=1)
        # A ring and a smaller square: both stay visible where validation and test agree.
        axes.plot(values["validation"], rows, "o", color=BLUE, label="validation", **RING)
        axes.plot(values["test"], rows, "s", color=VERMILLION, markersize=4, label="test")
        axes.set_title(name, fontweight="normal")
        axes.grid(axis="x")
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
        axes.tick_params(left=False)
        axes.spines["left"].set_visible(False)
    name_beside(panels[0], [named[label] for label in drawn], inches)
    panels[0].set_ylabel("Class")
    panels[0].set_ylim(len(rows) - 0.4, -0.6)
    panels[2].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
    lowest = (
        f"{named[of['class']]} in {part} ({percent(of['f1'], 1)})" for part, of in worst.items()
    )
    title = f"Lowest F1: {', '.join(lowest)}"
    if len(drawn) < all_classes:
        title = f"The {len(drawn)} of {all_classes} classes with the l{title[1:]}"
    set_title(figure, shorten(figure, title, 9.3, 11, "bold"))
    place(panels, top=TITLE + HEADING, bottom=BELOW_UNNAMED, right=0.25)
    return figure


@styled
def comparison(table: pd.DataFrame, confidence: float = 0.95) -> Figure:
    """Draw every network's accuracies, with their intervals, against its number of parameters.

    Args:
        table: One row a network: network, parameters, and accuracy, low and high of validation
            and test, as `compare_networks` gives them.
        confidence: Of these intervals, for the legend.
    """
    figure = Figure(figsize=(8.5, 4.8))
    axes = figure.subplots()
    for shift, (part, colour, marker) in zip((BEFORE, AFTER), PARTS, strict=True):
        accuracy = table[f"{part}_accuracy"]
        axes.errorbar(
            table["parameters"] * shift,
            accuracy,
            yerr=[accuracy - table[f"{part}_low"], table[f"{part}_high"] - accuracy],
            fmt=marker,
            color=colour,
            capsize=3,
            label=part,
        )
    axes.set_xscale("log")
    axes.set_xlim(table["parameters"].min() / 2.2, table["parameters"].max() * 1.6)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    axes.grid(axis="y")
    axes.set_xlabel("Parameters (logarithmic)")
    axes.set_ylabel("Accuracy")
    axes.legend(
        title=f"Accuracy with its {100 * confidence:.4g} % interval", loc="best", alignment="left"
    )
    _name_networks(axes, table)
    best = table[table["network"] == best_network(table)].iloc[0]
    axes.set_title(
        f"Highest validation accuracy: {best['network']}, "
        f"{percent(best['validation_accuracy'])} with {best['parameters']:,} parameters"
    )
    place(axes, top=HEADING, bottom=BELOW)
    return figure


def _mistake_shares(counts: NDArray[Any]) -> np.ma.MaskedArray[Any, Any]:
    of_true_class = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.ma.masked_array(of_true_class, mask=np.eye(len(counts), dtype=bool))


def _write_counts(axes: Axes, counts: NDArray[Any], digits: int, dark: NDArray[Any]) -> None:
    cell = 3.5 * 72 / len(counts)  # points
    size = min(8.0, cell / (0.6 * digits + 0.5))
    if size < SMALLEST_TYPE:
        return
    for true, predicted in zip(*np.nonzero(counts), strict=True):
        right = true == predicted
        colour = MUTED if right else "white" if dark[true, predicted] else INK
        count = str(counts[true, predicted])
        axes.text(predicted, true, count, ha="center", va="center", color=colour, fontsize=size)


def _head_matrix(axes: Axes, counts: NDArray[Any], part: str, names: Sequence[str]) -> None:
    accuracy = np.trace(counts) / max(counts.sum(), 1)
    worst = commonest_confusion(counts)
    mistake = "no mistake"
    if worst:
        figure = cast("Figure", axes.get_figure(root=True))
        of = f"{worst['count']} of {counts[worst['true']].sum():,}"
        true, predicted = names[worst["true"]], names[worst["predicted"]]
        mistake = f"commonest mistake: {true} read as {predicted}, {of}"
        if text_width(figure, mistake, 10, "bold") > CELLS:
            true, predicted = (
                shorten(figure, name, NAME_IN_TITLE, 10, "bold") for name in (true, predicted)
            )
            mistake = f"often {true} as {predicted}, {of}"
    axes.set_title(f"{part.capitalize()}: {percent(accuracy)} right\n{mistake}", fontsize=10)


def _label_matrix(axes: Axes, counts: NDArray[Any], names: Sequence[str]) -> tuple[float, float]:
    """Name the classes along both axes; the inches that `name_along` and `name_beside` tell."""
    turned = name_along(axes, names, 3.2)
    beside = name_beside(axes, names, CELLS)
    edges = np.arange(len(counts) + 1) - 0.5
    grid = (axes.hlines, axes.vlines) if len(counts) <= FEW else ()  # it would hide small cells
    for lines in grid:
        lines(edges, edges[0], edges[-1], colors=GRID, linewidth=0.5, zorder=0.5)
    axes.set(xlim=edges[[0, -1]], ylim=edges[[-1, 0]])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(len(counts) > FEW)
    axes.set_xlabel("Predicted class")
    axes.set_ylabel("True class")
    return turned, beside


def _name_networks(axes: Axes, table: pd.DataFrame) -> None:
    """Write each name beside its validation point: on the left, unless another network is there."""
    low, high = axes.get_ylim()
    written: list[tuple[float, float, bool]] = []
    for row in table.sort_values("validation_accuracy").to_dict("records"):
        x, y = row["parameters"], row["validation_accuracy"]
        right = bool(((table["parameters"] < x) & (table["parameters"] > x / 2)).any())
        for other_x, other_y, other_right in written:
            if right == other_right and 0.5 < x / other_x < 2:
                y = max(y, other_y + 0.05 * (high - low))
        written.append((x, y, right))
        axes.annotate(
            row["network"],
            (x * (AFTER if right else BEFORE), y),
            xytext=(9 if right else -9, 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontweight="bold",
        )
