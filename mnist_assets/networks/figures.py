"""How a network learnt: loss and accuracy by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_assets.networks.history import generalization_gap
from mnist_assets.plots.layout import BELOW, EDGE, HEADING, TITLE, place, set_title, text_width
from mnist_assets.plots.style import BLUE, MUTED, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@styled
def history(table: pd.DataFrame, network: str) -> Figure:
    """Draw loss and accuracy of every epoch, training and validation.

    Args:
        table: One row an epoch, at least one: epoch, loss, accuracy, val_loss, val_accuracy.
        network: The network's name, for the title.
    """
    figure = Figure(figsize=(9.5, 3.8))
    loss, accuracy = figure.subplots(1, 2, sharex=True)
    _draw_curves(loss, table, "loss")
    loss.set_title(_loss_title(table), fontweight="normal")
    loss.set_ylabel("Cross-entropy (nats)")
    loss.set_ylim(bottom=0)
    loss.ticklabel_format(axis="y", style="plain")  # a power of ten would stand in the title
    _draw_curves(accuracy, table, "accuracy")
    highest = table["epoch"].iloc[int(table["val_accuracy"].argmax())]
    accuracy.set_title(f"Accuracy: highest in validation at epoch {highest}", fontweight="normal")
    accuracy.set_ylabel("Accuracy")
    accuracy.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    epochs = len(table)
    set_title(
        figure,
        f"{network} after {epochs} epoch{'s' if epochs > 1 else ''}: "
        f"validation accuracy {100 * table['val_accuracy'].iloc[-1]:.2f} %, "
        f"generalisation gap {100 * generalization_gap(table):+.2f} percentage points",
    )
    names = EDGE + text_width(figure, "validation", weight="bold")  # beyond the last epoch
    place([loss, accuracy], top=TITLE + HEADING, bottom=BELOW, right=names)
    return figure


def _draw_curves(axes: Axes, table: pd.DataFrame, metric: str) -> None:
    ends = []
    for name, column, colour in (
        ("training", metric, MUTED),
        ("validation", f"val_{metric}", BLUE),
    ):
        axes.plot(table["epoch"], table[column], color=colour, marker="o", markersize=3.5)
        finite = table[np.isfinite(table[column])]
        if len(finite):
            ends.append((float(finite[column].iloc[-1]), finite["epoch"].iloc[-1], name, colour))
    axes.margins(x=0.04, y=0.1)
    axes.grid(axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("Epoch")
    low, high = axes.get_ylim()
    close = len(ends) == 2 and abs(ends[0][0] - ends[1][0]) < 0.08 * (high - low)
    for (value, epoch, name, colour), apart in zip(sorted(ends), ("top", "bottom"), strict=False):
        axes.annotate(
            name,
            (epoch, value),
            xytext=(6, 0),
            textcoords="offset points",
            va=apart if close else "center",
            color=colour,
            fontweight="bold",
        )


def _loss_title(table: pd.DataFrame) -> str:
    finite = np.isfinite(table[["loss", "val_loss"]].to_numpy()).all(axis=1)
    if not finite.all():
        return f"Loss: no finite number at epoch {table['epoch'].iloc[int(finite.argmin())]}"
    lowest = table["epoch"].iloc[int(table["val_loss"].argmin())]
    return f"Loss: lowest in validation at epoch {lowest}"
