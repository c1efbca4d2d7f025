"""How values look in the web UI: pictures and tables as metadata."""

import math
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd

LARGEST_PICTURE = 100_000  # bytes of PNG; more would bloat the event log that every page reads
LONGEST_TABLE = 60  # rows


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
