"""A training with values left open: what may stand in their place, and how they are filled in.

A space is written as a training is in `networks.yaml`, but that a value anywhere in it may be a
mapping with `tune`, the name of what is left open, and either its range or its alternatives.
Choosing values is for whoever fills them in: `study.py` by a sampler, `corners` by going round.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainValidator, field_validator, model_validator

from mnist_assets.declarations.yaml_files import Declared, validated
from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TunableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Scalar = bool | int | float | str | None
SIGNIFICANT_DIGITS = 3  # of a real number that is tried: more decide nothing and read badly


def _number(value: object) -> int | float:
    """A number as it is written: `1e-3`, which YAML takes for a text, is one, too."""
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with suppress(ValueError):
            number = value if isinstance(value, int) else float(value)
            if math.isfinite(number):
                return number
    raise ValueError("a number")


Number = Annotated[int | float, PlainValidator(_number)]


class Range(Declared):
    """A number between two others, both included: whole if both are, else real.

    Attributes:
        tune: The name of what is left open.
        low: The least.
        high: The greatest.
        log: Whether its logarithm is what is searched evenly.
        step: From one value to the next, counted from `low`.
    """

    tune: TunableName
    low: Number
    high: Number
    log: bool = False
    step: Number | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        if not self.low < self.high:
            raise ValueError("low below high")
        if self.log and self.low <= 0:
            raise ValueError("low above 0 where log is true")
        if self.step is not None and (self.log or self.step <= 0):
            raise ValueError("step above 0, and none where log is true")
        if self.is_whole and isinstance(self.step, float):
            raise ValueError("a whole step between whole numbers")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def ends(self) -> tuple[Scalar, ...]:
        """The values to try to see whether all are allowed."""
        return self.low, self.high

    def meaning(self, value: Any) -> Any:
        """What a value that was picked puts into the training: itself, without needless digits."""
        if self.is_whole:
            return value
        return min(max(float(f"{value:.{SIGNIFICANT_DIGITS}g}"), self.low), self.high)


class _Alternatives(Declared):
    tune: TunableName
    choose: Any

    @property
    def ends(self) -> tuple[Scalar, ...]:
        """Every alternative, by its name if it has one."""
        return tuple(self.choose)


class Choice(_Alternatives):
    """One of several plain values.

    Attributes:
        tune: The name of what is left open.
        choose: The values.
    """

    choose: tuple[Any, ...] = Field(min_length=2)

    @field_validator("choose")
    @classmethod
    def _are_plain(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not all(isinstance(value, Scalar) for value in values):
            raise ValueError("plain values, or a mapping with a name for each alternative")
        if len({str(value) for value in values}) < len(values):
            raise ValueError("each value once")
        return values

    def meaning(self, value: Any) -> Any:
        """What a value that was picked puts into the training."""
        return value


class NamedChoice(_Alternatives):
    """One of several parts of a training, each under a name.

    Attributes:
        tune: The name of what is left open.
        choose: The alternatives. One may have further values left open in it. A list inside a list
            of layers is so many layers, none if it is empty.
    """

    choose: dict[str | int, Any] = Field(min_length=2)

    def meaning(self, value: Any) -> Any:
        """What the alternative of that name puts into the training."""
        return self.choose[value]


Tunable = Range | Choice | NamedChoice


class Space:
    """A training with values left open."""

    def __init__(self, template: Mapping[str, Any], where: str) -> None:
        """Take a template as YAML has it, with what to call it in errors."""
        self._template, self._where = template, where

    def fill(self, pick: Callable[[Tunable], Any]) -> Training:
        """The training that comes of picking a value for each that is left open.

        Raises:
            InputError: A declaration of what is left open is wrong, or the training is not allowed.
        """
        picked: dict[str, Any] = {}

        def remember(tunable: Tunable) -> Any:
            return picked.setdefault(tunable.tune, pick(tunable))

        plain = _fill(self._template, remember, self._where)
        values = ", ".join(f"{name} {value}" for name, value in picked.items())
        return validated(plain, Training, f"{self._where} with {values or 'nothing left open'}")

    def corners(self) -> Iterator[Training]:
        """The trainings at the first value of all that is left open, and each end of each in turn.

        Raises:
            InputError: One of them is not allowed, nothing is left open, or one name has two
                meanings.
        """
        known: dict[str, Tunable] = {}
        todo: list[dict[str, Any]] = [{}]
        while todo:
            chosen = todo.pop()
            met: list[Tunable] = []

            def pick(
                tunable: Tunable, met: list[Tunable] = met, chosen: dict[str, Any] = chosen
            ) -> Any:
                met.append(tunable)
                return chosen.get(tunable.tune, tunable.ends[0])

            yield self.fill(pick)
            for tunable in met:
                if tunable.tune not in known:
                    known[tunable.tune] = tunable
                    todo += [{**chosen, tunable.tune: end} for end in tunable.ends[1:]]
                elif known[tunable.tune] != tunable:
                    raise InputError(
                        self._where,
                        seen=f"two different declarations of {tunable.tune}",
                        expected="a name for each value that is left open",
                        remedy="Rename one, or make them equal: what has one name has one value.",
                    )
        if not known:
            raise InputError(
                self._where,
                seen="no value left open",
                expected="a mapping with tune in the place of one value at least",
                remedy="Leave something open, such as {tune: units, low: 8, high: 64, log: true}.",
            )


def _fill(template: Any, pick: Callable[[Tunable], Any], where: str) -> Any:
    if isinstance(template, dict):
        if "tune" not in template:
            return {name: _fill(part, pick, f"{where}.{name}") for name, part in template.items()}
        tunable = _read(template, where)
        return _fill(tunable.meaning(pick(tunable)), pick, f"{where}.{tunable.tune}")
    if not isinstance(template, list):
        return template
    filled: list[Any] = []
    for position, part in enumerate(template):
        value = _fill(part, pick, f"{where}[{position}]")
        if isinstance(value, list) and not isinstance(part, list):
            filled += value
        else:
            filled.append(value)
    return filled


def _read(plain: dict[str, Any], where: str) -> Tunable:
    """What is left open, as it was declared."""
    if isinstance(plain.get("choose"), dict):
        return validated(plain, NamedChoice, where)
    if "choose" in plain:
        return validated(plain, Choice, where)
    return validated(plain, Range, where)
