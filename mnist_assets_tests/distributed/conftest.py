import pytest

from mnist_assets_tests.distributed.cluster import Cluster
from mnist_assets_tests.distributed.services import ObjectStore, Postgres, Redis


@pytest.fixture(scope="session")
def services(tmp_path_factory):
    """Postgres, Redis and an object store."""
    for module in ("moto", "psycopg2", "celery", "s3fs"):
        pytest.importorskip(module)
    folder, started = tmp_path_factory.mktemp("services"), {}
    try:
        started["postgres"] = Postgres(folder)
        started["redis"] = Redis(folder)
        started["store"] = ObjectStore(folder)
        yield started
    finally:
        for service in started.values():
            service.remove()


@pytest.fixture(scope="session")
def cluster(services, tmp_path_factory):
    """A coordinator and two workers that share an empty bucket and a database, and no folder."""
    made = Cluster.create(tmp_path_factory.mktemp("cluster"), services)
    yield made
    made.end()
