"""The report's pictures: the same as on the assets that they belong to, drawn once for both."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.orchestration.presentation import draw
from mnist_assets.quality.mistakes import COLUMNS
from mnist_assets.report.quality import champion_name
from mnist_assets.report.story import NetworkStory, Story

if TYPE_CHECKING:
    import pandas as pd

Pictures = dict[str, bytes]
Floors = Mapping[str, Mapping[str, float]]

AS_STORED = ("sample_digits", "pixel_range", "normalized_digits")


def draw_pictures(
    values: Mapping[str, Any],
    story: Story,
    *,
    floors: Floors,
    labels_shown: int,
    study_runs: Mapping[str, Any],
) -> Pictures:
    """Every picture, by the name under which the page shows it.

    Args:
        values: The asset's inputs.
        story: What the page tells.
        floors: Expected under distortions, as `figures.quality.robustness` takes them.
        labels_shown: How many of the labels that look wrong are drawn.
        study_runs: The table of runs of each network that was studied.
    """
    pictures = {name: values[name] for name in AS_STORED} | _of_dataset(values, story)
    for network in story.networks:
        pictures |= _of_network(network, values) | _of_its_quality(network, values, floors)
    pictures |= _of_all_networks(story, floors)
    pictures |= _of_labels(story, values, labels_shown)
    if story.champion:
        pictures |= _of_champion(story.champion, values, floors)
    if story.study:
        pictures |= _of_study(story, study_runs)
    return pictures


def _of_dataset(values: Mapping[str, Any], story: Story) -> Pictures:
    from mnist_assets.exploration.figures import digits as exploration
    from mnist_assets.exploration.figures import grey
    from mnist_assets.preparation import figures as preparation

    averages, fitted = values["average_digits"], values["normalization"]
    return {
        "class_distribution": draw(exploration.class_distribution, values["class_distribution"]),
        "average_digits": draw(exploration.average_digits, averages),
        "extreme_digits": draw(
            exploration.extreme_digits, values["train_images"], averages, values["extreme_digits"]
        ),
        "grey_levels": draw(
            grey.grey_levels,
            values["grey_levels"],
            story.grey_levels,
            first=len(story.first_grey_levels),
        ),
        "pixel_histogram": draw(grey.pixel_histogram, values["pixel_histogram"], story.pixels),
        "normalization": draw(
            preparation.normalization,
            fitted["mean"],
            fitted["std"],
            fitted["std"] <= np.float32(story.normalization["std_floor"]),
        ),
    }


def _of_network(network: NetworkStory, values: Mapping[str, Any]) -> Pictures:
    """How it learnt and how right it is."""
    from mnist_assets.evaluation import figures as evaluation
    from mnist_assets.networks import figures as networks

    name = network.name
    validation, test = network.evaluation["validation"], network.evaluation["test"]
    matrices = validation["confusion_matrix"], test["confusion_matrix"]
    ratios = validation["per_class"], test["per_class"]
    return {
        f"{name}_history": draw(networks.history, values[f"history_{name}"], name),
        f"{name}_confusion": draw(evaluation.confusion_matrices, *matrices),
        f"{name}_ratios": draw(evaluation.per_class_ratios, *ratios),
    }


def _of_its_quality(network: NetworkStory, values: Mapping[str, Any], floors: Floors) -> Pictures:
    """What its accuracy is worth."""
    name, quality = network.name, network.quality
    return _reliability(name, name, quality) | {
        f"{name}_mistakes": _mistakes(name, quality, network.mistakes, values),
        f"{name}_robustness": _robustness(network.robustness.assign(network=name), floors),
    }


def _of_all_networks(story: Story, floors: Floors) -> Pictures:
    import pandas as pd

    from mnist_assets.evaluation import figures as evaluation

    tables = [network.robustness.assign(network=network.name) for network in story.networks]
    return {
        "comparison": draw(evaluation.comparison, story.comparison),
        "robustness": _robustness(pd.concat(tables), floors),
    }


def _of_labels(story: Story, values: Mapping[str, Any], shown: int) -> Pictures:
    from mnist_assets.quality.figures import digits as doubtful_digits

    first = story.label_errors.head(shown)
    images = values["train_images"]
    drawn = draw(
        doubtful_digits.label_errors,
        images[first["index"]],
        first,
        candidates=len(story.label_errors),
        labels=len(images),
    )
    return {"label_errors": drawn}


def _of_champion(
    champion: Mapping[str, Any], values: Mapping[str, Any], floors: Floors
) -> Pictures:
    import pandas as pd

    name = champion_name(champion["version"])
    table = pd.DataFrame(champion["robustness"]).assign(network=name)
    listed = pd.DataFrame(champion["mistakes"], columns=COLUMNS).astype({"index": int})
    return _reliability("champion", name, champion) | {
        "champion_mistakes": _mistakes(name, champion, listed, values),
        "champion_robustness": _robustness(table, floors),
    }


def _mistakes(
    name: str, quality: Mapping[str, Any], listed: "pd.DataFrame", values: Mapping[str, Any]
) -> bytes:
    from mnist_assets.quality.figures import digits as doubtful_digits

    total = quality["images"] - quality["correct"]
    images = values["test_images"][listed["index"]]
    return draw(doubtful_digits.mistakes, images, listed, name, total)


def _of_study(story: Story, runs: Mapping[str, Any]) -> Pictures:
    import pandas as pd

    from mnist_assets.study import figures

    study = story.study
    if study is None:
        return {}
    claims = {
        network.name: network.declared.notebook_validation_accuracy
        for network in story.networks
        if story.mnist
    }
    everything = pd.concat([table.assign(network=name) for name, table in runs.items()])
    drawn = {"study_runs": draw(figures.runs, everything, claims, study.confidence)}
    if study.comparison is not None and len(study.comparison):
        drawn["study_differences"] = draw(figures.differences, study.comparison, study.confidence)
    return drawn


def _reliability(shown_as: str, name: str, assessed: Mapping[str, Any]) -> Pictures:
    from mnist_assets.quality.figures import reliability as figures

    confidence = assessed["accuracy_interval"]["confidence"]
    drawn = draw(figures.reliability, assessed["calibration"], name, confidence=confidence)
    return {f"{shown_as}_reliability": drawn}


def _robustness(table: Any, floors: Floors) -> bytes:
    from mnist_assets.quality.figures import reliability as figures

    return draw(figures.robustness, table, floors)
