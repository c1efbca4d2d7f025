import optuna
import pytest

from mnist_assets.errors import InputError
from mnist_assets.networks.declaration import Training, read_networks
from mnist_assets.tuning.search.adoption import (
    Provenance,
    append_network,
    choose_trial,
    require_free,
    train_again,
)
from mnist_assets.tuning.search.trials import Measured
from mnist_assets_tests.tuning.search.small import goal, made_up

TRAINING = Training.model_validate(
    {
        "layers": [
            {"kind": "dense", "units": 2, "activation": "tanh"},
            {"kind": "dropout", "rate": 0.5},
        ],
        "optimizer": {"kind": "adam", "learning_rate": 1e-5},
        "batch_size": 16,
        "epochs": 3,
        "seed": 4,
    }
)
FILE = """\
# What is trained.
networks:
  # The first.
  first:
    description: A  # and more
    training:
      layers: []
      optimizer: {kind: adam, learning_rate: 0.1}
      batch_size: 1
      epochs: 1
      seed: 1
    thresholds: {validation_accuracy: 0.5, generalization_gap: 0.1}
    parameters: {total: 7850, trainable: 7850}
"""
ADDED = """
  # Trial 7 of the search few, one of 20 that finished (study few-12345678). Validation accuracy
  # 0.9700 in that trial; trained again with the seeds 0, 1: mean 0.9600, from 0.9500 to 0.9700.
  # No test image decided anything.
  found:
    description: 'Few: the fewest. Found by the search few.'
    training:
      layers:
        - {kind: dense, units: 2, activation: tanh}
        - {kind: dropout, rate: 0.5}
      optimizer: {learning_rate: 1.0e-05, kind: adam}
      batch_size: 16
      epochs: 3
      seed: 4
    thresholds: {validation_accuracy: 0.903, generalization_gap: 0.035}
    parameters: {total: 1600, trainable: 1600}
"""


def measured(accuracy, gap=0.03):
    return Measured(accuracy, gap, 1600, 3, 1.0, 0.1)


ORIGIN = Provenance(
    "few", "Few: the fewest.", "few-12345678", 7, 20, 0.97, [0, 1], [measured(0.95), measured(0.97)]
)


@pytest.fixture
def networks(tmp_path):
    file = tmp_path / "networks.yaml"
    file.write_text(FILE)
    return file


def test_a_network_is_added_and_the_rest_stays(networks):
    assert append_network(networks, "found", TRAINING, ORIGIN) == ADDED
    assert networks.read_text() == FILE + ADDED
    assert list(read_networks(networks)) == ["first", "found"]
    assert read_networks(networks)["found"].training == TRAINING
    assert list(networks.parent.iterdir()) == [networks]


def test_thresholds_leave_room_below_the_worst_training(networks):
    origin = Provenance("few", "Few.", "few-1", 7, 20, 0.97, [0], [measured(0.97, -0.01)])
    append_network(networks, "found", TRAINING, origin)
    thresholds = read_networks(networks)["found"].thresholds
    # One training has no standard deviation: half a percentage point, a threshold of 0 at least.
    assert thresholds.validation_accuracy == 0.965
    assert thresholds.generalization_gap == 0


def test_a_file_indented_otherwise_stays_so(networks):
    networks.write_text(FILE.replace("  ", "    "))
    added = append_network(networks, "found", TRAINING, ORIGIN)
    assert "\n    found:\n        description:" in added
    assert read_networks(networks)["found"].training == TRAINING


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("first", "found first, which .* declares, expected a name that no network has"),
        ("str", "found str, expected a network name other than"),
        ("Found", "expected a network name of up to 60 lower-case letters"),
    ],
)
def test_a_name_that_is_taken_or_not_allowed_is_refused(networks, name, message):
    with pytest.raises(InputError, match=message):
        require_free(name, networks)
    with pytest.raises(InputError, match=message):
        append_network(networks, name, TRAINING, ORIGIN)
    assert networks.read_text() == FILE


def test_a_file_with_no_place_at_its_end_stays_as_it_is(networks):
    text = """networks: {first: {description: A, training: {layers: [],
  optimizer: {kind: adam, learning_rate: 0.1}, batch_size: 1, epochs: 1, seed: 1},
  thresholds: {validation_accuracy: 0.5, generalization_gap: 0.1},
  parameters: {total: 7850, trainable: 7850}}}
"""
    networks.write_text(text)
    with pytest.raises(InputError, match="Move it there, or add by hand:\n\n  # Trial 7"):
        append_network(networks, "found", TRAINING, ORIGIN)
    assert networks.read_text() == text
    assert list(networks.parent.iterdir()) == [networks]


def trials(*measured):
    made = []
    for number, (accuracy, parameters) in enumerate(measured):
        told = {"validation_accuracy": accuracy, "parameters": parameters}
        made.append(optuna.create_trial(value=accuracy, user_attrs=told))
        made[-1].number = number
    return made


FINISHED = trials((0.93, 50), (0.96, 200), (0.97, 300), (0.965, 200), (0.97, 250))


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"number": 1, "at_least": None, "is_single": False}, 1),
        ({"number": None, "at_least": 0.96, "is_single": False}, 3),
        ({"number": None, "at_least": 0.9, "is_single": True}, 0),
        ({"number": None, "at_least": None, "is_single": True}, 4),
    ],
)
def test_a_trial_is_chosen(asked, number):
    assert choose_trial(FINISHED, "few", **asked).number == number


@pytest.mark.parametrize(
    ("finished", "asked", "message"),
    [
        (FINISHED, {"number": 9, "at_least": None, "is_single": True}, "expected trial 9"),
        (
            FINISHED,
            {"number": None, "at_least": 0.98, "is_single": True},
            "5 finished trials, the best 0.9700, expected a trial with .* at least 0.98",
        ),
        (FINISHED, {"number": None, "at_least": None, "is_single": False}, "no rule to choose by"),
        ([], {"number": None, "at_least": None, "is_single": True}, "found 0 finished trials"),
    ],
)
def test_a_choice_that_there_is_not_is_refused(finished, asked, message):
    with pytest.raises(InputError, match=message):
        choose_trial(finished, "few", **asked)


def test_training_again_changes_the_seed_alone():
    seen = []

    def run(training, part, on_epoch):
        seen.append(training)
        return made_up(training, part, on_epoch)

    assert len(list(train_again(TRAINING, goal().part, range(3), run))) == 3
    assert [training.seed for training in seen] == [0, 1, 2]
    assert all(training.model_copy(update={"seed": 4}) == TRAINING for training in seen)
