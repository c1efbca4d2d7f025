from types import SimpleNamespace

from mnist_assets.orchestration.history import database_beside


def test_a_database_beside_the_history_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    instance = SimpleNamespace(root_directory="data/dagster", event_log_storage=object())
    found = database_beside(instance, "tuning")
    assert found == f"sqlite:///{tmp_path}/data/dagster/tuning.db"
