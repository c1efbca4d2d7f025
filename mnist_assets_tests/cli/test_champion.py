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
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (
            ("promote", "large", "--why", "it is large"),
            1,
            "Error: network to promote: found large, expected one of small, normalised.",
        ),
        (
            ("rollback", "0009-small", "--why", "it was better"),
            1,
            "Error: version to roll back to: found 0009-small, expected one of 0001-",
        ),
        (("promote", "small", "--why", " "), 2, "Invalid value for '--why': it is empty"),
    ],
)
def test_what_cannot_be_the_champion_changes_nothing(change, code, said):
    result = command("champion", *change)
    assert result.exit_code == code
    assert said in result.output
    assert command("status", "--check").exit_code == 0


@pytest.mark.usefixtures("project")
def test_an_archive_at_an_address_is_listed_and_an_unknown_address_is_one_message(monkeypatch):
    monkeypatch.setenv("MNIST_ASSETS_DATA", "memory://nothing")
    result = command("champion", "list")
    assert (result.exit_code, result.output) == (0, "")
    monkeypatch.setenv("MNIST_ASSETS_DATA", "nowhere://values")
    result = command("champion", "list")
    assert result.exit_code == 1
    assert result.output.startswith("Error: address: found nowhere://values")
