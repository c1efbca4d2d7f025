"""Every number that may be declared is bounded, below and above."""

import pytest
from pydantic import BaseModel, Field

from mnist_assets.declarations.settings import Settings
from mnist_assets.networks.assets import TrainingConfig
from mnist_assets.networks.declaration import NetworksFile
from mnist_assets.study.assets import Seeds

NUMBERS = {"integer", "number"}
# JSON Schema's names, and those that Pydantic leaves where a validator goes before the bound.
LOWER = {"minimum", "exclusiveMinimum", "ge", "gt"}
UPPER = {"maximum", "exclusiveMaximum", "le", "lt"}


def unbounded(model):
    """Where the model's JSON schema has a number without a bound on either side."""

    def search(node, place):
        if isinstance(node, list):
            for item in node:
                yield from search(item, place)
        elif isinstance(node, dict):
            if node.get("type") in NUMBERS and not (node.keys() & LOWER and node.keys() & UPPER):
                yield place
            for name, item in node.items():
                yield from search(item, f"{place}.{name}")

    return list(search(model.model_json_schema(), model.__name__))


@pytest.mark.parametrize("model", [Settings, NetworksFile, TrainingConfig, Seeds])
def test_every_number_has_both_bounds(model):
    assert unbounded(model) == []


def test_a_number_without_a_bound_is_found_wherever_it_stands():
    class Inner(BaseModel):
        bounded: int = Field(ge=0, lt=2)
        below: float = Field(gt=0)

    class Outer(BaseModel):
        inner: dict[str, Inner]
        numbers: tuple[int, ...]
        maybe: float | None = Field(le=1)
        flag: bool

    found = {place.partition(".properties.")[2] for place in unbounded(Outer)}
    assert found == {"below", "numbers.items", "maybe.anyOf"}
