"""Names of classes in pictures: cut where they are too long, thinned where they are too many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from mnist_assets.plots.layout import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW = 20  # classes: up to so many, each has its place, its name and its numbers
LONGEST = 1.3  # inches of a name beside an axis


def names_of(count: int, names: Sequence[str] | None) -> list[str]:
    """The names of so many classes: the numbers from 0, if none are given."""
    return [str(number) for number in range(count)] if names is None else list(names)


def shorten(
    figure: Figure, text: str, inches: float, size: float = 10, weight: str = "normal"
) -> str:
    """Cut a text until it is no wider, with an ellipsis for what is gone."""
    shown = text
    while len(shown) > 1 and text_width(figure, shown, size, weight) > inches:
        shown = f"{shown.removesuffix('…')[:-1]}…"
    return shown


def name_along(axes: Axes, names: Sequence[str], inches: float) -> float:
    """Name the classes at 0, 1, ... along an x axis of so many inches, as many as have room.

    Returns:
        The inches that turned names take below a line of text; 0 if they are written level.
    """
    figure = cast("Figure", axes.get_figure(root=True))
    each = inches / len(names)
    size = 10 if len(names) <= FEW else 8
    widest = max(text_width(figure, name, size) for name in names)
    level = widest + 0.05 <= each or all(name.isdigit() for name in names)
    shown = range(0, len(names), math.ceil((widest + 0.05 if level else 0.13) / each))
    labels = [
        names[place] if level else shorten(figure, names[place], LONGEST, size) for place in shown
    ]
    axes.set_xticks([*shown], labels, rotation=0 if level else 90, fontsize=size)
    return 0.0 if level else max(text_width(figure, label, size) for label in labels) - 0.15


def name_beside(axes: Axes, names: Sequence[str], inches: float) -> float:
    """Name the classes at 0, 1, ... beside a y axis of so many inches, as many as have room.

    Returns:
        The inches of the widest name.
    """
    figure = cast("Figure", axes.get_figure(root=True))
    size = 10 if len(names) <= FEW else 8
    shown = range(0, len(names), math.ceil((size / 72 + 0.03) / (inches / len(names))))
    labels = [shorten(figure, names[place], LONGEST, size) for place in shown]
    axes.set_yticks([*shown], labels, fontsize=size)
    return max(text_width(figure, label, size) for label in labels)
