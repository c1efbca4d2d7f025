"""Networks: each declared network trained, and the history of its training."""

import math
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import MNIST, class_count, commonest_share
from mnist_assets.declarations.settings import Settings
from mnist_assets.networks import history, model
from mnist_assets.networks.declaration import Network
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.networks.training import Epoch, train_network
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored

STAGE = Stage("networks")

PARAMETERS = Check("parameters", "The network has exactly the declared numbers of weights.")
LOSS_FINITE = Check("loss_finite", "Every epoch's training and validation loss is finite.")
ACCURACY = Check(
    "validation_accuracy",
    "The last epoch's validation accuracy reaches the declared threshold; in a dataset other than "
    "MNIST, what always guessing the commonest class gives, but for chance.",
    group="derived",
)
AS_DECLARED = Check(
    "as_declared", "The stored network was trained as its declaration says, but for the seed."
)
GENERALIZATION_GAP = Check(
    "generalization_gap",
    "Training accuracy exceeds validation accuracy by no more than the declared bound.",
    blocking=False,
    group="mnist",
)


class TrainingConfig(dg.Config):
    """How a network is trained apart from its declaration."""

    seed: int | None = Field(
        None, ge=0, lt=2**32, description="Seed to train with instead of the declared one."
    )
    tensorboard: str | None = Field(
        None, description="Folder below which logs for TensorBoard are written, if any are."
    )


def network_assets(name: str, network: Network, settings: Settings) -> list[dg.AssetsDefinition]:
    """A declared network and its history."""
    return [_network_asset(name, network, settings), _history_asset(name, network, settings)]


def _network_asset(name: str, network: Network, settings: Settings) -> dg.AssetsDefinition:
    declared, expected = network.training, network.parameters
    memory_limit = settings.training.memory_limit

    @STAGE.asset(
        "keras",
        name=name,
        reads=[
            "dataset/train_images",
            "dataset/train_labels",
            "preparation/split",
            "preparation/normalization",
        ],
        kinds={"tensorflow", "keras"},
        needs=settings.training.needs,
        checks=[PARAMETERS],
        description=f"{network.description} Takes raw pixels, 0-255; gives class probabilities.",
        due_within=None
        if network.on_request
        else timedelta(days=settings.schedules.retrained_within_days),
        on_request=network.on_request,
    )
    def train(
        context: dg.AssetExecutionContext,
        config: TrainingConfig,
        train_images: Any,
        train_labels: Any,
        split: Any,
        normalization: Any,
    ) -> Stored:
        classes = class_count(train_labels)
        seed = declared.seed if config.seed is None else config.seed
        trained, speed = train_network(
            name,
            declared.model_copy(update={"seed": seed}),
            train_images,
            train_labels,
            split,
            normalization,
            classes=classes,
            memory_limit=memory_limit,
            on_epoch=_reporter(context, declared.epochs),
            log_folder=Path(config.tensorboard) / name if config.tensorboard else None,
        )
        counted = model.count_parameters(trained.model)
        if train_images.shape[1:] == MNIST.image_shape and classes == len(MNIST.train_counts):
            wanted = expected.model_dump()
        else:
            wanted = parameters_of(declared.layers, train_images.shape[1:], classes)
        return stored(
            trained,
            PARAMETERS.result(model.check_parameters(counted, wanted)),
            layers=table(model.describe_layers(trained.model)),
            parameters=counted["total"],
            trainable_parameters=counted["trainable"],
            training=dict(trained.training),
            seed=seed,
            **asdict(speed),
        )

    return train


def _reporter(context: dg.AssetExecutionContext, epochs: int) -> Callable[[Epoch], None]:
    """Tell of each epoch: a line in the log and an observation in the web UI."""
    key = context.asset_key

    def report(epoch: Epoch) -> None:
        left = epoch.seconds * (epochs - epoch.epoch)
        context.log.info(
            f"{key.path[-1]}: epoch {epoch.epoch}/{epochs}, loss {epoch.loss:.4f}, "
            f"accuracy {epoch.accuracy:.4f}, validation loss {epoch.val_loss:.4f}, "
            f"validation accuracy {epoch.val_accuracy:.4f}, {left:.0f} s left"
        )
        figures = asdict(epoch) | {"seconds_left": left}
        told = {name: value for name, value in figures.items() if math.isfinite(value)}
        context.log_event(dg.AssetObservation(key, metadata=told))

    return report


def _history_asset(name: str, declared: Network, settings: Settings) -> dg.AssetsDefinition:
    training, thresholds = declared.training, declared.thresholds
    false_alarm_rate = settings.evaluation.false_alarm_rate

    @STAGE.asset(
        "csv",
        name=f"{name}_history",
        reads={
            "network": f"networks/{name}",
            "train_labels": "dataset/train_labels",
            "split": "preparation/split",
            "description": "dataset/description",
        },
        kinds={"pandas"},
        checks=[AS_DECLARED, LOSS_FINITE, ACCURACY, GENERALIZATION_GAP],
        description=f"Loss and accuracy of {name} after each epoch, training and validation.",
        on_request=declared.on_request,
    )
    def history_table(network: Any, train_labels: Any, split: Any, description: Any) -> Stored:
        from mnist_assets.networks import figures

        epochs = network.history
        kept = history.until_kept(epochs, training)
        if Description.from_json(description).mnist:
            accurate = history.check_accuracy(kept, thresholds.validation_accuracy)
        else:
            guessed, images = commonest_share(train_labels), len(split["validation"])
            accurate = history.check_no_worse_than_guessing(kept, guessed, images, false_alarm_rate)
        return stored(
            epochs,
            AS_DECLARED.result(history.check_as_declared(network.training, training.plain())),
            LOSS_FINITE.result(history.check_loss_finite(epochs)),
            ACCURACY.result(accurate),
            GENERALIZATION_GAP.result(
                history.check_generalization_gap(kept, thresholds.generalization_gap)
            ),
            validation_accuracy=float(kept["val_accuracy"].iloc[-1]),
            generalization_gap=history.generalization_gap(kept),
            picture=draw(
                f"Loss and accuracy of {name}, epoch by epoch", figures.history, epochs, name
            ),
            table=table(epochs),
        )

    return history_table
