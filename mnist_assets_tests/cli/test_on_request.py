"""A network on request, by the command line: left alone until it is asked for."""

import json

import pytest

from mnist_assets_tests.cli.command import command

LARGE = """
  large:
    description: Takes long.
    on_request: true
    training:
      layers: [{kind: dense, units: 32}]
      optimizer: {kind: adam, learning_rate: 0.01}
      batch_size: 32
      epochs: 3
      seed: 4
    thresholds: {validation_accuracy: 0.9, generalization_gap: 0.2}
    parameters: {total: 4004, trainable: 4004}
"""
ASKED = ("--select", 'key:"networks/large"+ and not group:report and not group:claims')


@pytest.fixture
def with_large(made_project):
    """A project in which everything is made, but for a network on request."""
    made_project.edit("networks.yaml", "networks:\n", f"networks:{LARGE}\n")
    return made_project


def told(*arguments):
    """The states that `status` tells, by key."""
    return {each["key"]: each["state"] for each in json.loads(command(*arguments).stdout)}


def test_plain_commands_neither_make_it_nor_miss_it(with_large):
    assert "large" not in command("materialize", "--dry-run").output
    assert not any("large" in key for key in told("status", "--json"))
    assert not any("large" in key for key in told("status", "report/notebook", "--json"))
    assert told("status", "networks/large", "--json") == {"networks/large": "missing"}
    asked = command("materialize", "--dry-run", *ASKED).output
    assert "evaluation/large_predictions" in asked
    assert "networks/small" not in asked
    assert "study" not in asked
    upstream = command("materialize", "--dry-run", "--select", '+key:"report/notebook"').output
    assert "evaluation/comparison" in upstream, "that there is one more has changed it"
    assert "large" not in upstream
    assert "study" not in upstream
    del with_large


@pytest.mark.slow
def test_once_made_it_takes_part_until_it_is_out_of_date(with_large):
    result = command("materialize", *ASKED)
    assert result.exit_code == 0, result.output
    assert "large             4,004  " in result.output
    decision = json.loads(with_large.path("champion/decision", "json").read_text())
    assert {of["challenger"]["network"] for of in decision["decisions"]} == {
        "small",
        "normalised",
        "large",
    }
    assert command("champion", "promote", "large", "--why", "to see").exit_code == 0
    assert json.loads(with_large.path("champion/model", "json").read_text())["network"] == "large"
    states = told("status", "--json")
    assert {state for key, state in states.items() if "large" in key} == {"up to date"}
    with_large.edit("networks.yaml", "seed: 4", "seed: 5")
    states = told("status", "--json")
    assert (states["networks/large"], states["evaluation/large"]) == ("stale", "waiting")
    result = command("materialize", "--select", 'key:"evaluation/comparison"')
    assert "large" not in result.stdout, "it is done without"
    refused = command("champion", "promote", "large", "--why", "to see")
    assert refused.exit_code == 1
    assert "large, which is made on request and is not up to date" in refused.output
