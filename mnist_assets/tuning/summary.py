"""What a sweep says: how each value does, what it has over the declared one, and how surely.

A table of runs is as from `training.tabulate`. What counts of a run is the accuracy on the
validation images that it ends with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_assets.findings import Finding
from mnist_assets.formatting import SPACE, percent, points, probability
from mnist_assets.study.paired_tests import compare_pairs, holm
from mnist_assets.study.summary import describe, finite
from mnist_assets.tuning.variation import PER_PIXEL, written

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from mnist_assets.tuning.variation import Point

POINT = ["network", "value"]
SAME = ["network", "value", "declared", "parameters"]  # in all rows of a point


def title_of(sweep: str) -> str:
    """The name of a sweep as a person reads it."""
    return sweep.replace("_", " ").replace("ization", "isation").capitalize()


def with_labels(table: pd.DataFrame) -> pd.DataFrame:
    """A table of which pandas may have read values as numbers, with them as they were written."""
    return table.assign(value=table["value"].map(written))


def accuracies(
    runs: pd.DataFrame, network: str, value: str, epoch: int | None = None
) -> pd.Series[float]:
    """The validation accuracies of a point by seed, NaN of a run that failed.

    Args:
        runs: A table of runs.
        network: The point's network.
        value: The point's value.
        epoch: After which epoch; of the weights that training ends with if None.
    """
    of_point = runs[(runs["network"] == network) & (runs["value"] == value)]
    if epoch is None:
        return of_point.drop_duplicates("seed").set_index("seed")["validation_accuracy"]
    return of_point[of_point["epoch"] == epoch].set_index("seed")["val_accuracy"]


def falls(runs: pd.DataFrame, network: str, value: str) -> pd.Series[float]:
    """By how much the validation accuracy of a point fell in all, from epoch to epoch, by seed.

    It is 0 of a training that never gets worse, and NaN of a run that failed.
    """
    import pandas as pd

    of_point = runs[(runs["network"] == network) & (runs["value"] == value)]
    fallen = {
        seed: -of_seed["val_accuracy"].diff().clip(upper=0).sum(skipna=True)
        if of_seed["failure"].isna().all()
        else np.nan
        for seed, of_seed in of_point.groupby("seed")
    }
    return pd.Series(fallen, dtype=np.float64)


def summarise(runs: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Summarise a sweep.

    Args:
        runs: A table of runs.
        confidence: Of the intervals of means and mean differences.

    Returns:
        One row a point: `network`, `value`, `declared`, `parameters`; `runs` that have a result,
        and how many `failed`; `mean`, `std`, `low` and `high` of their validation accuracy, the
        last two Student's t interval of the mean; `first_epoch`, their mean after the first epoch;
        `seconds`, the mean time of a training's updates. Then, over runs of the same seed,
        `mean_difference` (the point less the declared one), its interval `difference_low` and
        `difference_high`, `t_p_value` of the paired t-test, and `holm_p_value`: the latter
        corrected by Holm's method for the number of points that are compared. What too few runs
        cannot tell, and what the declared point would have over itself, is None.
    """
    import pandas as pd

    rows = []
    declared = runs[runs["declared"]].drop_duplicates("network").set_index("network")["value"]
    for _, of_point in runs.groupby(POINT, sort=False):
        same: dict[str, Any] = {name: of_point.iloc[0][name] for name in SAME}
        network, value, is_declared = same["network"], same["value"], same["declared"]
        reached = accuracies(runs, network, value)
        described = describe(finite(reached), confidence)
        row = same | {
            "runs": described["count"],
            "failed": len(reached) - described["count"],
            **{name: described[name] for name in ("mean", "std", "low", "high")},
            "first_epoch": _mean(accuracies(runs, network, value, epoch=1)),
            "seconds": _mean(of_point.groupby("seed")["seconds"].sum()),
        }
        compared = (
            {}
            if is_declared
            else compare_pairs(
                finite(reached.sub(accuracies(runs, network, declared[network]))), confidence
            )
        )
        for ours, theirs in DIFFERENCES.items():
            row[ours] = compared.get(theirs)
        rows.append(row)
    table = pd.DataFrame(rows)
    tested = table["t_p_value"].notna()
    table["holm_p_value"] = pd.Series(
        holm(table.loc[tested, "t_p_value"].to_list()), table.index[tested], dtype=float
    )
    return table


DIFFERENCES = {
    "mean_difference": "mean_difference",
    "difference_low": "low",
    "difference_high": "high",
    "t_p_value": "t_p_value",
}


def _mean(values: pd.Series[float]) -> float | None:
    known = finite(values)
    return float(known.mean()) if len(known) else None


def name_declared(summary: pd.DataFrame, notebooks: Collection[str]) -> str:
    """How to call the declared values: the notebook's, if all networks are its, and the values.

    The normalisation that is declared is no notebook's.
    """
    own = set(summary["network"]) <= set(notebooks) and written(PER_PIXEL) not in set(
        summary.loc[summary["declared"], "value"]
    )
    return "notebook's" if own else "declared"


def sentences(summary: pd.DataFrame, confidence: float, declared: str) -> dict[str, str]:
    """Say of each network what the sweep shows.

    Args:
        summary: As from `summarise`.
        confidence: 1 less this is the level that p-values are held against.
        declared: How to call the declared values, as from `name_declared`.
    """
    return {
        choice["network"]: _sentence(choice, declared) for choice in choices(summary, confidence)
    }


def choices(summary: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
    """Hold each network's declared value against the best and the worst that were tried.

    Args:
        summary: As from `summarise`.
        confidence: 1 less this is the level that p-values are held against.

    Returns:
        Of each network: `network`; the rows `declared`, `best` and `worst` of the summary, the last
        two None where nothing came to an end; the row `rival` that the declared value is held
        against, the best or, where that is the declared one, the second best; whether the two are
        `sure` to differ; and the values that `diverged`.
    """
    found = []
    for network, of in summary.groupby("network", sort=False):
        plain = of.astype(object).where(of.notna(), None)
        rows: list[dict[Any, Any]] = plain.to_dict("records")
        done = sorted(
            (row for row in rows if row["mean"] is not None),
            key=lambda row: (row["mean"], row["declared"]),
        )
        best, worst = (done[-1], done[0]) if done else (None, None)
        rival = next((row for row in reversed(done) if not row["declared"]), None)
        p_value = rival["holm_p_value"] if rival else None
        found.append(
            {
                "network": network,
                "declared": next(row for row in rows if row["declared"]),
                "best": best,
                "worst": worst,
                "rival": rival,
                "sure": p_value is not None and p_value < 1 - confidence,
                "diverged": [row["value"] for row in rows if row["mean"] is None],
            }
        )
    return found


def _sentence(choice: Mapping[str, Any], declared: str) -> str:
    own, best, worst, rival = (choice[name] for name in ("declared", "best", "worst", "rival"))
    if best is None:
        return "every value diverged."
    called = f"the {declared} {own['value']}"
    told = f"{called if best['declared'] else best['value']} does best ({percent(best['mean'])})"
    if rival and rival["holm_p_value"] is not None:
        behind = rival["value"] if best["declared"] else called
        lead = points(abs(rival["mean_difference"])).replace("+", "")
        unsure = "" if choice["sure"] else ", which may be chance"
        told += f", {lead} ahead of {behind} (p{SPACE}{probability(rival['holm_p_value'])}{unsure})"
    if worst["mean"] < best["mean"] and not worst["declared"] and worst is not rival:
        told += f"; {worst['value']} does worst ({percent(worst['mean'])})"
    if choice["diverged"]:
        told += f"; {', '.join(choice['diverged'])} diverged"
    return f"{told}."


def overview(summaries: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the points of all sweeps side by side.

    Args:
        summaries: Of each sweep, as from `summarise`.

    Returns:
        One row a point that has a result, the declared one of each network once, in the sweep
        `declared`: `sweep`, `network`, `value`, `parameters`, `seconds`, `runs`, `mean`, `low`,
        `high`; `smallest` and `quickest` tell whether none with fewer parameters, or that trains
        quicker, is as accurate.
    """
    import pandas as pd

    table = pd.concat([of.assign(sweep=name) for name, of in summaries.items()])
    table.loc[table["declared"], ["sweep", "value"]] = "declared"
    table = table.drop_duplicates(["sweep", *POINT])
    shown = ["sweep", *POINT, "parameters", "seconds", "runs", "mean", "low", "high"]
    table = table.loc[table["mean"].notna(), shown].reset_index(drop=True)
    error = 1 - table["mean"].to_numpy(np.float64)
    for front, cost in (("smallest", "parameters"), ("quickest", "seconds")):
        table[front] = pareto_front(table[cost].to_numpy(np.float64), error)
    return table


def pareto_front(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pairs of costs no other pair undercuts in one without exceeding it in the other."""
    costs = np.column_stack([first, second])
    undercut = [
        bool(np.any(np.all(costs <= own, axis=1) & np.any(costs < own, axis=1))) for own in costs
    ]
    return np.logical_not(np.array(undercut, np.bool_))


def check_runs(runs: pd.DataFrame, points: Sequence[Point], seeds: int) -> Finding:
    """Check that each point has the seeds 0 to `seeds` - 1, each once, trained to the end.

    Args:
        runs: A table of runs.
        points: What was tried.
        seeds: Trainings of each point.
    """
    wrong = []
    for point in points:
        of_point = runs[(runs["network"] == point.network) & (runs["value"] == point.value)]
        whole = range(1, point.training.epochs + 1)
        found = sorted(of_point["seed"].unique().tolist())
        if found != list(range(seeds)):
            wrong.append(f"{point.network} at {point.value} has the seeds {found}")
        for seed, of_seed in of_point.groupby("seed"):
            epochs = of_seed["epoch"].to_list()
            may_stop = point.training.early_stopping or of_seed["failure"].notna().any()
            if epochs != list(whole[: len(epochs)] if may_stop else whole):
                wrong.append(f"{point.network} at {point.value}, seed {seed}, has epochs {epochs}")
    trainings = len(runs.drop_duplicates([*POINT, "seed"]))
    return Finding.of(
        not wrong,
        f"All {trainings} trainings came to an end, with the seeds 0 to {seeds - 1} of each value.",
        f"Wrong: {'; '.join(wrong)}.",
        seen={"trainings": trainings, "wrong": wrong},
        expected={"trainings": len(points) * seeds, "wrong": []},
    )


def check_finite(runs: pd.DataFrame) -> Finding:
    """Check that no training ended with a loss that is NaN or infinite."""
    failed = runs[runs["failure"].notna()]
    told = [f"{row.network} at {row.value}, seed {row.seed}" for row in failed.itertuples()]
    return Finding.of(
        not told,
        "No training diverged.",
        f"Diverged: {'; '.join(told[:5])}{' and others' if len(told) > 5 else ''}.",
        seen={"diverged": len(told)},
        expected={"diverged": 0},
    )


def check_enough(runs: pd.DataFrame, seeds: int) -> Finding:
    """Check that each point has at least `seeds` seeds: with fewer, intervals say little."""
    fewest = int(runs.groupby(POINT)["seed"].nunique().min())
    return Finding(
        passed=fewest >= seeds,
        message=f"{fewest} seeds, of {seeds} wanted",
        seen={"seeds": fewest},
        expected={"seeds_at_least": seeds},
    )


def values_of(summary: pd.DataFrame, network: str) -> Sequence[str]:
    """The values of a network, in the sweep's order."""
    return summary.loc[summary["network"] == network, "value"].drop_duplicates().to_list()
