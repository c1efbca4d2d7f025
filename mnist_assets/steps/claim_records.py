"""What the notebook prints and sets: the models of the data that `claims.yaml` keeps of it.

What is claimed about it, and how that is judged, is `claims.py`.
"""

from __future__ import annotations

from typing import Annotated, Generic, NamedTuple, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from mnist_assets.declarations.yaml_files import Declared, Real, Whole
from mnist_assets.networks.declaration import Dense, Layer, Optimizer

_Value = TypeVar("_Value")

Count = Annotated[Whole, Field(ge=0)]
Counts = Annotated[tuple[Count, ...], Field(min_length=1)]
Ratio = Annotated[Real, Field(ge=0, le=1)]
Ratios = Annotated[tuple[Ratio, ...], Field(min_length=1)]


def _require_square(matrix: tuple[Counts, ...]) -> tuple[Counts, ...]:
    if any(len(row) != len(matrix) for row in matrix):
        raise ValueError("a square matrix")
    return matrix


Matrix = Annotated[tuple[Counts, ...], Field(min_length=1), AfterValidator(_require_square)]


class Printed(Declared, Generic[_Value]):
    """A value with its place in the text."""

    place: str = Field(min_length=1)
    value: _Value


class LoggedEpoch(NamedTuple):
    """A line of a training log; the time is in microseconds an image."""

    microseconds: Count
    loss: Real
    accuracy: Ratio
    val_loss: Real
    val_accuracy: Ratio


def is_copy(epoch: LoggedEpoch) -> bool:
    """Whether the validation columns repeat the training columns digit for digit."""
    return (epoch.val_loss, epoch.val_accuracy) == (epoch.loss, epoch.accuracy)


class PrintedNetwork(Declared):
    """A network as the notebook builds, trains and prints it.

    Attributes:
        place: Where in the text.
        layers: Its hidden layers.
        optimizer: With the learning rate set.
        batch_size: Images an update is computed from.
        epochs: As the code sets them.
        summary: Width and parameters of each printed layer, the flattened input first.
        totals: All parameters, those trained, and the others.
        log: One line an epoch.
    """

    place: str = Field(min_length=1)
    layers: tuple[Layer, ...]
    optimizer: Optimizer
    batch_size: Whole = Field(ge=1)
    epochs: Whole = Field(ge=1)
    summary: tuple[tuple[Count, Count], ...] = Field(min_length=1)
    totals: tuple[Count, Count, Count]
    log: tuple[LoggedEpoch, ...] = Field(min_length=2)

    @field_validator("log")
    @classmethod
    def _tell_something(cls, log: tuple[LoggedEpoch, ...]) -> tuple[LoggedEpoch, ...]:
        if all(is_copy(epoch) for epoch in log):
            raise ValueError("an epoch whose validation columns are not those of training")
        return log


class Report(Declared):
    """The classification report: of each class, and averaged (precision, recall, F1, support)."""

    place: str = Field(min_length=1)
    precision: Ratios
    recall: Ratios
    f1: Ratios
    support: Counts
    average: tuple[Ratio, Ratio, Ratio, Count]


class OneVersusRestCounts(Declared):
    """Images of each class against all others."""

    place: str = Field(min_length=1)
    true_positives: Counts
    false_positives: Counts
    false_negatives: Counts
    true_negatives: Counts


class OneVersusRestRatios(Declared):
    """Ratios of each class against all others."""

    place: str = Field(min_length=1)
    accuracy: Ratios
    misclassification_rate: Ratios
    precision: Ratios
    recall: Ratios
    specificity: Ratios


class Records(Declared):
    """Everything that claims are judged by on the notebook's side.

    Attributes:
        class_distribution: Training images of each digit.
        grid: Rows and columns of its pictures of the first images.
        nearer_than: Base and exponent of the threshold of its search for the nearest images.
        grey_levels: Mean grey levels of the first images, cut to whole numbers.
        guard: What it adds to a standard deviation.
        new_shape: The index, axis by axis, by which it adds a dimension to images (n, h, w).
        networks: Its three networks, by the names that they have here.
        confusion_matrix: Rows true, columns predicted.
        totals_estimated: What it prints as the totals that the model estimated.
        report: Its classification report.
        counts: Its true and false positives and negatives.
        ratios: Its ratios of each digit.
    """

    class_distribution: Printed[Counts]
    grid: Printed[tuple[Count, Count]]
    nearer_than: Printed[tuple[Whole, Whole]]
    grey_levels: Printed[Counts]
    guard: Printed[Annotated[Real, Field(gt=0)]]
    new_shape: Printed[tuple[str, ...]]
    networks: dict[str, PrintedNetwork] = Field(min_length=1)
    confusion_matrix: Printed[Matrix]
    totals_estimated: Printed[Counts]
    report: Report
    counts: OneVersusRestCounts
    ratios: OneVersusRestRatios

    @field_validator("totals_estimated", "report", "counts", "ratios")
    @classmethod
    def _as_many_as_classes(cls, value: Declared, info: ValidationInfo) -> Declared:
        matrix = info.data.get("confusion_matrix")
        if matrix is None:  # it is wrong itself, and that is told
            return value
        lists = {"value", *OneVersusRestCounts.model_fields, *OneVersusRestRatios.model_fields}
        lists |= {"f1", "support"}
        for name in lists.intersection(type(value).model_fields) - {"place"}:
            if len(getattr(value, name)) != len(matrix.value):
                raise ValueError(f"{name} to have {len(matrix.value)} figures, one a class")
        return value


def hidden_widths(network: PrintedNetwork) -> list[int]:
    """Neurons of each hidden dense layer of a network."""
    return [layer.units for layer in network.layers if isinstance(layer, Dense)]


def images_evaluated(records: Records) -> int:
    """The images in its confusion matrix."""
    return sum(map(sum, records.confusion_matrix.value))
