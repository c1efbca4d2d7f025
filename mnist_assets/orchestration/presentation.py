"""How values look in the web UI: pictures and tables as metadata."""

import math
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dagster as dg

from mnist_assets.orchestration.versions.content import content_version

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LARGEST_PICTURE = 100_000  # bytes of PNG; more would bloat the event log that every page reads
LONGEST_TABLE = 60  # rows


_drawn: dict[tuple[str, ...], bytes] = {}


def draw(figure: Callable[..., "Figure"], *values: Any, **options: Any) -> bytes:
    """A figure as PNG: drawn once in a process for equal values, as the report shows it again.

    Args:
        figure: A drawing function of `figures/`.
        values: What it draws: arrays, tables, lists and mappings of plain values.
        options: Further plain values.
    """
    from mnist_assets.plots.style import to_png

    key = (f"{figure.__module__}.{figure.__qualname__}", *map(_key, [*values, *options.items()]))
    if key not in _drawn:
        _drawn[key] = to_png(figure(*values, **options))
    return _drawn[key]


def _key(value: Any) -> str:
    return repr(value) if isinstance(value, str | int | float | tuple) else content_version(value)


def picture(png: bytes, alternative_text: str) -> dg.MarkdownMetadataValue:
    """An inline picture.

    Raises:
        ValueError: It has 100 kB or more.
    """
    if len(png) >= LARGEST_PICTURE:
        raise ValueError(f"{alternative_text}: {len(png):,} bytes, at most {LARGEST_PICTURE:,}")
    return dg.MetadataValue.md(
        f"![{alternative_text}](data:image/png;base64,{b64encode(png).decode()})"
    )


def table(frame: "pd.DataFrame", *, digits: int = 4) -> dg.TableMetadataValue:
    """A table of at most 60 rows, its numbers rounded to `digits` decimals."""
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({str(name): _plain(value, digits) for name, value in row.items()})
            for row in frame.head(LONGEST_TABLE).to_dict("records")
        ],
        schema=dg.TableSchema(
            [dg.TableColumn(str(name), str(dtype)) for name, dtype in frame.dtypes.items()]
        ),
    )


def _plain(value: Any, digits: int) -> Any:
    """A value as JSON knows it: no NumPy scalar, no NaN, no infinity."""
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, float):
        return plain
    if math.isnan(plain):
        return None
    return round(plain, digits) if math.isfinite(plain) else str(plain)
