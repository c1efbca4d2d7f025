"""What the report tells of the study: where one network stands, and which differences are real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mnist_assets.report.story import NetworkStory, StudyStory

SEEDS = "training"  # the kind of runs that differ in weights and batch order alone


def luck_of(
    study: StudyStory | None, best: NetworkStory, rivals: Sequence[NetworkStory]
) -> dict[str, Any] | None:
    """Tell of one network in a sentence what many runs say.

    Args:
        study: What was made of the study.
        best: The network.
        rivals: Those that one run does not tell from it, the smallest first.

    Returns:
        `runs`; `test`, as from `study.describe`; `notebook`, as from `study.place`; and `lead`, as
        from `lead_over`, over the first rival that was studied, or None. None at all where the
        network was not studied.
    """
    if study is None or best.name not in study.summaries:
        return None
    of_seeds = study.summaries[best.name][SEEDS]
    leads = (lead_over(study, best.name, rival.name) for rival in rivals)
    return {
        "runs": of_seeds["runs"],
        "test": of_seeds["test"],
        "notebook": of_seeds["notebook"],
        "lead": next(filter(None, leads), None),
    }


def lead_over(study: StudyStory, name: str, rival: str) -> dict[str, Any] | None:
    """Look up what one network has over another on the test part, seed by seed.

    Returns:
        The row of `compared`, its `mean_difference` that of the network over its `rival`.
    """
    for row in compared(study):
        pair = (row["first"], row["second"])
        if (row["kind"], row["part"]) == (SEEDS, "test") and set(pair) == {name, rival}:
            if row["mean_difference"] is None:
                return None
            ahead = row["mean_difference"] if pair[0] == name else -row["mean_difference"]
            return {**row, "rival": rival, "mean_difference": ahead}
    return None


def compared(study: StudyStory) -> list[dict[str, Any]]:
    """List the rows of `paired_tests.compare_networks`, None for what is unknown, and `sure`.

    A difference is `sure` if its corrected p-value is below 1 less the confidence.
    """
    if study.comparison is None:
        return []
    table: pd.DataFrame = study.comparison.astype(object)
    rows = table.where(table.notna(), None).to_dict("records")
    level = 1 - study.confidence
    return [
        {**{str(name): row[name] for name in row}, "sure": bool(row["holm_p_value"] < level)}
        for row in rows
    ]
