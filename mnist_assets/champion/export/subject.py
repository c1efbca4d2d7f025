"""What a card is about, gathered from what is known of a champion or of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_assets.champion.export.card import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mnist_assets.champion.archive import Champion
    from mnist_assets.dataset.description import Description


def champion_subject(
    champion: Champion, description: Description | None, quality: Mapping[str, Any]
) -> Subject:
    """A champion with what was known at its promotion, and what was found since.

    Args:
        champion: It.
        description: The dataset in words, if it is known.
        quality: The value of `champion/quality`; of another champion it does not count.
    """
    known, mine = champion.explanation(), quality.get("version") == champion.version
    return Subject(
        name=f"champion {champion.version}",
        training=known["declaration"],
        figures=known["metrics"],
        description=description,
        robustness=quality["robustness"] if mine else [],
        versions={"validation and test predictions": known["versions"]["predictions"]},
    )


def network_subject(
    name: str,
    training: Mapping[str, Any],
    description: Description | None,
    evaluation: Mapping[str, Any],
    robustness: Sequence[Mapping[str, Any]],
) -> Subject:
    """A network that need not be the champion.

    Args:
        name: Its name.
        training: How it was trained.
        description: The dataset in words, if it is known.
        evaluation: The value of `evaluation/<name>`, or nothing.
        robustness: The rows of `evaluation/<name>_robustness`, or none.
    """
    return Subject(f"network {name}", training, evaluation, description, robustness, {})
