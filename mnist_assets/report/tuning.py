"""What the report tells of the sweeps: what each choice of a network's training was worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_assets.tuning.summary import choices, name_declared, sentences, title_of, with_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd


def tell_tuning(
    sweeps: Mapping[str, pd.DataFrame | None],
    notebooks: Collection[str],
    confidence: float,
    *,
    overview: bool,
) -> dict[str, Any] | None:
    """What came of the sweeps that were made; None if none was.

    Args:
        sweeps: Of each, what `tuning.summary.summarise` gives, or None.
        notebooks: The networks that the notebook has, too.
        confidence: Of the intervals; 1 less this is the level that p-values are held against.
        overview: Whether they were put side by side.

    Returns:
        `sweeps`, each with `name`, `title`, `declared` (how to call the declared values),
        `sentences` by network, and `choices` as from `tuning.summary.choices`; the fewest and the
        most `runs` of a value; `confidence` and `overview`.
    """
    made = {name: with_labels(of) for name, of in sweeps.items() if of is not None}
    if not made:
        return None
    told = []
    for name, summary in made.items():
        declared = name_declared(summary, notebooks)
        told.append(
            {
                "name": name,
                "title": title_of(name),
                "declared": declared,
                "sentences": sentences(summary, confidence, declared),
                "choices": choices(summary, confidence),
            }
        )
    runs = [int(count) for summary in made.values() for count in summary["runs"]]
    return {
        "sweeps": told,
        "runs": (min(runs), max(runs)),
        "confidence": confidence,
        "overview": overview,
    }
