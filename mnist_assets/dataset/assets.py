"""Dataset: four arrays and what they are called, verified as a whole before any is stored."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg

from mnist_assets.dataset import loading
from mnist_assets.dataset.declaration import FILE
from mnist_assets.dataset.held_out import HeldOut
from mnist_assets.dataset.idx_names import FILE_NAMES
from mnist_assets.dataset.source import DatasetSource
from mnist_assets.dataset.verification import verify
from mnist_assets.declarations.bounds import Dataset
from mnist_assets.declarations.operation import Schedules
from mnist_assets.errors import InputError
from mnist_assets.orchestration.automation import follow_changes
from mnist_assets.orchestration.stage import (
    OWNERS,
    Check,
    Stage,
    Stored,
    code_metadata,
    stored,
    with_plain_signature,
)
from mnist_assets.orchestration.versions.code import code_version

STAGE = Stage("dataset")
DESCRIPTION = "description"
SOURCE = STAGE.key("idx_files")

CHECKSUM = Check(
    "checksum",
    "Written back as an IDX file, with the labels and the orientation of its source, the array has "
    "the SHA-256 published for MNIST, or for another dataset that of what was read.",
)
IMAGES = Check(
    "shape_and_range",
    "uint8 (n, height, width), not empty, more than one grey level; for MNIST the published shape "
    "and range.",
)
LABELS = Check(
    "classes",
    "uint8 (n,), every class present, none out of range; for MNIST the published class counts. "
    "Elsewhere a class so rare that chance leaves it out of the test part is only a warning.",
    group="derived",
)
LENGTHS = Check("as_many_labels_as_images", "The part has one label for each image.")
ONCE = Check(
    "no_image_twice",
    "No image of the part is the same as another, but for a declared share.",
    group="mnist",
)
UNSEEN = Check(
    "not_in_training_part",
    "No test image is a training image, too, but for a declared share; in a dataset other than "
    "MNIST, also for as many as a random division leaves in both parts.",
    group="derived",
)
ALIKE = Check(
    "alike_in_both_parts",
    "The class averages of the test part fit those of the training part best as they are: neither "
    "part is transposed, inverted, moved by a pixel or labelled otherwise, beyond doubt.",
    group="derived",
)
UPRIGHT = Check(
    "upright",
    "The images do not look transposed: not nearly all classes are wider than tall, as letters and "
    "digits on their side would be.",
    blocking=False,
    group="derived",
)

CHECKS = {
    "train_images": (CHECKSUM, IMAGES, ONCE, UPRIGHT),
    "train_labels": (CHECKSUM, LABELS, LENGTHS, ALIKE),
    "test_images": (CHECKSUM, IMAGES, ONCE, UNSEEN),
    "test_labels": (CHECKSUM, LABELS, LENGTHS),
}

DESCRIPTIONS = {
    "train_images": "The training part's images: uint8 (n, height, width), grey levels 0-255.",
    "train_labels": "The training part's labels: uint8 (n,), classes 0 to k - 1.",
    "test_images": "The test part's images: uint8 (n, height, width), grey levels 0-255.",
    "test_labels": "The test part's labels: uint8 (n,), classes 0 to k - 1.",
    DESCRIPTION: "What the dataset is called, what its classes are, and what was done to read it.",
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
            description="The dataset's files, wherever MNIST_ASSETS_DATASET points, by content.",
            tags={"dagster/kind/file": ""},
            automation_condition=dg.AutomationCondition.cron_tick_passed(
                settings.observe, settings.time_zone
            ),
        )(observe_idx_files)


def _loading(declared: Dataset, own_bounds: Mapping[str, Any]) -> Callable[..., Iterator[Stored]]:
    def load_dataset(context: dg.AssetExecutionContext, source: DatasetSource) -> Iterator[Stored]:
        """Load and verify the whole dataset, and store what was asked for of it."""
        folder, own = source.fetch(), source.declaration
        _require_bounds(own.bounds, own_bounds, folder)
        held_out = HeldOut(declared.test_share, declared.test_seed)
        loaded = loading.load_dataset(folder, source.facts, own, held_out)
        for key in sorted(context.selected_asset_keys):
            name = key.path[-1]
            if name == DESCRIPTION:
                described = loaded.description.to_json()
                yield stored(described, key=key, **described)
                continue
            array = getattr(loaded.dataset, name)
            findings = verify(loaded, name, source.facts, declared.model_dump())
            yield stored(
                array,
                *(check.result(findings[check.name], key) for check in CHECKS[name]),
                key=key,
                shape=str(array.shape),
                dtype=str(array.dtype),
                origin=source.location,
            )

    return load_dataset


def _require_bounds(own: Mapping[str, Any], loaded: Mapping[str, Any], folder: Path) -> None:
    """Refuse a dataset whose bounds are not those that the definitions were loaded with."""
    if own != loaded:
        raise InputError(
            folder,
            seen=f"bounds in its {FILE} that the graph was loaded without",
            expected="those that it was loaded with",
            remedy="Set MNIST_ASSETS_DATASET rather than a run's configuration, and reload the "
            "definitions when the bounds change.",
        )


def dataset_assets(
    schedules: Schedules, declared: Dataset, own_bounds: Mapping[str, Any] = MappingProxyType({})
) -> list[Any]:
    """The files, and what one step loads from them but can be chosen singly.

    That is four arrays and the dataset's description.

    Args:
        schedules: How often the files are looked at.
        declared: What of a dataset may repeat itself, and so on.
        own_bounds: What the dataset itself sets of the settings.
    """
    load_dataset = _loading(declared, dict(own_bounds))
    version = code_version(load_dataset)
    specs, check_specs = [], []
    for name in (*FILE_NAMES, DESCRIPTION):
        storage, kind = ("json", "json") if name == DESCRIPTION else ("npy", "numpy")
        specs.append(
            dg.AssetSpec(
                STAGE.key(name),
                deps=[SOURCE],
                description=DESCRIPTIONS[name],
                group_name=STAGE.name,
                kinds={kind},
                owners=OWNERS,
                code_version=version,
                metadata=code_metadata(load_dataset),
                automation_condition=follow_changes(),
            ).with_io_manager_key(storage)
        )
        check_specs += [check.spec(STAGE.key(name)) for check in CHECKS.get(name, ())]
    arrays = dg.multi_asset(
        specs=specs,
        check_specs=check_specs,
        can_subset=True,
        name="dataset",
    )
    return [_observed_files(schedules), arrays(with_plain_signature(load_dataset, ()))]
