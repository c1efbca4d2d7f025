"""From a sweep to the trainings it tries: one thing changed, everything else as declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.declarations.yaml_files import Declared, validated
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training
from mnist_assets.preparation.normalization import NOTEBOOK_EPSILON, fit_normalization
from mnist_assets.tuning.declaration import Sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, DEPTH, NORMALIZATION = "width", "depth", "normalization"
NAMED = (WIDTH, DEPTH, NORMALIZATION)  # what is varied without being a field of a training
PER_PIXEL = "per_pixel"
NORMALIZATIONS = ("raw_pixels", "divide_by_255", PER_PIXEL, "notebook_guard")


class Point(Declared):
    """One value of a sweep, of one network.

    Attributes:
        network: The network's name.
        value: What is tried, as a person reads it.
        declared: Whether it is what `networks.yaml` declares.
        training: What is trained.
        normalization: One of `NORMALIZATIONS`.
    """

    network: str
    value: str
    declared: bool
    training: Training
    normalization: str = PER_PIXEL


def points_of(sweep: Sweep, network: str, training: Training, where: str) -> list[Point]:
    """The points of a sweep of one network, numbers in order, the declared one among them.

    Args:
        sweep: What is varied, and its values.
        network: The network's name.
        training: Its declaration.
        where: What to call the sweep in an error.

    Raises:
        InputError: There is nothing of that name to be varied, or a value is not allowed.
    """
    own = declared_value(sweep.varies, training, where)
    values: Sequence[Any] = sweep.values[network]
    points = [
        _point(sweep.varies, value, network, training, f"{where}.values.{network}[{place}]")
        for place, value in enumerate(values)
    ]
    if not any(point.declared for point in points):
        values = [own, *values]
        points = [_declare(network, own, training, declared=True), *points]
    if all(isinstance(value, int | float) for value in values):
        points = [points[place] for place in np.argsort(np.array(values), kind="stable")]
    if repeated := {point.value for point in points if _count(points, point.value) > 1}:
        raise InputError(
            f"{where}.values.{network}",
            seen=f"{min(repeated)} more than once",
            expected="each value once",
            remedy="Remove one of the two.",
        )
    return points


def _count(points: Sequence[Point], value: str) -> int:
    return sum(point.value == value for point in points)


def declared_value(varies: str, training: Training, where: str) -> Any:
    """What is declared of the thing that is varied.

    Raises:
        InputError: There is nothing of that name.
    """
    match varies:
        case "width":
            return 1
        case "depth":
            return len(_blocks(training)[1])
        case "normalization":
            return PER_PIXEL
    value: Any = training
    for part in varies.split("."):
        if not isinstance(value, Declared) or part not in type(value).model_fields:
            raise InputError(
                f"{where}.varies",
                seen=varies,
                expected=f"a field of a network's training, or one of {', '.join(NAMED)}",
                remedy="Name one that the network declares, such as optimizer.learning_rate.",
            )
        value = getattr(value, part)
    if isinstance(value, Declared):
        return value.model_dump(mode="json", exclude_defaults=True)
    return value


def _point(varies: str, value: Any, network: str, training: Training, where: str) -> Point:
    if varies == NORMALIZATION:
        if value not in NORMALIZATIONS:
            raise _refused(where, value, f"one of {', '.join(NORMALIZATIONS)}")
        return _declare(network, value, training, declared=value == PER_PIXEL, normalization=value)
    varied = vary(training, varies, value, where)
    return _declare(network, value, varied, declared=varied == training)


def _declare(network: str, value: Any, training: Training, **more: Any) -> Point:
    return Point(network=network, value=written(value), training=training, **more)


def vary(training: Training, varies: str, value: Any, where: str) -> Training:
    """A training with one thing changed.

    Args:
        training: As it is declared.
        varies: `width`, `depth`, or the way to a field of the training.
        value: What it is to be.
        where: What to call the value in an error.

    Raises:
        InputError: The value is not allowed.
    """
    plain = training.model_dump(mode="json")
    if varies == WIDTH:
        plain["layers"] = [_widened(layer, value, where) for layer in plain["layers"]]
    elif varies == DEPTH:
        plain["layers"] = _deepened(training, value, where)
    else:
        *way, field = varies.split(".")
        part = plain
        for name in way:
            part = part[name]
        part[field] = value
    return validated(plain, Training, where)


def _widened(layer: Mapping[str, Any], factor: Any, where: str) -> dict[str, Any]:
    if not isinstance(factor, int | float) or factor <= 0:
        raise _refused(where, factor, "a number above 0")
    return dict(layer) | (
        {"units": max(round(layer["units"] * factor), 1)} if "units" in layer else {}
    )


def _deepened(training: Training, depth: Any, where: str) -> list[dict[str, Any]]:
    """The layers with so many dense ones, the last of them repeated, each with what follows."""
    before, blocks = _blocks(training)
    if type(depth) is not int or depth < 0:
        raise _refused(where, depth, "a whole number from 0 on")
    if not blocks and depth:
        raise _refused(where, depth, "0, as the network has no hidden dense layer")
    chosen = [blocks[min(place, len(blocks) - 1)] for place in range(depth)]
    return [*before, *(layer for block in chosen for layer in block)]


def _blocks(training: Training) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """What comes before the first dense layer; and each dense layer with what follows it."""
    before: list[dict[str, Any]] = []
    blocks: list[list[dict[str, Any]]] = []
    for layer in training.model_dump(mode="json")["layers"]:
        if layer["kind"] == "dense":
            blocks.append([layer])
        else:
            (blocks[-1] if blocks else before).append(layer)
    return before, blocks


def written(value: Any) -> str:
    """A value as a person reads it: an optimizer as `sgd 0.05, momentum 0.9`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:g}"
        case dict():
            shown = {name: of for name, of in value.items() if of and name != "kind"}
            rate = shown.pop("learning_rate", None)
            kind = " ".join(str(of) for of in (value.get("kind"), rate) if of is not None)
            others = [name if of is True else f"{name} {written(of)}" for name, of in shown.items()]
            return ", ".join(filter(None, [kind, *others]))
    return "none" if value is None else str(value).replace("_", " ")


def _refused(where: str, seen: Any, expected: str) -> InputError:
    return InputError(where, seen=seen, expected=expected, remedy="Correct that value.")


def fit(
    kind: str, std_floor: float
) -> Callable[[NDArray[np.uint8], NDArray[np.int32]], dict[str, NDArray[np.float32]]]:
    """What gives `mean` and `std`, float32 (height, width), of the images at some indices.

    The notebook's guard is taken as a floor, which is the same wherever a standard deviation is not
    0; Keras's layer divides by 1e-7 at least, so that it makes 1e7 of a grey level, not 1e10.

    Args:
        kind: One of `NORMALIZATIONS`.
        std_floor: Of `per_pixel`.
    """

    def fitted(
        images: NDArray[np.uint8], indices: NDArray[np.int32]
    ) -> dict[str, NDArray[np.float32]]:
        shape = images.shape[1:]
        match kind:
            case "raw_pixels" | "divide_by_255":
                by = 1 if kind == "raw_pixels" else 255
                return {"mean": np.zeros(shape, np.float32), "std": np.full(shape, by, np.float32)}
        floor = NOTEBOOK_EPSILON if kind == "notebook_guard" else std_floor
        return fit_normalization(images, indices, floor)

    return fitted
