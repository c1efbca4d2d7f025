"""What the report tells of the notebook's own words and figures, all of it from `claims.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnist_assets.steps.claim_notebook import claims_of
from mnist_assets.steps.claim_records import is_copy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnist_assets.steps.claim_notebook import Notebook
    from mnist_assets.steps.claim_records import LoggedEpoch

UNTESTED = "highest-test-accuracy"  # the claim that names the network it never tests


@dataclass(frozen=True)
class Log:
    """What a network's printed log shows.

    Attributes:
        epochs_in_code: As the code sets them.
        epochs: As it prints them.
        copied_from: The epoch from which on the validation columns repeat those of training, or
            None if the last epoch's do not.
    """

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


def facts_of(notebook: Notebook) -> NotebookFacts:
    """Take from `claims.yaml` what the page tells outside the table of claims."""
    claims = {name: claim for name, _, claim in claims_of(notebook)}
    printed = notebook.printed
    compared = claims[UNTESTED].found
    return NotebookFacts(
        words={name: claim.words for name, claim in claims.items()},
        says={name: claim.says for name, claim in claims.items()},
        logs={
            name: Log(network.epochs, len(network.log), copied_from(network.log))
            for name, network in printed.networks.items()
        },
        untested=compared.of["network"] if compared else "",
        guard=printed.guard.value,
        nearer_than=printed.nearer_than.value,
    )


def copied_from(log: Sequence[LoggedEpoch]) -> int | None:
    """Find the epoch, counted from 1, from which on all validation columns repeat training's."""
    kept = [number for number, epoch in enumerate(log, start=1) if not is_copy(epoch)]
    first = max(kept, default=0) + 1
    return first if first <= len(log) else None
