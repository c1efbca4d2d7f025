"""Every claim of the notebook, in its order: the table of contents of the modules beside this one.

A module holds the claims of one section or of several short ones. Where a claim has a figure alone,
a table of such is held against the graph in a loop.
"""

from __future__ import annotations

from mnist_assets.claims.claim import Claim, Section
from mnist_assets.claims.sections import (
    confusion_matrix,
    dataset,
    given,
    grey_levels,
    interpretation,
    preparation,
    simplest,
    tuning,
)

MODULES = (
    dataset,
    grey_levels,
    preparation,
    given,
    simplest,
    tuning,
    confusion_matrix,
    interpretation,
)


def all_claims() -> list[Claim]:
    """Every claim of every section, in the text's order."""
    sections = (part for module in MODULES for part in vars(module).values())
    return [
        claim for section in sections if isinstance(section, Section) for claim in section.claims
    ]
