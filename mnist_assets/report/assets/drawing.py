"""The pictures that no other asset draws: those of several networks at once."""

from collections.abc import Mapping
from typing import Any

from mnist_assets.orchestration.presentation import Picture, draw
from mnist_assets.quality.assets.networks import draw_robustness
from mnist_assets.report.story import Story


def draw_the_rest(
    story: Story,
    robustness: Mapping[str, Any],
    floors: Mapping[str, Mapping[str, float]],
    study_runs: Mapping[str, Any],
) -> dict[str, Picture]:
    """Draw what shows several networks at once, by the name under which the page shows it.

    Args:
        story: What the page tells.
        robustness: The table of each network.
        floors: Expected under distortions, as `figures.quality.robustness` takes them.
        study_runs: The table of runs of each network that was studied.
    """
    import pandas as pd

    from mnist_assets.study import figures

    tables = [table.assign(network=name) for name, table in robustness.items()]
    drawn = {"robustness": draw_robustness(pd.concat(tables), floors, "all networks")}
    if story["study"]:
        claims = {
            network["name"]: network["declared"].notebook_validation_accuracy
            for network in story["networks"]
            if story["mnist"]
        }
        drawn["study_runs"] = draw(
            "Accuracy of every run of each network that was studied",
            figures.runs,
            pd.concat([table.assign(network=name) for name, table in study_runs.items()]),
            claims,
            story["study"]["confidence"],
        )
    return drawn
