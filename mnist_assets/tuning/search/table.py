"""What the trials of a search say together: as a table, as a front, and what decided them."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from mnist_assets.formatting import percent
from mnist_assets.tuning.search.declaration import MAXIMISED
from mnist_assets.tuning.search.study import finished_trials, import_optuna

if TYPE_CHECKING:
    import optuna
    import pandas as pd
    from optuna.trial import FrozenTrial

MEASURED = (
    "validation_accuracy",
    "generalization_gap",
    "parameters",
    "epochs",
    "training_seconds",
    "compile_seconds",
    "latency",
)
# What every table of trials has, before the values that were left open.
COLUMNS = ("search", "trial", "state", *MEASURED, "best", "seconds", "reason")
FEWEST_FOR_IMPORTANCES = 10  # finished trials; a forest grown from less says nothing
FOREST_SEED = 0


def tabulate(search: str, study: optuna.Study) -> pd.DataFrame:
    """Lay out the trials of a study, a row each, in their order.

    Columns are `search`, `trial`, `state` (`complete`, `pruned`, `failed`, `running` or `waiting`),
    what was measured (see `trials.Measured`), `best` (whether no other is better in every
    objective), `seconds` from beginning to end, `reason` of one that was refused, and each value
    that was left open, as `value of <its name>`.
    """
    import pandas as pd

    best = {trial.number for trial in best_trials(study)}
    rows = [
        {
            "search": search,
            "trial": trial.number,
            "state": {"fail": "failed"}.get(trial.state.name.lower(), trial.state.name.lower()),
            **{name: trial.user_attrs.get(name, math.nan) for name in MEASURED},
            "best": trial.number in best,
            "seconds": trial.duration.total_seconds() if trial.duration else math.nan,
            "reason": trial.user_attrs.get("refused"),
            **{f"value of {name}": value for name, value in trial.params.items()},
        }
        for trial in study.get_trials(deepcopy=False)
    ]
    return pd.DataFrame(rows)


def best_trials(study: optuna.Study) -> list[FrozenTrial]:
    """The most accurate, or with several objectives the Pareto front, most accurate first."""
    if len(study.directions) > 1:
        return sorted(study.best_trials, key=_merit)
    return sorted(finished_trials(study), key=_merit)[:1]


def _merit(trial: FrozenTrial) -> tuple[float, int]:
    """What trials are sorted by, best first: of equally accurate ones, the smallest is."""
    return -trial.user_attrs[MAXIMISED], trial.user_attrs["parameters"]


def importances(study: optuna.Study) -> dict[str, float]:
    """The share of the validation accuracy's variance that each open value accounts for.

    The greatest first, by fANOVA (Hutter, Hoos & Leyton-Brown 2014), of the values that all trials
    have. Empty if there are too few trials, or if all are as good.
    """
    optuna = import_optuna()
    complete = finished_trials(study)
    if len(complete) < FEWEST_FOR_IMPORTANCES:
        return {}
    if len({trial.user_attrs[MAXIMISED] for trial in complete}) == 1:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(
            optuna.importance.get_param_importances(
                study,
                evaluator=optuna.importance.FanovaImportanceEvaluator(seed=FOREST_SEED),
                target=lambda trial: trial.user_attrs[MAXIMISED],
            )
        )


def describe(trial: FrozenTrial) -> str:
    """A trial in a line."""
    told = trial.user_attrs
    if "refused" in told:
        return f"trial {trial.number}: refused, {told['refused']}"
    if MAXIMISED not in told:
        epochs = len(trial.intermediate_values)
        state = trial.state.name.lower()
        return f"trial {trial.number}: {state}" + (f" after {epochs} epochs" if epochs else "")
    return f"trial {trial.number}: {_figures(trial)}"


def describe_best(study: optuna.Study) -> str:
    """The best so far in a line."""
    front = best_trials(study)
    if not front:
        return "none has finished"
    of_front = f" (and {len(front) - 1} more on the Pareto front)" if len(front) > 1 else ""
    return f"best so far {describe(front[0])}{of_front}"


def _figures(trial: FrozenTrial) -> str:
    """What was measured of a finished trial, in words."""
    told = trial.user_attrs
    latency = told.get("latency")
    parts = [
        f"validation accuracy {told[MAXIMISED]:.4f}",
        f"{told['parameters']:,} parameters",
        f"{told['training_seconds']:.1f} s",
        *([f"{1e6 * latency:.0f} µs an image"] if latency else []),
    ]
    return ", ".join(parts)


def sentence(search: str, study: optuna.Study) -> str:
    """What a search has found so far."""
    trials = study.get_trials(deepcopy=False)
    front = best_trials(study)
    if not front:
        return f"{search}: none of {len(trials)} trials has finished."
    best = front[0]
    told = best.user_attrs
    words = (
        f"{search}: of {len(trials)} trials, the most accurate reaches "
        f"{percent(told[MAXIMISED])} of the validation images with {told['parameters']:,} "
        f"parameters (trial {best.number})"
    )
    if len(front) > 1:
        least = min(front, key=lambda trial: trial.user_attrs["parameters"])
        words += (
            f"; the Pareto front has {len(front)}, down to {least.user_attrs['parameters']:,} "
            f"parameters with {percent(least.user_attrs[MAXIMISED])}"
        )
    if shares := importances(study):
        name, share = next(iter(shares.items()))
        words += f"; {name.replace('_', ' ')} decides most ({100 * share:.0f} % of the variance)"
    return f"{words}."
