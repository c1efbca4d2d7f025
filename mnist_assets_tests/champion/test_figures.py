"""Pictures of champions, held to by their texts and their data, not by their pixels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from matplotlib.text import Text

from mnist_assets.champion import figures
from mnist_assets.champion.candidate import Candidate
from mnist_assets.champion.decision import choose, decide
from mnist_assets.evaluation.metrics import wilson_interval
from mnist_assets.plots.style import GREEN, VERMILLION, to_png

BIGGEST_PNG = 75_000
LABELS = np.arange(40, dtype=np.uint8) % 4


def candidate(name, wrong, *, known=True, labels=LABELS, classes=4):
    predicted = labels.astype(int)
    predicted[list(wrong)] = (predicted[list(wrong)] + 1) % classes
    return Candidate(name, 7, name, np.eye(classes)[predicted] if known else None, labels)


def decide_on(challenger, champion, **changes):
    criteria = {"floor": 0.5, "confidence": 0.9, "significance": 0.05, "recall_margin": 0.15}
    checks = {"upstream_checks_passed": {"split": True}}
    return decide(challenger, champion, **criteria | checks | changes)


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.axison]


def floor_met(correct):
    return f"Met: at least {100 * wilson_interval(correct, 40, 0.9)[0]:.2f} % right"


def words(figure):
    return [text.get_text() for text in figure.axes[-1].texts]


def trainings(*rows):
    table = pd.DataFrame(
        rows, columns=["time", "network", "seed", "validation_accuracy", "promoted"]
    )
    return table.assign(test_accuracy=0.5, seconds=3.0)


LOG = trainings(
    ("2026-03-02T02:00:00+00:00", "given", 4, 0.97, True),
    ("2026-03-01T02:00:00+00:00", "given", 2, 0.96, False),
    ("2026-03-01T03:30:00+01:00", "best", 3, 0.95, True),
    ("2026-03-04T02:00:00", "best", 5, 0.965, False),
)


# --- training log ---


def test_training_log_draws_each_training_at_its_time_in_its_networks_colour():
    figure = figures.training_log(LOG)
    axes = figure.axes[0]
    drawn = {line.get_label(): line for line in axes.lines}
    assert set(drawn) == {"best", "given", "last promoted", "promotion"}
    times = np.array(["2026-03-01T02:30", "2026-03-04T02:00"], "datetime64")
    np.testing.assert_array_equal(drawn["best"].get_xdata(orig=True), times)
    np.testing.assert_array_equal(drawn["best"].get_ydata(), [0.95, 0.965])
    np.testing.assert_array_equal(drawn["given"].get_ydata(), [0.96, 0.97])
    assert drawn["best"].get_color() != drawn["given"].get_color()
    assert axes.get_xlabel() == "Time of training (UTC)"
    assert axes.get_ylabel() == "Validation accuracy"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["best", "given", "last promoted", "promotion"]


def test_training_log_rings_promotions_and_draws_the_last_promoted_until_now():
    axes = figures.training_log(LOG).axes[0]
    drawn = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(drawn["promotion"].get_ydata(), [0.95, 0.97])
    np.testing.assert_array_equal(drawn["last promoted"].get_ydata(), [0.95, 0.97, 0.97])
    assert drawn["last promoted"].get_drawstyle() == "steps-post"
    assert drawn["last promoted"].get_xdata(orig=True)[-1] == np.datetime64("2026-03-04T02:00")
    assert axes.get_title(loc="left") == (
        "4 trainings, 2 promoted; last promoted: given (seed 4) with 97.00 %"
    )


def test_training_log_without_a_promotion_says_so():
    axes = figures.training_log(LOG.assign(promoted=False)).axes[0]
    assert [line.get_label() for line in axes.lines] == ["best", "given"]
    assert axes.get_title(loc="left") == "4 trainings, none promoted"


def test_training_log_of_one_training_has_sensible_scales():
    axes = figures.training_log(LOG.head(1)).axes[0]
    assert axes.get_title(loc="left").startswith("1 training, 1 promoted")
    assert np.ptp(axes.get_xlim()) <= 1  # days
    low, high = axes.get_ylim()
    assert 0.96 < low < 0.97 < high < 0.98


@pytest.mark.parametrize("days", [0.0001, 1, 40, 3_000])
def test_training_log_of_any_length_is_a_small_picture(days):
    start = pd.Timestamp("2026-01-01", tz="UTC")
    rows = [
        ((start + pd.Timedelta(days * part / 300, "D")).isoformat(), f"n{part % 8}", part, y, y > 1)
        for part, y in enumerate(np.random.default_rng(0).uniform(0.9, 0.98, 300))
    ]
    figure = figures.training_log(trainings(*rows))
    looks = {(line.get_color(), line.get_marker()) for line in figure.axes[0].lines}
    assert len(looks) == 8
    assert len(to_png(figure)) < BIGGEST_PNG


def test_training_log_leaves_out_an_accuracy_that_is_not_a_number():
    table = LOG.assign(validation_accuracy=[0.97, np.nan, 0.95, 0.965])
    figure = figures.training_log(table)
    assert np.isfinite(figure.axes[0].get_ylim()).all()
    assert len(to_png(figure)) < BIGGEST_PNG


# --- decision ---


def test_decision_draws_accuracies_with_intervals_against_the_floor():
    decision = decide_on(candidate("best", [0]), candidate("given", range(1, 12)))
    figure = figures.decision(decision)
    axes = figure.axes[0]
    for row, (side, container) in enumerate(
        zip(("challenger", "champion"), axes.containers, strict=True)
    ):
        described = decision[side]
        assert container.lines[0].get_xydata().tolist() == [[described["accuracy"], row]]
        ends = container.lines[2][0].get_segments()[0][:, 0]
        np.testing.assert_allclose(ends, [described["low"], described["high"]])
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["challenger\nbest", "champion\ngiven"]
    assert [text.get_text() for text in axes.texts] == ["97.50 %", "72.50 %", "floor 50 %"]
    assert axes.get_xlabel() == "Validation accuracy, 90 % interval"
    assert figure.get_suptitle() == "best (seed 7) takes the place of given (seed 7)"
    assert len(to_png(figure)) < BIGGEST_PNG


def test_decision_draws_the_images_that_only_one_gets_right_and_each_recall():
    decision = decide_on(candidate("best", [2, 6]), candidate("given", range(0, 24, 4)))
    _, discordant, recall, _ = figures.decision(decision).axes
    assert [bar.get_width() for bar in discordant.patches] == [6, 2]
    assert [text.get_text() for text in discordant.texts] == ["6", "2"]
    np.testing.assert_allclose([bar.get_width() for bar in recall.patches], [60, 0, -20, 0])
    fallen = [same_color(bar.get_facecolor(), VERMILLION) for bar in recall.patches]
    assert fallen == [False, False, True, False]
    assert recall.lines[1].get_xdata() == pytest.approx([-15, -15])  # the margin
    assert recall.get_xlim()[0] < -20
    assert recall.get_ylim()[0] > recall.get_ylim()[1]  # class 0 on top


def test_decision_draws_each_recall_by_the_name_of_its_class():
    decision = decide_on(candidate("best", [2, 6]), candidate("given", range(0, 24, 4)))
    _, _, recall, _ = figures.decision(
        decision, ["coat", "bag", "boot", "a hat of a long name"]
    ).axes
    labels = [label.get_text() for label in recall.get_yticklabels()]
    assert labels[:3] == ["coat", "bag", "boot"]
    assert labels[3].startswith("a hat")
    assert "in class boot" in recall.get_title(loc="left")


def test_decision_titles_say_which_criteria_are_met():
    decision = decide_on(candidate("best", [2, 6]), candidate("given", range(0, 24, 4)))
    figure = figures.decision(decision)
    assert figure.get_suptitle() == "best (seed 7) is not promoted: 2 of 5 criteria missed"
    assert titles(figure) == [
        floor_met(38),
        "Missed: not better (p = 0.14 > 0.05)",  # 37 of 256
        "Missed: -20.00 in class 2",
    ]
    colours = [
        text.get_color()
        for axes in figure.axes[:3]
        for text in axes.findobj(Text)
        if text.get_text() == axes.get_title(loc="left")
    ]
    assert colours == [GREEN, VERMILLION, VERMILLION]
    assert words(figure) == [
        *("Met:", "1 of 1 upstream checks passed."),
        *("Met:", "It is not the champion already."),
    ]


def test_decision_titles_of_a_better_challenger():
    figure = figures.decision(decide_on(candidate("best", []), candidate("given", range(10))))
    assert titles(figure)[1:] == ["Met: better (p = 0.00098 ≤ 0.05)", "Met: no class falls"]


def test_first_decision_has_no_comparison():
    figure = figures.decision(decide_on(candidate("best", [0]), None))
    assert figure.get_suptitle() == "best (seed 7) becomes the first champion"
    assert titles(figure) == [floor_met(39)]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["challenger\nbest"]
    assert words(figure)[-2:] == ["Met:", "First run: there is no champion to compare with."]


def test_decision_without_predictions_is_told_in_words():
    nobody = candidate("given", [], known=False)
    figure = figures.decision(decide_on(candidate("best", []), nobody))
    assert titles(figure) == [floor_met(40)]
    assert words(figure)[-2:] == [
        "Missed:",
        "The champion cannot be compared with: given has no predictions of the validation images.",
    ]
    figure = figures.decision(decide_on(nobody, candidate("best", [])))
    assert titles(figure) == []
    assert words(figure)[-2:] == ["Missed:", "given has no predictions of the validation images."]
    assert len(to_png(figure)) < BIGGEST_PNG


def test_decision_among_several_tells_who_came_first():
    chosen = choose(decide_on(candidate(name, []), None) for name in ("best", "given"))
    figure = figures.decision(chosen["decisions"][1])
    assert figure.get_suptitle() == "given (seed 7) is not promoted: 1 of 6 criteria missed"
    assert words(figure)[-2:] == ["Missed:", "best comes first and is promoted."]


def test_decision_of_equals_many_classes_and_many_failed_checks_is_a_small_picture():
    labels = np.arange(200, dtype=np.uint8) % 50
    same = [candidate(name, [0], labels=labels, classes=50) for name in ("best", "given")]
    checks = {f"evaluation/best:check_number_{number}": False for number in range(20)}
    figure = figures.decision(decide_on(*same, upstream_checks_passed=checks))
    assert len(figure.axes[2].get_yticks()) < 20
    lines = words(figure)
    assert lines.count("Missed:") == 1
    assert max(map(len, lines)) <= 110
    assert lines[1].startswith("20 of 20 upstream checks failed: evaluation/best:check_number_0")
    assert [line.endswith("…") for line in lines[:6]] == [False] * 4 + [True, False]
    assert len(to_png(figure)) < BIGGEST_PNG
