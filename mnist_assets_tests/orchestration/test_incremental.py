"""What is out of date, on a graph of numbers: a -> b -> d, a -> c -> d, and the source s -> a."""

import warnings
from collections.abc import Callable

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from upath import UPath

from mnist_assets.orchestration.history import DATA_VERSION
from mnist_assets.orchestration.incremental import (
    Graph,
    Run,
    bring_up_to_date,
)
from mnist_assets.orchestration.staleness import State
from mnist_assets.orchestration.storage.addresses import look
from mnist_assets.orchestration.storage.fingerprints import find_any_fault, fingerprint, sha256_of


def fingerprint_of(path):
    return fingerprint(look(UPath(path)), sha256_of(path))


class NumberFiles(dg.IOManager):
    """Each number in a file, whose path is in the metadata as the project's storage has it."""

    def __init__(self, folder):
        self.folder = folder
        self.root = UPath(folder)

    def handle_output(self, context, obj):
        path = self.folder / context.asset_key.path[-1]
        path.write_text(str(obj))
        told = {"path": dg.MetadataValue.path(str(path)), **fingerprint_of(path)}
        context.add_output_metadata(told)

    def file_of(self, key):
        return UPath(self.folder / key.path[-1])

    def load_input(self, context):
        return int((self.folder / context.asset_key.path[-1]).read_text())


class World:
    """A tiny graph whose code, values and source a test can change."""

    def __init__(self, folder, instance):
        self.folder = folder
        self.code = dict.fromkeys("abcd", "1")
        self.compute: dict[str, Callable] = {
            "a": lambda: 1,
            "b": lambda a: a + 1,
            "c": lambda a: a * 2,
            "d": lambda b, c: b + c,
        }
        self.check_passes = True
        self.source = "v1"
        self.instance = instance

    def graph(self, definitions):
        storages = {"io_manager": NumberFiles(self.folder)}
        return Graph(definitions, self.instance, {dg.AssetKey("s"): self.source}, storages)

    def definitions(self):
        def asset(name, inputs, source=()):
            def body(**values):
                value = self.compute[name](**values)
                check = dg.AssetCheckResult(check_name="fine", passed=self.check_passes)
                return dg.MaterializeResult(
                    value=value,
                    data_version=dg.DataVersion(str(value)),
                    check_results=[check] if name == "b" else [],
                )

            specs = [dg.AssetCheckSpec("fine", asset=name, blocking=True)] if name == "b" else []
            return dg.asset(
                name=name,
                ins={key: dg.AssetIn(key) for key in inputs},
                deps=source,
                code_version=self.code[name],
                check_specs=specs,
            )(body)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            source = dg.observable_source_asset(name="s")(lambda: dg.DataVersion(self.source))
        assets = [
            source,
            asset("a", "", ["s"]),
            asset("b", "a"),
            asset("c", "a"),
            asset("d", "bc"),
        ]
        job = dg.define_asset_job("all", dg.AssetSelection.all())
        return dg.Definitions(
            assets,
            jobs=[job],
            resources={"io_manager": NumberFiles(self.folder)},
            executor=dg.in_process_executor,
        )

    def observe(self):
        self.instance.report_runless_asset_event(
            dg.AssetObservation("s", tags={DATA_VERSION: self.source})
        )

    def update(self, selection="*", **options):
        """Bring up to date; returns the names made, with one group for each run."""
        definitions = self.definitions()
        self.observe()
        graph = self.graph(definitions)
        runs = []

        def run(keys):
            runs.append("".join(sorted(key.path[-1] for key in keys)))
            result = definitions.resolve_job_def("all").execute_in_process(
                instance=self.instance, asset_selection=list(keys), raise_on_error=False
            )
            events = result.get_asset_materialization_events()
            return Run({event.asset_key for event in events}, result.success)

        outcome = bring_up_to_date(graph, graph.select(selection), run, **options)
        return runs, outcome.success

    def reasons(self):
        graph = self.graph(self.definitions())
        return {key.path[-1]: reason for key, reason in graph.reasons().items()}


@pytest.fixture
def world(tmp_path, instance):
    world = World(tmp_path, instance)
    assert world.update() == (["abcd"], True)
    return world


def out_of_date(graph):
    states = graph.states(graph.keys)
    return {key for key, (state, _) in states.items() if state in {State.MISSING, State.STALE}}


def agrees_with_the_web_ui(world):
    """Whether what is missing or stale here is what the web UI calls missing or unsynced."""
    definitions = world.definitions()
    world.observe()
    graph = world.graph(definitions)
    ours = out_of_date(graph)
    resolver = CachingStaleStatusResolver(
        world.instance,
        definitions.resolve_asset_graph(),
        LoadingContextForTest(world.instance),
    )
    theirs = {key for key in graph.keys if resolver.get_status(key) != StaleStatus.FRESH}
    return ours == theirs


@pytest.mark.parametrize("names", ["", "a", "b", "d", "bc", "ad"])
def test_the_web_ui_agrees_on_changed_code(world, names):
    world.code |= dict.fromkeys(names, "2")
    assert agrees_with_the_web_ui(world)


def test_the_web_ui_agrees_on_a_changed_source_and_after_each_round(world):
    world.source = "v2"
    assert agrees_with_the_web_ui(world)
    world.compute["a"] = lambda: 7
    world.update('key:"a"')
    assert agrees_with_the_web_ui(world)
    world.update('key:"b"')
    assert agrees_with_the_web_ui(world)
    world.update()
    assert agrees_with_the_web_ui(world)


def test_materializing_what_is_unsynced_until_nothing_is_comes_to_the_same_end(world):
    world.code["a"] = "2"
    world.compute["a"] = lambda: 3
    rounds = 0
    graph = world.graph(world.definitions())
    while unsynced := out_of_date(graph):
        world.definitions().resolve_job_def("all").execute_in_process(
            instance=world.instance, asset_selection=list(unsynced)
        )
        rounds += 1
    assert rounds == 3
    assert world.update() == ([], True)
    assert agrees_with_the_web_ui(world)


def test_nothing_to_do(world):
    assert world.update() == ([], True)
    assert world.reasons() == {}


def test_changed_code_runs_its_asset_and_what_follows(world):
    world.code["b"] = "2"
    world.compute["b"] = lambda a: a + 10
    assert world.reasons() == {"b": "its code or declaration changed"}
    assert world.update() == (["b", "d"], True)


def test_what_comes_out_the_same_stops_there(world):
    world.code["a"] = "2"
    assert world.update() == (["a"], True)


def test_changed_code_far_apart_runs_each_asset_once(world):
    world.code |= {"a": "2", "d": "2"}
    world.compute["a"] = lambda: 5
    assert world.update() == (["a", "bcd"], True)


def test_what_surely_runs_is_not_waited_for(world):
    world.code = dict.fromkeys("abcd", "2")
    assert world.update() == (["abcd"], True)


def test_changed_source_runs_what_reads_it(world):
    world.source = "v2"
    assert world.reasons() == {"a": "input changed: s"}
    assert world.update() == (["a"], True)


def test_a_lost_file_is_made_again(world):
    (world.folder / "c").unlink()
    assert "no file " in world.reasons()["c"]
    assert world.update() == (["c"], True)


def test_a_damaged_file_is_made_again(world):
    (world.folder / "c").write_text("")
    assert "its file was damaged" in world.reasons()["c"]
    (world.folder / "c").write_text("7")
    assert "its file was changed by something else" in world.reasons()["c"]
    assert world.update() == (["c"], True)
    assert (world.folder / "c").read_text() == "2"


def test_a_lost_or_damaged_picture_is_noticed_as_a_value_is(tmp_path):
    value, picture = UPath(tmp_path / "c.json"), UPath(tmp_path / "c.ratios.png")
    value.write_text("1")
    picture.write_bytes(b"ratios")
    told = {**fingerprint_of(value), "picture_files": {picture.name: fingerprint_of(picture)}}
    assert find_any_fault(value, told) is None
    picture.write_bytes(b"others")
    assert find_any_fault(value, told) == f"its file was changed by something else: {picture}"
    picture.write_bytes(b"rat")
    assert "its file was damaged" in find_any_fault(value, told)
    picture.unlink()
    assert find_any_fault(value, told) == f"its file was lost: {picture}"
    value.write_text("12")
    assert f"its file was damaged: {value}" in find_any_fault(value, told), "the value comes first"


def test_a_file_that_was_only_touched_is_left_alone(world):
    (world.folder / "c").write_text("2")
    assert world.reasons() == {}


def test_only_the_selection_runs(world):
    world.code |= {"b": "2", "c": "2"}
    assert world.update('key:"b"') == (["b"], True)
    assert set(world.reasons()) == {"c"}


def test_force_runs_all_of_the_selection(world):
    assert world.update('key:"b"+', force=True) == (["bd"], True)


def test_a_failed_blocking_check_keeps_blocking_until_it_passes(world):
    world.code |= {"b": "2", "d": "2"}
    world.check_passes = False
    assert world.update() == (["bd"], False)
    assert world.reasons()["b"] == "check failed: fine"
    assert world.update() == (["bd"], False)
    world.check_passes = True
    assert world.update() == (["bd"], True)
    assert world.update() == ([], True)


def test_a_failure_stops_what_follows_from_it_and_nothing_else(world):
    world.code |= {"a": "2"}
    world.compute["a"] = lambda: 5
    world.check_passes = False
    assert world.update() == (["a", "bc"], False)
    assert set(world.reasons()) == {"b", "d"}
