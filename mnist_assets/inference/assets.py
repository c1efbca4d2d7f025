"""Inference: digits dropped into the inbox, scored by the champion, one partition a file."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.settings import Inbox as Limits
from mnist_assets.declarations.settings import Schedules
from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import predict
from mnist_assets.inference import drift, inbox, likeness, picture_files, readings
from mnist_assets.inference.resources import Inbox
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored

STAGE = Stage("inference")
FILES = dg.DynamicPartitionsDefinition(name="inbox")

DRIFT = Check(
    "drift",
    "Grey levels, class shares and confidence are as in the training part.",
    blocking=False,
    group="derived",
)


def inference_assets(limits: Limits) -> list[dg.AssetsDefinition]:
    """What batches are held against, and their predictions."""
    return [reference, _predictions_asset(limits)]


@STAGE.asset(
    "json",
    reads=["dataset/train_images", "dataset/train_labels", "preparation/split"],
    deps=["champion/model"],
    kinds={"tensorflow", "keras"},
)
def reference(archive: ChampionArchive, train_images: Any, train_labels: Any, split: Any) -> Stored:
    """What new digits are held against: the training part, and how sure the champion usually is.

    `shapes` are typical ones of each class, and how far from them digits may be.
    """
    validation = split["validation"]
    if archiving.current(archive.path) is None:
        return stored({}, champion="none yet: champion/decision says why")
    probabilities = predict(_serving(archive)[1].model, train_images[validation])
    shapes = likeness.describe_shapes(
        train_images[split["train"]],
        train_labels[split["train"]],
        train_images[validation],
        probabilities.argmax(axis=1),
    )
    described = drift.training_reference(
        train_images, train_labels, probabilities.max(axis=1), class_count(train_labels)
    )
    return stored(
        {**described, "shapes": shapes},
        mean_grey_level=described["grey_level"]["mean"],
        mean_confidence=described["confidence"]["mean"],
    )


def _predictions_asset(limits: Limits) -> dg.AssetsDefinition:
    largest_file, largest_picture = limits.largest_file, limits.largest_picture
    doubtful_below = limits.doubtful_below
    false_alarm_rate, smallest_effect = limits.false_alarm_rate, limits.smallest_effect

    @STAGE.asset(
        "csv",
        reads=["inference/reference"],
        kinds={"tensorflow", "keras", "pandas"},
        checks=[DRIFT],
        partitions=FILES,
    )
    def predictions(
        context: dg.AssetExecutionContext,
        inbox_folder: Inbox,
        archive: ChampionArchive,
        reference: Any,
    ) -> Stored:
        """The digit, the probability and the second guess for each digit in a file's pictures.

        Each has its box in the picture, the number that it is part of, and whether it is doubtful:
        since the champion is unsure, or since it is unlike the digits of the training part.
        """
        from mnist_assets.inference import figures

        version, network = _serving(archive)
        path = inbox_folder.find(context.partition_key)
        try:
            pictures = picture_files.read_pictures(
                path, largest_file=largest_file, largest_picture=largest_picture
            )
            prepared, places = readings.find_all(
                pictures, path.name, network.model.input_shape[1:3]
            )
        except InputError as error:
            inbox.quarantine(path, inbox_folder.quarantine, str(error))
            raise
        scores = readings.read(
            predict(network.model, prepared),
            prepared,
            places,
            reference.get("shapes"),
            doubtful_below,
        )
        drifted = drift.check_drift(
            prepared,
            scores["digit"].to_numpy(),
            scores["probability"].to_numpy(),
            reference,
            false_alarm_rate=false_alarm_rate,
            smallest_effect=smallest_effect,
        )
        scores.insert(5, "champion", version)
        return stored(
            scores,
            DRIFT.result(drifted),
            file=path.name,
            pictures=len(pictures),
            digits=len(scores),
            doubtful=int(scores["doubtful"].sum()),
            champion=version,
            picture=draw(
                "The digits of the file, where they are, and the champion's guesses",
                figures.batch,
                prepared,
                scores,
                pictures,
            ),
            table=table(scores),
        )

    return predictions


def _serving(archive: ChampionArchive) -> tuple[str, StoredNetwork]:
    """The champion's version and its network."""
    champion = archiving.current(archive.path)
    if champion is None:
        raise InputError(
            archive.path,
            seen="no champion",
            expected="a network that was promoted",
            remedy="Materialise champion/model; its decision says why no network was promoted.",
        )
    return champion.version, StoredNetwork(champion.model_path)


def inbox_sensor(limits: Limits, schedules: Schedules) -> dg.SensorDefinition:
    """Looks into the inbox: asks for a run for each finished file, and puts bad ones aside.

    A run is asked for at every look until Dagster has it under the file's key, and never twice:
    whatever dies in between, no file is lost and none is scored again.
    """

    @dg.sensor(
        name="inbox",
        target=dg.AssetSelection.assets(STAGE.key("predictions")),
        minimum_interval_seconds=15,
        description="Score each file that is dropped into the inbox.",
        default_status=dg.DefaultSensorStatus.RUNNING
        if schedules.running
        else dg.DefaultSensorStatus.STOPPED,
    )
    def look(context: dg.SensorEvaluationContext, inbox_folder: Inbox) -> dg.SensorResult:
        keys = []
        for path in inbox_folder.entries():
            verdict = inbox.inspect_file(
                path,
                largest_file=limits.largest_file,
                largest_picture=limits.largest_picture,
                settled_seconds=limits.settled_seconds,
                now=time.time(),
            )
            if verdict.state == "quarantine":
                moved = inbox.quarantine(path, inbox_folder.quarantine, verdict.reason)
                context.log.warning(f"{path.name} is now {moved}: {verdict.reason}")
            elif verdict.state == "ready":
                keys.append(inbox.partition_key(path, verdict.sha256))
        return dg.SensorResult(
            run_requests=list(_requests(keys)),
            dynamic_partitions_requests=[FILES.build_add_request(keys)],
        )

    return look


def _requests(keys: list[str]) -> Iterator[dg.RunRequest]:
    for key in dict.fromkeys(keys):
        yield dg.RunRequest(run_key=key, partition_key=key)
