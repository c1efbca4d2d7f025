"""The history of every training: when, how it was evaluated, and whether it was promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

COLUMNS = (
    "time",
    "network",
    "seed",
    "validation_accuracy",
    "test_accuracy",
    "seconds",
    "promoted",
    "data_version",
    "code_version",
    "declaration",
)


def list_trainings(
    trainings: Iterable[Mapping[str, Any]],
    evaluations: Sequence[Mapping[str, Any]],
    promotions: Sequence[Mapping[str, Any]],
    earlier: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Put every training beside what came of it before the same network was trained again.

    Args:
        trainings: Each with `time` (seconds since 1970), `network`, `seed`, `seconds`,
            `data_version`, `code_version` and `declaration` (JSON).
        evaluations: Each with `time`, `network`, `validation_accuracy` and `test_accuracy`.
        promotions: Each with `time` and `network`.
        earlier: The log as it was; its rows stay that are older than any of `trainings` of the same
            network.

    Returns:
        One row a training, oldest first, with `COLUMNS`; time is ISO 8601 in UTC. Accuracies are
        missing where it was not evaluated.
    """
    import pandas as pd

    rows = []
    later: dict[str, float] = {}
    for training in sorted(trainings, key=lambda training: training["time"], reverse=True):
        network, start = training["network"], training["time"]
        end = later.get(network, float("inf"))
        evaluated = _first_between(evaluations, network, start, end) or {}
        rows.append(
            {
                **training,
                "time": pd.Timestamp(start, unit="s", tz="UTC").isoformat(timespec="seconds"),
                "validation_accuracy": evaluated.get("validation_accuracy"),
                "test_accuracy": evaluated.get("test_accuracy"),
                "promoted": _first_between(promotions, network, start, end) is not None,
            }
        )
        later[network] = start
    listed = pd.DataFrame(rows[::-1], columns=list(COLUMNS))
    if earlier is None:
        return listed
    first = {row["network"]: row["time"] for row in rows}
    kept = earlier[
        [  # times are texts of one format, which sort as they do
            network not in first or time < first[network]
            for network, time in zip(earlier["network"], earlier["time"], strict=True)
        ]
    ]
    both = [table for table in (kept.reindex(columns=list(COLUMNS)), listed) if len(table)]
    return pd.concat(both).sort_values("time", kind="stable", ignore_index=True)


def _first_between(
    events: Sequence[Mapping[str, Any]], network: str, start: float, end: float
) -> Mapping[str, Any] | None:
    own = [event for event in events if event["network"] == network]
    return min(
        (event for event in own if start <= event["time"] < end),
        key=lambda event: float(event["time"]),
        default=None,
    )
