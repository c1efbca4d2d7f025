"""Runs that were made once and are kept with the package, for whoever has not made a study.

They speak of a network as long as it is declared as it was then, and of MNIST alone.
"""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_assets.process import count_cores

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from mnist_assets.networks.declaration import Network, Training

RECORDED = Path(__file__).with_name("recorded.csv")
FIGURES = ["kind", "seed", "validation_accuracy", "test_accuracy", "seconds"]


def recorded_runs(
    text: str, networks: Mapping[str, Network]
) -> dict[str, tuple[pd.DataFrame, str]]:
    """Find the recorded runs of those networks that are still declared as they were.

    Args:
        text: What the file holds: FIGURES, `network`, the `declaration` that `fingerprint` gives,
            and the `machine` and `date` of the study.
        networks: The declared ones.

    Returns:
        By name a table of runs, see `summary.py`, and the date and the machine in words.
    """
    import pandas as pd

    table = pd.read_csv(StringIO(text))
    found = {}
    for name, network in networks.items():
        same = table["declaration"] == fingerprint(network.training)
        rows = table[(table["network"] == name) & same]
        if len(rows):
            last = rows.iloc[-1]
            runs = rows[FIGURES].reset_index(drop=True).assign(failure=None)
            found[name] = runs, f"{last['date']}, {last['machine']}"
    return found


def record(
    text: str, networks: Mapping[str, Network], made: Mapping[str, pd.DataFrame], machine: str
) -> str:
    """Put the runs that were made into what the file holds, instead of those of these networks.

    What is recorded of networks that are no longer declared as they were is dropped.
    """
    import pandas as pd

    before = pd.read_csv(StringIO(text))
    present = {name: fingerprint(network.training) for name, network in networks.items()}
    kept = before["network"].map(present) == before["declaration"]
    date = datetime.now(UTC).date().isoformat()
    tables = {name: before[kept & (before["network"] == name)] for name in networks}
    for name, runs in made.items():
        told = {"declaration": present[name], "machine": machine, "date": date}
        tables[name] = runs[FIGURES].assign(network=name, **told)[before.columns]
    filled = [table for table in tables.values() if len(table)]
    return pd.concat(filled or [before.head(0)]).to_csv(index=False)


def fingerprint(training: Training) -> str:
    """Hash how a network is declared to be trained, 16 hexadecimal digits.

    What is as it is without being declared does not count: it may be new to declare.
    """
    plain = training.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def describe_machine() -> str:
    """The cores there are and the processor's name, which Linux has in a file."""
    name, information = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
    return f"{count_cores()} cores of {name}"
