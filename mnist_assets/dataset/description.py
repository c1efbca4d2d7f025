"""What a dataset is called and what its classes are, for everything that speaks of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Description:
    """A dataset in words.

    Attributes:
        title: What to call it.
        mnist: Whether its four arrays are MNIST's, wherever they came from.
        labels: What its source calls each class; the position is the class index that stored labels
            and a network's outputs have.
        class_names: What a person calls each class, in the same order.
        own_bounds: The settings that it brings itself, such as `quality.calibration_error`.
        notices: What was done to its source to read it, each in a sentence.
    """

    title: str
    mnist: bool
    labels: list[int | str]
    class_names: list[str]
    own_bounds: list[str]
    notices: list[str]

    def to_json(self) -> dict[str, Any]:
        """Give the description as the plain values that are stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Description":
        """Take the description from its stored values."""
        return cls(**stored)

    @property
    def names(self) -> list[str] | None:
        """The names of the classes, None where they are no others than the class indices."""
        indices = [str(index) for index in range(len(self.class_names))]
        return None if self.class_names == indices else self.class_names

    def with_names(self, table: "pd.DataFrame", *columns: str) -> "pd.DataFrame":
        """Give a table with a column of names, `<column>_name`, behind each of class indices.

        Where the names are the indices, the table stays as it is.
        """
        if self.names is None:
            return table
        named = table.copy()
        for column in columns:
            names = [self.class_names[index] for index in table[column]]
            named.insert(list(named.columns).index(column) + 1, f"{column}_name", names)
        return named

    def binds(self, setting: str) -> bool:
        """Tell whether a bound that was measured on MNIST holds here: if not, it can only warn.

        Args:
            setting: Its place in `settings.yaml`, such as `quality.label_errors.largest_share`, or
                that of a section.
        """
        return self.mnist or any(
            own == setting or own.startswith(f"{setting}.") for own in self.own_bounds
        )
