"""Preparation: which images train, how pixels are normalised, how labels are encoded."""

from typing import Any

import dagster as dg
import numpy as np

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.bounds import Normalization, Split
from mnist_assets.orchestration.presentation import draw, draw_value, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, inputs, stored
from mnist_assets.preparation import normalization as normalizing
from mnist_assets.preparation import one_hot as encoding
from mnist_assets.preparation import split as splitting

STAGE = Stage("preparation", priority=1)  # all networks wait for it, but for what is only shown

SPLIT_COMPLETE = Check(
    "complete_and_disjoint", "Each training image is in exactly one part; sizes are as declared."
)
SPLIT_CLASSES = Check(
    "class_shares",
    "Every class trains, and as many images of each validate as a split at random sets aside.",
    group="derived",
)
NORMALIZED = Check(
    "mean_0_std_1",
    "Normalised training pixels are finite, with mean 0 and, above the floor, standard deviation "
    "1, as close as declared.",
)
BOUNDED = Check(
    "bounded",
    "No normalised pixel of validation, test or any image whatever exceeds 255 over the floor of "
    "the standard deviation.",
)
ONE_HOT = Check("one_hot", "Each row has a single 1, and argmax gives the label back.")


def split_asset(declared: Split) -> dg.AssetsDefinition:
    """The split, as declared in the settings."""

    @STAGE.asset(
        "npz",
        reads=["dataset/train_labels", "dataset/description"],
        kinds={"numpy"},
        checks=[SPLIT_COMPLETE, SPLIT_CLASSES],
    )
    def split(train_labels: Any, description: Any) -> Stored:
        """Which training images train and which validate: int32 indices, from a seeded shuffle."""
        count = len(train_labels)
        parts = splitting.split_indices(count, declared.validation_share, declared.seed)
        complete = splitting.check_split_complete(parts, count, declared.validation_share)
        classes = splitting.check_split_classes(
            parts,
            train_labels,
            class_count(train_labels),
            declared.false_alarm_rate,
            Description.from_json(description).names,
        )
        return stored(
            parts,
            SPLIT_COMPLETE.result(complete),
            SPLIT_CLASSES.result(classes),
            train=len(parts["train"]),
            validation=len(parts["validation"]),
            seed=declared.seed,
        )

    return split


def normalization_asset(declared: Normalization) -> dg.AssetsDefinition:
    """The normalisation, with the declared guard."""

    @STAGE.asset(
        "npz",
        reads=["dataset/train_images", "preparation/split"],
        kinds={"numpy"},
        checks=[NORMALIZED],
    )
    def normalization(train_images: Any, split: Any) -> Stored:
        """Pixel-wise mean and standard deviation, fitted on the split's training images alone."""
        from mnist_assets.preparation import figures

        floor = declared.std_floor
        fitted = normalizing.fit_normalization(train_images, split["train"], floor)
        moments = normalizing.normalised_moments(train_images, split["train"], fitted, floor)
        normalized = normalizing.check_normalized(
            moments, declared.mean_tolerance, declared.std_tolerance
        )
        mean, std = fitted["mean"], fitted["std"]
        return stored(
            fitted,
            NORMALIZED.result(normalized),
            std_floor=floor,
            pixels_at_floor=moments["pixels_at_floor"],
            picture=draw(
                "Mean and standard deviation of each pixel",
                figures.normalization,
                mean,
                std,
                std <= np.float32(floor),
            ),
        )

    return normalization


def bounded_check(declared: Normalization) -> dg.AssetChecksDefinition:
    """The check of images the normalisation was not fitted on, which therefore stands alone."""
    reads = [
        "dataset/train_images",
        "dataset/test_images",
        "dataset/description",
        "preparation/split",
    ]

    @dg.asset_check(
        asset=STAGE.key("normalization"),
        name=BOUNDED.name,
        description=BOUNDED.description,
        metadata={"group": BOUNDED.group},
        blocking=True,
        additional_ins=inputs(reads),
        op_tags=STAGE.op_tags(),
    )
    def bounded(
        normalization: Any, train_images: Any, test_images: Any, description: Any, split: Any
    ) -> dg.AssetCheckResult:
        largest = {
            "validation": normalizing.largest_absolute(
                train_images, split["validation"], normalization
            ),
            "test": normalizing.largest_absolute(test_images, None, normalization),
            "any image": normalizing.largest_possible(normalization),
        }
        bound = 255 / declared.std_floor
        evidence: dict[str, Any] = {}
        if Description.from_json(description).mnist:
            of_notebook = normalizing.notebook_normalization_evidence(train_images, test_images)
            evidence = {"the_notebooks_normalisation": of_notebook}
        return BOUNDED.result(normalizing.check_bounded(largest, bound), **evidence)

    return bounded


@STAGE.asset(
    "png",
    reads=["dataset/train_images", "preparation/normalization"],
    kinds={"matplotlib"},
    priority=0,
)
def normalized_digits(train_images: Any, normalization: Any) -> Stored:
    """The first nine training images, normalised."""
    from mnist_assets.preparation import figures

    digits = normalizing.normalise(train_images[:9], **normalization)
    picture = draw_value(
        "The first nine training images, normalised", figures.normalized_digits, digits
    )
    return stored(
        picture.png, lowest=float(digits.min()), highest=float(digits.max()), picture=picture
    )


@STAGE.asset(
    "csv",
    reads=["dataset/train_images", "dataset/train_labels", "dataset/description"],
    kinds={"pandas"},
    checks=[ONE_HOT],
    priority=0,
)
def one_hot_examples(train_images: Any, train_labels: Any, description: Any) -> Stored:
    """The first nine training labels, one-hot encoded; the check covers all of them."""
    classes = class_count(train_labels)
    encoded = encoding.one_hot(train_labels, classes)
    examples = Description.from_json(description).with_names(
        encoding.one_hot_examples(train_labels, classes, count=9), "label"
    )
    tensor = encoding.network_input(train_images[:9])
    return stored(
        examples,
        ONE_HOT.result(encoding.check_one_hot(encoded, train_labels)),
        labels_shape=f"{train_labels.shape} becomes {encoded.shape}",
        network_input=f"(n, {', '.join(map(str, tensor.shape[1:]))}) {tensor.dtype}",
        table=table(examples),
    )


def preparation_assets(split: Split, normalization: Normalization) -> list[dg.AssetsDefinition]:
    """Every asset of the stage."""
    return [
        split_asset(split),
        normalization_asset(normalization),
        normalized_digits,
        one_hot_examples,
    ]
