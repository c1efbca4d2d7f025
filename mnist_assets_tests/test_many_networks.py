"""What each further network costs, by counts that are the same on a busy machine."""

import cProfile
import inspect
import pstats
import sys

import pytest
import yaml

from mnist_assets import definitions
from mnist_assets.declarations.places import NETWORKS_FILE, Places
from mnist_assets.orchestration import incremental, staleness
from mnist_assets.orchestration.storage.formats import file_storages
from mnist_assets.orchestration.versions import kept

CALLS = 61_000  # of functions for each network, a fifth more than measured; most are Dagster's


@pytest.fixture
def places_with(tmp_path):
    """Places that declare so many equal networks, and their file."""

    def declare(count):
        network = yaml.safe_load(NETWORKS_FILE.read_text())["networks"]["given"]
        networks = {f"network_{number}": network for number in range(count)}
        path = tmp_path / f"{count}.yaml"
        path.write_text(yaml.safe_dump({"networks": networks}))
        return Places(networks=path, tuning=tmp_path / "tuning.yaml")

    (tmp_path / "tuning.yaml").write_text("sweeps: {}\n")
    return declare


def calls_of(places):
    """How many Python functions are called to build a graph."""
    with cProfile.Profile() as profile:
        definitions.build_definitions(places).resolve_asset_graph()
    return pstats.Stats(profile).total_calls


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer calls functions, too")
def test_each_further_network_costs_the_same(places_with):
    calls_of(places_with(1))  # what is done once
    few, some, many = (calls_of(places_with(count)) for count in (2, 4, 8))
    assert (many - some) / 4 < CALLS
    assert (many - some) / 4 == pytest.approx((some - few) / 2, rel=0.05)


def test_source_is_read_for_functions_and_not_for_networks(places_with, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "code")
    read, used_by = [], kept.source.used_by
    monkeypatch.setattr(kept.source, "used_by", lambda *of: read.append(of) or used_by(*of))
    monkeypatch.setattr(inspect, "getsourcelines", None)  # nothing asks for lines
    counts = []
    for count in (1, 3):
        kept._findings.cache_clear()
        (tmp_path / "code").mkdir(exist_ok=True)
        for file in (tmp_path / "code").iterdir():
            file.unlink()
        definitions.build_definitions(places_with(count))
        counts.append(len(read))
    kept._findings.cache_clear()
    assert counts[1] == 2 * counts[0] > 0


def test_definitions_are_built_once_for_a_command_and_its_jobs(places_with, monkeypatch):
    places = places_with(1)
    built, build = [], definitions.build_definitions
    monkeypatch.setattr(definitions, "build_definitions", lambda of: built.append(of) or build(of))
    monkeypatch.setenv("MNIST_ASSETS_NETWORKS", str(places.networks))
    monkeypatch.setenv("MNIST_ASSETS_TUNING", str(places.tuning))
    present = definitions.present_definitions(Places.from_environment())
    assert definitions.everything_job() is definitions.everything_job()
    assert {node.name for node in definitions.whole_job().nodes} > {"study__network_0"}
    assert definitions.present_definitions(Places.from_environment()) is present
    assert len(built) == 1
    places.networks.write_text(places.networks.read_text().replace("network_0", "other"))
    assert "networks__other" in {node.name for node in definitions.everything_job().nodes}
    assert len(built) == 2


def test_history_is_read_once_for_all_states(places_with, tmp_path, monkeypatch):
    import dagster as dg

    read, latest = [], staleness.latest_materializations

    def counted(instance, keys):
        read.append(list(keys))
        return latest(instance, read[-1])

    monkeypatch.setattr(staleness, "latest_materializations", counted)
    built = definitions.build_definitions(places_with(2))
    with dg.DagsterInstance.ephemeral() as instance:
        storages = file_storages(str(tmp_path))
        graph = incremental.Graph(built, instance, {}, storages)
        assert set(graph.states(graph.keys).values()) == {
            (staleness.State.MISSING, staleness.NEVER)
        }
    assert len(read) == 1
