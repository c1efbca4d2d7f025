"""The report's story: every value that the page shows, by the name that the templates have for it.

What follows from these values is `facts.py`, `quality.py` and `study.py`; how it is told is the
templates'.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from mnist_assets.claims.facts import notebook_facts
from mnist_assets.dataset.description import Description
from mnist_assets.exploration import grey
from mnist_assets.networks.declaration import Network
from mnist_assets.networks.history import generalization_gap
from mnist_assets.networks.layer_table import layer_table, parameters_of
from mnist_assets.preparation import normalization
from mnist_assets.report.study import compared
from mnist_assets.study.summary import summarise

Story: TypeAlias = Mapping[str, Any]
AS_MADE = (
    "claims",
    "summary",
    "class_distribution",
    "extreme_digits",
    "comparison",
    "label_errors",
)


def tell_story(
    values: Mapping[str, Any],
    declared: Mapping[str, Network],
    *,
    untold: Sequence[str],
    dataset: Description,
    few_images: int,
    grey_bounds: Mapping[str, Any],
    std_floor: float,
    study: Mapping[str, Any] | None,
    tuning: Mapping[str, Any] | None,
    searches: Sequence[Mapping[str, Any]] = (),
    champion: Mapping[str, Any] | None,
    labels_found_by: str,
    versions: Mapping[str, str],
) -> Story:
    """The story of all declared networks.

    Args:
        values: The asset's inputs.
        declared: The networks, in the order in which they are told of.
        untold: The networks that are made only on request, and are not up to date.
        dataset: The dataset in words: of MNIST alone the notebook's own figures speak.
        few_images: How many mean grey levels are listed.
        grey_bounds: As `grey.summarise_grey_levels` takes them.
        std_floor: Of the normalisation.
        study: As from `tell_study`.
        tuning: As from `report.tuning.tell_tuning`.
        searches: As from `report.searches.tell_searches`.
        champion: The value of `champion/quality`, if there is one.
        labels_found_by: The network whose declaration found the label errors.
        versions: The software by name.
    """
    return {name: values[name] for name in AS_MADE} | {
        "mnist": dataset.mnist,
        "title": dataset.title,
        "class_names": dataset.class_names,
        "notices": dataset.notices,
        "notebook": notebook_facts(),
        "average_peaks": values["average_digits"].max(axis=(1, 2)).tolist(),
        "first_grey_levels": values["grey_levels"]["grey_level"].head(few_images).tolist(),
        "grey_levels": grey.summarise_grey_levels(values["grey_levels"], **grey_bounds),
        "pixel_counts": values["pixel_histogram"]["count"].tolist(),
        "pixels": grey.summarise_pixels(values["pixel_histogram"], white_from=grey.WHITE_FROM),
        "normalization": _normalization(values, std_floor),
        "one_hot": values["one_hot_examples"],
        "split": {part: len(indices) for part, indices in values["split"].items()},
        "networks": [
            tell_network(
                name,
                network,
                values["train_images"].shape[1:],
                len(values["average_digits"]),
                **{told: values[f"{told}_{name}"] for told in ("history", "evaluation", "quality")},
                **{
                    told: values[f"{told}_{name}"].to_dict("records")
                    for told in ("robustness", "mistakes")
                },
            )
            for name, network in declared.items()
        ],
        "untold": untold,
        "study": study,
        "tuning": tuning,
        "searches": searches,
        "champion": champion or {},
        "labels_found_by": labels_found_by,
        "versions": versions,
    }


def tell_network(
    name: str, declared: Network, shape: tuple[int, ...], classes: int, **values: Any
) -> dict[str, Any]:
    """One network: how it was declared, how it learnt, how right it is, and what that is worth.

    Args:
        name: Its name.
        declared: Its entry in `networks.yaml`.
        shape: Height and width of an image.
        classes: Number of classes.
        values: The values of its assets: `history`, `evaluation` and `quality` as they are,
            `robustness` and `mistakes` as rows.
    """
    layers = declared.training.layers
    return {
        "name": name,
        "declared": declared,
        "parameters": parameters_of(layers, shape, classes),
        "layers": layer_table(layers, shape, classes),
        "generalization_gap": generalization_gap(values["history"]),
        **values,
    }


def tell_study(
    runs: Mapping[str, Any],
    comparison: Any,
    declared: Mapping[str, Network],
    confidence: float,
    *,
    mnist: bool,
    recorded: Mapping[str, str],
) -> dict[str, Any] | None:
    """What was made of the study of those networks that were studied; None if none was.

    Args:
        runs: The table of runs of each network, None where it was not studied.
        comparison: As from `paired_tests.compare_networks`, or None.
        declared: The networks, whose claims are shown.
        confidence: Of the intervals.
        mnist: Whether the claims are of this dataset.
        recorded: When and on what those runs were made that were not made here, by network.
    """
    summaries = {
        name: summarise(
            table, confidence, declared[name].notebook_validation_accuracy if mnist else None
        )
        for name, table in runs.items()
        if table is not None
    }
    if not summaries:
        return None
    return {
        "summaries": summaries,
        "compared": compared(comparison, confidence),
        "confidence": confidence,
        "recorded": recorded,
    }


def _normalization(values: Mapping[str, Any], std_floor: float) -> dict[str, Any]:
    """What the normalisation does, and what the notebook's would have done.

    `lowest` and `highest` are those of the first nine images; `leak_mean` and `leak_std` say, in
    grey levels, how far fitting on validation images, too, moves a pixel's figures.
    """
    fitted, train, test = values["normalization"], values["train_images"], values["test_images"]
    everything = np.arange(len(train), dtype=np.int32)
    leaking = normalization.fit_normalization(train, everything, std_floor)
    nine = normalization.normalise(train[:9], **fitted)
    validation = values["split"]["validation"]
    return {
        "std_floor": std_floor,
        "pixels_at_floor": int((fitted["std"] <= np.float32(std_floor)).sum()),
        "validation": normalization.largest_absolute(train, validation, fitted),
        "test": normalization.largest_absolute(test, None, fitted),
        "lowest": float(nine.min()),
        "highest": float(nine.max()),
        "leak_mean": float(np.abs(leaking["mean"] - fitted["mean"]).max()),
        "leak_std": float(np.abs(leaking["std"] - fitted["std"]).max()),
        "notebook": normalization.notebook_normalization_evidence(train, test),
    }
