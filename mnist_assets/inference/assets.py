"""Inference: digits dropped into the inbox, scored by the champion, one partition a day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.candidate import fits
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count
from mnist_assets.declarations.operation import Inbox as Limits
from mnist_assets.declarations.operation import Schedules
from mnist_assets.errors import InputError
from mnist_assets.evaluation.predictions import Subset, predict
from mnist_assets.findings import Finding
from mnist_assets.inference import drift, likeness, scored, scoring
from mnist_assets.inference.resources import Inbox, changed
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.orchestration.presentation import draw, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored

STAGE = Stage("inference")
DAYS = dg.DynamicPartitionsDefinition(name="inbox_days")
SHOWN = 100  # files whose pictures are kept to be drawn
LISTED = 100  # files that a check names
# Tags of the inbox's runs: that it is one, and the first of the files that it is for.
WAITING, ANY, FIRST = "mnist_assets/inbox", "files", "mnist_assets/inbox_first"
TRIES = 3
UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
)

DRIFT = Check(
    "drift",
    "Grey levels, class shares and confidence are as in the training part.",
    blocking=False,
    group="derived",
)


def inference_assets(limits: Limits) -> list[dg.AssetsDefinition]:
    """What batches are held against, and their predictions."""
    return [shapes, reference, _predictions_asset(limits)]


@STAGE.asset(
    "json",
    reads=["dataset/train_images", "dataset/train_labels", "preparation/split"],
    kinds={"numpy", "scipy"},
    priority=-1,  # it takes long, and can be made while networks train
)
def shapes(train_images: Any, train_labels: Any, split: Any) -> Stored:
    """Typical shapes of each class, among the images that networks are trained on."""
    train = split["train"]
    found = likeness.typical_shapes(Subset(train_images, train), train_labels[train])
    return stored(found, shapes=len(found["shapes"]), side=found["side"])


@STAGE.asset(
    "json",
    reads=[
        "dataset/train_images",
        "dataset/train_labels",
        "preparation/split",
        "inference/shapes",
    ],
    deps=["champion/model"],
    kinds={"tensorflow", "keras"},
)
def reference(
    archive: ChampionArchive, train_images: Any, train_labels: Any, split: Any, shapes: Any
) -> Stored:
    """What new digits are held against: the training part, and how sure the champion usually is.

    `shapes` are typical ones of each class, and how far from them digits may be.
    """
    validation = split["validation"]
    serving = archiving.current(archive.path)
    model = StoredNetwork(serving.model_path).model if serving else None
    if model is None or not fits(model, train_images.shape[1:], class_count(train_labels)):
        return stored({}, champion="none of this dataset yet: champion/decision says why")
    held_out = Subset(train_images, validation)
    probabilities = predict(model, held_out)
    described = drift.training_reference(
        train_images, train_labels, probabilities.max(axis=1), class_count(train_labels)
    )
    return stored(
        {
            **described,
            "shapes": likeness.with_limit(shapes, held_out, probabilities.argmax(axis=1)),
        },
        mean_grey_level=described["grey_level"]["mean"],
        mean_confidence=described["confidence"]["mean"],
    )


def _predictions_asset(limits: Limits) -> dg.AssetsDefinition:
    @STAGE.asset(
        "csv",
        reads=["inference/reference", "dataset/description"],
        kinds={"tensorflow", "keras", "pandas"},
        checks=[DRIFT],
        partitions=DAYS,
    )
    def predictions(
        context: dg.AssetExecutionContext,
        inbox_folder: Inbox,
        archive: ChampionArchive,
        reference: Any,
        description: Any,
    ) -> Stored:
        """What the champion reads in the files dropped into the inbox, a table a day.

        A row is a digit: its probability, the second guess, its box in the picture, the number that
        it is part of, and whether it is doubtful, since the champion is unsure or since it is
        unlike the digits of the training part. A run adds the files that have come in since.
        """
        champion = archiving.serving(archive.path)
        version, network = champion.version, StoredNetwork(champion.model_path)
        reader = scoring.Reader(
            version,
            network.model,
            reference.get("shapes"),
            Description.from_json(description).names,
            limits.doubtful_below,
            limits.largest_file,
            limits.largest_picture,
        )
        warn = context.log.warning
        found: dict[str, scoring.FileRead] = {}
        with inbox_folder.waiting_files(limits, limits.batch, warn) as files:
            paths, names = [file.path for file in files], [file.entry.path for file in files]
            for file, outcome in zip(files, reader.read_all(paths, names), strict=True):
                if not file.is_as_listed:
                    warn(changed(file))
                elif isinstance(outcome, InputError):
                    inbox_folder.put_aside(file.entry, str(outcome), warn)
                else:
                    named = scored.name_file(outcome.table, file)
                    kept = outcome.pictures if len(found) < SHOWN else []
                    found[file.entry.name] = replace(outcome, pictures=kept, table=named)
        earlier = inbox_folder.table(context.partition_key)
        return _stored_batch(found, earlier, reference, limits, version)

    return predictions


def _stored_batch(
    found: Mapping[str, scoring.FileRead],
    earlier: Any,
    reference: Any,
    limits: Limits,
    version: str,
) -> Stored:
    """The day's table with a batch of files added to it, and what is to be seen of the batch."""
    import pandas as pd

    from mnist_assets.inference import figures

    if not found:
        nothing = pd.DataFrame(columns=[*scoring.COLUMNS, *scored.COLUMNS])
        told = Finding(passed=True, message="No new file.")
        return stored(nothing if earlier is None else earlier, DRIFT.result(told), files=0)
    batch = scoring.join(list(found.values()))
    rows = pd.concat([of.table for of in found.values()], ignore_index=True)

    def judge(read: scoring.FileRead) -> Finding:
        return drift.check_drift(
            read.images,
            read.classes,
            read.table["probability"].to_numpy(),
            reference,
            false_alarm_rate=limits.false_alarm_rate,
            smallest_effect=limits.smallest_effect,
        )

    unlike = [name for name, of in found.items() if not judge(of).passed]
    return stored(
        rows if earlier is None else pd.concat([earlier, rows], ignore_index=True),
        DRIFT.result(judge(batch), files_unlike=unlike[:LISTED]),
        files=len(found),
        digits=len(rows),
        doubtful=int(rows["doubtful"].sum()),
        champion=version,
        picture=draw(
            "The digits of the batch, where they are, and the champion's guesses",
            figures.batch,
            batch.images,
            batch.table,
            batch.pictures,
        ),
        table=table(rows),
    )


def inbox_sensor(limits: Limits, schedules: Schedules) -> dg.SensorDefinition:
    """Looks into the inbox, and asks for one run over all files that are ready and not scored yet.

    While one is queued or running there is no further. The same files are tried a few times: a run
    may die by what has nothing to do with them.
    """

    @dg.sensor(
        name="inbox",
        target=dg.AssetSelection.assets(STAGE.key("predictions")),
        minimum_interval_seconds=15,
        description="Score the files that are dropped into the inbox.",
        default_status=dg.DefaultSensorStatus.RUNNING
        if schedules.running
        else dg.DefaultSensorStatus.STOPPED,
    )
    def look(
        context: dg.SensorEvaluationContext, inbox_folder: Inbox, archive: ChampionArchive
    ) -> dg.SensorResult | dg.SkipReason:
        with inbox_folder.waiting_files(limits, 1, context.log.warning) as files:
            first = files[0].entry.name if files else None
        if first is None:
            return dg.SkipReason("There is no new file.")
        if archiving.current(archive.path) is None:
            return dg.SkipReason("There is no champion yet to read the files.")
        return _ask_for_run(context.instance, first)

    return look


def _ask_for_run(instance: dg.DagsterInstance, first: str) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run over the waiting files, unless there is one or it has failed too often."""
    unfinished = dg.RunsFilter(tags={WAITING: ANY}, statuses=list(UNFINISHED))
    if instance.get_runs_count(unfinished):
        return dg.SkipReason("A run over the waiting files is not over yet.")
    tries = instance.get_runs_count(dg.RunsFilter(tags={FIRST: first}))
    if tries >= TRIES:
        return dg.SkipReason(f"{tries} runs that began with {first} came to nothing.")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return dg.SensorResult(
        run_requests=[dg.RunRequest(partition_key=day, tags={WAITING: ANY, FIRST: first})],
        dynamic_partitions_requests=[DAYS.build_add_request([day])],
    )
