"""The graph beyond one machine: Postgres, S3 and Celery workers that share no folder."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.distributed]


def test_two_workers_make_the_whole_graph(machine):
    coordinator = machine("coordinator", MNIST_ASSETS_EXECUTOR="celery")
    for name in ("one", "two"):
        machine(name).start_worker(name)
    code, told = coordinator.command("materialize")
    assert code == 0, told
    code, told = coordinator.command("materialize")
    assert "Nothing to do" in told
