"""The whole graph on other datasets than MNIST: all is made, and all speaks of the dataset."""

import re

import pytest

from mnist_assets_tests.dataset.made_up import MADE_UP
from mnist_assets_tests.tiny import Project

pytestmark = pytest.mark.slow

NETWORKS = """
networks:
  small:
    description: Learns the small images.
    training:
      layers: [{kind: dense, units: 32}]
      optimizer: {kind: adam, learning_rate: 0.01}
      batch_size: 20
      epochs: 4
      seed: 1
    thresholds: {validation_accuracy: 0.9, generalization_gap: 0.2}
    parameters: {total: 1, trainable: 1}
"""
OF_MNIST_ALONE = re.compile(
    r"\b(digits?|handwrit\w+|writers?|notebook\W*s?|written)\b", re.IGNORECASE
)


@pytest.fixture(scope="module", params=MADE_UP, ids=lambda make: make.__name__)
def made(request, tmp_path_factory):
    """A project over one of them, with all that came of it."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    project = Project.create(folder)
    (folder / "networks.yaml").write_text(NETWORKS)
    (folder / "data").mkdir()
    project = project.at(dataset=str(request.param(folder / "data")))
    with project.instance() as instance:
        outcome = project.update(instance)
        yield project, MADE_UP[request.param], outcome, project.graph(instance)


def test_everything_is_made(made):
    _, _, outcome, graph = made
    assert outcome.success, (outcome.failures(), failed(outcome))
    assert set(outcome.made) == {key.to_user_string() for key in graph.keys}
    assert failed(outcome) == {}


def failed(outcome):
    return {name: check.description for name, check in outcome.checks().items() if not check.passed}
