"""The history of the champion, read from its archive: every change, and every version.

The log may hold a change that a crash prevented, never lack one that happened: the last line took
effect that ends where the pointer is, before it the last one that ends where that line starts, and
so on. It is written by `promotion.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mnist_assets.champion.archive import LOG, log_lines, pointed, whole_versions
from mnist_assets.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from upath import UPath

LOG_COLUMNS = ("when", "action", "who", "why", "from", "to")


def list_versions(folder: UPath) -> pd.DataFrame:
    """List every version that can be rolled back to, the oldest first.

    Returns:
        Columns: version; current, bool; when, action, who, why: how it last became champion, None
        if a crash came between.
    """
    import pandas as pd

    log = promotion_log(folder)
    latest = {entry["to"]: entry for entry in log[log["took_effect"]].to_dict("records")}
    champion = pointed(folder)
    return pd.DataFrame(
        [
            {"version": version, "current": version == champion}
            | {name: latest.get(version, {}).get(name) for name in ("when", "action", "who", "why")}
            for version in (whole.version for whole in whole_versions(folder))
        ],
        columns=["version", "current", "when", "action", "who", "why"],
        dtype=object,
    ).astype({"current": bool})


def promotion_log(folder: UPath) -> pd.DataFrame:
    """List every change of champion, the oldest first.

    Returns:
        Columns: when (ISO 8601), action (promotion, forced promotion or rollback), who, why, from
        (None for the first) and to, versions; took_effect, False where a crash came between.

    Raises:
        InputError: A line of the log is no JSON.
    """
    import pandas as pd

    log, entries = folder / LOG, []
    for number, line in enumerate(log_lines(folder), start=1):
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise InputError(
                f"{log}, line {number}", seen=line, expected="JSON", remedy="Mend the line."
            ) from error
    table = pd.DataFrame(entries, columns=list(LOG_COLUMNS), dtype=object)
    took_effect, end = [], pointed(folder)
    for entry in reversed(entries):
        took_effect.append(entry["to"] == end)
        end = entry["from"] if took_effect[-1] else end
    table["took_effect"] = took_effect[::-1]
    return table.astype({"took_effect": bool})
