"""What all tests share."""

import gc
import importlib
import os
import shutil
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from absl import logging as absl_logging
from alembic.util import pyfiles
from hypothesis import settings

# A busy machine must not fail a property that holds. `make test` tries more examples.
settings.register_profile("fast", deadline=None, max_examples=20)
settings.register_profile("thorough", deadline=None, max_examples=50)
settings.load_profile("fast")

# Tests never see the settings of whoever runs them.
for name in [name for name in os.environ if name.startswith("MNIST_ASSETS_")]:
    del os.environ[name]
os.environ.pop("DAGSTER_HOME", None)
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"

# There is a process of tests for each core: further threads of NumPy's would wait for one, busily.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Most of what tests write is run history, which SQLite syncs to the disk at every event.
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# The files of each have a process to themselves: what these need takes long to make.
TOGETHER = {
    "TensorFlow, or a project in which all is made": (
        "champion/export/test_card.py",
        "champion/export/test_formats.py",
        "champion/test_archive.py",
        "champion/test_assets.py",
        "cli/test_champion.py",
        "cli/test_clean.py",
        "cli/test_export.py",
        "cli/test_materialize.py",
        "cli/test_on_request.py",
        "cli/test_predict.py",
        "cli/test_search.py",
        "cli/test_status.py",
        "cli/test_study.py",
        "cli/test_tune.py",
        "cli/test_verify.py",
        "deploy/test_kubernetes.py",
        "evaluation/test_forward_pass.py",
        "evaluation/test_predictions.py",
        "networks/loop/test_augmentation.py",
        "networks/loop/test_batches.py",
        "networks/loop/test_keras_internals.py",
        "networks/loop/test_padding.py",
        "networks/loop/test_training_loop.py",
        "networks/test_layer_table.py",
        "networks/test_training.py",
        "orchestration/test_content_versions.py",
        "orchestration/test_library_versions.py",
        "quality/test_assets.py",
        "quality/test_label_errors.py",
        "report/test_page_network.py",
        "study/test_assets.py",
        "test_daemon.py",
        "test_graph.py",
        "test_large_datasets.py",
        "test_places.py",
        "test_reproducible.py",
        "tuning/test_assets.py",
    ),
    "a network trained on MNIST": (
        "inference/test_digits.py",
        "inference/test_drift.py",
        "inference/test_handmade.py",
    ),
    "a process to fork others from, or a server of S3": (
        "champion/test_addresses.py",
        "champion/test_promotion.py",
        "inference/test_inbox_at_address.py",
        "orchestration/test_executor.py",
        "orchestration/test_storage.py",
        "study/test_runs_at_address.py",
        "study/test_training.py",
        "test_kill.py",
        "test_processes.py",
        "tuning/search/test_study.py",
        "test_values_at_address.py",
    ),
}

# Dagster closes every logging handler when a run begins, and absl's, which comes with TensorFlow,
# then closes the stream it has: it must not be what pytest captures standard error in.
absl_logging.get_absl_handler().python_handler.stream = sys.__stderr__


def pytest_sessionstart():
    """Say what Dagster moved, before every test that imports it fails to."""
    try:
        importlib.import_module("mnist_assets.orchestration.dagster_internals")
    except ImportError as error:
        pytest.exit(
            f"Dagster {version('dagster')} moved what mnist_assets/orchestration depends on, and "
            f"lists in dagster_internals.py: {error}",
            returncode=1,
        )


def pytest_make_parametrize_id(val):
    """Name no test by bytes: gzip's hold the time, and all workers must find the same tests."""
    return "bytes" if isinstance(val, bytes) else None


def group_of(test):
    """What runs in one process: the tests of a file, or of all files that need the same."""
    file = test.partition("::")[0]
    name = file.removeprefix("mnist_assets_tests/")
    return next((group for group, files in TOGETHER.items() if name in files), file)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes long, so that no process is left alone with it in the end."""
    for item in items:
        if "materialized" in item.fixturenames:  # a graph is made from nothing before the first
            item.add_marker(pytest.mark.slow)

    def order(item):
        fast = item.get_closest_marker("slow") is None
        file = item.nodeid.partition("::")[0]
        return group_of(item.nodeid) not in TOGETHER, fast, file.count("/")

    items.sort(key=order)


def pytest_collection_finish():
    """Search for garbage less often, and not among what Dagster and the tests' own modules hold."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand out the tests to the processes by group, in their order."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group_of(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once():
    """Most of the time that a page takes goes into compiling its templates, which stay the same."""
    from mnist_assets.report import page

    compiled, environment = {}, page._environment

    def compile_once(templates):
        key = tuple(templates.items())
        if key not in compiled:
            compiled[key] = environment(templates)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_environment", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def migrations_loaded_once():
    """Each new history loads all the migrations that there ever were, to tell that it has them."""
    load = pyfiles.load_module_py
    load_once = cache(load)

    def load_migration_once(name, path):
        return (load if Path(path).name == "env.py" else load_once)(name, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyfiles, "load_module_py", load_migration_once)
        yield


@pytest.fixture(scope="session")
def materialized(tmp_path_factory):
    """A tiny project in which all is made, not to be changed; and what came of the command.

    It takes as long as a hundred tests: those that look at it run in one process.
    """
    # Imported here, so that what Dagster moved is said first.
    from mnist_assets_tests.cli.command import command, worked_on
    from mnist_assets_tests.tiny import Project

    with worked_on(Project.create(tmp_path_factory.mktemp("materialized"))) as project:
        result = command("materialize")
    assert result.exit_code == 0, result.output
    return project, result


@pytest.fixture
def made_project(materialized, tmp_path):
    """A tiny project of the test's own in which everything is made."""
    return materialized[0].copy(tmp_path / "made")


@pytest.fixture(scope="session", autouse=True)
def copies_elsewhere(tmp_path_factory):
    """What tests fetch from addresses goes with them."""
    from mnist_assets.orchestration.storage import copies

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "FOLDER", tmp_path_factory.mktemp("copies"))
        yield


@pytest.fixture(scope="session")
def s3():
    """A server of S3 on loopback, and the environment by which other processes find it."""
    from mnist_assets_tests.stores import s3_server

    with s3_server() as environment:
        yield environment


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.slow)])
def address(request):
    """An empty address: in memory, and in a bucket of S3."""
    from mnist_assets_tests.stores import bucket_address, memory_address

    if request.param == "s3":
        request.getfixturevalue("s3")
    with (bucket_address if request.param == "s3" else memory_address)() as found:
        yield found


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch):
    """Tests end processes, never the machine."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def uncompiled():
    """Train without XLA."""
    from mnist_assets_tests.tiny import without_xla

    with without_xla():
        yield
