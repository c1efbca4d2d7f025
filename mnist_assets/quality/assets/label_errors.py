"""Label errors: labels of the training part that a person should look at, part of evaluation."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.settings import Settings
from mnist_assets.networks.declaration import Network, always_made
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stored, stored
from mnist_assets.quality import label_errors
from mnist_assets.quality.assets.networks import STAGE

FEW = Check("few", "No more labels look wrong than the declared share of them.", group="mnist")


def finder_of(networks: Mapping[str, Network], settings: Settings) -> str:
    """The network whose declaration is trained to find them."""
    wanted = settings.quality.label_errors.network
    return wanted if wanted in networks else always_made(networks)[0]


def label_errors_asset(networks: Mapping[str, Network], settings: Settings) -> dg.AssetsDefinition:
    """The labels of the training part that look wrong to networks that have not seen them."""
    declared, name = settings.quality.label_errors, finder_of(networks, settings)
    training = networks[name].training
    memory_limit, batch_size = settings.training.memory_limit, settings.evaluation.batch_size

    @STAGE.asset(
        "csv",
        name="label_errors",
        reads=[
            "dataset/train_images",
            "dataset/train_labels",
            "dataset/description",
            "preparation/normalization",
        ],
        kinds={"tensorflow", "keras"},
        needs=settings.training.needs,
        priority=-1,  # little waits for it, and it takes long
        checks=[FEW],
        description="Training images whose labels look wrong, for a person to judge: "
        f"{name}, trained {declared.folds} times, each time without a part of the images, sees "
        "another class in them (confident learning).",
    )
    def doubtful_labels(
        train_images: Any, train_labels: Any, description: Any, normalization: Any
    ) -> Stored:
        from mnist_assets.quality.figures import digits as figures

        probabilities = label_errors.out_of_sample_probabilities(
            training,
            train_images,
            train_labels,
            normalization,
            classes=class_count(train_labels),
            folds=declared.folds,
            seed=declared.seed,
            memory_limit=memory_limit,
            batch_size=batch_size,
        )
        dataset = Description.from_json(description)
        found = label_errors.find_label_errors(probabilities, train_labels)
        first, named = found.head(declared.shown), dataset.with_names(found, "label", "suggested")
        return stored(
            named,
            FEW.result(
                label_errors.check_label_errors(
                    len(found), len(train_labels), declared.largest_share
                ),
                binding=dataset.binds("quality.label_errors.largest_share"),
            ),
            candidates=len(found),
            found_by=name,
            accuracy_unseen=float((probabilities.argmax(axis=1) == train_labels).mean()),
            picture=draw(
                "Training images whose labels look wrong",
                figures.label_errors,
                train_images[first["index"]],
                first,
                candidates=len(found),
                labels=len(train_labels),
                names=dataset.names,
            ),
            table=table(named),
        )

    return doubtful_labels
