"""What the report tells of the notebook's own words and figures, outside the table of claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mnist_assets.claims import notebook
from mnist_assets.claims.sections import all_claims

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Log(NamedTuple):
    """A network's epochs: those in the code, those in its log, and the first of the copied ones."""

    epochs_in_code: int
    epochs: int
    copied_from: int | None


@dataclass(frozen=True)
class NotebookFacts:
    """What the notebook says.

    Attributes:
        words: Of each claim, by its id.
        says: The figure that each claim gives, if it gives one.
        logs: Of each of its networks.
        untested: The network that it calls the one with the highest test accuracy.
        guard: What it adds to a standard deviation.
        nearer_than: Base and exponent that it writes as `base^exponent`.
    """

    words: Mapping[str, str]
    says: Mapping[str, Any]
    logs: Mapping[str, Log]
    untested: str
    guard: float
    nearer_than: tuple[int, int]


def notebook_facts() -> NotebookFacts:
    """Collect what the page tells outside the table of claims."""
    claims = all_claims()
    return NotebookFacts(
        words={claim.id: claim.words for claim in claims},
        says={claim.id: claim.says for claim in claims},
        logs={
            name: Log(network.epochs, len(network.log), copied_from(network.log))
            for name, network in notebook.NETWORKS.items()
        },
        untested=notebook.HIGHEST_TEST_ACCURACY,
        guard=notebook.GUARD,
        nearer_than=notebook.NEARER_THAN,
    )


def copied_from(log: Sequence[notebook.Epoch]) -> int | None:
    """Find the epoch, counted from 1, from which on all validation columns repeat training's."""
    kept = [number for number, epoch in enumerate(log, start=1) if not epoch.is_copy]
    first = max(kept, default=0) + 1
    return first if first <= len(log) else None
