"""The graph beyond one machine: Postgres, S3 and Celery workers that share no folder.

The tests run in this order, each on what the one before left behind.
"""

import random
import re
import time

import pytest

from mnist_assets_tests.distributed.machines import Machine
from mnist_assets_tests.test_reproducible import TELLS_OF_TIME

pytestmark = [pytest.mark.slow, pytest.mark.distributed]

KILLS = 10
# What each names runs by or lists the address of its values in, or what there is a link for.
OF_THE_MACHINE = {
    "champion/current",
    "champion/log.jsonl",
    "champion/model.json",
    "champion/training_log.csv",
    "champion/training_log.png",
    "champion/versions/0001-normalised/versions.json",
    "champion/versions/0001-small/versions.json",
    "report/notebook.html",
}


def test_two_workers_make_what_one_machine_makes(cluster, tmp_path):
    alone = Machine.create(tmp_path / "alone")
    local = alone.start_command("materialize", log="command")
    cluster.start_workers()
    code, told = cluster.coordinator.command("materialize")
    assert code == 0, told
    code, told_alone = alone.finish(local)
    assert code == 0, told_alone
    code, again = cluster.coordinator.command("materialize")
    assert "Nothing to do" in again
    for machine in cluster.workers.values():
        assert "✓" in machine.told("worker")
        assert not list((machine.folder / "checkout").rglob("*.keras.part"))
    folder = tmp_path / "alone" / "assets"
    ours = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and "current" not in path.parts
    }
    theirs = cluster.values()
    ours.pop("champion/.lock", None)
    assert theirs.keys() == ours.keys()
    differing = {name for name in ours if ours[name] != theirs[name]}
    dated = {name for name in differing if name.endswith("/model.keras")}
    assert differing - OF_THE_MACHINE - TELLS_OF_TIME - dated == set()


def test_a_lost_worker_ends_the_run_and_the_next_one_goes_on(cluster):
    cluster.declare_anew()
    run = cluster.begin()
    training = cluster.wait_for_training()
    training.kill_worker()
    code, told = cluster.coordinator.finish(run)
    assert code == 1
    assert re.search(r"networks__\w+ failed: The worker that ran it, \w+@\S+, does not", told), told
    code, told = cluster.materialize()  # by the other one
    assert code == 0, told
    assert cluster.repeated() == []
    cluster.start_workers()


def test_two_coordinators_wait_for_each_other(cluster):
    cluster.declare_anew()
    first = cluster.begin()
    cluster.coordinator.wait_for_line("command", "Materialising")
    second = cluster.workers["one"].start_command("status", log="other")
    assert second.wait(100) == 0  # looking needs no lock
    second = cluster.workers["one"].start_command("materialize", "--quiet", log="other")
    cluster.workers["one"].wait_for_line("other", "Waiting for another run to end")
    told = cluster.workers["one"].told("other")
    assert f"(mnist-assets process {first.pid} on " in told
    assert second.poll() is None
    code, told = cluster.coordinator.finish(first)
    assert code == 0, told
    cluster.workers["one"].kill(second)  # what it was to do, the next test does, too
    assert cluster.repeated() == []


def test_a_store_out_of_order_for_ten_seconds_is_waited_for(cluster):
    cluster.declare_anew()
    run = cluster.begin()
    cluster.wait_for_training()
    with cluster.services["store"].out_of_order():
        time.sleep(10)
    code, told = cluster.coordinator.finish(run)
    assert code == 0, told


def test_a_store_out_of_order_for_ever_is_told_and_nothing_is_lost(cluster):
    before = cluster.values()
    with cluster.services["store"].out_of_order():
        code, told = cluster.coordinator.command("status")
    assert code == 1
    assert "a store that has not been available for" in told
    assert "Traceback" not in told
    assert cluster.values() == before


@pytest.mark.parametrize("service", ["postgres", "redis"])
def test_a_service_restarted_in_a_run_loses_nothing(cluster, service):
    cluster.declare_anew()
    run = cluster.begin()
    cluster.wait_for_training()
    cluster.services[service].restart()
    code, told = cluster.coordinator.finish(run)
    if code:  # it may have been in the middle of a write
        cluster.start_workers()
        code, told = cluster.materialize()
    assert code == 0, told
    assert cluster.repeated() == []
    assert cluster.coordinator.command("champion", "list")[0] == 0


def test_coordinators_killed_at_random_moments_repeat_nothing(cluster):
    generator = random.Random(0)
    cluster.start_workers()
    cluster.declare_anew()
    for _ in range(KILLS):
        run = cluster.begin_work()
        time.sleep(generator.uniform(0, 4))
        cluster.coordinator.kill(run)
        (cluster.coordinator.folder / "command").unlink()
    code, told = cluster.materialize()
    assert code == 0, told
    assert cluster.repeated() == []
    code, told = cluster.coordinator.command("verify")
    assert code == 0, told
