"""What a check found, before anything Dagster: the value seen beside the value expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        passed: Whether the value is as expected.
        message: One sentence that says what was seen and, when it failed, what is wrong.
        seen: Named figures found, each a plain bool, int, float, str or list.
        expected: Named figures or bounds they were held against.
        binding: Whether a failure is beyond doubt: if not, it can only warn.
    """

    passed: bool
    message: str
    seen: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)
    binding: bool = True

    @classmethod
    def of(
        cls,
        passed: bool,
        right: str,
        wrong: str,
        *,
        seen: Mapping[str, Any],
        expected: Mapping[str, Any],
        binding: bool = True,
    ) -> "Finding":
        """A finding that says `right` where the check passed, and `wrong` where not."""
        return cls(bool(passed), right if passed else wrong, seen, expected, bool(binding))
