"""Decision: whether a challenger takes the champion's place, judged anew on the images of today.

What is done about it is `model.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg
import numpy as np

from mnist_assets.champion import archive as archiving
from mnist_assets.champion import decision as deciding
from mnist_assets.champion.assets.model import STAGE
from mnist_assets.champion.candidate import Candidate, fits
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import class_count, commonest_share
from mnist_assets.declarations.bounds import Champion
from mnist_assets.evaluation.assets import networks as evaluation
from mnist_assets.evaluation.predictions import Subset, predict
from mnist_assets.networks import assets as networks
from mnist_assets.networks.declaration import Network
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.orchestration.presentation import draw
from mnist_assets.orchestration.stage import Check, Stored, stored
from mnist_assets.orchestration.storage.optional import Group, OptionalInputs, keys_of, split_reads
from mnist_assets.orchestration.versions.content import content_version
from mnist_assets.preparation import assets as preparation

REASONED = Check(
    "reasoned", "Every challenger is promoted or not, and each criterion says what it saw."
)


def decision_asset(
    declared: Mapping[str, Network],
    declared_criteria: Champion,
    requested: Mapping[str, Group] = MappingProxyType({}),
) -> dg.AssetsDefinition:
    """The decision over all declared networks, by the criteria of the settings.

    Those made only on request, whose assets are `requested`, take part where they are up to date.
    """
    names, groups = list(declared), dict(requested)
    bounds = declared_criteria.model_dump()
    reads = {
        "train_images": "dataset/train_images",
        "train_labels": "dataset/train_labels",
        "split": "preparation/split",
        "description": "dataset/description",
    }
    of_each = {
        name: {name: f"evaluation/{name}_predictions", f"{name}_network": f"networks/{name}"}
        for name in names
    }
    always, optional = split_reads(of_each, groups)

    @STAGE.asset(
        "json",
        reads=reads | always,
        deps=[f"evaluation/{name}" for name in names if name not in groups],
        optional_deps=keys_of(requested),
        kinds={"numpy", "tensorflow"},  # it asks the present champion, if there is one
        checks=[REASONED],
    )
    def decision(
        context: dg.AssetExecutionContext,
        archive: ChampionArchive,
        optional_inputs: OptionalInputs,
        train_images: Any,
        train_labels: Any,
        split: Any,
        description: Any,
        **of_networks: Any,
    ) -> Stored:
        """Whether a network becomes the champion, judged on the validation images alone."""
        from mnist_assets.champion import figures

        found, without = optional_inputs.read_groups(context.instance, groups, optional)
        of_networks |= found
        validation = split["validation"]
        labels = np.asarray(train_labels[validation])
        classes = class_count(train_labels)
        champion = _champion(archive, Subset(train_images, validation), labels, classes)
        criteria, dataset = dict(bounds), Description.from_json(description)
        if not dataset.binds("champion.floor"):
            criteria["floor"] = commonest_share(train_labels)
        if not dataset.binds("champion.recall_margin"):
            criteria["recall_significance"] = criteria["significance"]
        decided = deciding.choose(
            deciding.decide(
                Candidate(
                    network=name,
                    seed=of_networks[f"{name}_network"].training["seed"],
                    data_version=content_version(dict(of_networks[name])),
                    probabilities=of_networks[name]["validation"],
                    labels=labels,
                ),
                champion,
                **criteria,
                upstream_checks_passed=_upstream_checks(context.instance, name),
                names=dataset.names,
            )
            for name in names
            if name in of_networks
        )
        current = archiving.current(archive.path)
        outcome = {"replaces": current.version if current else None, **decided}
        foremost = decided["decisions"][0]
        return stored(
            outcome,
            REASONED.result(deciding.check_reasoned(outcome)),
            promote=decided["promote"],
            promoted=decided["promoted"] or "none",
            summary=decided["summary"],
            **without,
            picture=draw(foremost["summary"], figures.decision, foremost, dataset.names),
        )

    return decision


def _champion(
    archive: ChampionArchive, images: Subset, labels: Any, classes: int
) -> Candidate | None:
    """The champion as a candidate: it predicts the validation images of today.

    None if there is none, or one that was made for another dataset.
    """
    current = archiving.current(archive.path)
    if current is None:
        return None
    model = StoredNetwork(current.model_path).model
    if not fits(model, images.shape[1:], classes):
        dg.get_dagster_logger().warning(f"{current.version} was made for another dataset.")
        return None
    explanation = current.explanation()
    return Candidate(
        network=current.network,
        seed=explanation["declaration"]["seed"],
        data_version=explanation["versions"]["predictions"],
        probabilities=predict(model, images),
        labels=labels,
    )


def _upstream_checks(instance: dg.DagsterInstance, name: str) -> dict[str, bool]:
    """Whether each check that a network depends on stopped nothing when it ran last.

    Checks on the test images are left out: they take no part in the decision.
    """
    checks = {
        preparation.STAGE.key("split"): (preparation.SPLIT_COMPLETE, preparation.SPLIT_CLASSES),
        preparation.STAGE.key("normalization"): (preparation.NORMALIZED, preparation.BOUNDED),
        networks.STAGE.key(name): (networks.PARAMETERS,),
        networks.STAGE.key(f"{name}_history"): (
            networks.LOSS_FINITE,
            networks.ACCURACY,
            networks.AS_DECLARED,
        ),
        evaluation.STAGE.key(f"{name}_predictions"): (
            evaluation.PROBABILITIES["validation"],
            evaluation.BY_HAND,
        ),
        evaluation.STAGE.key(name): (
            evaluation.CONFUSION["validation"],
            evaluation.SAME_NETWORK,
            evaluation.SAME_LOSS,
            evaluation.COUNTED_INDEPENDENTLY,
            evaluation.INFORMED,
        ),
    }
    return {
        f"{key.to_user_string()}:{check.name}": _passed(instance, key, check)
        for key, of_asset in checks.items()
        for check in of_asset
    }


def _passed(instance: dg.DagsterInstance, key: dg.AssetKey, check: Check) -> bool:
    record = instance.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(key, check.name))
    event = record.event.dagster_event if record and record.event else None
    if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return False
    evaluation = event.asset_check_evaluation_data
    return evaluation.passed or evaluation.severity == dg.AssetCheckSeverity.WARN
