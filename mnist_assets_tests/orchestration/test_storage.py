import errno
import hashlib
import itertools
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import click
import dagster as dg
import numpy as np
import pandas as pd
import pytest
from upath import UPath

from mnist_assets.errors import InputError
from mnist_assets.networks.storage import NetworkStorage
from mnist_assets.orchestration.storage import changes, copies
from mnist_assets.orchestration.storage.addresses import FileState
from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.fingerprints import find_fault
from mnist_assets.orchestration.storage.formats import ArrayStorage, file_storages
from mnist_assets.orchestration.storage.pictures import Illustrated
from mnist_assets_tests.forked import calling

KEY = dg.AssetKey(["stage", "value"])
NO_CONTEXT: Any = None  # reading makes no use of it
VALUES: dict[str, Any] = {
    "npy": np.arange(12, dtype=np.float32).reshape(3, 4),
    "npz": {"train": np.arange(5, dtype=np.int32), "mean": np.full((2, 3), 0.1, np.float32)},
    "csv": pd.DataFrame({"network": ["given", "nan"], "epochs": [10, 13], "loss": [0.1, np.nan]}),
    "json": {"accuracy": 1 / 3, "counts": [[1, 2], [3, 4]], "name": "Ångström", "none": None},
    "png": b"\x89PNG\r\n\x1a\n\x00\xff",
    "html": "<p>grösser\n</p>",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "assets"


@pytest.fixture
def storages(folder: Path) -> dict[str, FileStorage[Any]]:
    return file_storages(str(folder), NetworkStorage)


def path_of(storage: FileStorage[Any]) -> UPath:
    return storage.root / "stage" / f"value{storage.extension}"


def write(storage: FileStorage[Any], value: object) -> None:
    """As Dagster does it, without the time that a context takes."""
    path = path_of(storage)
    storage.make_directory(path.parent)
    storage.dump_to_path(Mock(definition_metadata={}), value, path)


def shown_of(storage: FileStorage[Any], value: object) -> dict[str, Any]:
    """What Dagster shows of a value that it has a storage write."""
    output = dg.build_output_context(asset_key=KEY)
    storage.handle_output(output, value)
    return {name: shown.value for name, shown in output.get_logged_metadata().items()}


def read(storage: FileStorage[Any]) -> Any:
    return storage.load_from_path(NO_CONTEXT, path_of(storage))


def same(first: Any, second: Any) -> bool:
    """Whether two values are equal, types and all."""
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if isinstance(first, pd.DataFrame):
        return first.equals(second)
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    return bool(first == second) and type(first) is type(second)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Files at their places


def test_dagster_writes_and_reads_under_the_assets_key(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    output = dg.build_output_context(asset_key=KEY)
    storages["npy"].handle_output(output, VALUES["npy"])
    assert files_in(folder) == ["stage/value.npy"]
    loaded = storages["npy"].load_input(
        dg.build_input_context(asset_key=KEY, upstream_output=output)
    )
    assert same(VALUES["npy"], loaded)


def test_a_mapped_array_keeps_its_content_when_its_file_is_replaced(
    storages: dict[str, FileStorage[Any]],
) -> None:
    write(storages["npy"], np.zeros(10))
    mapped = read(storages["npy"])
    write(storages["npy"], np.ones(10))
    assert not mapped.any()
    assert read(storages["npy"]).all()


def test_the_fingerprint_is_remembered(storages: dict[str, FileStorage[Any]], folder: Path) -> None:
    shown = shown_of(storages["npy"], np.zeros(1_250_000, np.uint8))
    (path,) = folder.rglob("*.npy")
    assert shown["path"] == str(path)
    assert shown["bytes"] == 1_250_128
    assert shown["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert find_fault(path, shown) is None


# Pictures beside a value


def beside(storage: FileStorage[Any]) -> dict[str, bytes]:
    """The PNG files in the value's folder, but for the value."""
    files = path_of(storage).parent.iterdir()
    return {
        path.name: path.read_bytes()
        for path in files
        if path.name.endswith(".png") and path != path_of(storage)
    }


@pytest.mark.parametrize("format_", VALUES)
@pytest.mark.parametrize("at", ["here", "remote"])
def test_pictures_are_kept_beside_a_value_and_go_when_it_draws_them_no_more(
    folder: Path, remote: str, at: str, format_: str
) -> None:
    storage = file_storages(remote if at == "remote" else str(folder))[format_]
    others = ["values.png", "value_of.ratios.png", "other.png"]
    storage.make_directory(path_of(storage).parent)
    for name in others:
        path_of(storage).with_name(name).write_bytes(b"of another asset")
    kept = dict.fromkeys(others, b"of another asset")
    write(storage, Illustrated(VALUES[format_], {"ratios": b"ratios", "matrices": b"matrices"}))
    assert same(VALUES[format_], read(storage)), "the value alone"
    several = {"value.ratios.png": b"ratios", "value.matrices.png": b"matrices"}
    assert beside(storage) == kept | several
    write(storage, Illustrated(VALUES[format_], {"ratios": b"new"}))
    assert beside(storage) == kept | {"value.ratios.png": b"new"}
    if format_ != "png":  # its value has the name that an only picture has
        write(storage, Illustrated(VALUES[format_], {"": b"the only one"}))
        assert beside(storage) == kept | {"value.png": b"the only one"}
    write(storage, VALUES[format_])
    assert beside(storage) == kept
    assert same(VALUES[format_], read(storage))


def test_the_fingerprints_of_pictures_are_remembered(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    value = Illustrated(VALUES["npy"], {"ratios": b"ratios"})
    shown = shown_of(storages["npy"], value)
    assert shown.keys() == {"bytes", "modified", "path", "sha256", "picture_files"}
    assert shown["picture_files"].keys() == {"value.ratios.png"}
    remembered = shown["picture_files"]["value.ratios.png"]
    assert remembered["sha256"] == hashlib.sha256(b"ratios").hexdigest()
    assert find_fault(UPath(folder / "stage" / "value.ratios.png"), remembered) is None


def test_a_picture_that_cannot_be_written_leaves_the_old_value_and_its_pictures(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    write(storages["json"], Illustrated([1], {"": b"old"}))
    with full_disk(), pytest.raises(InputError, match="File too large"):
        write(storages["json"], Illustrated([2], {"": b"new" * 100}))
    assert read(storages["json"]) == [1]
    assert beside(storages["json"]) == {"value.png": b"old"}
    assert files_in(folder) == ["stage/value.json", "stage/value.png"]


# What goes wrong while writing leaves the old value


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond 100 bytes; the kernel says so as it says that a disk is full.

    Only for as long as nothing else is written: pytest's own output may go to a file.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def failing(number: int) -> Mock:
    """A function that fails as the operating system does."""
    return Mock(side_effect=OSError(number, os.strerror(number)))


LARGE_VALUES: dict[str, Any] = {
    "npy": np.ones(10_000),
    "npz": {"ones": np.ones(10_000)},
    "csv": pd.DataFrame({"one": np.ones(10_000)}),
    "json": [1] * 10_000,
    "png": b"1" * 10_000,
    "html": "1" * 10_000,
}


def assert_nothing_changed(
    refused: InputError, storage: FileStorage[Any], folder: Path, format_: str
) -> None:
    path = folder / "stage" / f"value.{format_}"
    assert str(refused.where) == str(path)
    assert "free space" in str(refused.expected)
    assert "MNIST_ASSETS_DATA" in refused.remedy
    assert files_in(folder) == [f"stage/value.{format_}"]
    assert list(path.parent.iterdir()) == [path]
    assert same(VALUES[format_], read(storage))


@pytest.mark.parametrize("format_", VALUES)
def test_a_disk_that_fills_up_leaves_the_old_value(
    storages: dict[str, FileStorage[Any]], folder: Path, format_: str
) -> None:
    write(storages[format_], VALUES[format_])
    with full_disk(), pytest.raises(InputError, match=r"File too large|requested and") as refused:
        write(storages[format_], LARGE_VALUES[format_])
    assert_nothing_changed(refused.value, storages[format_], folder, format_)


def test_a_writer_that_fails_half_way_leaves_the_old_value(
    storages: dict[str, FileStorage[Any]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(self: ArrayStorage, value: object, path: Path) -> None:
        del self, value
        path.write_bytes(b"\x93NUMPY")
        failing(errno.ENOSPC)()

    write(storages["npy"], VALUES["npy"])
    monkeypatch.setattr(ArrayStorage, "write", write_half)
    with pytest.raises(InputError, match="No space left on device") as refused:
        write(storages["npy"], np.ones(3))
    assert_nothing_changed(refused.value, storages["npy"], folder, "npy")


def test_a_file_that_cannot_be_renamed_leaves_the_old_value(
    storages: dict[str, FileStorage[Any]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(storages["npy"], VALUES["npy"])
    monkeypatch.setattr(Path, "replace", failing(errno.EPERM))
    with pytest.raises(InputError, match="Operation not permitted") as refused:
        write(storages["npy"], np.ones(3))
    assert_nothing_changed(refused.value, storages["npy"], folder, "npy")


def test_a_read_only_folder_leaves_the_old_value(
    storages: dict[str, FileStorage[Any]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated, since the superuser may write to any folder."""
    write(storages["npy"], VALUES["npy"])
    monkeypatch.setattr(tempfile, "mkdtemp", failing(errno.EACCES))
    with pytest.raises(InputError, match="Permission denied") as refused:
        write(storages["npy"], np.ones(3))
    assert_nothing_changed(refused.value, storages["npy"], folder, "npy")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write to any folder")
def test_a_truly_read_only_folder_is_refused(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    write(storages["npy"], VALUES["npy"])
    (folder / "stage").chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        write(storages["npy"], np.ones(3))
    (folder / "stage").chmod(0o700)
    assert same(VALUES["npy"], read(storages["npy"]))


@pytest.mark.parametrize("in_the_way", [".", "stage"])
def test_a_file_in_place_of_a_folder_is_refused(
    storages: dict[str, FileStorage[Any]], folder: Path, in_the_way: str
) -> None:
    (folder / in_the_way).parent.mkdir(parents=True, exist_ok=True)
    (folder / in_the_way).write_text("a file")
    with pytest.raises(InputError, match="expected a folder that can be written to") as refused:
        write(storages["npy"], np.ones(3))
    assert str(refused.value.where) == str(folder / "stage")
    assert (folder / in_the_way).read_text() == "a file"


def test_a_folder_in_place_of_the_file_is_refused(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    (folder / "stage" / "value.npy" / "content").mkdir(parents=True)
    with pytest.raises(InputError, match=r"value\.npy: found (Is a directory|Directory not empty)"):
        write(storages["npy"], np.ones(3))
    with pytest.raises(InputError, match=r"value\.npy: found a file that cannot be read"):
        read(storages["npy"])


# What goes wrong while reading is said with the name of the file


@pytest.mark.parametrize("format_", [*VALUES, "keras"])
def test_a_missing_file_is_named(storages: dict[str, FileStorage[Any]], format_: str) -> None:
    with pytest.raises(InputError, match=rf"stage/value\.{format_}: found no file") as refused:
        read(storages[format_])
    assert "Materialise the asset again" in refused.value.remedy


# Remote addresses


@pytest.fixture
def remote(request: pytest.FixtureRequest) -> Iterator[str]:
    address = f"memory://{request.node.name.partition('[')[0]}"
    yield address
    UPath(address).fs.store.clear()


@pytest.mark.parametrize("format_", VALUES)
def test_a_remote_address_keeps_values_as_well(remote: str, format_: str) -> None:
    storage = file_storages(remote)[format_]
    write(storage, VALUES[format_])
    write(storage, VALUES[format_])
    assert same(VALUES[format_], read(storage))
    assert UPath(remote, "stage", f"value.{format_}").is_file()


def test_the_size_of_a_remote_file_is_shown(remote: str) -> None:
    shown = shown_of(file_storages(remote)["npy"], np.zeros(1_250_000, np.uint8))
    assert shown["bytes"] == 1_250_128
    assert shown["path"] == f"{remote}/stage/value.npy"
    assert {"etag", "sha256"} < set(shown)


def test_a_missing_remote_file_is_named(remote: str) -> None:
    with pytest.raises(InputError, match=f"{remote}/stage/value.npy: found no file"):
        read(file_storages(remote)["npy"])


def test_a_damaged_remote_file_is_named(remote: str) -> None:
    path = UPath(remote, "stage", "value.npy")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=f"{remote}/stage/value.npy: found a file that cannot"):
        read(file_storages(remote)["npy"])


def test_an_address_of_this_machine_is_a_folder(folder: Path) -> None:
    storage = file_storages(f"file://{folder}")["npy"]
    write(storage, VALUES["npy"])
    assert read(storage).filename == folder / "stage" / "value.npy"
    assert files_in(folder) == ["stage/value.npy"]


# Writers that were killed


@pytest.fixture
def ended_process() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def leave_behind(folder: Path, file: str, process: int) -> Path:
    left = folder / "stage" / f".{file}.{process}.abcdefgh"
    left.mkdir(parents=True)
    (left / file).write_bytes(b"half")
    return left


def test_what_a_killed_writer_left_is_swept_by_the_next(
    storages: dict[str, FileStorage[Any]], folder: Path, ended_process: int
) -> None:
    left = leave_behind(folder, "value.npy", ended_process)
    own = leave_behind(folder, "value.npy", os.getpid())  # of an earlier container, say
    write(storages["npy"], VALUES["npy"])
    assert not left.exists()
    assert not own.exists()
    assert same(VALUES["npy"], read(storages["npy"]))


AT_WORK = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests were started by nohup
print("ready", flush=True)
input()
"""


def test_a_running_writer_and_what_it_needs_are_left_alone(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", AT_WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
        at_work = leave_behind(folder, "value.npy", writer.pid)
        write(storages["npy"], VALUES["npy"])
        assert at_work.exists()
        writer.communicate("\n")
    assert writer.returncode == 0, "it was sent a signal"


def test_what_a_writer_of_another_user_needs_is_left_alone(
    storages: dict[str, FileStorage[Any]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = leave_behind(folder, "value.npy", 1)
    monkeypatch.setattr(os, "kill", failing(errno.EPERM))
    write(storages["npy"], VALUES["npy"])
    assert at_work.exists()


def test_what_other_files_writers_left_is_left_alone(
    storages: dict[str, FileStorage[Any]], folder: Path, ended_process: int
) -> None:
    others = [
        leave_behind(folder, "value.npz", ended_process),
        leave_behind(folder, "another_value.npy", ended_process),
    ]
    write(storages["npy"], VALUES["npy"])
    assert all(other.exists() for other in others)


def write_forever(path: str) -> None:
    """Write large values, one after the other; tell when the first is there."""
    storage = file_storages(str(Path(path).parent))["npy"]
    for number in itertools.count():
        value = np.full(30_000_000, number % 256, np.uint8)
        storage.dump_to_path(Mock(definition_metadata={}), value, UPath(path))
        if number == 0:
            click.echo("ready", err=True)


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_a_whole_value(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    path = folder / "stage" / "value.npy"
    path.parent.mkdir(parents=True)
    generator = random.Random(0)
    killed_half_way = 0
    for attempt in range(10):
        with calling(write_forever, str(path)) as (writer, told):
            assert told.readline() == "ready\n"
            time.sleep(generator.uniform(0, 0.3))
            while attempt % 2 and not any(path.parent.glob(".*")):
                time.sleep(0.001)  # on a busy machine it may be at rest for long
            writer.kill()
        killed_half_way += any(path.parent.glob(".*"))
        array = read(storages["npy"])
        assert array.shape == (30_000_000,)
        assert array.min() == array.max()
    assert killed_half_way  # otherwise this shows nothing
    write(storages["npy"], VALUES["npy"])
    assert list(path.parent.iterdir()) == [path]


def test_few_parts_of_an_object_are_in_memory_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Mock()
    store.get_file.side_effect = lambda _, file, **__: Path(file).write_bytes(b"four")
    for module in (changes, copies):
        monkeypatch.setattr(module, "file_system", lambda _: store)
    (tmp_path / "sent").write_bytes(b"four")
    for address, expected in (("s3://b/x.npy", {"max_concurrency": 3}), ("memory://b/x.npy", {})):
        path = UPath(address)
        changes.send(tmp_path / "sent", path)
        copies.local_copy(path, FileState(4, address, is_local=False))
        assert store.put_file.call_args.kwargs == expected
        assert store.get_file.call_args.kwargs == expected
