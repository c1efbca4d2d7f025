"""What an asset shows where it was made: neither waited for nor missed, and followed once made."""

import warnings

import dagster as dg
import pandas as pd
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from mnist_assets.orchestration.automation import ON_REQUEST, follow_changes
from mnist_assets.orchestration.incremental import Graph
from mnist_assets.orchestration.staleness import State
from mnist_assets.orchestration.storage.formats import file_storages
from mnist_assets.orchestration.storage.optional import OptionalInputs, made_as
from mnist_assets.orchestration.storage.pictures import Illustrated

PAGE, STUDY, DATA = (
    dg.AssetKey(["report", "page"]),
    dg.AssetKey(["study", "runs"]),
    dg.AssetKey("data"),
)


class World:
    """data -> page, data -> study, and the page shows the study if it was made."""

    def __init__(self, folder, instance):
        self.folder = folder
        self.code, self.data, self.runs = "1", "a", 1
        self.optional_deps = [STUDY.to_user_string()]
        self.instance = instance
        self.seen = []

    def definitions(self):
        optional_inputs = OptionalInputs(assets=str(self.folder))

        @dg.asset(key=DATA, io_manager_key="json", code_version="data")
        def data():
            return dg.MaterializeResult(value=self.data, data_version=dg.DataVersion(self.data))

        @dg.asset(
            key=STUDY,
            io_manager_key="csv",
            ins={"data": dg.AssetIn(DATA)},
            code_version=self.code,
            tags={ON_REQUEST: "true"},
        )
        def study(data):
            table = pd.DataFrame({"runs": [self.runs]})
            shown = {"strips": b"strips", "means": b"means"}
            return dg.MaterializeResult(
                value=Illustrated(table, shown), data_version=dg.DataVersion(str(self.runs))
            )

        @dg.asset(
            key=PAGE,
            io_manager_key="html",
            ins={"data": dg.AssetIn(DATA)},
            deps=[STUDY],
            code_version="page",
            automation_condition=follow_changes(tuple(self.optional_deps)),
        )
        def page(context: dg.AssetExecutionContext, data):
            key = STUDY.to_user_string()
            shown = optional_inputs.read(context.instance, {key: ("csv", self.code)})[key]
            self.seen.append(None if shown is None else int(shown["runs"].iloc[0]))
            return dg.MaterializeResult(value=data, data_version=dg.DataVersion(str(self.seen[-1])))

        return dg.Definitions([data, study, page], resources=file_storages(str(self.folder)))

    def make(self, *keys):
        definitions = self.definitions()
        assert dg.materialize(
            list(definitions.assets),
            instance=self.instance,
            selection=list(keys),
            resources=definitions.resources,
        ).success

    def reasons(self, **options):
        return Graph(self.definitions(), self.instance, {}, {}, **options).reasons()

    def status_in_the_web_ui(self):
        return CachingStaleStatusResolver(
            self.instance,
            self.definitions().resolve_asset_graph(),
            LoadingContextForTest(self.instance),
        ).get_status(PAGE)

    def follow(self, cursor=None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Dagster's own call
            result = dg.evaluate_automation_conditions(
                self.definitions(), self.instance, cursor=cursor
            )
        return result.get_num_requested(PAGE), result.cursor


@pytest.fixture
def world(tmp_path, instance):
    world = World(tmp_path, instance)
    world.make(DATA, PAGE)
    assert world.seen == [None]
    return world


def test_what_was_never_made_makes_nothing_stale(world):
    assert world.reasons() == {}
    assert world.status_in_the_web_ui() == StaleStatus.FRESH
    assert list(world.reasons(on_request=True)) == [STUDY]


def test_once_made_it_is_followed(world):
    world.make(STUDY)
    assert world.reasons() == {PAGE: "input changed: study/runs"}
    assert world.status_in_the_web_ui() == StaleStatus.STALE
    world.make(PAGE)
    assert world.seen[-1] == 1
    assert world.reasons() == {}
    assert world.status_in_the_web_ui() == StaleStatus.FRESH
    world.runs = 2
    world.make(STUDY)
    assert world.reasons() == {PAGE: "input changed: study/runs"}
    world.make(PAGE)
    assert world.seen[-1] == 2


def test_with_what_is_made_on_request_it_waits_for_it(world):
    states = Graph(world.definitions(), world.instance, {}, {}, on_request=True).states(
        [STUDY, PAGE]
    )
    assert [state for state, _ in states.values()] == [State.MISSING, State.WAITING]


def test_what_its_code_or_its_inputs_have_left_behind_is_not_shown(world):
    world.make(STUDY, PAGE)
    assert world.seen[-1] == 1
    world.code = "2"
    world.make(PAGE)
    assert world.seen[-1] is None
    world.make(STUDY, PAGE)
    assert world.seen[-1] == 1
    world.data = "b"
    world.make(DATA, PAGE)
    assert world.seen[-1] is None
    world.data = "a"
    world.make(DATA, PAGE)
    assert world.seen[-1] == 1


def test_a_file_that_is_gone_or_damaged_is_not_shown(world):
    world.make(STUDY)
    path = world.folder / "study" / "runs.csv"
    path.write_text("runs\n1")  # its last line has no end
    world.make(PAGE)
    path.unlink()
    world.make(PAGE)
    assert world.seen[-2:] == [None, None]


def test_each_value_is_read_by_itself_and_all_by_as_many_looks_as_one(world, monkeypatch):
    world.make(STUDY)
    looks, look = [], dg.DagsterInstance.get_asset_records

    def count(self, keys):
        looks.append(keys)
        return look(self, keys)

    monkeypatch.setattr(dg.DagsterInstance, "get_asset_records", count)
    optional_inputs = OptionalInputs(assets=str(world.folder))
    made = {"study/runs": ("csv", "1"), "data": ("json", "other"), "study/never": ("json", "1")}
    values = optional_inputs.read(world.instance, made)
    assert values.pop("study/runs")["runs"].tolist() == [1]
    assert values == {"data": None, "study/never": None}
    assert len(looks) == 2  # what was made, and what that was made from


def pictures(world):
    files = ["study/runs.strips", "study/runs.means"]
    optional_inputs = OptionalInputs(assets=str(world.folder))
    return optional_inputs.read_pictures(world.instance, files, {"study/runs": world.code})


def test_pictures_are_shown_unless_other_code_drew_them_or_they_are_gone(world):
    assert pictures(world) == {}, "never made"
    world.make(STUDY)
    assert pictures(world) == {"study/runs.strips": b"strips", "study/runs.means": b"means"}
    (world.folder / "study" / "runs.means.png").unlink()
    assert pictures(world) == {"study/runs.strips": b"strips"}
    world.code = "2"
    assert pictures(world) == {}, "as the code of today would draw them otherwise"
    world.make(STUDY)
    assert len(pictures(world)) == 2


def test_pictures_without_a_history_are_shown(world):
    world.make(STUDY)
    with dg.DagsterInstance.ephemeral() as instance:
        world.instance = instance
        assert len(pictures(world)) == 2


def test_how_values_are_made_is_told_by_their_keys(world):
    assert made_as(world.definitions().assets) == {
        "data": ("json", "data"),
        "study/runs": ("csv", "1"),
        "report/page": ("html", "page"),
    }


@pytest.mark.filterwarnings("ignore:Parameter `include_sources`")  # Dagster's own call
def test_automation_neither_waits_for_it_nor_misses_it(world):
    _, cursor = world.follow()
    requested, cursor = world.follow(cursor)
    assert requested == 0, "nothing changed"
    world.data = "b"
    world.make(DATA)
    requested, cursor = world.follow(cursor)
    assert requested == 1, "its input changed, though the study was never made"
    world.make(PAGE)
    requested, cursor = world.follow(cursor)
    assert requested == 0
    world.make(STUDY)
    requested, cursor = world.follow(cursor)
    assert requested == 1, "the study was made"
    world.make(PAGE)
    assert world.follow(cursor)[0] == 0


@pytest.mark.filterwarnings("ignore:Parameter `include_sources`")  # Dagster's own call
def test_what_is_needed_automation_waits_for(world):
    world.optional_deps = []
    _, cursor = world.follow()
    world.data = "b"
    world.make(DATA)
    requested, cursor = world.follow(cursor)
    assert requested == 0, "its input changed, but the study was never made"
