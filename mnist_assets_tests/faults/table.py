"""The page docs/faults.md, from what was seen of each fault."""

import re
from pathlib import Path

from mnist_assets_tests.faults import FAULTS, UNSEEN

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
COMMAND = "python -m mnist_assets_tests.faults"


def render(seen):
    """The page, from what was seen of each fault."""
    rows = ["| Fault | Put into | Stopped by | What it said |", "|---|---|---|---|"]
    rows += [
        f"| {fault.name} | {fault.place} | {_stopper(seen[fault.name])} | "
        f"{_cell(seen[fault.name].said)} |"
        for fault in FAULTS
        if fault not in UNSEEN
    ]
    unseen = ["| Fault | Put into | What would see it |", "|---|---|---|"]
    unseen += [f"| {fault.name} | {fault.place} | {fault.would} |" for fault in UNSEEN]
    return TEXT.format(
        stopped=len(FAULTS) - len(UNSEEN),
        unseen=len(UNSEEN),
        command=COMMAND,
        rows="\n".join(rows),
        unseen_rows="\n".join(unseen),
    )


TEXT = """# Faults, and what stops them

Every check of the graph has to earn its place. Here {stopped} deliberate faults are put into it,
one at a time, and each is stopped by the check named, before the report: nothing that follows from
it is made. {unseen} more are stopped by no check, which is said here as well. Without any fault
everything is made and every check passes.

The faults stand in `mnist_assets_tests/faults/`. They are put into the real graph, run by Dagster
over a small dataset (600 and 400 noisy images of 12 x 12 pixels in four classes, of which networks
misread a quarter). Nothing is published of it: what stops a fault there stops it in any dataset.
Two are put into MNIST's own files. Tests put them all in; this page is written from what they saw,
by `{command}`, and a test fails if it is not up to date.

A check is written as `asset:check`; where a step itself refuses to go on, that is said. What a
check said is that of one machine: digits may differ on another.

{rows}

## What no check stops

With these the report is made, as the tests show.

{unseen_rows}
"""


def _stopper(seen):
    asset, _, check = seen.stopped_by.partition(":")
    return f"`{asset}` refused" if check == " error" else f"`{seen.stopped_by}`"


def _cell(text):
    """What was said, on one line and with the beginning of each SHA-256 only."""
    shortened = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{56}\b", r"\1...", text)
    return " ".join(shortened.replace("|", "\\|").split())


def without_digits(page):
    """The page with every number masked, as other machines may round otherwise."""
    return re.sub(r"[0-9][0-9.,e+-]*", "#", page)
