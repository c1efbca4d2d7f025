"""What the report tells of networks and the champion: how good they are, and where they break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_assets.quality.robustness import UNDISTORTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mnist_assets.report.story import Story

BROKEN = 0.6  # of the accuracy on undistorted images: what is left of it where a network breaks


def champion_name(version: str) -> str:
    """What a champion is called beside the networks."""
    return f"Champion {version}"


def assessments(story: Story) -> dict[str, Mapping[str, Any]]:
    """What `assessment.assess` gave of each network and the champion, by what each is called."""
    by_name = {network.name: network.quality for network in story.networks}
    if story.champion:
        by_name[champion_name(story.champion["version"])] = story.champion
    return by_name


def mistakes_by_name(story: Story) -> dict[str, list[Any]]:
    """The most confident mistakes of each network and the champion, by what each is called."""
    by_name = {network.name: network.mistakes.to_dict("records") for network in story.networks}
    if story.champion:
        by_name[champion_name(story.champion["version"])] = story.champion["mistakes"]
    return by_name


def robustness_rows(story: Story) -> list[dict[str, Any]]:
    """Put the accuracies of all networks and the champion under each distortion side by side.

    Returns:
        For each distortion and strength: `distortion`, `strength`, `unit`, `images` and
        `accuracies`, by what each is called; None where it was not measured.
    """
    tables: dict[str, Sequence[Mapping[Any, Any]]] = {
        network.name: network.robustness.to_dict("records") for network in story.networks
    }
    if story.champion:
        tables[champion_name(story.champion["version"])] = story.champion["robustness"]
    measured = {
        name: {(row["distortion"], row["strength"]): row["accuracy"] for row in rows}
        for name, rows in tables.items()
    }
    first = next(iter(tables.values()))
    return [
        {name: row[name] for name in ("distortion", "strength", "unit", "images")}
        | {
            "accuracies": {
                name: of.get((row["distortion"], row["strength"])) for name, of in measured.items()
            }
        }
        for row in first
    ]


def accuracy_undistorted(robustness: pd.DataFrame) -> float:
    """The accuracy on the images as they are; see `robustness.measure_robustness`."""
    table = robustness
    return float(table.loc[table["distortion"] == UNDISTORTED, "accuracy"].iloc[0])


def find_limits(robustness: pd.DataFrame) -> list[dict[str, Any]]:
    """Find what breaks a network: of each distortion the least strength that does.

    Args:
        robustness: As from `robustness.measure_robustness`.

    Returns:
        Rows of it, in its order: of each distortion the weakest one measured that leaves no more
        than BROKEN of the accuracy on undistorted images; nothing of a distortion that never does.
    """
    little = BROKEN * accuracy_undistorted(robustness)
    first: dict[str, dict[Any, Any]] = {}
    for row in robustness.sort_values("strength").to_dict("records"):
        if row["distortion"] != UNDISTORTED and row["accuracy"] <= little:
            first.setdefault(row["distortion"], row)
    return [first[name] for name in robustness["distortion"].unique() if name in first]
