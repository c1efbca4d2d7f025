"""Rows of measurements: their medians, how they are shown, and the CSV files they are kept in."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

Row = Mapping[str, Any]


def medians(rows: Iterable[Row], by: str, column: str) -> dict[str, float]:
    """The median of a column for each value of another, in the order of first appearance."""
    groups: dict[str, list[float]] = {}
    for row in rows:
        groups.setdefault(row[by], []).append(row[column])
    return {name: median(values) for name, values in groups.items()}


def ratios(values: Mapping[str, float], baseline: str) -> dict[str, float]:
    """Each value over that of the baseline."""
    return {name: value / values[baseline] for name, value in values.items()}


def render(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in plain text: the first column to the left, the others to the right."""
    table = [list(columns), *map(list, lines)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if position else cell.ljust(width)
            for position, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in table
    )


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows that all have the same columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
