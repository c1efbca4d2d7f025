"""The instance of a deployment, as Dagster reads it."""

import pytest
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance.ref import InstanceRef

from mnist_assets_tests.deploy.files import DEPLOY, read_yaml

ENVIRONMENT = {
    "DAGSTER_PG_HOST": "postgres.example.org",
    "DAGSTER_PG_USERNAME": "dagster",
    "DAGSTER_PG_PASSWORD": "p@ss word",
    "DAGSTER_PG_DB": "history",
    "DAGSTER_LOGS_BUCKET": "bucket",
}


@pytest.fixture
def instance(monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return InstanceRef.from_dir(str(DEPLOY))


def configured(data):
    """What a part of the instance is configured with; without opening a connection."""
    module = pytest.importorskip(data.module_name)
    config_type = resolve_to_config_type(getattr(module, data.class_name).config_type())
    result = process_config(config_type, data.config_dict)
    assert result.success, result.errors
    return result.value


def test_history_is_in_postgres_by_its_driver_s_name(instance):
    utils = pytest.importorskip("dagster_postgres.utils")
    address = utils.pg_url_from_config(configured(instance.event_storage_data))
    assert address.startswith(
        "postgresql+psycopg2://dagster:p%40ss%20word@postgres.example.org:5432/history?"
    )
    for data in (instance.run_storage_data, instance.schedule_storage_data):
        assert utils.pg_url_from_config(configured(data)) == address


def test_the_output_of_steps_is_where_every_machine_finds_it(instance):
    assert configured(instance.compute_logs_data)["bucket"] == "bucket"


def test_runs_wait_are_watched_and_nothing_is_told_to_others(instance):
    settings = instance.settings
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert settings["run_monitoring"]["enabled"]
    assert settings["run_monitoring"]["max_runtime_seconds"] == 24 * 60 * 60
    assert settings["telemetry"] == {"enabled": False}


def test_it_keeps_what_the_checkout_s_own_keeps():
    here, there = read_yaml("../dagster.yaml"), read_yaml("dagster.yaml")
    for section in ("python_logs", "concurrency", "retention", "telemetry", "nux"):
        assert here[section] == there[section]
