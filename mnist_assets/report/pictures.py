"""The report's pictures: those of the assets that it tells of, and what no asset draws."""

from collections.abc import Iterable, Mapping
from typing import Any

from mnist_assets.orchestration.presentation import Picture, draw
from mnist_assets.quality.assets.networks import draw_robustness
from mnist_assets.report.story import Story

AS_STORED = ("sample_digits", "pixel_range", "normalized_digits")  # values that are pictures


def picture_files(networks: Iterable[str], *, champion: bool, compared: bool) -> dict[str, str]:
    """The file of each picture that an asset draws, by the name under which the page shows it.

    Args:
        networks: The declared ones.
        champion: Whether there is one.
        compared: Whether several networks were studied and compared.
    """
    files = {
        "class_distribution": "exploration/class_distribution",
        "average_digits": "exploration/average_digits",
        "extreme_digits": "exploration/extreme_digits",
        "grey_levels": "exploration/grey_levels",
        "pixel_histogram": "exploration/pixel_histogram",
        "normalization": "preparation/normalization",
        "comparison": "evaluation/comparison",
        "label_errors": "evaluation/label_errors",
    }
    for name in networks:
        files |= {
            f"{name}_history": f"networks/{name}_history",
            f"{name}_confusion": f"evaluation/{name}.confusion_matrices",
            f"{name}_ratios": f"evaluation/{name}.ratios",
            f"{name}_reliability": f"evaluation/{name}_quality",
            f"{name}_mistakes": f"evaluation/{name}_mistakes",
            f"{name}_robustness": f"evaluation/{name}_robustness",
        }
    if champion:
        kinds = ("reliability", "mistakes", "robustness")
        files |= {f"champion_{kind}": f"champion/quality.{kind}" for kind in kinds}
    if compared:
        files["study_differences"] = "study/comparison.differences"
    return files


def draw_the_rest(
    story: Story,
    floors: Mapping[str, Mapping[str, float]],
    study_runs: Mapping[str, Any],
) -> dict[str, Picture]:
    """Draw what shows several networks at once, by the name under which the page shows it.

    Args:
        story: What the page tells.
        floors: Expected under distortions, as `figures.quality.robustness` takes them.
        study_runs: The table of runs of each network that was studied.
    """
    import pandas as pd

    from mnist_assets.study import figures

    tables = [network.robustness.assign(network=network.name) for network in story.networks]
    drawn = {"robustness": draw_robustness(pd.concat(tables), floors, "all networks")}
    if story.study:
        claims = {
            network.name: network.declared.notebook_validation_accuracy
            for network in story.networks
            if story.mnist
        }
        drawn["study_runs"] = draw(
            "Accuracy of every run of each network that was studied",
            figures.runs,
            pd.concat([table.assign(network=name) for name, table in study_runs.items()]),
            claims,
            story.study.confidence,
        )
    return drawn
