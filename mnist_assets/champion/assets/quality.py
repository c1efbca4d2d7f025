"""The champion's quality: as that of a network, whichever it is and whenever it was trained."""

from typing import Any

import dagster as dg

from mnist_assets.champion import archive as archiving
from mnist_assets.champion.assets import model as champion
from mnist_assets.champion.resources import ChampionArchive
from mnist_assets.dataset.source import DatasetSource
from mnist_assets.declarations.settings import Settings
from mnist_assets.evaluation.predictions import predict
from mnist_assets.findings import Finding
from mnist_assets.networks.stored import StoredNetwork
from mnist_assets.orchestration.stage import Check, Stored, stored
from mnist_assets.quality import assessment as steps
from mnist_assets.quality.assets.networks import (
    CALIBRATED,
    ROBUST,
    TEST_PART,
    declared_floors,
    expected_floors,
    find_mistakes,
    measurement,
    show_assessment,
    show_mistakes,
    show_robustness,
)
from mnist_assets.quality.calibration import check_calibrated
from mnist_assets.quality.robustness import check_floors, measure_robustness

AS_PROMOTED = Check(
    "as_promoted",
    "On the test part the champion is as accurate as it was when it was promoted.",
    blocking=False,
)


def champion_quality_asset(settings: Settings) -> dg.AssetsDefinition:
    """What there is to say of the champion, whichever network it is and whenever it was trained."""
    bins, confidence = settings.quality.bins, settings.quality.confidence
    ceiling, batch_size = settings.quality.calibration_error, settings.evaluation.batch_size
    count = settings.quality.mistakes
    measured, floors = measurement(settings), declared_floors(settings.quality)

    @champion.STAGE.asset(
        "json",
        name="quality",
        reads=TEST_PART,
        after=["champion/model"],
        kinds={"tensorflow", "keras"},
        checks=[CALIBRATED, ROBUST, AS_PROMOTED],
    )
    def champion_quality(
        source: DatasetSource, archive: ChampionArchive, test_images: Any, test_labels: Any
    ) -> Stored:
        """How good the champion is on test images: accuracy, calibration, mistakes, robustness."""
        current = archiving.current(archive.path)
        if current is None:
            nothing = Finding(passed=True, message="There is no champion yet.")
            results = [check.result(nothing) for check in (CALIBRATED, ROBUST, AS_PROMOTED)]
            return stored({}, *results, champion="none yet: champion/decision says why")
        model = StoredNetwork(current.model_path).model
        probabilities = predict(model, test_images, batch_size)
        assessed = steps.assess(
            probabilities,
            test_labels,
            bins=bins,
            confidence=confidence,
            mnist=source.facts is not None,
        )
        accuracies = measure_robustness(model, test_images, test_labels, **measured)
        expected = expected_floors(floors, source, test_labels)
        mistakes = find_mistakes(probabilities, test_labels, count, source)
        promoted, name = current.explanation()["metrics"]["test"], f"Champion {current.version}"
        total = assessed["images"] - assessed["correct"]
        return stored(
            {
                **assessed,
                "version": current.version,
                "robustness": accuracies.to_dict("records"),
                "mistakes": mistakes.to_dict("records"),
            },
            CALIBRATED.result(check_calibrated(assessed["calibration"], ceiling)),
            ROBUST.result(check_floors(accuracies, expected)),
            AS_PROMOTED.result(steps.check_as_promoted(assessed, promoted)),
            version=current.version,
            **show_assessment(assessed, name),
            **show_robustness(accuracies, expected, name),
            **show_mistakes(mistakes, test_images, name, total),
        )

    return champion_quality
