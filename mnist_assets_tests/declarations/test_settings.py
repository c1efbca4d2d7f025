from pathlib import Path
from typing import Any

import pytest
import yaml

from mnist_assets.declarations.places import BUNDLED_DATASET, NETWORKS_FILE, SETTINGS_FILE, Places
from mnist_assets.declarations.settings import read_settings, with_bounds
from mnist_assets.errors import InputError


@pytest.fixture
def content() -> dict[str, Any]:
    shipped: dict[str, Any] = yaml.safe_load(SETTINGS_FILE.read_text())
    return shipped


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.yaml"


def test_the_shipped_settings_are_those_of_the_notebook() -> None:
    settings = read_settings()
    bounds = settings.grey_levels
    assert (bounds.few_images, bounds.common_low, bounds.common_high) == (100, 20, 40)
    assert (bounds.dark_below, bounds.light_above) == (10, 75)
    assert settings.split.validation_share == 0.1  # 54,000 and 6,000 of 60,000


def test_the_bundled_dataset_is_there() -> None:
    assert len(list(BUNDLED_DATASET.glob("*.gz"))) == 4


def test_an_edited_file_is_read_anew(content: dict[str, Any], file: Path) -> None:
    for seed in (1, 2):
        content["split"]["seed"] = seed
        file.write_text(yaml.safe_dump(content))
        assert read_settings(file).split.seed == seed


@pytest.mark.parametrize(
    ("section", "field", "value", "expected"),
    [
        ("split", "validation_share", 1, "less than 1"),
        ("split", "validation_share", 0, "greater than 0"),
        ("split", "seed", -1, "greater than or equal to 0"),
        ("split", "sead", 1, "no such field"),
        ("grey_levels", "light_above", 256, "less than or equal to 255"),
        ("grey_levels", "common_high", 19, "at least common_low, 20"),
        ("normalization", "std_floor", 0, "greater than 0"),
        ("normalization", "mean_tolerance", float("nan"), "a finite number"),
        ("training", "memory_limit", 0.5, "integer"),
        ("training", "memory_limit", True, "a number"),
        ("evaluation", "batch_size", "many", "integer"),
        ("schedules", "time_zone", "Mars", "an IANA name"),
        ("schedules", "time_zone", "../Mars", "an IANA name"),
        ("download", "mirrors", [], "at least 1"),
        ("download", "timeout_seconds", None, "a valid number"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_the_values_allowed(
    *,
    content: dict[str, Any],
    file: Path,
    section: str,
    field: str,
    value: object,
    expected: str,
) -> None:
    content[section][field] = value
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError) as refused:
        read_settings(file)
    assert str(refused.value.where) == f"{file}: {section}.{field}"
    assert refused.value.seen == repr(value)
    assert expected in str(refused.value.expected)


def test_a_missing_section_is_refused(content: dict[str, Any], file: Path) -> None:
    del content["split"]
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match="split: found nothing, expected a value"):
        read_settings(file)


def test_a_missing_file_is_refused(file: Path) -> None:
    with pytest.raises(InputError, match=r"settings\.yaml: found No such file"):
        read_settings(file)


VARIABLES = ("DATA", "DATASET", "NETWORKS", "SETTINGS", "TUNING")


def set_environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"MNIST_ASSETS_{name}", raising=False)
    for name, value in values.items():
        monkeypatch.setenv(f"MNIST_ASSETS_{name}", value)


def test_places_are_the_projects_own_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch)
    places = Places.from_environment()
    assert places == Places()
    assert Path(places.assets).is_absolute()
    assert (places.dataset, places.networks, places.settings) == (
        "mnist",
        NETWORKS_FILE,
        SETTINGS_FILE,
    )


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(monkeypatch, **dict.fromkeys(VARIABLES, ""))
    assert Places.from_environment() == Places()


def test_the_environment_moves_places(monkeypatch: pytest.MonkeyPatch) -> None:
    set_environment(
        monkeypatch,
        DATA="/a",
        DATASET="/b",
        NETWORKS="/c/networks.yaml",
        SETTINGS="/d.yaml",
        TUNING="/e.yaml",
    )
    assert Places.from_environment() == Places(
        assets="/a",
        dataset="/b",
        networks=Path("/c/networks.yaml"),
        settings=Path("/d.yaml"),
        tuning=Path("/e.yaml"),
    )


def test_a_relative_path_stays_what_it_was_when_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_environment(
        monkeypatch, DATA="values", DATASET="mine", NETWORKS="n.yaml", SETTINGS="s.yaml"
    )
    monkeypatch.chdir(tmp_path)
    places = Places.from_environment()
    monkeypatch.chdir("/")
    assert places == Places(
        assets=str(tmp_path / "values"),
        dataset=str(tmp_path / "mine"),
        networks=tmp_path / "n.yaml",
        settings=tmp_path / "s.yaml",
    )


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_environment(monkeypatch, DATA="~/values")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Places.from_environment().assets == str(tmp_path / "values")


@pytest.mark.parametrize("dataset", ["mnist", "download", "https://example.org/mnist/"])
def test_keywords_and_addresses_are_no_paths(monkeypatch: pytest.MonkeyPatch, dataset: str) -> None:
    set_environment(monkeypatch, DATA="s3://bucket/values", DATASET=dataset)
    places = Places.from_environment()
    assert (places.assets, places.dataset) == ("s3://bucket/values", dataset)


OWN = Path("letters/dataset.yaml")


def test_a_dataset_sets_what_it_names_and_leaves_the_rest() -> None:
    settings = read_settings()
    own = {"quality": {"label_errors": {"largest_share": 0.2}}, "champion": {"floor": 0.5}}
    merged = with_bounds(settings, own, OWN)
    assert merged.quality.label_errors.largest_share == 0.2
    assert merged.champion.floor == 0.5
    before, after = settings.model_dump(), merged.model_dump()
    before["quality"]["label_errors"]["largest_share"] = 0.2
    before["champion"]["floor"] = 0.5
    assert after == before


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (
            {"champion": {"flor": 1}},
            "letters/dataset.yaml: bounds: champion.flor: found 1, .* no su",
        ),
        (
            {"champion": {"floor": 2}},
            "bounds: champion.floor: found 2, expected less than or equal",
        ),
        ({"champion": 1}, "bounds: champion: found 1, expected a mapping"),
        ({"notification": {"command": ["rm"]}}, "bounds.notification: found the section notific"),
        ({"schedules": {}}, "bounds.schedules: .* expected one of grey_levels, dataset, split"),
        ({"unknown": {}}, "bounds.unknown: found the section unknown"),
    ],
)
def test_what_is_not_the_datasets_to_set_is_refused(own: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_bounds(read_settings(), own, OWN)
