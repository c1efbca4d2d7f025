import re

import pytest

from mnist_assets_tests.cli.command import command


@pytest.mark.usefixtures("project")
def test_without_a_champion_the_list_is_empty():
    result = command("champion", "list")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.usefixtures("made_project")
def test_a_person_promotes_a_network_and_rolls_back():
    (first,) = command("champion", "list").output.splitlines()
    before = re.match(r"\* (0001-\w+) ", first).group(1)
    other = {"0001-small": "normalised", "0001-normalised": "small"}[before]
    promoted = command("champion", "promote", other, "--why", "fewer parameters", "--who", "Ada")
    assert promoted.exit_code == 0
    assert f"champion/model: {other}, fewer parameters, Ada\n" in promoted.output
    old, new = command("champion", "list").output.splitlines()
    assert re.fullmatch(rf"  {before} .*  promotion: .*", old)
    assert re.fullmatch(rf"\* 0002-{other} .*  forced promotion: fewer parameters", new)
    assert command("champion", "rollback", before, "--why", "it was better").exit_code == 0
    back, _ = command("champion", "list").output.splitlines()
    assert re.fullmatch(rf"\* {before} .*  rollback: it was better", back)


@pytest.mark.usefixtures("made_project")
def test_what_cannot_be_promoted_fails_the_command():
    result = command("champion", "promote", "large", "--why", "it is large")
    assert result.exit_code == 1
    assert "champion__model failed: " in result.output
    assert "large" in result.output.partition("failed: ")[2]


@pytest.mark.usefixtures("project")
def test_an_archive_at_an_address_is_listed_and_an_unknown_address_is_one_message(monkeypatch):
    monkeypatch.setenv("MNIST_ASSETS_DATA", "memory://nothing")
    result = command("champion", "list")
    assert (result.exit_code, result.output) == (0, "")
    monkeypatch.setenv("MNIST_ASSETS_DATA", "nowhere://values")
    result = command("champion", "list")
    assert result.exit_code == 1
    assert result.output.startswith("Error: address: found nowhere://values")
