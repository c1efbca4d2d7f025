"""All networks side by side, and which of them is best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_assets.findings import Finding
from mnist_assets.networks.history import generalization_gap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

COLUMNS = (
    "network",
    "parameters",
    "epochs",
    "seconds",
    "validation_accuracy",
    "validation_low",
    "validation_high",
    "test_accuracy",
    "test_low",
    "test_high",
    "validation_loss",
    "test_loss",
    "generalization_gap",
)


def comparison_row(
    network: str, *, parameters: int, history: pd.DataFrame, evaluation: Mapping[str, Any]
) -> dict[str, Any]:
    """Gather what the comparison says of one network: a value for each of `COLUMNS`.

    Args:
        network: Its name.
        parameters: Its number of parameters, those that training leaves alone included.
        history: Its training, one row an epoch; the seconds of all epochs are added up.
        evaluation: What `scores.evaluate` returned for it.

    Raises:
        InputError: The history has no epoch.
    """
    row: dict[str, Any] = {
        "network": network,
        "parameters": parameters,
        "epochs": len(history),
        "seconds": float(history["seconds"].sum()),
        "generalization_gap": generalization_gap(history),
    }
    for part in ("validation", "test"):
        figures = evaluation[part]
        row[f"{part}_accuracy"] = figures["accuracy"]
        row[f"{part}_low"] = figures["accuracy_interval"]["low"]
        row[f"{part}_high"] = figures["accuracy_interval"]["high"]
        row[f"{part}_loss"] = figures["loss"]
    return row


def compare_networks(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Put what `comparison_row` returned for each network into one table, in the order given.

    Accuracies, their Wilson bounds and the gap are shares, losses mean cross-entropies in nats.
    """
    import pandas as pd

    return pd.DataFrame(rows, columns=list(COLUMNS))


def best_network(table: pd.DataFrame) -> str:
    """Name the network of a comparison with the highest validation accuracy.

    Never the test accuracy: a network chosen by it would no longer have an unbiased one. Among
    equals it is the one with the fewest parameters, then the one that stands first.
    """
    order = ["validation_accuracy", "parameters"]
    return str(table.sort_values(order, ascending=[False, True], kind="stable")["network"].iloc[0])


def check_compared(
    table: pd.DataFrame, evaluations: Mapping[str, Mapping[str, Any]], best: str
) -> Finding:
    """Check that the comparison of networks says what the evaluation of each says.

    The network said to be best must be one with the highest validation accuracy.
    """
    wrong = [
        f"{part} accuracy of {row['network']}"
        for row in table.to_dict("records")
        for part, figures in evaluations[row["network"]].items()
        if row[f"{part}_accuracy"] != figures["accuracy"]
    ]
    validation = {name: figures["validation"]["accuracy"] for name, figures in evaluations.items()}
    if validation[best] != max(validation.values()):
        wrong.append(f"{best} as the best in validation")
    compared = table["network"].to_list()
    if compared != list(evaluations):
        wrong.append(f"the networks {', '.join(compared)}")
    return Finding.of(
        not wrong,
        f"All {len(compared)} networks are compared by their own accuracies.",
        f"The evaluations say otherwise of: {'; '.join(wrong)}.",
        seen={"different": wrong},
        expected={"different": []},
    )
