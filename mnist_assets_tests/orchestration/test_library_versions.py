import pytest

from mnist_assets.orchestration.versions import libraries
from mnist_assets_tests.cli.command import command, worked_on


@pytest.fixture
def installed(monkeypatch):
    """Versions that are taken for the installed ones."""
    changed = {}
    real = libraries.version

    def version(name):
        return changed.get(name) or real(name)

    monkeypatch.setattr(libraries, "version", version)
    libraries._installed.cache_clear()
    yield changed
    libraries._installed.cache_clear()


def test_a_repair_is_no_upgrade(installed):
    installed |= {"numpy": "2.3.1", "scikit-learn": "1.8.0", "tensorflow": "2.20.0rc1"}
    assert libraries.installed_versions(["numpy", "sklearn"]) == {
        "numpy": "2.3",
        "scikit-learn": "1.8",
    }
    assert libraries.describe_upgrades({"numpy": "2.3", "tensorflow": "2.20"}) == ""
    assert libraries.describe_upgrades({"numpy": "2.2", "scikit-learn": "1.7"}) == (
        "numpy 2.2, now 2.3; scikit-learn 1.7, now 1.8"
    )


@pytest.mark.slow
def test_what_an_upgrade_concerns_is_named_and_made_again_when_asked_for(made_project, installed):
    libraries._installed.cache_clear()
    installed["matplotlib"] = "99.1"
    with worked_on(made_project):
        told = command("status").output
        rows = dict(line.split(maxsplit=1) for line in told.splitlines())
        assert rows["exploration/grey_levels"].startswith("up to date   made with matplotlib 3.")
        assert rows["exploration/grey_levels"].endswith(", now 99.1")
        assert rows["networks/small"] == "up to date"
        assert command("materialize", "--dry-run").output.startswith("Nothing to do")
        planned = command("materialize", "--dry-run", "--upgraded").output
        reasons = dict(line.split(maxsplit=1) for line in planned.splitlines())
        assert reasons["exploration/grey_levels"].endswith(", now 99.1")
        assert reasons["networks/small"] == "runs if its inputs come out different"
        select = ("--select", "key:exploration/grey_levels")
        assert command("materialize", "--upgraded", *select).exit_code == 0
        rows = dict(line.split(maxsplit=1) for line in command("status").output.splitlines())
        assert rows["exploration/grey_levels"] == "up to date"
        made_project.edit("settings.yaml", "remake: false", "remake: true")
        assert "made with" in command("materialize", "--dry-run").output
