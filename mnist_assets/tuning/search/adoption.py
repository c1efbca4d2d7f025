"""A network that a search found, written into `networks.yaml` as one among the others."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import fmean, stdev
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import TypeAdapter, ValidationError

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Network, NetworkName, Training, read_networks
from mnist_assets.networks.layer_table import parameters_of
from mnist_assets.tuning.search.trials import Measured, TrainingPart, run_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from optuna.trial import FrozenTrial

# How far below the mean of its trainings a network may end, in their standard deviations, and how
# far at the least: a threshold is to stop what went wrong, not one training in a hundred.
DEVIATIONS, LEAST_MARGIN = 4, 0.005
MNIST_SHAPE, MNIST_CLASSES = (28, 28), 10
WIDTH = 92  # columns of a comment


@dataclass(frozen=True)
class Provenance:
    """Where a network comes from.

    Attributes:
        search: The search's name.
        description: What the search is for.
        study: The study in the storage.
        trial: The trial's number.
        trials: How many finished trials the study had.
        validation_accuracy: Of the trial.
        seeds: What the network was trained with again.
        measured: What came of it, seed by seed.
    """

    search: str
    description: str
    study: str
    trial: int
    trials: int
    validation_accuracy: float
    seeds: Sequence[int]
    measured: Sequence[Measured]


def choose_trial(
    finished: Sequence[FrozenTrial],
    search: str,
    number: int | None,
    at_least: float | None,
    *,
    is_single: bool,
) -> FrozenTrial:
    """The trial of that number, or the one with the fewest parameters that reaches an accuracy.

    Args:
        finished: The trials that ran to their end.
        search: The search's name, for errors.
        number: Of a trial.
        at_least: The validation accuracy, if no number is given.
        is_single: Whether accuracy alone is sought: then the most accurate needs no rule.

    Raises:
        InputError: There is no such trial, or neither is given where it has to be.
    """
    if number is not None:
        found = [trial for trial in finished if trial.number == number]
        wanted = f"trial {number}"
    elif at_least is not None:
        accurate = [trial for trial in finished if _accuracy(trial) >= at_least]
        found = sorted(accurate, key=lambda trial: (_parameters(trial), -_accuracy(trial)))
        wanted = f"a trial with a validation accuracy of at least {at_least:g}"
    elif is_single:
        found = sorted(finished, key=lambda trial: (-_accuracy(trial), _parameters(trial)))
        wanted = "a trial"
    else:
        raise InputError(
            f"the search {search}",
            seen="several objectives, and no rule to choose by",
            expected="the number of a trial, or --at-least with a validation accuracy",
            remedy="Look at the Pareto front in tuning/search, and choose.",
        )
    if found:
        return found[0]
    best = max(map(_accuracy, finished), default=math.nan)
    raise InputError(
        f"the search {search}",
        seen=f"{len(finished)} finished trials" + (f", the best {best:.4f}" if finished else ""),
        expected=wanted,
        remedy=f"Choose another, or go on with `mnist-assets tune search {search}`.",
    )


def _accuracy(trial: FrozenTrial) -> float:
    return float(trial.user_attrs["validation_accuracy"])


def _parameters(trial: FrozenTrial) -> int:
    return int(trial.user_attrs["parameters"])


def train_again(
    training: Training,
    part: TrainingPart,
    seeds: Sequence[int],
    run: Callable[..., Measured] = run_trial,
) -> Iterator[Measured]:
    """What comes of a training with each of the seeds, judged on the validation images.

    Raises:
        InputError: A loss became NaN or infinite.
    """
    for seed in seeds:
        yield run(training.model_copy(update={"seed": seed}), part, on_epoch=lambda _: None)


def entry(name: str, training: Training, origin: Provenance, indent: int = 2) -> str:
    """The text of a network's entry, its provenance in a comment before it."""
    accuracies = [each.validation_accuracy for each in origin.measured]
    gaps = [each.generalization_gap for each in origin.measured]
    lowest = min(min(accuracies) - LEAST_MARGIN, fmean(accuracies) - DEVIATIONS * _sd(accuracies))
    widest = max(max(gaps) + LEAST_MARGIN, fmean(gaps) + DEVIATIONS * _sd(gaps))
    thresholds = {
        "validation_accuracy": max(math.floor(1000 * lowest), 0) / 1000,
        "generalization_gap": min(max(math.ceil(1000 * widest), 0), 1000) / 1000,
    }
    step = " " * indent
    lines = [
        *(f"# {line}" for line in wrap(_told(origin), WIDTH)),
        f"{name}:",
        f"{step}description: {_flow(f'{origin.description} Found by the search {origin.search}.')}",
        f"{step}training:",
        *(f"{2 * step}{line}" for line in _training_lines(training)),
        f"{step}thresholds: {_flow(thresholds)}",
        f"{step}parameters: {_flow(parameters_of(training.layers, MNIST_SHAPE, MNIST_CLASSES))}",
    ]
    return "\n" + "".join(f"{step}{line}\n" for line in lines)


def _told(origin: Provenance) -> str:
    """The provenance, in words."""
    accuracies = [each.validation_accuracy for each in origin.measured]
    return (
        f"Trial {origin.trial} of the search {origin.search}, one of {origin.trials} that finished "
        f"(study {origin.study}). Validation accuracy {origin.validation_accuracy:.4f} in that "
        f"trial; trained again with the seeds {', '.join(map(str, origin.seeds))}: mean "
        f"{fmean(accuracies):.4f}, from {min(accuracies):.4f} to {max(accuracies):.4f}. No test "
        "image decided anything."
    )


def _training_lines(training: Training) -> Iterator[str]:
    """A training as the file has it: a line for each layer and each field, defaults left out."""
    for name, value in training.model_dump(mode="json", exclude_defaults=True).items():
        if name == "layers" and value:
            yield "layers:"
            yield from (f"  - {_flow(layer)}" for layer in value)
        else:
            yield f"{name}: {_flow(value)}"


def _flow(value: Any) -> str:
    """A value in one line of YAML."""
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf
    )
    return text.removesuffix("...\n").strip()


def _sd(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


def require_free(name: str, networks: Path) -> None:
    """Refuse a name that a network has, or may not have.

    Raises:
        InputError: It is taken or not allowed, or the file cannot be read.
    """
    try:
        TypeAdapter(NetworkName).validate_python(name)
    except ValidationError as error:
        raise InputError(
            "--name",
            seen=name,
            expected=error.errors()[0]["msg"].removeprefix("Value error, "),
            remedy="Choose another.",
        ) from error
    if name in read_networks(networks):
        raise InputError(
            "--name",
            seen=f"{name}, which {networks} declares",
            expected="a name that no network has",
            remedy="Choose another, or remove that network first.",
        )


def append_network(networks: Path, name: str, training: Training, origin: Provenance) -> str:
    """Add a network at the end of the file, which stays as it is otherwise; returns what was added.

    Raises:
        InputError: The name is taken or not allowed, or what is at the end of the file leaves no
            place for a network; the file stays as it is.
    """
    require_free(name, networks)
    before = read_networks(networks)
    text = networks.read_text(encoding="utf-8")
    first = re.search(r"^networks:[^\n]*\n(?:\s*(?:#[^\n]*)?\n)*( +)", text, re.MULTILINE)
    added = entry(name, training, origin, indent=len(first[1]) if first else 2)
    written = networks.with_name(f"{networks.name}.part")
    try:
        written.write_text(text.rstrip("\n") + "\n" + added, encoding="utf-8")
        if not _holds(written, before, name, training):
            raise InputError(
                networks,
                seen="an end at which no network can be added",
                expected="networks as the last part of the file",
                remedy=f"Move it there, or add by hand:\n{added}",
            )
        written.replace(networks)
    finally:
        written.unlink(missing_ok=True)
    return added


def _holds(file: Path, others: Mapping[str, Network], name: str, training: Training) -> bool:
    """Whether a file declares these networks, then one of that name and training."""
    try:
        networks = read_networks(file)
    except InputError:
        return False
    return (
        list(networks) == [*others, name]
        and all(networks[other] == declared for other, declared in others.items())
        and networks[name].training == training
    )
