"""What the report tells of networks and the champion: how good they are, and where they break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_assets.quality.robustness import UNDISTORTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mnist_assets.report.story import Story

BROKEN = 0.6  # of the accuracy on undistorted images: what is left of it where a network breaks
Rows = list[dict[str, Any]]


def of_all(story: Story, told: str) -> dict[str, Any]:
    """The `quality`, `robustness` or `mistakes` of all networks and the champion, by name."""
    named = {network["name"]: network for network in story["networks"]}
    if champion := story["champion"]:
        named[f"Champion {champion['version']}"] = champion | {"quality": champion}
    return {name: of[told] for name, of in named.items()}


def robustness_rows(story: Story) -> Rows:
    """Put the accuracies of all networks and the champion under each distortion side by side.

    Returns:
        For each distortion and strength: `distortion`, `strength`, `unit`, `images` and
        `accuracies`, by what each is called; None where it was not measured.
    """
    tables = of_all(story, "robustness")
    measured = {
        name: {(row["distortion"], row["strength"]): row["accuracy"] for row in rows}
        for name, rows in tables.items()
    }
    return [
        {name: row[name] for name in ("distortion", "strength", "unit", "images")}
        | {
            "accuracies": {
                name: of.get((row["distortion"], row["strength"])) for name, of in measured.items()
            }
        }
        for row in next(iter(tables.values()))
    ]


def accuracy_undistorted(robustness: Iterable[Mapping[str, Any]]) -> float:
    """The accuracy on the images as they are, of rows as from `measure_robustness`."""
    return next(float(row["accuracy"]) for row in robustness if row["distortion"] == UNDISTORTED)


def find_limits(robustness: Rows) -> Rows:
    """Find what breaks a network: of each distortion the least strength that does.

    Returns:
        Some of them, in their order: of each distortion the weakest one measured that leaves no
        more than BROKEN of the accuracy on undistorted images; none of one that never does.
    """
    little = BROKEN * accuracy_undistorted(robustness)
    weakest: dict[str, dict[str, Any]] = {}
    for row in sorted(robustness, key=lambda row: float(row["strength"])):
        if row["distortion"] != UNDISTORTED and row["accuracy"] <= little:
            weakest.setdefault(row["distortion"], row)
    return [row for row in robustness if row is weakest.get(row["distortion"])]
