"""The measures by which claims are judged, on values that can be counted by hand, both ways."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mnist_assets.assets.claims import read_notebook
from mnist_assets.evaluation.scores import evaluate
from mnist_assets.exploration import grey
from mnist_assets.exploration import summary as exploration
from mnist_assets.networks.declaration import Training
from mnist_assets.preparation.normalization import fit_normalization
from mnist_assets.steps import (
    claim_dataset,
    claim_grey,
    claim_logs,
    claim_networks,
    claim_output,
    claim_preparation,
    claim_training,
)
from mnist_assets.steps.claim_evidence import Evidence, Graph, NetworkValues, Share
from mnist_assets.steps.claim_records import LoggedEpoch, Printed

RECORDS = read_notebook().printed


def printed(**changes):
    """Evidence of the notebook's side alone, some of its records replaced."""
    new = {
        name: Printed(place="here", value=value)
        if isinstance(getattr(RECORDS, name), Printed)
        else getattr(RECORDS, name).model_copy(update=value)
        for name, value in changes.items()
    }
    return Evidence(RECORDS.model_copy(update=new), None)


def with_logs(**logs):
    """Evidence with other logs, each a list of (loss, accuracy, val_loss, val_accuracy)."""
    networks = {
        name: network.model_copy(
            update={"log": tuple(LoggedEpoch(10, *line) for line in logs[name])}
        )
        if name in logs
        else network
        for name, network in RECORDS.networks.items()
    }
    return Evidence(RECORDS.model_copy(update={"networks": networks}), None)


def with_network(name, **changes):
    networks = RECORDS.networks | {name: RECORDS.networks[name].model_copy(update=changes)}
    return Evidence(RECORDS.model_copy(update={"networks": networks}), None)


# Eight images of 2 x 2 pixels in two classes, so that averages and distances are plain.
IMAGES = np.array(
    [
        [[0, 0], [0, 0]],
        [[0, 100], [0, 0]],
        [[0, 50], [0, 0]],
        [[0, 250], [0, 0]],
        [[0, 200], [200, 200]],
        [[0, 200], [200, 200]],
        [[0, 200], [200, 200]],
        [[0, 200], [200, 0]],
    ],
    np.uint8,
)
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.uint8)


def seen(images=IMAGES, labels=LABELS, test_images=None, train=None, records=RECORDS, networks=()):
    """Evidence of a dataset; the test part is the training part, if none is given."""
    train = np.arange(len(images), dtype=np.int32) if train is None else np.array(train, np.int32)
    test_images = images if test_images is None else test_images
    averages = exploration.average_digits(images, labels, 2)
    graph = Graph(
        train_images=images,
        train_labels=labels,
        test_images=test_images,
        test_labels=labels[: len(test_images)],
        summary=exploration.summarise(images, labels, test_images, labels[: len(test_images)]),
        average_digits=averages,
        extreme_digits=exploration.extreme_digits(images, labels, averages),
        grey_levels=grey.grey_levels(images),
        pixel_histogram=grey.pixel_histogram(images),
        split={"train": train, "validation": np.setdiff1d(np.arange(len(images)), train)},
        normalization=fit_normalization(images, train, 1.0),
        comparison=pd.DataFrame(),
        networks=dict(networks),
    )
    return Evidence(records, graph)


# Dataset


def test_images_and_classes_are_counted():
    evidence = seen(test_images=IMAGES[:3])
    assert claim_dataset.images(evidence, ["train", "test"]).value == 11
    assert claim_dataset.images(evidence, ["test"]).value == 3
    assert claim_dataset.images_of_each_part(evidence).value == [8, 3]
    assert claim_dataset.parts_differ_in_number(evidence).value
    assert not claim_dataset.parts_differ_in_number(seen()).value
    assert claim_dataset.classes(evidence).value == [0, 1]
    assert claim_dataset.class_count(evidence).value == 2
    assert claim_dataset.class_distribution(evidence).value == [4, 4]
    assert claim_dataset.image_shape(evidence).value == [2, 2]
    assert claim_dataset.data_type(evidence).value == "uint8"


def test_image_sizes_of_both_parts_are_compared():
    evidence = seen()
    assert claim_dataset.same_image_size(evidence).value
    wider = replace(evidence.graph, test_images=np.zeros((3, 2, 3), np.uint8))
    assert not claim_dataset.same_image_size(Evidence(RECORDS, wider)).value


def test_the_parts_grey_levels_are_compared():
    assert claim_dataset.grey_difference(seen()).value == 0
    lighter = claim_dataset.grey_difference(seen(test_images=IMAGES[4:]))
    assert lighter.value > 0.5
    assert lighter.text.endswith("standard deviations")


def test_the_grid_draws_as_many_images_as_it_has_cells():
    assert claim_dataset.images_in_grid(printed(grid=(2, 3))).value == [0, 1, 2, 3, 4, 5]


def test_ink_is_correlated_with_the_average():
    # Each lit pixel is lit alike: where twice as many images are lit, the average is twice as high.
    images = np.array(
        [[[0, 200], [0, 100]], [[0, 200], [0, 0]], [[0, 200], [0, 100]], [[0, 200], [0, 0]]]
    )
    images = images.astype(np.uint8)
    labels = np.array([0, 1, 0, 1], np.uint8)
    images[0::2, 1, 1] = 200
    images[2, 1, 1] = 0
    alike = claim_dataset.ink_correlation(seen(images, labels)).value
    assert alike == pytest.approx([1, 1])
    images[:, 0, 0] = 1, 0, 1, 0  # lit by all, and yet black
    assert claim_dataset.ink_correlation(seen(images, labels)).value[0] < 0.8


def test_the_least_ink_need_not_be_the_furthest():
    # Class 0 averages 100 at one pixel: 250 is furthest, 0 has the least ink. In class 1 the image
    # with the least ink is the furthest, too.
    measured = claim_dataset.least_similar_hits(seen())
    assert measured.value == 1
    assert measured.text == "for 1 of 2"


def test_the_notebooks_search_for_the_nearest_is_run():
    # Class 0 averages 100: its image 1 is the nearest; in class 1 the first image is.
    measured = claim_dataset.nearest_hits(seen())
    assert (measured.value, measured.text) == (1, "for 1 of 2")
    assert "moves on from the first image for 0 of 2" in measured.detail
    # With a threshold that a wrapped difference can be below, it goes on to darker ends.
    moving = RECORDS.model_copy(update={"nearer_than": Printed(place="here", value=(200, 0))})
    moved = claim_dataset.nearest_hits(seen(records=moving))
    assert "moves on from the first image for 2 of 2" in moved.detail


@pytest.mark.parametrize("limit", [-15, 1, 30, 60, 93.5, 200])  # 93.5 is one of the means
def test_the_search_runs_as_the_loop_does(limit):
    images = np.random.default_rng(0).integers(0, 256, (40, 4)).astype(np.uint8)
    best, lowest = 0, math.inf
    for position, image in enumerate(images):
        mean = (images[best] - image).mean()
        lowest = min(lowest, mean)
        if mean < limit:
            best = position
    assert claim_dataset._run_nearest_loop(images, limit) == (best, lowest)


def test_the_threshold_is_what_python_makes_of_it():
    assert claim_dataset.threshold(printed(nearer_than=(10, -5))).value == -15
    assert claim_dataset.threshold(printed(nearer_than=(6, 3))).value == 5


def test_how_far_the_image_shown_is_among_its_like():
    # Class 0: shown is the darkest, 100 from the average; nearer are 0 and 50 away, further is 150.
    assert claim_dataset.share_nearer_than_shown(seen(), [0, 1]).value == [0.5, 0.75]


def test_the_least_varied_digit():
    assert claim_dataset.least_varied_digit(seen()).value == 1
    assert claim_dataset.least_varied_digit(seen(labels=1 - LABELS)).value == 0
    assert "50 to" not in claim_dataset.least_varied_digit(seen()).detail


# Grey levels


def test_the_bins_are_as_wide_as_a_level_only_from_zero():
    assert claim_grey.bin_width(printed(grey_levels=(0, 2, 4))).value == 1
    shifted = claim_grey.bin_width(printed(grey_levels=(2, 3, 4)))
    assert shifted.value == 0.5
    assert "4 bins from 2 to 4, of which 1 hold no whole number" in shifted.detail


def test_evenness():
    even = claim_grey.evenness(printed(grey_levels=tuple(range(100))), 5)
    assert even.value == 1
    assert even.text == "20, 20, 20, 20, 20 images in 5 equal bands"
    # 60 and 40 of 100: chi-squared 4 with one degree of freedom has p = 0.0455.
    two = claim_grey.evenness(printed(grey_levels=(*[0] * 60, *[9] * 40)), 2)
    assert two.value == pytest.approx(0.0455, abs=1e-4)
    uneven = claim_grey.evenness(printed(grey_levels=(0, *[99] * 99)), 5)
    assert uneven.value < 1e-6


def test_levels_outside_bounds_are_counted():
    evidence = printed(grey_levels=(9, 10, 75, 76))
    assert claim_grey.printed_outside(evidence, 10, 75).value == 2
    here = claim_grey.images_outside(
        seen(), 10, 120
    )  # means 0, 25, 12.5, 62.5, 150 three times, 100
    assert (here.value, here.text) == (4, "1 below 10, 3 above 120")
    assert claim_grey.images_outside(seen(), 0, 150).value == 0


def test_shares_of_the_images_and_pixels():
    assert claim_grey.share_between(seen(), 12.5, 62.5).value == 3 / 8
    assert claim_grey.black_share(seen()).value == 18 / 32
    assert claim_grey.pixels_from(seen(), 0, 0).value == 18
    whites = claim_grey.pixels_from(seen(), 201, 255)
    assert (whites.value, whites.detail) == (1, "with level 200 it is 12")
    assert claim_grey.centre(seen()).value == 81.25
    assert claim_grey.outliers(seen(), 1).value == 5 / 8
    assert claim_grey.outliers(seen(), 3).value == 0


def test_the_first_images_may_be_like_all_or_not():
    images = np.zeros((400, 2, 2), np.uint8)
    images[:, 0, 0] = np.arange(400) % 100
    labels = np.arange(400, dtype=np.uint8) % 2
    assert claim_grey.first_like_all(seen(images, labels)).value > 0.05
    images[:, 0, 0] = np.arange(400) // 2
    assert claim_grey.first_like_all(seen(images, labels)).value < 0.001
    assert (
        claim_grey.first_grey_levels(seen(images, labels)).value == (np.arange(100) // 8).tolist()
    )


def test_normality():
    generator = np.random.default_rng(0)
    images = np.zeros((1000, 20, 20), np.uint8)
    labels = np.arange(1000, dtype=np.uint8) % 2
    for shape, is_normal in (
        (generator.normal(100, 20, 1000), True),
        (generator.exponential(30, 1000), False),
    ):
        whole = np.clip(shape, 0, 255).astype(np.uint8)
        images[:] = whole[:, None, None]
        lit = generator.integers(0, 400, 1000)
        images.reshape(1000, -1)[np.arange(1000), lit] += 1
        measured = claim_grey.normality(seen(images, labels), 10, 250)
        assert (measured.value > 0.05) == is_normal


def network(predictions, **history):
    training = Training.model_validate(
        {
            "layers": [layer.model_dump() for layer in RECORDS.networks["given"].layers],
            "optimizer": RECORDS.networks["given"].optimizer.model_dump(),
            "batch_size": RECORDS.networks["given"].batch_size,
            "epochs": len(RECORDS.networks["given"].log),
            "seed": 0,
        }
    )
    evaluation = evaluate(
        validation=(predictions["validation"], LABELS[4:]),
        test=(predictions["test"], LABELS),
        classes=2,
    )
    return NetworkValues(training, pd.DataFrame(history), evaluation, predictions)


def test_accuracy_on_dark_and_light_images():
    right = np.eye(2, dtype=np.float32)[LABELS]
    wrong_if_light = right.copy()
    wrong_if_light[4:7] = 1 - right[4:7]
    given = network({"validation": wrong_if_light[4:], "test": wrong_if_light})
    evidence = seen(train=[0, 1, 2, 3], networks={"given": given}.items())
    first, second = claim_grey.accuracy_outside(evidence, "given", 0, 120).value
    assert (first, second) == (Share(0, 6), Share(6, 6))
    none, rest = claim_grey.accuracy_outside(evidence, "given", 0, 255).value
    assert (none, rest) == (Share(0, 1), Share(6, 12))


# Preparation


def test_standardised_pixels():
    # The pixel that is never lit stays 0; those of the others are where the notebook puts them.
    evidence = seen()
    low, high = claim_preparation.standardised_range(evidence, 8).value
    pixel = IMAGES[:, 0, 1].astype(float)
    assert low == pytest.approx((0 - pixel.mean()) / pixel.std())
    assert high >= (250 - pixel.mean()) / pixel.std()
    assert claim_preparation.standardised_means(evidence).value == pytest.approx([0, 0], abs=1e-9)
    assert claim_preparation.first_image_range(evidence).value == [0, 0]
    lit = IMAGES.copy()
    lit[3, 0, 0] = 1
    blown_up = claim_preparation.standardised_means(seen(test_images=lit))
    assert blown_up.value[1] == pytest.approx(1e10 / 32)
    assert "1 of them are lit" in blown_up.detail


def test_divisions_by_zero():
    guarded = claim_preparation.divisions_by_zero(seen())
    assert guarded.value == 0
    unguarded = RECORDS.model_copy(update={"guard": Printed(place="here", value=0.0)})
    with np.errstate(invalid="ignore"):
        assert claim_preparation.divisions_by_zero(seen(records=unguarded)).value == 4


def test_a_leak_is_what_validation_images_move():
    assert claim_preparation.leak(seen()).value == 0
    # Without the last four images the mean of two pixels falls from 100 to 0.
    assert claim_preparation.leak(seen(train=[0, 1, 2, 3])).value == 100


def test_encoded_labels():
    evidence = seen()
    assert claim_preparation.one_hot_values(evidence).value == [0, 1]
    assert claim_preparation.one_hot_columns(evidence).value == 2
    assert claim_preparation.label_range(evidence).value == [0, 1]
    assert claim_preparation.label_shapes(evidence).value == [[8], [8, 2]]


def test_shapes_and_memory():
    evidence = seen(test_images=IMAGES[:3], train=[0, 1, 2, 3, 4, 5])
    assert claim_preparation.tensor_shape(evidence, "both", channel=False).value == [8, 2, 2]
    assert claim_preparation.tensor_shape(evidence, "train", channel=True).value == [6, 2, 2, 1]
    assert claim_preparation.tensor_shape(evidence, "validation", channel=True).value == [
        2,
        2,
        2,
        1,
    ]
    assert claim_preparation.tensor_shape(evidence, "test", channel=True).value == [3, 2, 2, 1]
    assert claim_preparation.split_sizes(evidence).value == [6, 2]
    assert claim_preparation.training_share(evidence).value == 0.75
    assert claim_preparation.memory_ratio(evidence).value == 0.5
    assert claim_preparation.image_depth(evidence).value == 1
    assert not claim_preparation.channel_matters(evidence).value


def test_an_index_is_applied():
    shape = [60000, 28, 28]
    assert "too many indices" in claim_preparation.reshaped(printed(), shape).value
    repaired = printed(new_shape=(":", ":", ":", "np.newaxis"))
    assert claim_preparation.reshaped(repaired, shape).value == [60000, 28, 28, 1]


def test_a_validation_set_may_be_like_training_or_not():
    labels = np.arange(400, dtype=np.uint8) % 2
    images = np.zeros((400, 2, 2), np.uint8)
    images[:, 0, 0] = labels
    like = seen(images, labels, train=range(300))
    assert claim_preparation.validation_like_training(like).value == pytest.approx(1)
    unlike = seen(images, labels, train=np.r_[0:200, 200:400:2])
    assert claim_preparation.validation_like_training(unlike).value < 0.001
    assert claim_preparation.printed_supports_like_classes(printed()).value > 0.05
    sorted_out = printed(report={"support": (5900, 100, 0, 0, 0, 0, 0, 0, 0, 0)})
    assert claim_preparation.printed_supports_like_classes(sorted_out).value < 0.001


# Networks here


def test_histories_are_read():
    right = np.eye(2, dtype=np.float32)[LABELS]
    history = {
        "epoch": [1, 2, 3],
        "loss": [0.9, 0.5, 0.1],
        "accuracy": [0.5, 0.75, 1.0],
        "val_loss": [0.8, 0.6, 0.4],
        "val_accuracy": [0.5, 0.75, 0.75],
        "seconds": [9.0, 1.0, 1.0],
    }
    predictions = {"validation": right[4:] * 0.98 + 0.01, "test": right}
    given = network(predictions, **history)
    evidence = seen(train=[0, 1, 2, 3], networks={"given": given}.items())
    assert claim_training.epoch_accuracy(evidence, "given", "validation", 2).value == Share(3, 4)
    assert claim_training.epoch_accuracy(evidence, "given", "train", 1).value == Share(2, 4)
    assert claim_training.epochs(evidence, "given").value == 3
    assert claim_training.settling(evidence, "given").value == 0
    assert claim_training.validation_better(evidence, "given").value == [False, False]
    assert claim_training.loss_ratio(evidence, "given").value == pytest.approx(4)
    loss = claim_training.validation_loss(evidence, "given").value
    assert (loss.mean, loss.std, loss.size) == (
        pytest.approx(-math.log(0.99)),
        pytest.approx(0, abs=1e-6),
        4,
    )
    assert claim_networks.accuracy(evidence, "given", "validation").value == Share(4, 4)
    assert claim_networks.probability_rows(evidence, "given").value == pytest.approx([2, 1, 1])
    assert claim_networks.dense_widths(evidence, "given").value == [128, 2]
    assert claim_networks.layers(evidence, "given").value == [[4, 0], [128, 640], [2, 258]]
    assert claim_networks.parameters(evidence, "given").value == [898, 898, 0]


def test_what_is_better_settled_or_rising():
    last = {"loss": 0.5, "val_loss": 0.4, "accuracy": 0.8, "val_accuracy": 0.9}
    assert claim_training.better(last).value == [True, True]
    assert claim_training.ratio_of_losses(last).value == 0.8
    assert claim_training.ratio_of_losses(last | {"loss": 0.0}).value == math.inf
    assert claim_training.settled([0.5, 0.7, 0.8]).value == pytest.approx(0.5)
    assert claim_training.settled([0.5, 0.5, 0.8]).value == math.inf
    assert claim_training.rising({32: 1.0, 256: 3.0, 128: 2.0}).value
    assert not claim_training.rising({32: 3.0, 256: 1.0, 128: 2.0}).value


def test_the_lead_and_the_fewest_parameters():
    compared = pd.DataFrame(
        {
            "network": ["given", "mine"],
            "parameters": [100, 50],
            "validation_accuracy": [0.96, 0.94],
            "test_accuracy": [0.5, 0.75],
        }
    )
    right = np.eye(2, dtype=np.float32)[LABELS]
    given = network({"validation": right[4:], "test": right})
    evidence = seen(networks={"given": given}.items())
    evidence = Evidence(RECORDS, replace(evidence.graph, comparison=compared))
    assert claim_networks.lead(evidence, "given", "test").value == (Share(4, 8), Share(6, 8))
    assert claim_networks.fewest_parameters(evidence, 0.95).value == 100
    assert claim_networks.fewest_parameters(evidence, 0.90).value == 50
    assert claim_networks.fewest_parameters(evidence, 0.99).value is None


# The notebook's code and logs


def test_copied_epochs_are_seen_and_left_out():
    log = [(0.4, 0.8, 0.5, 0.7), (0.3, 0.85, 0.3, 0.85), (0.2, 0.9, 0.2, 0.8)]
    evidence = with_logs(simplest=log)
    copied = claim_logs.copied_epochs(evidence, "simplest")
    assert (copied.value, copied.text) == (1, "1 of 3 epochs: 2")
    assert claim_logs.copied_epochs(evidence, "best").value == 0
    assert claim_logs.highest_logged_accuracy(evidence, "simplest").value == 0.8
    assert claim_logs.logged_accuracy(evidence, "simplest").value == 0.8
    assert claim_logs.logged_epochs(evidence, "simplest").value == 3
    assert claim_logs.logged_gain(evidence, "simplest", "given").value == pytest.approx(
        0.8 - 0.9667
    )


def test_loss_against_accuracy():
    together = [
        (0.4, 0.8, 0.5, 0.7),
        (0.3, 0.8, 0.6, 0.8),
        (0.3, 0.8, 0.5, 0.7),
        (0.3, 0.8, 0.4, 0.7),
    ]
    apart = [(0.4, 0.8, 0.5, 0.7), (0.3, 0.8, 0.4, 0.8)]
    agreeing = with_logs(given=apart, simplest=apart, best=apart)
    assert claim_logs.loss_against_accuracy(agreeing).value == 0
    against = claim_logs.loss_against_accuracy(
        with_logs(given=together, simplest=apart, best=apart)
    )
    assert (against.value, against.text) == (2, "in 2 of 5 epochs")


def test_the_highest_in_the_logs():
    assert claim_logs.highest_in_logs(printed(), "best").value == "higher"
    assert claim_logs.highest_in_logs(printed(), "given").value == "lower"


def test_parameters_are_summed_from_the_printed_layers():
    assert claim_logs.summed_parameters(printed(), "best").value == [244554, 243658, 896]
    one_more = with_network("given", summary=((784, 0), (128, 100481), (10, 1290)))
    assert claim_logs.summed_parameters(one_more, "given").value == [101771, 101771, 0]
    assert claim_logs.printed_widths(one_more, "given").value == [128, 10]
    tenth = with_network("simplest", totals=(10177, 10177, 0))
    assert claim_logs.printed_parameter_ratio(tenth, "simplest", "given").value == 0.1


def test_the_code_is_read():
    given = RECORDS.networks["given"]
    assert claim_logs.hidden_neurons(printed(), "simplest").text == "13 + 128 = 141"
    assert claim_logs.batch_size(printed(), "given").value == 128
    assert claim_logs.optimizers(printed()).value == ["sgd", "adam", "adam"]
    assert claim_logs.learning_rate(printed(), "given").value == 0.05
    assert claim_logs.tuned_learning_rates(printed(), 0.001).value == 2
    assert claim_logs.tuned_learning_rates(printed(), 0.00045).value == 1
    assert claim_logs.updates_by_batch_size(printed()).value
    assert claim_logs.logged_time_ratio(printed(), "simplest", "given").value == 5
    assert not claim_logs.logged_time_by_batch_size(printed()).value
    deeper = with_network("given", layers=given.layers * 4)
    assert claim_networks.by_depth(printed()) == ("best", "given")
    assert claim_networks.by_depth(deeper) == ("given", "simplest")


def test_cross_entropy():
    assert claim_logs.log_loss(printed(), 1).value == 0
    assert claim_logs.log_loss(printed(), 0.5).value == pytest.approx(math.log(2))
    steep = claim_logs.loss_falls(printed(), [0.1, 0.2], [0.8, 0.9])
    assert steep.value == pytest.approx(math.log(2) / math.log(9 / 8))
    assert claim_logs.loss_falls(printed(), [0.8, 0.9], [0.1, 0.2]).value < 1


# The notebook's confusion matrix

MATRIX = ((8, 2), (1, 9))  # precision 8/9 and 9/11, recall 0.8 and 0.9


def test_figures_are_recomputed_from_the_matrix():
    evidence = printed(confusion_matrix=MATRIX)
    assert claim_output.evaluated_images(evidence).value == 20
    assert claim_output.diagonal_share(evidence).value == 0.85
    assert claim_output.recomputed(evidence, "precision").value == pytest.approx([8 / 9, 9 / 11])
    assert claim_output.recomputed(evidence, "false_positives").value == [1, 2]
    assert claim_output.recomputed_lowest(evidence, "recall").value == 0.8
    average = claim_output.recomputed_average(evidence).value
    assert average[:2] == pytest.approx([(8 / 9 + 9 / 11) / 2, 0.85])
    assert average[3] == 20
    assert claim_output.recomputed_extreme(evidence, "highest").value == [0, pytest.approx(8 / 9)]
    assert claim_output.recomputed_extreme_digit(evidence, "lowest").value == 1
    assert claim_output.recomputed_difference(evidence).value == pytest.approx(8 / 9 - 9 / 11)
    assert claim_output.harmonic_difference(evidence).value < 1e-12


def test_the_totals_are_the_column_sums():
    measured = claim_output.totals_estimated(printed(confusion_matrix=MATRIX))
    assert measured.value == [9, 11]
    assert "gives the row sums" in measured.detail


def test_odds_are_rates_only_where_nothing_is_wrong():
    counts = {"false_positives": (1, 0), "true_negatives": (9, 10)}
    apart = claim_output.odds_against_rate(
        printed(counts=counts), "false_positives", "true_negatives"
    )
    assert apart.value == pytest.approx((1 / 9 - 1 / 10) / (1 / 10))
    none = {"false_positives": (0, 0), "true_negatives": (9, 10)}
    same = claim_output.odds_against_rate(printed(counts=none), "false_positives", "true_negatives")
    assert same.value == 0


def test_confusions_count_either_way():
    matrix = ((9, 0, 3), (2, 9, 2), (0, 1, 9))
    measured = claim_output.printed_confusions(printed(confusion_matrix=matrix), 2, 1)
    assert (measured.value, measured.text) == ([0], "0 (3 times)")
    assert claim_output.printed_confusions(printed(confusion_matrix=matrix), 1, 2).value == [0, 2]


def test_the_order_of_magnitude():
    for rates, order in (((0.01, 0.03), -2), ((0.001, 0.003), -3), ((0.0, 0.0), 0)):
        evidence = printed(ratios={"misclassification_rate": rates}, confusion_matrix=MATRIX)
        assert claim_output.printed_order(evidence).value == order


def test_printed_ratios():
    evidence = printed(ratios={"specificity": (0.99, 1.0), "accuracy": (0.98, 0.99)})
    measured = claim_output.printed_ratios(evidence, ["specificity", "accuracy"])
    assert measured.value == [[0.99, 1.0], [0.98, 0.99]]
    assert measured.text == "specificity 0.9900 to 1.0000, accuracy 0.9800 to 0.9900"
