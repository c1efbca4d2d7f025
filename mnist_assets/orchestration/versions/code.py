"""Code versions: hashes of the code an asset really runs, and of what its factory passed in.

The code is found by reading the source, `source.py`. What a factory passed in (a network's
declaration, a setting) counts by value. Nothing is imported for it, so it costs no TensorFlow.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic import BaseModel

from mnist_assets.orchestration.versions.kept import used_by
from mnist_assets.orchestration.versions.source import Used

_Function: TypeAlias = Callable[..., Any]


def code_version(function: _Function) -> str:
    """Hash of a function of this package with everything it uses, 16 hexadecimal digits.

    Raises:
        TypeError: The function closes over a value whose content cannot be told, so that a change
            of it would go unnoticed, or that differs between machines, as a path does; or it is no
            named function of this package.
    """
    return _version(function, ())


def imported_libraries(function: _Function) -> frozenset[str]:
    """The top-level names of all packages from elsewhere that its code imports, however indirectly.

    Of what its factory passed in, the functions count.
    """
    libraries, pending, seen = set[str](), [function], set[_Function]()
    while pending:
        user = pending.pop()
        libraries |= _used_by(user).libraries
        seen.add(user)
        passed_in = [found for value in _passed_in(user).values() for found in _functions_in(value)]
        pending += [found for found in passed_in if found not in seen]
    return frozenset(libraries)


def _functions_in(value: Any) -> list[_Function]:
    match value:
        case tuple() | list():
            return [found for item in value for found in _functions_in(item)]
        case dict():
            return _functions_in(list(value.values()))
    return [value] if inspect.isfunction(value) else []


def _used_by(function: _Function) -> Used:
    code = function.__code__  # unlike `__qualname__`, which a wrapper takes over, always its own
    return used_by(function.__globals__["__name__"], code.co_qualname, code.co_freevars)


def _version(function: _Function, users: tuple[_Function, ...]) -> str:
    digest = _used_by(function).digest.copy()
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
        case str() | bytes() | int() | float() | None:
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
