import pytest

from mnist_assets_tests.distributed.machines import Machine
from mnist_assets_tests.distributed.services import ObjectStore, Postgres, Redis

BUCKET = "values"


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """Postgres, Redis and an object store with an empty bucket."""
    for module in ("moto", "psycopg2", "celery", "s3fs"):
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp("services")
    started = []
    try:
        kinds = {"postgres": Postgres, "redis": Redis, "store": ObjectStore}
        yield {name: started.append(of := kind(folder)) or of for name, kind in kinds.items()}
    finally:
        for service in started:
            service.stop()


@pytest.fixture
def machine(services, tmp_path, request):
    """Makes machines over a bucket and a database of this test's own."""
    import psycopg2

    name = request.node.name.replace("[", "-").replace("]", "").replace("_", "-")[:40].lower()
    services["store"].client().create_bucket(Bucket=name)
    connection = psycopg2.connect(services["postgres"].plain_address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()
    machines = []

    def make(title, **environment):
        made = Machine.create(
            tmp_path / title,
            history=services["postgres"].address.replace("/postgres", f"/{name}"),
            **services["store"].environment,
            MNIST_ASSETS_DATA=f"s3://{name}/assets",
            MNIST_ASSETS_BROKER=services["redis"].address,
            **environment,
        )
        machines.append(made)
        return made

    yield make
    for made in machines:
        made.end()
