"""Data versions: hashes of content, so that equal values stop everything downstream from running.

What differs from run to run without being content (the time an epoch took, the date Keras writes
into its archives) is left out.
"""

import hashlib
import json
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.networks.model import TrainedNetwork

if TYPE_CHECKING:
    import pandas as pd

TIMINGS = ("seconds",)


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
    if isinstance(value, dict) and any(isinstance(item, np.ndarray) for item in value.values()):
        return [part for name in sorted(value) for part in (name.encode(), *_parts(value[name]))]
    return [json.dumps(value, sort_keys=True, allow_nan=False).encode()]


@_parts.register
def _(value: TrainedNetwork) -> list[Any]:
    weights = [part for array in value.model.get_weights() for part in _parts(array)]
    described = [value.model.to_json().encode(), *_parts(dict(value.training))]
    return [*described, *weights, *_parts(value.history)]
