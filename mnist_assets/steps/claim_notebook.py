"""The models of `claims.yaml`: what the notebook says, and what each statement is compared with."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError, ValidationInfo, field_validator

from mnist_assets.declarations.yaml_files import Declared
from mnist_assets.errors import InputError
from mnist_assets.steps import (
    claim_dataset,
    claim_grey,
    claim_logs,
    claim_networks,
    claim_output,
    claim_preparation,
    claim_training,
)
from mnist_assets.steps.claim_chance import Accuracy, Chance, Differs, Exceeds, Loss
from mnist_assets.steps.claim_evidence import Measure
from mnist_assets.steps.claim_records import Records
from mnist_assets.steps.claim_rules import Bound, Close, Equal, Inside

MEASURES: Mapping[str, Measure] = {
    **claim_dataset.MEASURES,
    **claim_grey.MEASURES,
    **claim_preparation.MEASURES,
    **claim_networks.MEASURES,
    **claim_training.MEASURES,
    **claim_logs.MEASURES,
    **claim_output.MEASURES,
}
SLOTS = ("demonstration", "own", "found")

ClaimId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
AnyRule = Annotated[
    Equal | Close | Bound | Inside | Accuracy | Loss | Exceeds | Differs | Chance,
    Field(discriminator="kind"),
]


class Verdict(StrEnum):
    """What can come of a claim."""

    REPRODUCED = "reproduced"
    WITHIN_SAMPLING_ERROR = "within sampling error"
    NOT_REPRODUCED = "not reproduced"
    WRONG_BY_CONSTRUCTION = "wrong by construction"
    CONTRADICTS_ITSELF = "contradicts its own output"
    NOT_CHECKABLE = "not checkable"


class Comparison(Declared):
    """What a claim is compared with.

    Attributes:
        measure: A name in `MEASURES`.
        of: What the measure is taken of, by the names of its arguments.
        rule: How it is held against what is claimed.
    """

    measure: str
    of: dict[str, Any] = Field(default_factory=dict)
    rule: AnyRule = Field(default_factory=Equal)

    @field_validator("measure")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in MEASURES:
            raise ValueError("the name of a measure of steps/claim_*.py")
        return name

    @field_validator("of")
    @classmethod
    def _taken(cls, of: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "measure" in info.data:
            arguments = _arguments(info.data["measure"])
            if set(of) != set(arguments):
                raise ValueError(f"a value for each of {list(arguments)}")
            for name, argument in arguments.items():
                try:
                    argument.validate_python(of[name])
                except ValidationError as error:
                    raise ValueError(f"{name}: {error.errors()[0]['msg']}") from error
        return of

    @field_validator("rule")
    @classmethod
    def _fits(cls, rule: Any, info: ValidationInfo) -> Any:
        if "measure" in info.data and rule.takes != MEASURES[info.data["measure"]].kind:
            kind = MEASURES[info.data["measure"]].kind
            raise ValueError(f"a rule for a {kind}, which this measure gives")
        return rule


@cache
def _arguments(measure: str) -> dict[str, TypeAdapter[Any]]:
    """What a measure is taken of, besides the evidence: validators by the names of arguments."""
    hints = get_type_hints(MEASURES[measure].function)
    names = list(inspect.signature(MEASURES[measure].function).parameters)[1:]
    return {name: TypeAdapter(hints[name]) for name in names}


class Claim(Declared):
    """A statement of the notebook and what to compare it with; see the head of `claims.yaml`."""

    part: Literal["heading", "text", "code", "output", "figure"]
    words: str = Field(min_length=1)
    says: Any = None
    shown: str = ""
    reading: str = ""
    demonstration: Comparison | None = None
    own: Comparison | None = None
    found: Comparison | None = None
    not_checkable: str = Field(default="", validate_default=True)

    @field_validator(*SLOTS)
    @classmethod
    def _understood(cls, value: Comparison | None, info: ValidationInfo) -> Comparison | None:
        if value and not value.rule.understands(info.data.get("says")):
            raise ValueError(f"says to be {value.rule.claims}, for this rule")
        return value

    @field_validator("not_checkable")
    @classmethod
    def _decided(cls, reason: str, info: ValidationInfo) -> str:
        compared = any(info.data.get(slot) for slot in SLOTS)
        if bool(reason) == compared and all(slot in info.data for slot in SLOTS):
            raise ValueError(f"either a reason here or one of {', '.join(SLOTS)}")
        return reason


def comparisons_of(claim: Claim) -> Iterator[tuple[Comparison, Verdict]]:
    """What a claim is compared with, in order, each with the verdict if it does not hold."""
    if claim.demonstration:
        yield claim.demonstration, Verdict.WRONG_BY_CONSTRUCTION
    if claim.own:
        yield claim.own, Verdict.CONTRADICTS_ITSELF
    if claim.found:
        yield claim.found, Verdict.NOT_REPRODUCED


class Section(Declared):
    """The claims below one heading of the notebook.

    Attributes:
        heading: In its words.
        about: Which one is meant where it returns.
        claims: By their ids, in the text's order.
    """

    heading: str = Field(min_length=1)
    about: str = ""
    claims: dict[ClaimId, Claim] = Field(min_length=1)


def place_of(section: Section) -> str:
    """The heading, told apart from its namesakes."""
    return f"{section.heading} ({section.about})" if section.about else section.heading


class Notebook(Declared):
    """The whole of `claims.yaml`."""

    printed: Records
    sections: tuple[Section, ...] = Field(min_length=1)


def claims_of(notebook: Notebook) -> list[tuple[str, Section, Claim]]:
    """Every claim with its id and its section, in the text's order."""
    return [
        (name, section, claim)
        for section in notebook.sections
        for name, claim in section.claims.items()
    ]


def require_consistent(notebook: Notebook, where: object) -> None:
    """See that each id comes once, and that each network named is one of the notebook's.

    Args:
        notebook: As read.
        where: What it was read from.

    Raises:
        InputError: An id comes twice, or a claim names a network that is not in `printed`.
    """
    seen: set[str] = set()
    for name, section, claim in claims_of(notebook):
        if name in seen:
            raise InputError(
                f"{where}: {place_of(section)}, {name}",
                seen="a second claim of this id",
                expected="each id once in the file",
                remedy="Rename one of the two.",
            )
        seen.add(name)
        for comparison, _ in comparisons_of(claim):
            for network in {comparison.of.get("network"), comparison.of.get("other")} - {None}:
                if network not in notebook.printed.networks:
                    raise InputError(
                        f"{where}: {place_of(section)}, {name}",
                        seen=f"network {network}",
                        expected=f"one of {', '.join(notebook.printed.networks)}",
                        remedy="Name a network of printed.networks.",
                    )
