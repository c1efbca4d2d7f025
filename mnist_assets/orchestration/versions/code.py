"""Code versions: hashes of the code an asset really runs, and of what its factory passed in.

The code is found by reading the source, `source.py`. What a factory passed in (a network's
declaration, a setting) counts by value. Nothing is imported for it, so it costs no TensorFlow.
"""

import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from mnist_assets.orchestration.versions.source import sources

_Function: TypeAlias = Callable[..., Any]


def code_version(function: _Function) -> str:
    """Hash of a function of this package with everything it uses, 16 hexadecimal digits.

    Raises:
        TypeError: The function closes over a value whose content cannot be told, so that a change
            of it would go unnoticed; or it is no named function of this package.
    """
    return _version(function, ())


def _version(function: _Function, users: tuple[_Function, ...]) -> str:
    code = function.__code__  # unlike `__qualname__`, which a wrapper takes over, always its own
    module = function.__globals__["__name__"]
    digest = hashlib.sha256()
    used = sources(module, code.co_qualname, code.co_freevars)
    for source in used.values():  # without its module: code that is moved is the same code
        digest.update(f"{source}\n".encode())
    for name, value in sorted(_passed_in(function).items()):
        digest.update(f"{name}={_content(name, value, (*users, function))}\n".encode())
    return digest.hexdigest()[:16]


def _passed_in(function: _Function) -> dict[str, Any]:
    """What a factory passed into the function it made: by closure or as a default argument."""
    values = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            values[name] = cell.cell_contents
        except ValueError as error:
            if name != function.__name__:  # a function that calls itself is not yet bound
                raise TypeError(
                    f"{function.__qualname__} closes over {name}, which is not yet defined: "
                    "define it first."
                ) from error
    if "<locals>" in function.__qualname__:
        parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
        values |= {p.name: p.default for p in parameters if p.default is not p.empty}
    return values


def _content(name: str, value: Any, users: tuple[_Function, ...]) -> str:
    """A value that a function was given, as text that is equal only for equal content."""
    match value:
        case BaseModel():
            return value.model_dump_json()
        case str() | bytes() | int() | float() | Path() | None:
            return repr(value)
        case tuple() | list() if type(value) in {tuple, list}:
            return str([_content(name, item, users) for item in value])
        case dict():
            return str({key: _content(name, item, users) for key, item in value.items()})
        case _ if any(value is user for user in users):
            return "itself"
        case _ if inspect.isfunction(value):
            return _version(value, users)
    raise TypeError(
        f"{users[-1].__qualname__} closes over {name}, a {type(value).__name__} whose content "
        "cannot be told: pass it a plain value or a declaration."
    )
