"""Quality: how good networks are beyond their accuracy, on the test part."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from mnist_assets.dataset.description import Description
from mnist_assets.dataset.loading import commonest_share
from mnist_assets.declarations.quality import Quality, Robustness
from mnist_assets.declarations.settings import Settings
from mnist_assets.orchestration.presentation import Picture, draw, table
from mnist_assets.orchestration.stage import Check, Stage, Stored, stored
from mnist_assets.quality import assessment
from mnist_assets.quality.calibration import check_calibrated
from mnist_assets.quality.mistakes import most_confident_mistakes
from mnist_assets.quality.robustness import check_floors, measure_robustness

if TYPE_CHECKING:
    import pandas as pd

STAGE = Stage("quality", prefix="evaluation")
DESCRIPTION = {"description": "dataset/description"}
TEST_PART = DESCRIPTION | {
    "test_images": "dataset/test_images",
    "test_labels": "dataset/test_labels",
}

CALIBRATED = Check(
    "calibrated",
    "Confidence and accuracy on the test part are no further apart than declared, chance aside.",
    blocking=False,
    group="mnist",
)
ROBUST = Check(
    "robust",
    "Each distortion leaves at least the declared accuracy at its declared strength; in a dataset "
    "other than MNIST, what always guessing the commonest class gives.",
    blocking=False,
    group="mnist",
)


def quality_assets(
    name: str, settings: Settings, *, on_request: bool = False
) -> list[dg.AssetsDefinition]:
    """What there is to say of a network beyond its accuracy, made only on request if it is."""
    return [
        _quality_asset(name, settings.quality, on_request=on_request),
        _mistakes_asset(name, settings.quality, on_request=on_request),
        _robustness_asset(name, settings, on_request=on_request),
    ]


def _quality_asset(name: str, settings: Quality, *, on_request: bool) -> dg.AssetsDefinition:
    bins, confidence, ceiling = settings.bins, settings.confidence, settings.calibration_error

    @STAGE.asset(
        "json",
        name=f"{name}_quality",
        reads=DESCRIPTION
        | {
            "predictions": f"evaluation/{name}_predictions",
            "test_labels": "dataset/test_labels",
        },
        kinds={"numpy"},
        checks=[CALIBRATED],
        description=f"Whether to believe {name}: how its confidence and its accuracy agree on the "
        "test part, its accuracy without the labels known to be wrong, and on each half.",
        on_request=on_request,
    )
    def quality(description: Any, predictions: Any, test_labels: Any) -> Stored:
        assessed = assessment.assess(
            predictions["test"],
            test_labels,
            bins=bins,
            confidence=confidence,
            mnist=Description.from_json(description).mnist,
        )
        return stored(
            assessed,
            CALIBRATED.result(check_calibrated(assessed["calibration"], ceiling)),
            reliability=draw_reliability(assessed, name),
            **show_assessment(assessed),
        )

    return quality


def draw_reliability(assessed: Mapping[str, Any], name: str) -> Picture:
    """The picture of an assessment."""
    from mnist_assets.quality.figures import reliability as figures

    return draw(
        f"Accuracy of {name} against its confidence, in bins",
        figures.reliability,
        assessed["calibration"],
        name,
        confidence=assessed["accuracy_interval"]["confidence"],
    )


def show_assessment(assessed: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of an assessment that the web UI shows."""
    import pandas as pd

    calibrated, interval = assessed["calibration"], assessed["accuracy_interval"]
    shown: dict[str, Any] = {
        "bins": table(pd.DataFrame(calibrated["bins"])),
        "test_accuracy": assessed["accuracy"],
        "interval": f"{interval['low']:.4f} to {interval['high']:.4f}",
        "expected_calibration_error": calibrated["expected_calibration_error"],
        "maximum_calibration_error": calibrated["maximum_calibration_error"],
    }
    if corrected := assessed["without_wrong_labels"]:
        shown["accuracy_without_wrong_labels"] = corrected["accuracy"]
    if halves := assessed["halves"]:
        for half in (halves["first"], halves["last"]):
            shown[f"accuracy_on_{half['written_by']}"] = half["accuracy"]
        shown["p_value_of_the_difference"] = halves["p_value"]
    return shown


def _mistakes_asset(name: str, settings: Quality, *, on_request: bool) -> dg.AssetsDefinition:
    count = settings.mistakes

    @STAGE.asset(
        "csv",
        name=f"{name}_mistakes",
        reads=TEST_PART | {"predictions": f"evaluation/{name}_predictions"},
        kinds={"pandas"},
        description=f"The mistakes on the test part that {name} is most confident of.",
        on_request=on_request,
    )
    def mistakes(description: Any, predictions: Any, test_images: Any, test_labels: Any) -> Stored:
        dataset = Description.from_json(description)
        listed = find_mistakes(predictions["test"], test_labels, count, dataset)
        total = int((predictions["test"].argmax(axis=1) != test_labels).sum())
        return stored(
            listed,
            mistakes=total,
            picture=draw_mistakes(listed, test_images, name, total, dataset.names),
            table=table(listed),
        )

    return mistakes


def find_mistakes(
    probabilities: Any, labels: Any, count: int, dataset: Description
) -> "pd.DataFrame":
    """The most confident mistakes, those known to be wrong labels marked."""
    known = assessment.WRONG_TEST_LABELS if dataset.mnist else ()
    listed = most_confident_mistakes(probabilities, labels, count, known)
    return dataset.with_names(listed, "true", "predicted")


def draw_mistakes(
    listed: "pd.DataFrame", images: Any, name: str, total: int, names: Sequence[str] | None
) -> Picture:
    """The picture of the most confident mistakes, out of `total`."""
    from mnist_assets.quality.figures import digits as figures

    return draw(
        f"The most confident mistakes of {name}, with their labels",
        figures.mistakes,
        images[listed["index"]],
        listed,
        name,
        total,
        names,
    )


def _robustness_asset(name: str, settings: Settings, *, on_request: bool) -> dg.AssetsDefinition:
    robustness, measured = settings.quality.robustness, measurement(settings)

    @STAGE.asset(
        "csv",
        name=f"{name}_robustness",
        reads=TEST_PART | {"network": f"networks/{name}"},
        deps=[f"networks/{name}_history"],  # its accuracy check stops what follows
        kinds={"tensorflow", "keras"},
        priority=-2,  # after the label errors, which take longer
        checks=[ROBUST],
        description=f"Accuracy of {name} on {robustness.images:,} test images that are shifted, "
        "rotated, noisy, blurred or inverted.",
        on_request=on_request,
    )
    def robust(description: Any, network: Any, test_images: Any, test_labels: Any) -> Stored:
        accuracies = measure_robustness(network.model, test_images, test_labels, **measured)
        floors = expected_floors(robustness, Description.from_json(description), test_labels)
        return stored(
            accuracies,
            ROBUST.result(check_floors(accuracies, floors)),
            robustness=draw_robustness(accuracies.assign(network=name), floors, name),
            accuracies=table(accuracies),
        )

    return robust


def measurement(settings: Settings) -> dict[str, Any]:
    """How robustness is measured, as `measure_robustness` takes it."""
    robustness = settings.quality.robustness
    return {
        "strengths": {**robustness.strengths.model_dump(), "inversion": (1,)},
        "count": robustness.images,
        "seed": robustness.seed,
        "batch_size": settings.evaluation.batch_size,
        "confidence": settings.quality.confidence,
    }


def expected_floors(
    declared: Robustness, dataset: Description, labels: Any
) -> dict[str, dict[str, float]]:
    """The floors, which are MNIST's: for another dataset, those that guessing reaches."""
    floors: dict[str, dict[str, float]] = {
        name: floor.model_dump() for name, floor in declared.floors.items()
    }
    if dataset.binds("quality.robustness.floors"):
        return floors
    return {name: floor | {"accuracy": commonest_share(labels)} for name, floor in floors.items()}


def draw_robustness(
    accuracies: "pd.DataFrame", floors: Mapping[str, Mapping[str, float]], name: str
) -> Picture:
    """The picture of what `measure_robustness` gave of one network or several, told by `network`.

    They are called `name` together.
    """
    from mnist_assets.quality.figures import reliability as figures

    return draw(
        f"Accuracy of {name} against the strength of each distortion",
        figures.robustness,
        accuracies,
        floors,
    )
