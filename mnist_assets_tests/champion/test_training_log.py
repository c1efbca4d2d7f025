import pandas as pd

from mnist_assets.champion.training_log import COLUMNS, list_trainings


def training(time, network, seed):
    versions = {"data_version": f"d{time}", "code_version": "c", "declaration": "{}"}
    return {"time": time, "network": network, "seed": seed, "seconds": 1.5, **versions}


def evaluated(time, network, accuracy):
    return {
        "time": time,
        "network": network,
        "validation_accuracy": accuracy,
        "test_accuracy": accuracy - 0.01,
    }


def test_each_training_stands_beside_what_came_of_it_before_the_next():
    table = list_trainings(
        [training(30, "a", 2), training(10, "a", 1), training(12, "b", 7), training(50, "a", 3)],
        [
            evaluated(11, "a", 0.9),
            evaluated(13, "b", 0.8),
            evaluated(31, "a", 0.95),
            evaluated(33, "a", 0.94),
        ],
        [{"time": 32, "network": "a"}],
    )
    assert tuple(table.columns) == COLUMNS
    assert table["seed"].to_list() == [1, 7, 2, 3]
    assert table["validation_accuracy"].to_list()[:3] == [0.9, 0.8, 0.95]
    assert pd.isna(table["validation_accuracy"].iloc[3]), "not evaluated yet"
    assert table["promoted"].to_list() == [False, False, True, False]
    assert table["time"].iloc[0] == "1970-01-01T00:00:10+00:00"


def test_no_training_is_an_empty_table():
    assert list_trainings([], [], []).empty


def test_what_the_history_no_longer_holds_stays_as_the_log_had_it():
    trainings = [training(100, "a", 1), training(200, "b", 1), training(300, "a", 2)]
    first = list_trainings(trainings, [], [])
    again = list_trainings([trainings[2], training(400, "a", 3)], [], [], first)
    assert again["network"].tolist() == ["a", "b", "a", "a"]
    assert again["time"].is_monotonic_increasing
    assert list_trainings([trainings[2]], [], [], first).equals(first)
    assert list_trainings([], [], [], first).equals(first)
