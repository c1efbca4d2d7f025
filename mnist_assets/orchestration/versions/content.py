"""Data versions: hashes of content, so that equal values stop everything downstream from running.

What differs from run to run without being content (the time an epoch took, the date Keras writes
into its archives) is left out.
"""

import hashlib
import json
from functools import singledispatch
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

TIMINGS = ("seconds",)


@runtime_checkable
class Composite(Protocol):
    """A value that is told by other values, such as a network by its weights and history."""

    def content(self) -> list[Any]:
        """The values that it is told by, each of a kind that has a content version."""


def content_version(value: Any) -> str:
    """Hash of a value of any kind the storage keeps, 32 hexadecimal digits.

    Raises:
        TypeError: The value is of a kind that is not stored.
    """
    digest = hashlib.sha256()
    for part in _parts(value):
        digest.update(f"{memoryview(part).nbytes}:".encode())  # so that no two can run together
        digest.update(part)
    return digest.hexdigest()[:32]


@singledispatch
def _parts(value: Any) -> list[Any]:
    """The bytes, or buffers of bytes, that a value is made of."""
    if type(value).__name__ == "DataFrame":  # registering it would import pandas
        return _table_parts(value)
    if isinstance(value, Composite):
        return [part for item in value.content() for part in _parts(item)]
    raise TypeError(f"cannot tell the content version of a {type(value).__name__}")


def _table_parts(table: "pd.DataFrame") -> list[Any]:
    kept = table.drop(columns=[column for column in TIMINGS if column in table.columns])
    return [kept.to_csv(index=False).encode()]


@_parts.register
def _(value: np.ndarray) -> list[Any]:
    if value.dtype.hasobject:
        raise TypeError(f"cannot tell the content version of an array of {value.dtype}")
    return [f"{value.dtype.str}{value.shape}".encode(), np.ascontiguousarray(value).data]


@_parts.register(bytes)
def _(value: bytes) -> list[Any]:
    return [value]


@_parts.register(str)
def _(value: str) -> list[Any]:
    return [value.encode()]


@_parts.register(dict)
@_parts.register(list)
def _(value: dict[str, Any] | list[Any]) -> list[Any]:
    if isinstance(value, dict) and any(
        isinstance(item, np.ndarray | bytes) for item in value.values()
    ):
        return [part for name in sorted(value) for part in (name.encode(), *_parts(value[name]))]
    return [json.dumps(value, sort_keys=True, allow_nan=False).encode()]
