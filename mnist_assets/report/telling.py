"""The report's story, from the values of the graph. Its pictures are `pictures.py`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnist_assets.claims.facts import notebook_facts
from mnist_assets.exploration import grey
from mnist_assets.networks.declaration import Network
from mnist_assets.networks.model import parameters_of
from mnist_assets.preparation import normalization as normalizing
from mnist_assets.report.facts import layer_table
from mnist_assets.report.story import NetworkStory, Story, StudyStory
from mnist_assets.study import summary as studying


def tell_story(
    values: Mapping[str, Any],
    declared: Mapping[str, Network],
    *,
    mnist: bool,
    few_images: int,
    grey_bounds: Mapping[str, Any],
    std_floor: float,
    study: StudyStory | None,
    champion: Mapping[str, Any] | None,
    labels_found_by: str,
    versions: Mapping[str, str],
) -> Story:
    """The story of all declared networks, from the asset's inputs."""
    return Story(
        mnist=mnist,
        notebook=notebook_facts(),
        claims=values["claims"],
        summary=values["summary"],
        class_distribution=values["class_distribution"],
        average_peaks=values["average_digits"].max(axis=(1, 2)).tolist(),
        extreme_digits=values["extreme_digits"],
        first_grey_levels=values["grey_levels"]["grey_level"].head(few_images).tolist(),
        grey_levels=grey.summarise_grey_levels(values["grey_levels"], **grey_bounds),
        pixel_counts=values["pixel_histogram"]["count"].tolist(),
        pixels=grey.summarise_pixels(values["pixel_histogram"], white_from=grey.WHITE_FROM),
        normalization=_normalization(values, std_floor),
        one_hot=values["one_hot_examples"],
        split={part: len(indices) for part, indices in values["split"].items()},
        networks=[_network(name, network, values) for name, network in declared.items()],
        comparison=values["comparison"],
        study=study,
        champion=champion or {},
        label_errors=values["label_errors"],
        labels_found_by=labels_found_by,
        versions=versions,
    )


def tell_study(
    runs: Mapping[str, Any], comparison: Any, declared: Mapping[str, Network], confidence: float
) -> StudyStory | None:
    """The story of those networks that were studied, if any was.

    Args:
        runs: The table of runs of each network, None where it was not studied.
        comparison: As from `paired_tests.compare_networks`, or None.
        declared: The networks, whose claims are shown.
        confidence: Of the intervals.
    """
    summaries = {
        name: studying.summarise(table, confidence, declared[name].notebook_validation_accuracy)
        for name, table in runs.items()
        if table is not None
    }
    return StudyStory(summaries, comparison, confidence) if summaries else None


def _normalization(values: Mapping[str, Any], std_floor: float) -> dict[str, Any]:
    """What the normalisation does, and what the notebook's would have done."""
    fitted, train, test = values["normalization"], values["train_images"], values["test_images"]
    leaking = normalizing.fit_normalization(train, np.arange(len(train), dtype=np.int32), std_floor)
    nine = normalizing.normalise(train[:9], **fitted)
    validation = values["split"]["validation"]
    return {
        "std_floor": std_floor,
        "pixels_at_floor": int((fitted["std"] <= np.float32(std_floor)).sum()),
        "validation": normalizing.largest_absolute(train, validation, fitted),
        "test": normalizing.largest_absolute(test, None, fitted),
        "lowest": float(nine.min()),
        "highest": float(nine.max()),
        "leak_mean": float(np.abs(leaking["mean"] - fitted["mean"]).max()),
        "leak_std": float(np.abs(leaking["std"] - fitted["std"]).max()),
        "notebook": normalizing.notebook_normalization_evidence(train, test),
    }


def _network(name: str, network: Network, values: Mapping[str, Any]) -> NetworkStory:
    shape, classes = values["train_images"].shape[1:], len(values["average_digits"])
    layers = network.training.layers
    return NetworkStory(
        name=name,
        declared=network,
        parameters=parameters_of(layers, shape, classes),
        layers=layer_table(layers, shape, classes),
        history=values[f"history_{name}"],
        evaluation=values[f"evaluation_{name}"],
        quality=values[f"quality_{name}"],
        robustness=values[f"robustness_{name}"],
        mistakes=values[f"mistakes_{name}"],
    )
