import sys
from types import SimpleNamespace

import dagster as dg
import pytest

from mnist_assets.errors import InputError
from mnist_assets.orchestration.history import database_beside, open_history


def test_a_database_beside_the_history_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    instance = SimpleNamespace(root_directory="data/dagster", event_log_storage=object())
    found = database_beside(instance, "tuning")
    assert found == f"sqlite:///{tmp_path}/data/dagster/tuning.db"


@pytest.mark.parametrize("is_installed", [False, True])
def test_postgres_through_psycopg_3_is_refused_with_the_driver_to_name(
    tmp_path, monkeypatch, is_installed
):
    address = "postgresql://dagster:secret@localhost/history"
    if is_installed:
        instance = SimpleNamespace(event_log_storage=SimpleNamespace(postgres_url=address))
        monkeypatch.setattr(dg.DagsterInstance, "get", lambda: instance)
    else:
        pytest.importorskip("dagster_postgres")
        monkeypatch.setitem(sys.modules, "psycopg", None)
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
        storage = f"storage: {{postgres: {{postgres_url: '{address}'}}}}"
        (tmp_path / "dagster.yaml").write_text(storage)
    with pytest.raises(InputError, match=r"postgresql\+psycopg2://") as refused:
        open_history()
    assert "secret" not in str(refused.value)
