"""How values look in the web UI: pictures and tables as metadata."""

import math
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LARGEST_PICTURE = 100_000  # bytes of PNG; more would bloat the event log that every page reads
LONGEST_TABLE = 60  # rows


@dataclass(frozen=True)
class Picture:
    """A picture of an asset's value: shown in the web UI, and stored beside the value.

    Attributes:
        alternative_text: What is to be seen, for whoever cannot see it.
        png: The PNG file; None where it could not be drawn.
    """

    alternative_text: str
    png: bytes | None


def draw(
    alternative_text: str, figure: Callable[..., "Figure"], *values: Any, **options: Any
) -> Picture:
    """Draw a picture by a function of a stage's figures, given its values and options.

    If that fails, the log says so, since no step is to fail by a picture.
    """
    try:
        png = to_png(figure, *values, **options)
    except Exception as error:  # whatever is wrong with a picture, the value is right
        dg.get_dagster_logger().warning(
            f'The picture "{alternative_text}" could not be drawn: {type(error).__name__}: {error}',
            exc_info=error,
        )
        return Picture(alternative_text, None)
    return Picture(alternative_text, png)


def draw_value(
    alternative_text: str, figure: Callable[..., "Figure"], *values: Any, **options: Any
) -> Picture:
    """Draw a picture that is an asset's value itself, as `draw` does.

    If that fails, the value is a picture that says so.
    """
    picture = draw(alternative_text, figure, *values, **options)
    return picture if picture.png else Picture(alternative_text, _in_words(alternative_text))


def _in_words(alternative_text: str) -> bytes:
    """A picture of what was to be seen, in words."""
    from PIL import Image, ImageDraw

    told = f"Could not be drawn, see the log of this step.\n{alternative_text}"
    blank = Image.new("RGB", (640, 64), "white")
    ImageDraw.Draw(blank).multiline_text((8, 8), told, fill="black", font_size=16)
    buffer = BytesIO()
    blank.save(buffer, "png")
    return buffer.getvalue()


def to_png(figure: Callable[..., "Figure"], *values: Any, **options: Any) -> bytes:
    """Draw a picture as a PNG file; arguments as those of `draw`."""
    from mnist_assets.plots import style

    return style.to_png(figure(*values, **options))


def inline(picture: Picture) -> dg.MarkdownMetadataValue:
    """A picture inside the metadata, halved until it has less than 100 kB."""
    png = picture.png
    if png is None:
        return dg.MetadataValue.md(f"Could not be drawn, see the log: {picture.alternative_text}")
    while len(png) >= LARGEST_PICTURE:
        png = _halve(png)
    return dg.MetadataValue.md(
        f"![{picture.alternative_text}](data:image/png;base64,{b64encode(png).decode()})"
    )


def _halve(png: bytes) -> bytes:
    """A picture of half the width and height."""
    from PIL import Image

    buffer = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.reduce(2).save(buffer, "png")
    return buffer.getvalue()


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
