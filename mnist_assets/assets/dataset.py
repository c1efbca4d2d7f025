"""Dataset: four arrays from four IDX files, verified as a whole before any of them is stored."""

import warnings
from collections.abc import Iterator
from typing import Any

import dagster as dg

from mnist_assets.assets.stage import (
    OWNERS,
    Check,
    Stage,
    Stored,
    stored,
    without_return_annotation,
)
from mnist_assets.automation import follow_changes
from mnist_assets.code_versions import code_version
from mnist_assets.resources import DatasetSource
from mnist_assets.settings import Schedules
from mnist_assets.steps import dataset as steps
from mnist_assets.steps.dataset import FILE_NAMES

STAGE = Stage("dataset")
SOURCE = STAGE.key("idx_files")

CHECKSUM = Check(
    "checksum",
    "Written back as an IDX file, the array has the SHA-256 published for MNIST, or for another "
    "dataset that of its source file.",
)
IMAGES = Check(
    "shape_and_range",
    "uint8 (n, height, width), not empty, more than one grey level; for MNIST the published shape "
    "and range.",
)
LABELS = Check(
    "classes",
    "uint8 (n,), every class present, none out of range; for MNIST the published class counts.",
)
LENGTHS = Check("as_many_labels_as_images", "The part has one label for each image.")

DESCRIPTIONS = {
    "train_images": "The training part's images: uint8 (n, height, width), grey levels 0-255.",
    "train_labels": "The training part's labels: uint8 (n,), classes 0 to k - 1.",
    "test_images": "The test part's images: uint8 (n, height, width), grey levels 0-255.",
    "test_labels": "The test part's labels: uint8 (n,), classes 0 to k - 1.",
}


def observe_idx_files(source: DatasetSource) -> dg.DataVersion:
    """Tell the files' content as it is now."""
    return dg.DataVersion(source.version())


def _observed_files(settings: Schedules) -> dg.SourceAsset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # a plain external asset has no version
        return dg.observable_source_asset(
            key=SOURCE,
            group_name=STAGE.name,
            description="The four IDX files, wherever MNIST_ASSETS_DATASET points, by content.",
            tags={"dagster/kind/file": ""},
            automation_condition=dg.AutomationCondition.cron_tick_passed(
                settings.observe, settings.time_zone
            ),
        )(observe_idx_files)


def load_dataset(context: dg.AssetExecutionContext, source: DatasetSource) -> Iterator[Stored]:
    """Load and verify all four files, and store the arrays that were asked for."""
    folder = source.fetch()
    loaded = steps.load_dataset(folder, source.facts)
    classes = steps.class_count(loaded.train_labels)
    for key in sorted(context.selected_asset_keys):
        name = key.path[-1]
        array = getattr(loaded, name)
        reference = steps.reference_sha256(name, folder, source.facts)
        results = [CHECKSUM.result(steps.check_checksum(array, name, reference), key)]
        if name.endswith("images"):
            results.append(IMAGES.result(steps.check_images(array, name, source.facts), key))
        else:
            images = getattr(loaded, name.replace("labels", "images"))
            labels = steps.check_labels(array, name, classes, source.facts)
            results.append(LABELS.result(labels, key))
            results.append(LENGTHS.result(steps.check_lengths(images, array), key))
        yield stored(
            array,
            *results,
            key=key,
            shape=str(array.shape),
            dtype=str(array.dtype),
            origin=source.location,
        )


def dataset_assets(settings: Schedules) -> list[Any]:
    """The files, and the four arrays, which one step loads but which can be chosen singly."""
    version = code_version(load_dataset)
    specs, checks = [], []
    for name in FILE_NAMES:
        specs.append(
            dg.AssetSpec(
                STAGE.key(name),
                deps=[SOURCE],
                description=DESCRIPTIONS[name],
                group_name=STAGE.name,
                kinds={"numpy"},
                owners=OWNERS,
                code_version=version,
                automation_condition=follow_changes(),
            ).with_io_manager_key("npy")
        )
        own = (CHECKSUM, IMAGES) if name.endswith("images") else (CHECKSUM, LABELS, LENGTHS)
        checks += [check.spec(STAGE.key(name)) for check in own]
    arrays = dg.multi_asset(
        specs=specs,
        check_specs=checks,
        can_subset=True,
        name="dataset",
    )
    return [_observed_files(settings), arrays(without_return_annotation(load_dataset))]
