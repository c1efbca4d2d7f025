import numpy as np
import pandas as pd
import pytest

from mnist_assets.networks.figures import history
from mnist_assets.plots.style import to_png

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [0.9, 0.5, 0.25],
        "accuracy": [0.5, 0.75, 0.875],
        "val_loss": [0.8, 0.6, 0.7],
        "val_accuracy": [0.625, 0.875, 0.75],
    }
)


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_both_plots_show_training_and_validation_of_every_epoch():
    loss, accuracy = history(HISTORY, "given").axes
    for axes, columns in ((loss, ("loss", "val_loss")), (accuracy, ("accuracy", "val_accuracy"))):
        for line, column in zip(axes.lines, columns, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), HISTORY["epoch"])
            np.testing.assert_array_equal(line.get_ydata(), HISTORY[column])
        assert axes.get_xlabel() == "Epoch"
    assert loss.get_ylabel() == "Cross-entropy (nats)"
    assert accuracy.get_ylabel() == "Accuracy"


def test_each_curve_is_named_at_its_end_in_its_colour():
    for axes in history(HISTORY, "given").axes:
        training, validation = axes.lines
        named = {text.get_text(): text for text in axes.texts}
        assert set(named) == {"training", "validation"}
        for name, line in (("training", training), ("validation", validation)):
            assert named[name].xy == (3, line.get_ydata()[-1])
            assert named[name].get_color() == line.get_color()


def test_titles_say_accuracy_gap_and_the_best_epochs():
    figure = history(HISTORY, "given")
    assert figure.get_suptitle() == (
        "given after 3 epochs: validation accuracy 75.00 %, "
        "generalisation gap +12.50 percentage points"
    )
    assert titles(figure) == [
        "Loss: lowest in validation at epoch 2",
        "Accuracy: highest in validation at epoch 2",
    ]


def test_a_single_epoch_can_be_drawn():
    figure = history(HISTORY[:1], "given")
    assert figure.get_suptitle().startswith("given after 1 epoch: ")
    assert "gap -12.50" in figure.get_suptitle()
    to_png(figure)
    assert [tick for tick in figure.axes[0].get_xticks() if 0 < tick < 2] == [1]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_diverged_loss_is_drawn_as_far_as_it_goes_and_said(bad):
    figure = history(HISTORY.assign(val_loss=[0.8, bad, bad]), "given")
    assert titles(figure)[0] == "Loss: no finite number at epoch 2"
    ends = {text.get_text(): text.xy for text in figure.axes[0].texts}
    assert ends == {"training": (3, 0.25), "validation": (1, 0.8)}
    to_png(figure)


def test_names_of_curves_that_end_together_stand_one_above_the_other():
    together = HISTORY.assign(val_loss=HISTORY["loss"] + 0.001)
    sides = {text.get_text(): text.get_va() for text in history(together, "given").axes[0].texts}
    assert sides == {"training": "top", "validation": "bottom"}


def test_picture_is_small():
    assert len(to_png(history(HISTORY, "given"))) < 75_000
