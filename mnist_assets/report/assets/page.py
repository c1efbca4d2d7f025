"""Report: the page that a person reads instead of the notebook."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg

from mnist_assets.dataset.description import Description
from mnist_assets.declarations.settings import Settings
from mnist_assets.networks.declaration import Network
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored
from mnist_assets.orchestration.storage.optional import (
    Group,
    OptionalInputs,
    keys_of,
    made_as,
    split_reads,
)
from mnist_assets.quality.assets.label_errors import finder_of
from mnist_assets.quality.assets.networks import expected_floors
from mnist_assets.report import checks as page_checks
from mnist_assets.report.assets.drawing import draw_the_rest
from mnist_assets.report.assets.page_network import smallest_of
from mnist_assets.report.page import render_page
from mnist_assets.report.page_network import SCRIPTS, example_digits, render_canvas
from mnist_assets.report.pictures import AS_STORED, picture_files
from mnist_assets.report.searches import tell_searches
from mnist_assets.report.story import Story, tell_story, tell_study
from mnist_assets.report.tuning import tell_tuning
from mnist_assets.study.recorded import RECORDED, recorded_runs

STAGE = Stage("report")
TEMPLATES = Path(__file__).parents[1] / "templates"
STYLES = ("notebook.css", "claims.css", "canvas.css")
LARGEST_PAGE = 5_000_000  # bytes; more is too large to send by mail
LARGEST_CANVAS = 2_000_000  # bytes of it that the network may take
PACKAGES = ("dagster", "tensorflow", "keras", "numpy", "pandas", "matplotlib")

SELF_CONTAINED = Check(
    "self_contained",
    "The page loads nothing from anywhere; if it has more than 5 MB, it only warns.",
)
PICTURES = Check(
    "pictures", "Every picture is in the page, once, with an alternative text.", blocking=False
)
NETWORKS = Check("networks", "Every declared network has its two sections.")
CLAIMS = Check("claims", "Every claim is in the page, once, with the verdict it was given.")

READS = (
    "dataset/description",
    "dataset/train_images",
    "dataset/test_images",
    "dataset/test_labels",
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
    "evaluation/label_errors",
    "report/claims",
    "report/page_network",
)


def report_assets(
    networks: Mapping[str, Network],
    settings: Settings,
    drawn_by: Sequence[dg.AssetsDefinition],
    optional_deps: Sequence[dg.AssetsDefinition] = (),
    requested: Mapping[str, Group] = MappingProxyType({}),
) -> list[dg.AssetsDefinition]:
    """The page about all declared networks.

    Templates, styles, script, versions and settings are the asset's own: a change of one is a
    change of its code version, and so makes the page anew. So is a change of an asset whose picture
    the page shows, since the picture may change where the value, and its data version, does not.

    Args:
        networks: The declared networks.
        settings: Those of all stages.
        drawn_by: The assets whose pictures the page shows, among others.
        optional_deps: The assets of study and tuning and the champion's quality, which the page
            shows where they have been made.
        requested: The assets of the networks made only on request, of which the page tells where
            they are up to date.
    """
    templates, style = read_templates(), "".join(map(_read, STYLES))
    script = "".join(map(_read, SCRIPTS))
    versions, declared = installed_versions(), dict(networks)
    grey_levels, std_floor = settings.grey_levels, settings.normalization.std_floor
    robustness = settings.quality.robustness
    finder, smallest = finder_of(networks, settings), smallest_of(networks)
    confidence = settings.study.confidence
    optional = made_as(optional_deps)
    trainings = {
        key for key in optional if key.endswith("_runs") and key.removesuffix("_runs") in optional
    }
    optional = {key: of for key, of in optional.items() if key not in trainings}
    sweeps = [key.removeprefix("tuning/") for key in optional if f"{key}_runs" in trainings]
    notebooks = [
        name for name, of in declared.items() if of.notebook_validation_accuracy is not None
    ]
    groups = dict(requested)
    of_networks, optional_reads = split_reads({name: _reads(name) for name in declared}, groups)
    recorded = RECORDED.read_text(encoding="utf-8")
    may_be_shown = picture_files(
        declared, champion=True, compared=True, sweeps=sweeps, overview=True, searches=["any"]
    ).values()
    drawing = {file.partition(".")[0] for file in may_be_shown}
    code_versions = {key: code for key, (_, code) in made_as(drawn_by).items() if key in drawing}

    @STAGE.asset(
        "html",
        reads={key.rpartition("/")[2]: key for key in READS} | of_networks,
        optional_deps=[*optional, *keys_of(groups)],
        kinds={"html"},
        checks=[SELF_CONTAINED, PICTURES, NETWORKS, CLAIMS],
    )
    def notebook(
        context: dg.AssetExecutionContext,
        optional_inputs: OptionalInputs,
        **values: Any,
    ) -> Stored:
        """What to read instead of the notebook: its story, every picture and table, each claim.

        One self-contained HTML page. Open it in any browser; nothing is loaded from anywhere.
        """
        made = optional_inputs.read(context.instance, optional)
        runs = {name: made.get(f"study/{name}") for name in declared}
        dataset = Description.from_json(values["description"])
        tuning = tell_tuning(
            {name: made.get(f"tuning/{name}") for name in sweeps},
            notebooks if dataset.mnist else [],
            confidence,
            overview=made.get("tuning/overview") is not None,
        )
        searches = tell_searches(made.get("tuning/search"))
        found, without = optional_inputs.read_groups(context.instance, groups, optional_reads)
        values |= found
        told = {name: of for name, of in declared.items() if f"history_{name}" in values}
        compared = values["comparison"]
        values["comparison"] = compared[compared["network"].isin(told)]
        recorded_on = {}
        if dataset.mnist:
            of_recorded = recorded_runs(recorded, declared)
            recorded_on = {name: on for name, (_, on) in of_recorded.items() if runs[name] is None}
            runs |= {name: of_recorded[name][0] for name in recorded_on}
        story = tell_story(
            values,
            told,
            untold=[name for name in declared if name not in told],
            dataset=dataset,
            few_images=grey_levels.few_images,
            grey_bounds=grey_levels.bounds,
            std_floor=std_floor,
            study=tell_study(
                runs,
                made.get("study/comparison"),
                declared,
                confidence,
                mnist=dataset.mnist,
                recorded=recorded_on,
            ),
            tuning=tuning,
            searches=searches,
            champion=made.get("champion/quality"),
            labels_found_by=finder,
            versions=versions,
        )
        files = picture_files(
            told,
            champion=bool(story["champion"]),
            compared=story["study"] is not None and bool(story["study"]["compared"]),
            sweeps=[sweep["name"] for sweep in tuning["sweeps"]] if tuning else [],
            overview=tuning is not None and tuning["overview"],
            searches=[search["name"] for search in searches],
        )
        drawn_before = optional_inputs.read_pictures(
            context.instance, files.values(), code_versions
        )
        drawn = draw_the_rest(
            story,
            {name: values[f"robustness_{name}"] for name in told},
            expected_floors(robustness, dataset, values["test_labels"]),
            {name: table for name, table in runs.items() if table is not None},
        )
        pictures = (
            {name: values[name] for name in AS_STORED}
            | {name: drawn_before[file] for name, file in files.items() if file in drawn_before}
            | {name: picture.png for name, picture in drawn.items() if picture.png}
        )
        canvas = _canvas(values, story, smallest, templates["canvas.html.jinja"], script)
        page = render_page(story, pictures, canvas, templates, style)
        judged = values["claims"] if dataset.mnist else values["claims"].head(0)
        claims = dict(zip(judged["id"], judged["verdict"], strict=True))
        return stored(
            page,
            SELF_CONTAINED.result(page_checks.check_self_contained(page, LARGEST_PAGE)),
            PICTURES.result(page_checks.check_pictures(page, [*AS_STORED, *files, *drawn])),
            NETWORKS.result(page_checks.check_networks(page, told)),
            CLAIMS.result(page_checks.check_claims(page, claims)),
            pictures=len(pictures),
            claims=len(claims),
            networks=", ".join(told),
            studied=", ".join(story["study"]["summaries"]) if story["study"] else "none",
            swept=", ".join(sweep["name"] for sweep in tuning["sweeps"]) if tuning else "none",
            champion=story["champion"].get("version", "none"),
            **without,
        )

    return [notebook]


def read_templates() -> dict[str, str]:
    """All templates, by their paths below the folder."""
    return {
        path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(TEMPLATES.rglob("*.jinja"))
    }


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def installed_versions() -> dict[str, str]:
    """The versions of Python and of the packages that make the values, if installed."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # installed under another name, as tensorflow-cpu is
            versions[package] = "unknown"
    return versions


def _reads(name: str) -> dict[str, str]:
    """The keys of what is read of a network, by the names of the inputs."""
    reads = {f"history_{name}": f"networks/{name}_history"}
    reads |= {f"evaluation_{name}": f"evaluation/{name}"}
    return reads | {
        f"{told}_{name}": f"evaluation/{name}_{told}"
        for told in ("quality", "mistakes", "robustness")
    }


def _canvas(
    values: Mapping[str, Any], story: Story, smallest: str | None, template: str, script: str
) -> str:
    """The canvas to draw a digit on, answered by the smallest network; nothing without one."""
    if smallest is None:
        return ""
    network = next(network for network in story["networks"] if network["name"] == smallest)
    classes = len(story["class_distribution"])
    return render_canvas(
        values["page_network"],
        example_digits(values["test_images"], values["test_labels"], classes),
        name=smallest,
        parameters=network["parameters"]["total"],
        test_accuracy=network["evaluation"]["test"]["accuracy"],
        names=story["class_names"],
        mnist=story["mnist"],
        largest=LARGEST_CANVAS,
        template=template,
        script=script,
    )
