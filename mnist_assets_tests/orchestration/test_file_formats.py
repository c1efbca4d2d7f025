"""Every format: values come back as they were, and a file that is damaged is named."""

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_assets.errors import InputError
from mnist_assets.networks.storage import NetworkStorage
from mnist_assets.networks.stored import HISTORY_MEMBER, TRAINING_MEMBER, StoredNetwork
from mnist_assets.orchestration.storage.files import FileStorage
from mnist_assets.orchestration.storage.formats import file_storages
from mnist_assets_tests.orchestration.test_storage import VALUES, files_in, read, same, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "assets"


@pytest.fixture
def storages(folder: Path) -> dict[str, FileStorage[Any]]:
    return file_storages(str(folder), NetworkStorage)


# Round trips


@pytest.mark.parametrize("format_", VALUES)
def test_every_value_comes_back_as_it_was(
    storages: dict[str, FileStorage[Any]], folder: Path, format_: str
) -> None:
    write(storages[format_], VALUES[format_])
    assert same(VALUES[format_], read(storages[format_]))
    assert files_in(folder) == [f"stage/value.{format_}"]


def test_no_dagster_is_needed_to_open_a_file(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    for format_ in sorted(VALUES, key="png".__eq__):  # last: beside another value it is its picture
        write(storages[format_], VALUES[format_])
    path = folder / "stage" / "value"
    assert same(VALUES["npy"], np.load(path.with_suffix(".npy")))
    with np.load(path.with_suffix(".npz")) as arrays:
        assert same(VALUES["npz"], dict(arrays))
    table = pd.read_csv(path.with_suffix(".csv"))
    assert table["epochs"].to_list() == [10, 13]
    assert same(VALUES["json"], json.loads(path.with_suffix(".json").read_text("utf-8")))
    assert path.with_suffix(".png").read_bytes() == VALUES["png"]
    assert path.with_suffix(".html").read_text("utf-8") == VALUES["html"]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 28, 28), np.uint8),
        np.array(3.5),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(["given", "best"]),
        np.array([True, False]),
    ],
)
def test_arrays_of_every_shape_come_back(
    storages: dict[str, FileStorage[Any]], array: np.ndarray[Any, Any]
) -> None:
    write(storages["npy"], array)
    assert same(array, read(storages["npy"]))


def test_an_array_is_mapped_not_read(storages: dict[str, FileStorage[Any]]) -> None:
    write(storages["npy"], np.arange(10))
    array = read(storages["npy"])
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_numbers_in_tables_come_back_to_the_last_digit(
    storages: dict[str, FileStorage[Any]],
) -> None:
    numbers = np.random.default_rng(0).random(10_000)
    write(storages["csv"], pd.DataFrame({"number": numbers}))
    assert read(storages["csv"])["number"].to_list() == numbers.tolist()


# Nothing is pickled


@pytest.mark.parametrize("format_", ["npy", "npz"])
def test_objects_are_refused(
    storages: dict[str, FileStorage[Any]], folder: Path, format_: str
) -> None:
    objects = np.array([{}, None], dtype=object)
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write(storages[format_], objects if format_ == "npy" else {"objects": objects})
    assert files_in(folder) == []


@pytest.mark.parametrize("format_", ["npy", "npz"])
def test_a_pickle_that_someone_put_there_is_not_opened(
    storages: dict[str, FileStorage[Any]], folder: Path, format_: str
) -> None:
    path = folder / "stage" / f"value.{format_}"
    path.parent.mkdir(parents=True)
    save = np.save if format_ == "npy" else np.savez
    save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"Python objects|Object arrays"):
        read(storages[format_])


# Damage


def whole_archive(path: Path) -> None:
    """An archive with the members that a network's file has, which is all the storage looks at."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", bytes(range(100)))
        archive.writestr(HISTORY_MEMBER, "epoch,loss\n1,0.5\n")
        archive.writestr(TRAINING_MEMBER, "{}")


def write_file(storages: dict[str, FileStorage[Any]], folder: Path, format_: str) -> Path:
    path = folder / "stage" / f"value.{format_}"
    if format_ == "keras":
        path.parent.mkdir(parents=True, exist_ok=True)
        whole_archive(path)
    else:
        write(storages[format_], VALUES[format_])
    return path


@pytest.mark.parametrize("format_", ["npy", "npz", "json", "csv", "keras"])
def test_a_file_cut_short_anywhere_is_named(
    storages: dict[str, FileStorage[Any]], folder: Path, format_: str
) -> None:
    path = write_file(storages, folder, format_)
    whole = path.read_bytes()
    read(storages[format_])
    # A line of a table that is cut off as a whole leaves no trace, nor does JSON's final line end.
    lengths = [length for length in range(len(whole) - 1) if whole[length - 1 : length] != b"\n"]
    for length in lengths if format_ in {"csv", "json"} else range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="found a file that cannot be read") as refused:
            read(storages[format_])
        assert str(refused.value.where) == str(path)
        assert "materialise the asset again" in refused.value.remedy


@pytest.mark.parametrize("format_", ["npy", "npz", "json", "csv", "keras"])
def test_a_damaged_file_never_gives_a_librarys_own_error(
    storages: dict[str, FileStorage[Any]], folder: Path, format_: str
) -> None:
    path = write_file(storages, folder, format_)
    whole = path.read_bytes()
    generator = random.Random(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[generator.randrange(len(whole))] = generator.randrange(256)
        path.write_bytes(damaged)
        try:
            read(storages[format_])
        except InputError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("format_", ["npz", "keras"])
def test_a_changed_byte_inside_an_archive_is_found(
    storages: dict[str, FileStorage[Any]], folder: Path, format_: str
) -> None:
    path = write_file(storages, folder, format_)
    content = bytearray(path.read_bytes())
    content[content.index(bytes(range(4))) if format_ == "keras" else 150] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        read(storages[format_])


def test_a_network_without_its_history_is_refused(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    path = write_file(storages, folder, "keras")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.weights.h5", "")
    with pytest.raises(InputError, match=HISTORY_MEMBER):
        read(storages["keras"])


def test_a_network_is_opened_no_further_than_asked(
    storages: dict[str, FileStorage[Any]], folder: Path
) -> None:
    path = write_file(storages, folder, "keras")
    network = read(storages["keras"])
    assert isinstance(network, StoredNetwork)
    assert network.path == path
    assert network.history["loss"].to_list() == [0.5]
