"""Report: the page that a person reads instead of the notebook."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np

from mnist_assets.assets.exploration import WHITE_FROM
from mnist_assets.assets.presentation import draw
from mnist_assets.assets.stage import Check, Stage, Stored, stored
from mnist_assets.declarations import Network
from mnist_assets.resources import DatasetSource
from mnist_assets.settings import Settings
from mnist_assets.steps import grey, page_checks
from mnist_assets.steps import normalization as normalizing
from mnist_assets.steps import report as steps
from mnist_assets.steps.networks import parameters_of

STAGE = Stage("report")
TEMPLATES = Path(__file__).parents[1] / "templates"
LARGEST_PAGE = 5_000_000  # bytes; more is too large to send by mail
PACKAGES = ("dagster", "tensorflow", "keras", "numpy", "pandas", "matplotlib")

SELF_CONTAINED = Check(
    "self_contained", "The page loads nothing from anywhere and has less than 5 MB."
)
PICTURES = Check("pictures", "Every picture is in the page, once, with an alternative text.")
NETWORKS = Check("networks", "Every declared network has its two sections.")

READS = (
    "dataset/train_images",
    "dataset/test_images",
    "exploration/summary",
    "exploration/sample_digits",
    "exploration/class_distribution",
    "exploration/average_digits",
    "exploration/extreme_digits",
    "exploration/grey_levels",
    "exploration/pixel_histogram",
    "exploration/pixel_range",
    "preparation/split",
    "preparation/normalization",
    "preparation/normalized_digits",
    "preparation/one_hot_examples",
    "evaluation/comparison",
)


def report_assets(networks: Mapping[str, Network], settings: Settings) -> list[dg.AssetsDefinition]:
    """The page about all declared networks.

    Template, style sheet, versions and settings are the asset's own: a change of one is a change
    of its code version, and so makes the page anew.
    """
    template = (TEMPLATES / "notebook.html.jinja").read_text(encoding="utf-8")
    style = (TEMPLATES / "notebook.css").read_text(encoding="utf-8")
    versions = installed_versions()
    bounds, std_floor = settings.grey_levels, settings.normalization.std_floor
    declared = dict(networks)
    reads = {key.rpartition("/")[2]: key for key in READS}
    for name in declared:
        reads |= {f"history_{name}": f"networks/{name}_history"}
        reads |= {f"evaluation_{name}": f"evaluation/{name}"}

    @STAGE.asset("html", reads=reads, kinds={"html"}, checks=[SELF_CONTAINED, PICTURES, NETWORKS])
    def notebook(source: DatasetSource, **values: Any) -> Stored:
        """What to read instead of the notebook: its story, every picture and table, its mistakes.

        One self-contained HTML page. Open it in any browser; nothing is loaded from anywhere.
        """
        story = steps.Story(
            mnist=source.facts is not None,
            summary=values["summary"],
            class_distribution=values["class_distribution"],
            average_peaks=values["average_digits"].max(axis=(1, 2)).tolist(),
            extreme_digits=values["extreme_digits"],
            first_grey_levels=values["grey_levels"]["grey_level"].head(bounds.few_images).tolist(),
            grey_levels=grey.summarise_grey_levels(
                values["grey_levels"],
                usual=(bounds.common_low, bounds.common_high),
                dark=bounds.dark_below,
                light=bounds.light_above,
            ),
            pixel_counts=values["pixel_histogram"]["count"].tolist(),
            pixels=grey.summarise_pixels(values["pixel_histogram"], white_from=WHITE_FROM),
            normalization=_normalization(values, std_floor),
            one_hot=values["one_hot_examples"],
            split={part: len(indices) for part, indices in values["split"].items()},
            networks=[_network(name, network, values) for name, network in declared.items()],
            comparison=values["comparison"],
            versions=versions,
        )
        pictures = _pictures(values, story)
        for name in declared:
            pictures |= _network_pictures(name, values)
        page = steps.render_page(story, pictures, template, style)
        return stored(
            page,
            SELF_CONTAINED.result(page_checks.check_self_contained(page, LARGEST_PAGE)),
            PICTURES.result(page_checks.check_pictures(page, pictures)),
            NETWORKS.result(page_checks.check_networks(page, declared)),
            pictures=len(pictures),
            networks=", ".join(declared),
        )

    return [notebook]


def installed_versions() -> dict[str, str]:
    """The versions of Python and of the packages that make the values, if installed."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # installed under another name, as tensorflow-cpu is
            versions[package] = "unknown"
    return versions


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


def _network(name: str, network: Network, values: Mapping[str, Any]) -> steps.NetworkStory:
    shape, classes = values["train_images"].shape[1:], len(values["average_digits"])
    layers = network.training.layers
    return steps.NetworkStory(
        name=name,
        declared=network,
        parameters=parameters_of(layers, shape, classes),
        layers=steps.layer_table(layers, shape, classes),
        history=values[f"history_{name}"],
        evaluation=values[f"evaluation_{name}"],
    )


def _pictures(values: Mapping[str, Any], story: steps.Story) -> dict[str, bytes]:
    """The pictures of the dataset and of all networks together."""
    from mnist_assets.figures import evaluation, exploration, preparation

    averages, fitted = values["average_digits"], values["normalization"]
    std_floor = story.normalization["std_floor"]
    drawn = {
        "class_distribution": draw(exploration.class_distribution, values["class_distribution"]),
        "average_digits": draw(exploration.average_digits, averages),
        "extreme_digits": draw(
            exploration.extreme_digits, values["train_images"], averages, values["extreme_digits"]
        ),
        "grey_levels": draw(
            exploration.grey_levels,
            values["grey_levels"],
            story.grey_levels,
            first=len(story.first_grey_levels),
        ),
        "pixel_histogram": draw(
            exploration.pixel_histogram, values["pixel_histogram"], story.pixels
        ),
        "normalization": draw(
            preparation.normalization,
            fitted["mean"],
            fitted["std"],
            fitted["std"] <= np.float32(std_floor),
        ),
        "comparison": draw(evaluation.comparison, values["comparison"]),
    }
    stored_as_png = ("sample_digits", "pixel_range", "normalized_digits")
    return {name: values[name] for name in stored_as_png} | drawn


def _network_pictures(name: str, values: Mapping[str, Any]) -> dict[str, bytes]:
    """The pictures of one network."""
    from mnist_assets.figures import evaluation, networks

    judged = values[f"evaluation_{name}"]
    validation, test = judged["validation"], judged["test"]
    matrices = validation["confusion_matrix"], test["confusion_matrix"]
    ratios = validation["per_class"], test["per_class"]
    return {
        f"{name}_history": draw(networks.history, values[f"history_{name}"], name),
        f"{name}_confusion": draw(evaluation.confusion_matrices, *matrices),
        f"{name}_ratios": draw(evaluation.per_class_ratios, *ratios),
    }
