"""Where things stand in a picture, in inches.

Matplotlib's constrained layout measures every tick, text and mark twice, which takes longer than
drawing them. Here only what is not known beforehand is measured: how wide the labels of y axes are.
"""

from collections.abc import Sequence
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.transforms import ScaledTranslation

from mnist_assets.plots.style import MUTED

Box = tuple[float, float, float, float]  # left, top, width, height, from the upper left corner

EDGE = 0.06  # inches, as all of these: what stays free at edges and between panels
TICK = 0.1  # a tick and what is free before its label
NAME = 0.22  # the name of an axis, and what is free before it
HEADING, HEADINGS = 0.32, 0.48  # above a panel, for a title of one line or of two
TITLE = 0.27  # of the whole picture
BELOW, BELOW_UNNAMED = 0.54, 0.3  # below a panel, for the labels of its x axis and its name
NOTE = 0.24  # a remark at the bottom


def page(figure: Figure) -> Axes:
    """Axes as large as the figure, in inches from its upper left corner, with nothing around."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0, 0, 1, 1))
    move(axes, (0, 0, width, height))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    return axes


def move(axes: Axes, box: Box) -> None:
    """Put axes into a box, for good: nothing is laid out afterwards."""
    figure = _figure(axes)
    figure.set_layout_engine("none")
    left, top, width, height = box
    page_width, page_height = figure.get_size_inches()
    bottom = page_height - top - height
    axes.set_position(
        (left / page_width, bottom / page_height, width / page_width, height / page_height)
    )


def set_title(figure: Figure, text: str) -> None:
    """Give the whole picture its title, on the left."""
    width, height = figure.get_size_inches()
    place = {"x": EDGE / width, "y": 1 - EDGE / height}
    figure.suptitle(text, **place, ha="left", fontsize=11, weight="bold")


def set_note(figure: Figure, text: str, **look: Any) -> None:
    """Write a remark at the bottom, on the left."""
    width, height = figure.get_size_inches()
    figure.supxlabel(text, x=EDGE / width, y=EDGE / height, ha="left", fontsize=9, **look)


def place(
    panels: Axes | Sequence[Axes],
    *,
    top: float,
    bottom: float,
    right: float = 2 * EDGE,
    between: float = 0.0,
    heights: Sequence[float] = (1,),
) -> None:
    """Place panels side by side, or one below the other if several heights are given.

    Their limits, ticks and names have to be set before, since the labels of y axes are measured.

    Args:
        panels: Axes of one figure.
        top: Inches above the upper panel.
        bottom: Inches below the lower panel.
        right: Inches on the right of each panel.
        between: Inches between panels that stand one below the other.
        heights: Of the panels that stand one below the other, in proportion.
    """
    grid = np.asarray(panels, object).reshape(len(heights), -1)
    page_width, page_height = _figure(grid[0, 0]).get_size_inches()
    free = page_height - top - bottom - between * (len(heights) - 1)
    each = free * np.array(heights) / sum(heights)
    tops = top + np.cumsum([0, *(each[:-1] + between)])
    rooms = [
        max(_name_axes(axes, height) for axes, height in zip(column, each, strict=True))
        for column in grid.T
    ]
    width = (page_width - sum(rooms)) / len(rooms) - right
    lefts = np.cumsum(rooms) + (width + right) * np.arange(len(rooms))
    for (row, column), axes in np.ndenumerate(grid):
        move(axes, (lefts[column], float(tops[row]), width, each[row]))


def _name_axes(axes: Axes, height: float) -> float:
    """Put the names of both axes beside the labels; the inches that those on the left take."""
    move(axes, (0, 0, _figure(axes).get_figwidth(), height))  # it decides how many ticks there are
    axes.xaxis.set_label_coords(0.5, 0, _away(axes, 0, -TICK - NAME + 0.02))
    labels = _label_width(axes)
    axes.yaxis.set_label_coords(0, 0.5, _away(axes, -labels - EDGE, 0))
    return EDGE + labels + NAME * bool(axes.get_ylabel())


def _label_width(axes: Axes) -> float:
    """Inches of the ticks of the y axis and their labels."""
    axis = axes.yaxis
    look = axis.get_tick_params()
    if not (look["labelleft"] or look["labelright"]):
        return 0.0
    low, high = sorted(axis.get_view_interval())
    ticks = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
    labels = axis.get_major_formatter().format_ticks(ticks)
    longest = max((line for label in labels for line in label.split("\n")), key=len, default="")
    return TICK + text_width(_figure(axes), longest)


def _away(axes: Axes, right: float, up: float) -> Any:
    """Coordinates of the axes, moved by inches."""
    return axes.transAxes + ScaledTranslation(right, up, _figure(axes).dpi_scale_trans)


def text_width(figure: Figure, text: str, size: float = 10, weight: str = "normal") -> float:
    """How wide a line of text is, in inches."""
    font = FontProperties(size=size, weight=weight)
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    return float(renderer.get_text_width_height_descent(text, font, False)[0] / figure.dpi)


def colour_bar(
    axes: Axes,
    colours: str | Colormap,
    limits: tuple[float, float],
    label: str,
    ticks: Sequence[float] | None = None,
    *,
    beyond: bool = False,
) -> None:
    """Make axes a column of colours, named on the right: one image, where matplotlib has shapes.

    Args:
        axes: As narrow as the column.
        colours: The colour map.
        limits: The values of its first and its last colour.
        label: What the values are.
        ticks: Those that are named, if they are not left to matplotlib.
        beyond: Point at both ends to say that values outside the limits have these colours, too.
    """
    low, high = limits
    shades = np.linspace(high, low, 256)[:, np.newaxis]
    axes.imshow(shades, cmap=colours, extent=(0, 1, low, high), aspect="auto")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    if ticks is not None:
        axes.set_yticks(ticks)
    axes.spines[:].set_visible(True)
    if beyond:
        _point(axes, colours, limits)
    axes.set_ylim(limits)
    axes.set_ylabel(label)
    axes.yaxis.set_label_position("right")
    axes.yaxis.set_label_coords(1, 0.5, _away(axes, _label_width(axes) + EDGE, 0))


def _point(axes: Axes, colours: str | Colormap, limits: tuple[float, float]) -> None:
    """Let the column end in points."""
    shades = mpl.colormaps.get_cmap(colours)
    low, high = limits
    for end, colour, away in ((low, shades(0.0), -0.06), (high, shades(1.0), 0.06)):
        corners = [0, 0.5, 1], [end, end + away * (high - low), end]
        axes.fill(*corners, color=colour, linewidth=0, clip_on=False)
        axes.plot(*corners, color=MUTED, linewidth=0.8, clip_on=False)
    axes.spines[["bottom", "top"]].set_visible(False)


def _figure(axes: Axes) -> Figure:
    return cast("Figure", axes.get_figure(root=True))
