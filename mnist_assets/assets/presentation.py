"""How values look in the web UI: pictures and tables as metadata."""

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
    records = frame.head(LONGEST_TABLE).round(digits).to_dict("records")
    return dg.MetadataValue.table(
        records=[dg.TableRecord(_plain(record)) for record in records],
        schema=dg.TableSchema(
            [dg.TableColumn(str(name), str(dtype)) for name, dtype in frame.dtypes.items()]
        ),
    )


def _plain(record: "dict[Any, Any]") -> dict[str, Any]:
    """NumPy scalars as Python's own, which is all that table metadata accepts."""
    return {
        str(name): value.item() if hasattr(value, "item") else value
        for name, value in record.items()
    }
