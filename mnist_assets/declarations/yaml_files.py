"""Reading a declared YAML file into a validated model, with errors a person can act on."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from mnist_assets.errors import InputError


class Declared(BaseModel):
    """What declared sections have in common: no unknown field, no later change, no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _no_truth_value(value: object) -> object:
    """YAML reads `on` and `yes` as true, which Python would take for 1."""
    if isinstance(value, bool):
        raise ValueError("a number")  # noqa: TRY004 - Pydantic lets a TypeError through
    return value


Whole = Annotated[int, BeforeValidator(_no_truth_value)]
Real = Annotated[float, BeforeValidator(_no_truth_value)]

_Model = TypeVar("_Model", bound=BaseModel)


def read_yaml(path: Path, model: type[_Model]) -> _Model:
    """Read `path` as YAML and validate it.

    Raises:
        InputError: The file is missing, is not YAML, repeats a key, or a field does not validate;
            the message names the file, the field, the value seen and the values allowed.
    """
    return validated(_load(path), model, path)


def validated(content: object, model: type[_Model], where: object) -> _Model:
    """Validate content as YAML has it.

    Args:
        content: What was read.
        model: What it has to be.
        where: What to call it in an error.

    Raises:
        InputError: A field does not validate.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _explain(where, content, error) from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Read `path` as YAML that is a mapping, such as a run configuration.

    Raises:
        InputError: The file is missing, is not YAML, repeats a key, or is no mapping.
    """
    content = _load(path)
    if not isinstance(content, dict):
        raise InputError(
            path,
            seen=type(content).__name__,
            expected="a mapping",
            remedy="Write the configuration as Dagster's launchpad shows it.",
        )
    return content


def _load(path: Path) -> Any:
    """The file's content as YAML has it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            path,
            seen=error.strerror if isinstance(error, OSError) else f"no UTF-8 text ({error})",
            expected="a readable YAML file",
            remedy="Restore the file, or correct the setting that names it.",
        ) from error
    try:
        return yaml.load(text, Loader=_loader(path))  # noqa: S506 - a SafeLoader subclass
    except yaml.YAMLError as error:
        raise InputError(
            path,
            seen=" ".join(str(error).split()),
            expected="valid YAML",
            remedy="Correct the syntax at that line.",
        ) from error


# libyaml's, which is six times as fast; PyYAML may be built without it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _loader(path: Path) -> Any:
    """A loader that refuses a repeated key, which YAML would silently let win."""

    class UniqueKeyLoader(_SafeLoader):  # type: ignore[misc] # either base has the same interface
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
            seen: set[str] = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    continue
                if key.value in seen:
                    raise InputError(
                        f"{path}, line {key.start_mark.line + 1}",
                        seen=f"a second '{key.value}'",
                        expected="each name once",
                        remedy="Rename or remove one of the two.",
                    )
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return UniqueKeyLoader


def _explain(where: object, content: object, error: ValidationError) -> InputError:
    """Say one error in full and count the others.

    An unknown field goes first: a misspelt name also shows as the right one missing.
    """
    errors = error.errors(include_url=False)
    first = min(errors, key=lambda details: details["type"] != "extra_forbidden")
    others = f" (More errors follow this one: {len(errors) - 1}.)" if len(errors) > 1 else ""
    match first["type"]:
        case "missing":
            seen = "nothing"
        case "union_tag_invalid":  # the kind rather than the whole mapping
            seen = repr(first["ctx"]["tag"])
        case _:
            seen = repr(first["input"])
    return InputError(
        f"{where}: {_field(content, first['loc'])}",
        seen=seen,
        expected=_expected(first),
        remedy=f"Correct that field.{others}",
    )


def _field(content: Any, location: tuple[int | str, ...]) -> str:
    """The way to the field as the file has it: `networks.best.training.layers[2].units`.

    Pydantic's location also names the chosen member of a union, which the file does not have.
    """
    field = ""
    for position, part in enumerate(location):
        is_last = position == len(location) - 1
        if isinstance(part, int):
            field += f"[{part}]"
            content = content[part]
        elif isinstance(content, dict) and part in content:
            field += f".{part}"
            content = content[part]
        elif is_last and part != "[key]":
            field += f".{part}"
    return field.lstrip(".") or "the file's top level"


# What is expected where one of Pydantic's rules is broken, in whose own words it is not plain.
_EXPECTED = {
    "union_tag_invalid": "kind to be one of {expected_tags}",
    "literal_error": "one of {expected}",
    "extra_forbidden": "no such field (is its name misspelt?)",
    "missing": "a value: the field is required",
    "union_tag_not_found": "a mapping with {discriminator}",
    "value_error": "{error}",
    "model_type": "a mapping, with a value for each name",
    "model_attributes_type": "a mapping, with a value for each name",
    "dict_type": "a mapping, with a value for each name",
    "tuple_type": "a list",
    "too_short": "at least {min_length} of them",
}


def _expected(details: ErrorDetails) -> str:
    """The values allowed."""
    if known := _EXPECTED.get(details["type"]):
        return known.format(**details.get("ctx", {}))
    return details["msg"].removeprefix("Input should be ")
