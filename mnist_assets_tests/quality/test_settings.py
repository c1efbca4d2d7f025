import pytest
import yaml

from mnist_assets.declarations.settings import SETTINGS_FILE, read_settings
from mnist_assets.errors import InputError
from mnist_assets.quality.distortions import UNITS


def test_the_shipped_floors_are_at_strengths_that_are_measured():
    robustness = read_settings().quality.robustness
    assert {*robustness.floors, "inversion"} == set(UNITS)
    for name, floor in robustness.floors.items():
        assert floor.strength in getattr(robustness.strengths, name)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            ("robustness", "floors", "shift", "strength"),
            7,
            "shift at one of the strengths measured",
        ),
        (("robustness", "floors", "inversion"), {"strength": 1, "accuracy": 0}, "shift"),
        (("robustness", "strengths", "shift"), [1, 1.5], "integer"),
        (("robustness", "strengths", "blur"), [0], "greater than 0"),
        (("label_errors", "folds"), 1, "greater than or equal to 2"),
        (("confidence",), 1, "less than 1"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path, path, value, expected):
    content = yaml.safe_load(SETTINGS_FILE.read_text())
    section = content["quality"]
    for name in path[:-1]:
        section = section[name]
    section[path[-1]] = value
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError) as refused:
        read_settings(file)
    assert "quality" in str(refused.value.where)
    assert expected in str(refused.value.expected)
