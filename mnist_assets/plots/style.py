"""One look for every picture: palette, type, sizes, and the way to PNG.

The palette is Okabe and Ito's (2008), which readers with any of the common colour-vision
deficiencies can tell apart.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from io import BytesIO
from threading import RLock
from typing import Any, ParamSpec

import matplotlib as mpl
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
ORANGE, SKY, PURPLE, YELLOW = "#E69F00", "#56B4E9", "#CC79A7", "#F0E442"
SERIES = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY)
INK, MUTED, GRID = "#1F2933", "#616E7C", "#D9DEE4"
DIGITS = "gray"  # the colour map of raw digits: grey level 0 black, 255 white
DIVERGING = "RdBu_r"  # for signed values, with zero in the middle

STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called $1
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # else each drawing looks for ticks that a title would have to step over
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=SERIES),
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "image.interpolation": "nearest",
}

# Matplotlib's settings are one for all threads: two that change them at once would leave them so.
_SETTINGS = RLock()

_P = ParamSpec("_P")


@contextmanager
def _style() -> Iterator[None]:
    with _SETTINGS, mpl.rc_context(STYLE):
        yield


def styled(draw: Callable[_P, Figure]) -> Callable[_P, Figure]:
    """Make a drawing function use the project's style, leaving matplotlib's own settings alone."""

    @wraps(draw)
    def draw_in_style(*args: _P.args, **kwargs: _P.kwargs) -> Figure:
        with _style():
            return draw(*args, **kwargs)

    return draw_in_style


def percent(share: float, digits: int = 2) -> str:
    """A share as a percentage, as pictures say it."""
    return f"{100 * share:.{digits}f} %"


def to_png(figure: Figure) -> bytes:
    """Render a figure as PNG; equal figures give equal bytes, since no software or date is told.

    `Figure.savefig` would draw everything twice, first only to lay it out, and write transparency.
    """
    canvas = FigureCanvasAgg(figure)
    with _style():
        canvas.draw()  # type: ignore[no-untyped-call]
    drawn = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    opaque = Image.frombuffer("RGBA", canvas.get_width_height(), drawn).convert("RGB")
    buffer = BytesIO()
    opaque.save(buffer, "png", compress_level=4, dpi=(figure.dpi, figure.dpi))
    return buffer.getvalue()
