"""Made again from the same inputs, all is the same to the byte, but for what tells of time."""

import pytest

from mnist_assets.orchestration.history import DATA_VERSION, latest_materializations

pytestmark = pytest.mark.slow

# Keras dates its archives; how long an epoch took is part of its history, and of what sums it up.
TELLS_OF_TIME = {
    "evaluation/comparison.csv",
    "networks/normalised.keras",
    "networks/normalised_history.csv",
    "networks/small.keras",
    "networks/small_history.csv",
}
# What there was a champion for the second time only, and what lists one more training.
TELLS_OF_BEFORE = {
    "champion/decision.json",
    "champion/decision.png",
    "champion/training_log.csv",
    "champion/training_log.png",
}


def test_a_forced_run_gives_the_same_bytes_and_versions(made_project):
    def files():
        folder = made_project.folder / "assets"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    def versions():
        latest = latest_materializations(instance, made_project.graph(instance).keys)
        return {key.to_user_string(): made.tags[DATA_VERSION] for key, made in latest.items()}

    with made_project.instance() as instance:
        first, first_versions = files(), versions()
        assert made_project.update(instance, force=True).success
        second, second_versions = files(), versions()
    assert len(first) > 60
    differing = {
        name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
    }
    assert differing - TELLS_OF_BEFORE == TELLS_OF_TIME
    changed = {key for key, version in first_versions.items() if second_versions[key] != version}
    assert changed <= {"champion/decision", "champion/training_log"}
