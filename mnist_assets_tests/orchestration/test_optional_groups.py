"""What counts together or not at all: a network on request with what is found of it."""

import dagster as dg
import pytest

from mnist_assets.orchestration.automation import ON_REQUEST
from mnist_assets.orchestration.history import WITHOUT, latest_materializations
from mnist_assets.orchestration.incremental import Graph
from mnist_assets.orchestration.staleness import State
from mnist_assets.orchestration.storage.formats import file_storages
from mnist_assets.orchestration.storage.optional import (
    OptionalInputs,
    group_of,
    keys_of,
    split_reads,
)

PAGE, NETWORK, JUDGED = (dg.AssetKey(name) for name in ("page", "network", "judged"))


class World:
    """A network, its evaluation with a check, and a page of both if they are there."""

    def __init__(self, folder, instance):
        self.folder, self.instance, self.seen = folder, instance, []
        self.code, self.passes, self.severity = "1", True, dg.AssetCheckSeverity.ERROR

    def definitions(self):
        optional_inputs = OptionalInputs(assets=str(self.folder))
        requested = {"io_manager_key": "json", "tags": {ON_REQUEST: "true"}}

        @dg.asset(key=NETWORK, code_version=self.code, **requested)
        def network():
            return dg.MaterializeResult(value=[1], data_version=dg.DataVersion("weights"))

        @dg.asset(
            key=JUDGED,
            ins={"network": dg.AssetIn(NETWORK)},
            code_version="1",
            check_specs=[dg.AssetCheckSpec("right", asset=JUDGED)],
            **requested,
        )
        def judged(network):
            found = dg.AssetCheckResult(passed=self.passes, severity=self.severity)
            return dg.MaterializeResult(
                value=[*network, 2], data_version=dg.DataVersion("judged"), check_results=[found]
            )

        groups = {"large": group_of([network, judged])}
        reads = {"large": {"of_large": "judged"}}

        @dg.asset(key=PAGE, io_manager_key="json", deps=[NETWORK, JUDGED], code_version="page")
        def page(context: dg.AssetExecutionContext):
            values, without = optional_inputs.read_groups(context.instance, groups, reads)
            self.seen.append(values)
            return dg.MaterializeResult(
                value=values, data_version=dg.DataVersion(str(values)), metadata=without
            )

        return dg.Definitions([network, judged, page], resources=file_storages(str(self.folder)))

    def make(self, *keys):
        definitions = self.definitions()
        dg.materialize(
            list(definitions.assets),
            instance=self.instance,
            selection=list(keys),
            resources=definitions.resources,
        )
        return self.seen[-1] if self.seen else None

    def graph(self, **options):
        return Graph(self.definitions(), self.instance, {}, {}, **options)

    def without(self):
        return latest_materializations(self.instance, [PAGE])[PAGE].metadata.get(WITHOUT)


@pytest.fixture
def world(tmp_path, instance):
    return World(tmp_path, instance)


def test_what_was_never_made_is_neither_read_nor_missed(world):
    assert world.make(PAGE) == {}
    assert world.without() is None
    assert world.graph().reasons() == {}
    assert world.graph().states_on_request() == {}
    assert world.graph(on_request=True).states([PAGE]) == {PAGE: (State.UP_TO_DATE, "")}


@pytest.mark.parametrize(
    ("selection", "asked"),
    [
        ('+key:"page"', [PAGE]),
        ('1 + key:"page"', [PAGE]),
        ('+key:"page" and not key:"network"', [PAGE]),
        ('+key:"judged"', [NETWORK, JUDGED]),
        ('+key:"page" or +key:"judged"', [NETWORK, JUDGED, PAGE]),
        ('key:"network"+', [NETWORK, JUDGED, PAGE]),
        ('key:"network"+1', [NETWORK, JUDGED, PAGE]),
        ('+key:"network"+', [NETWORK, JUDGED, PAGE]),
        ('+(key:"judged" or key:"page")', [NETWORK, JUDGED, PAGE]),
        ("*", [NETWORK, JUDGED, PAGE]),
    ],
)
def test_what_is_made_on_request_is_asked_for_by_more_than_a_plus(world, selection, asked):
    assert world.graph(on_request=True).asked_for(selection) == asked


def test_all_of_it_is_read_or_nothing(world):
    world.make(NETWORK)
    assert world.make(PAGE) == {}
    world.make(JUDGED)
    assert world.graph().reasons() == {PAGE: "input changed: judged"}
    assert world.make(PAGE) == {"of_large": [1, 2]}
    assert world.without() is None
    states = world.graph().states_on_request()
    assert {state for state, _ in states.values()} == {State.UP_TO_DATE}
    assert list(states) == [NETWORK, JUDGED]


def test_what_was_out_of_date_is_read_again_once_it_is_not(world):
    world.make(NETWORK, JUDGED, PAGE)
    world.code = "2"
    states = world.graph().states_on_request()
    assert [state for state, _ in states.values()] == [State.STALE, State.WAITING]
    assert world.graph().reasons() == {}, "what is made unasked does not wait for it"
    assert world.make(PAGE) == {}
    assert world.without() == {"large": ["network"]}
    assert world.graph().reasons() == {}
    world.make(NETWORK, JUDGED)
    assert world.graph().reasons() == {PAGE: "made since: large"}, "its content is the same"
    assert world.make(PAGE) == {"of_large": [1, 2]}
    assert world.graph().reasons() == {}


def test_what_a_check_stopped_is_not_read(world):
    world.passes = False
    world.make(NETWORK, JUDGED)
    assert world.make(PAGE) == {}
    assert world.without() == {"large": ["judged"]}
    assert world.graph().reasons() == {}
    world.severity = dg.AssetCheckSeverity.WARN
    world.make(JUDGED)
    assert world.graph().reasons() == {PAGE: "made since: large"}
    assert world.make(PAGE) == {"of_large": [1, 2]}


def test_a_lost_file_is_not_read(world):
    world.make(NETWORK, JUDGED)
    (world.folder / "judged.json").unlink()
    assert world.make(PAGE) == {}
    assert world.without() == {"large": ["judged"]}


def test_what_is_read_of_each_is_divided():
    of_each = {"small": {"a": "of/small"}, "large": {"b": "of/large"}}
    assert split_reads(of_each, ["large"]) == (
        {"a": "of/small"},
        {"large": {"b": "of/large"}},
    )
    assert keys_of({"large": {"of/large": ("json", "1", [])}}) == ["of/large"]
