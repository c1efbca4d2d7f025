"""Who became champion, and why: every training over time, and one decision."""

from __future__ import annotations

from itertools import cycle
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mnist_assets.formatting import class_name
from mnist_assets.plots.style import BLUE, GREEN, INK, MUTED, SERIES, VERMILLION, percent, styled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

MARKERS = "osD^v"
MANY = 200  # trainings, of which the points would hide each other
LONGEST = 12  # characters of a class's name
LINE = 110  # characters of a message that fit beside each other
VERDICTS = {True: ("Met", GREEN), False: ("Missed", VERMILLION)}
SIDES = (("challenger", BLUE), ("champion", MUTED))


@styled
def training_log(table: pd.DataFrame) -> Figure:
    """Draw the validation accuracy of every training over time, promotions ringed.

    Args:
        table: One row a training, at least one: time (ISO 8601; UTC where it has no zone), network,
            seed, validation_accuracy, test_accuracy, seconds, promoted (bool).
    """
    import pandas as pd

    times = pd.to_datetime(table["time"], utc=True, format="ISO8601")
    table = table.assign(time=times).sort_values("time", kind="stable")
    figure = Figure(figsize=(9.5, 4.2))
    axes = figure.subplots()
    # Colours and shapes come round at different times, so that 30 networks differ in one of them.
    looks = zip(cycle(SERIES), cycle(MARKERS), strict=False)
    for network, (colour, marker) in zip(sorted(table["network"].unique()), looks, strict=False):
        rows = table[table["network"] == network]
        size = 5 if len(table) < MANY else 3
        axes.plot(*_points(rows), marker, color=colour, markersize=size, label=network)
    promoted = table[table["promoted"]]
    if len(promoted):
        # Each is drawn until the next one, the last until the newest training.
        until = pd.concat([promoted, promoted.tail(1).assign(time=table["time"].max())])
        axes.step(*_points(until), where="post", color=INK, linewidth=1, label="last promoted")
        rings = axes.plot(*_points(promoted), "o", color=INK, markersize=11, label="promotion")
        rings[0].set_markerfacecolor("none")
    _frame(axes, table)
    axes.set_title(_log_title(table, promoted))
    figure.legend(loc="outside right upper")
    return figure


def _points(rows: pd.DataFrame) -> tuple[Any, Any]:
    return rows["time"].dt.tz_localize(None).to_numpy(), rows["validation_accuracy"].to_numpy()


def _frame(axes: Axes, table: pd.DataFrame) -> None:
    """Scale both axes so that one training, or several in an hour, look as sensible as years."""
    times, accuracies = _points(table)
    days = max((times.max() - times.min()) / np.timedelta64(1, "D"), 1.0)
    margin = np.timedelta64(round(0.04 * days * 86_400), "s")
    axes.set_xlim(times.min() - margin, times.max() + margin)
    low, high = np.nanmin(accuracies), np.nanmax(accuracies)
    margin = 0.12 * max(high - low, 0.01)
    axes.set_ylim(low - margin, high + margin)
    locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    axes.grid(axis="y")
    axes.set_xlabel("Time of training (UTC)")
    axes.set_ylabel("Validation accuracy")


def _log_title(table: pd.DataFrame, promoted: pd.DataFrame) -> str:
    title = f"{len(table):,} training{'s' * (len(table) != 1)}, {len(promoted) or 'none'} promoted"
    if len(promoted):
        last = promoted.iloc[-1]
        accuracy = percent(last["validation_accuracy"])
        title += f"; last promoted: {last['network']} (seed {last['seed']}) with {accuracy}"
    return title


@styled
def decision(decision: Mapping[str, Any], names: Sequence[str] | None = None) -> Figure:
    """Draw a decision: both accuracies, the images that only one gets right, each class's recall.

    The other criteria are below in words, as are those that cannot be drawn: on the first run, or
    for want of predictions.

    Args:
        decision: What `decision.decide` returned, or one of the decisions of `choose`.
        names: Of the classes; their numbers if None.
    """
    reasons = {reason["criterion"]: reason for reason in decision["reasons"]}
    compared = "p_value" in reasons["better_than_champion"]["figures"]
    known = decision["challenger"]["accuracy"] is not None
    drawn = {"accuracy_floor": known, "better_than_champion": compared, "recall": compared}
    lines = _lines([reason for key, reason in reasons.items() if not drawn.get(key)])
    heights = [3.2 if compared else 1.9 if known else 0.1, 0.2 * len(lines) + 0.1]
    figure = Figure(figsize=(9.5, 0.3 + sum(heights)))
    grid = figure.add_gridspec(2, 3, height_ratios=heights, width_ratios=[1, 1, 1.15])
    if known:
        axes = figure.add_subplot(grid[0, 0] if compared else grid[0, :])
        _draw_accuracies(axes, decision, reasons["accuracy_floor"])
    if compared:
        _draw_discordant(figure.add_subplot(grid[0, 1]), reasons["better_than_champion"])
        _draw_recall(figure.add_subplot(grid[0, 2]), reasons["recall"], names)
    _write(figure.add_subplot(grid[1, :]), lines)
    figure.suptitle(_decision_title(decision), x=0.01, ha="left", fontsize=11, weight="bold")
    return figure


def _decision_title(decision: Mapping[str, Any]) -> str:
    challenger, champion = decision["challenger"], decision["champion"]
    missed = sum(not reason["passed"] for reason in decision["reasons"])
    title = f"{challenger['network']} (seed {challenger['seed']}) "
    if not decision["promote"]:
        return f"{title}is not promoted: {missed} of {len(decision['reasons'])} criteria missed"
    if champion is None:
        return f"{title}becomes the first champion"
    return f"{title}takes the place of {champion['network']} (seed {champion['seed']})"


def _draw_accuracies(axes: Axes, decision: Mapping[str, Any], reason: Mapping[str, Any]) -> None:
    known = [
        (side, colour, described)
        for side, colour in SIDES
        if (described := decision[side]) and described["accuracy"] is not None
    ]
    for row, (_, colour, described) in enumerate(known):
        accuracy, low, high = (described[key] for key in ("accuracy", "low", "high"))
        error = [[accuracy - low], [high - accuracy]]
        axes.errorbar(accuracy, row, xerr=error, fmt="o", color=colour, capsize=4)
        above: dict[str, Any] = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center"}
        axes.annotate(percent(accuracy), (accuracy, row), color=colour, **above)
    floor = reason["figures"]["floor"]
    axes.axvline(floor, color=VERMILLION, linestyle="--", linewidth=1)
    beside: dict[str, Any] = {"xytext": (4, 2), "textcoords": "offset points", "color": VERMILLION}
    axes.annotate(f"floor {100 * floor:.4g} %", (floor, len(known) - 0.45), **beside)
    axes.set_yticks(range(len(known)), [f"{side}\n{of['network']}" for side, _, of in known])
    axes.set_ylim(len(known) - 0.4, -0.6)
    axes.margins(x=0.2)
    axes.set_xlim(right=min(axes.get_xlim()[1], 1.01))
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel(f"Validation accuracy, {100 * decision['confidence']:.4g} % interval")
    _finish(axes, reason, f"at least {percent(reason['figures']['low'])} right")


def _draw_discordant(axes: Axes, reason: Mapping[str, Any]) -> None:
    figures = reason["figures"]
    counts = [figures[f"only_{side}_right"] for side, _ in SIDES]
    bars = axes.barh(range(2), counts, height=0.5, color=[colour for _, colour in SIDES])
    axes.bar_label(bars, padding=4)
    axes.set_yticks(range(2), [f"only the\n{side}" for side, _ in SIDES])
    axes.set_ylim(1.6, -0.6)
    axes.set_xlim(0, 1.2 * max(*counts, 1))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlabel("Images that one alone gets right")
    outcome, sign = ("better", "≤") if reason["passed"] else ("not better", ">")
    p_value, significance = figures["p_value"], figures["significance"]
    _finish(axes, reason, f"{outcome} (p = {p_value:.2g} {sign} {significance:g})")


def _draw_recall(axes: Axes, reason: Mapping[str, Any], names: Sequence[str] | None) -> None:
    margin, rows = reason["figures"]["margin"], reason["figures"]["classes"]
    classes = [row["class"] for row in rows]
    gains = [-100 * row["loss"] for row in rows]
    colours = [VERMILLION if row["loss"] > margin else BLUE for row in rows]
    axes.barh(classes, gains, height=0.6, color=colours)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.axvline(-100 * margin, color=VERMILLION, linestyle="--", linewidth=1)
    ticks = classes[:: 1 + len(classes) // 16]
    axes.set_yticks(ticks, [class_name(label, names)[:LONGEST] for label in ticks])
    axes.set_ylim(max(classes) + 0.6, -0.6)
    axes.set_xlim(1.1 * min(*gains, -100 * margin, -0.1), 1.1 * max(*gains, 50 * margin, 0.1))
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda points, _: f"{points:+.4g}" if points else "0")
    axes.set_xlabel("Recall gained (percentage points)")
    axes.set_ylabel("Class")
    worst, label = min(zip(gains, classes, strict=True))
    _finish(
        axes,
        reason,
        f"{worst:+.2f} in class {class_name(label, names)}" if worst < 0 else "no class falls",
    )


def _finish(axes: Axes, reason: Mapping[str, Any], title: str) -> None:
    axes.tick_params(axis="y", length=0)
    verdict, colour = VERDICTS[reason["passed"]]
    axes.set_title(f"{verdict}: {title}", fontsize=9, color=colour)


def _lines(reasons: Sequence[Mapping[str, Any]]) -> list[tuple[bool | None, str]]:
    """Each message once, in lines; the first of each with whether its criterion is met."""
    lines: list[tuple[bool | None, str]] = []
    for message, passed in {reason["message"]: reason["passed"] for reason in reasons}.items():
        first, *others = wrap(message, LINE, max_lines=4, placeholder=" …")
        lines += [(passed, first), *((None, line) for line in others)]
    return lines


def _write(axes: Axes, lines: list[tuple[bool | None, str]]) -> None:
    axes.set_axis_off()
    axes.set_ylim(len(lines) - 0.5, -0.5)
    for row, (passed, line) in enumerate(lines):
        if passed is not None:
            verdict, colour = VERDICTS[passed]
            axes.text(0, row, f"{verdict}:", va="center", color=colour, fontsize=9, weight="bold")
        axes.text(0.08, row, line, va="center", fontsize=9, in_layout=False)
