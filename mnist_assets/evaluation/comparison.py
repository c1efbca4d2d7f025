"""All networks side by side, and which of them is best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_assets.errors import InputError
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
    """Gather what the comparison says of one network.

    Args:
        network: Its name.
        parameters: Its number of parameters, those that training leaves alone included.
        history: Its training, one row an epoch: epoch, loss, accuracy, val_loss, val_accuracy,
            seconds.
        evaluation: What `scores.evaluate` returned for it.

    Returns:
        One value for each of `COLUMNS`; seconds are those of all epochs together.

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
    """Put all networks into one table.

    Args:
        rows: What `comparison_row` returned for each network.

    Returns:
        One row a network, in the order given; the columns are `COLUMNS`. Accuracies, their
        Wilson bounds and the gap are shares, losses mean cross-entropies in nats.

    Raises:
        InputError: There is no network, one lacks a figure, or two share a name.
    """
    import pandas as pd

    names = [row.get("network") for row in rows]
    if not names or len(set(names)) < len(names):
        raise InputError(
            "networks to compare",
            seen=names,
            expected="at least one, each name once",
            remedy="Declare each network once, under its own name.",
        )
    for row in rows:
        if set(row) != set(COLUMNS):
            raise InputError(
                f"comparison row of network {row.get('network')}",
                seen=sorted(row),
                expected=sorted(COLUMNS),
                remedy="Make the row with comparison_row().",
            )
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def best_network(table: pd.DataFrame) -> str:
    """Name the network with the highest validation accuracy.

    Never the test accuracy: a network chosen by it would no longer have an unbiased one. Among
    equals it is the one with the fewest parameters, then the one that stands first.

    Args:
        table: What `compare_networks` returned.

    Raises:
        InputError: No network has a validation accuracy.
    """
    accuracy = table["validation_accuracy"]
    leaders = table[accuracy == accuracy.max()]
    if leaders.empty:
        raise InputError(
            "comparison of networks",
            seen="no validation accuracy",
            expected="at least one network that has one",
            remedy="Train and evaluate a network first.",
        )
    return str(leaders.loc[leaders["parameters"].idxmin(), "network"])


def check_compared(
    table: pd.DataFrame, evaluations: Mapping[str, Mapping[str, Any]], best: str
) -> Finding:
    """Check that the comparison of networks says what the evaluation of each says.

    Args:
        table: What `compare_networks` returned.
        evaluations: By network, what `scores.evaluate` returned.
        best: The network said to be best, which must be one with the highest validation accuracy.
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
    message = f"All {len(compared)} networks are compared by their own accuracies."
    if wrong:
        message = f"The evaluations say otherwise of: {'; '.join(wrong)}."
    return Finding(
        passed=not wrong, message=message, seen={"different": wrong}, expected={"different": []}
    )
