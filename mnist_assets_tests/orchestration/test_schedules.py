"""Schedules, the failure sensor and automation, by Dagster's own means of evaluating them."""

import sys
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import pytest
import yaml

from mnist_assets.declarations.operation import Notification
from mnist_assets.declarations.places import NETWORKS_FILE, SETTINGS_FILE, Places
from mnist_assets.declarations.settings import read_settings
from mnist_assets.definitions import build_definitions
from mnist_assets.errors import InputError
from mnist_assets.orchestration import schedules
from mnist_assets.orchestration.automation import follow_changes

NETWORKS = ("given", "simplest", "best")
TICK = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def repository():
    return build_definitions(Places()).get_repository_def()


def evaluate(repository, instance, tick):
    schedule = repository.get_schedule_def("retrain_nightly")
    context = dg.build_schedule_context(instance, scheduled_execution_time=tick)
    (request,) = schedule.evaluate_tick(context).run_requests
    return request


def test_a_tick_gives_every_network_a_seed_and_again_the_same(repository, instance):
    request = evaluate(repository, instance, TICK)
    seeds = {op: config["config"]["seed"] for op, config in request.run_config["ops"].items()}
    assert set(seeds) == {"networks__given", "networks__simplest", "networks__best"}
    assert len(set(seeds.values())) == 3
    assert all(0 <= seed < 2**32 for seed in seeds.values())
    assert evaluate(repository, instance, TICK).run_config == request.run_config
    assert request.run_key == TICK.isoformat()
    next_day = evaluate(repository, instance, TICK.replace(day=25))
    assert next_day.run_config != request.run_config


def test_a_ticks_configuration_fits_the_job(repository, instance):
    request = evaluate(repository, instance, TICK)
    job = repository.get_job("retrain")
    assert dg.validate_run_config(job, request.run_config)
    keys = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
    assert keys >= {"networks/best", "evaluation/best", "champion/model", "report/notebook"}
    assert not any(key.startswith(("dataset", "exploration", "preparation")) for key in keys)


def test_a_study_is_a_job_of_its_own_that_no_schedule_runs(repository):
    studied = {
        name: {
            key.to_user_string()
            for key in repository.get_job(name).asset_layer.selected_asset_keys
            if key.path[0] == "study"
        }
        for name in ("retrain", "everything", "study")
    }
    assert studied.pop("study") == {f"study/{name}" for name in (*NETWORKS, "comparison")}
    assert not any(studied.values())
    scheduled = {schedule.job_name for schedule in repository.schedule_defs}
    assert scheduled == {"retrain", "everything", "retention"}


def test_a_network_on_request_is_in_no_scheduled_run(tmp_path):
    declared = tmp_path / "networks.yaml"
    text = NETWORKS_FILE.read_text(encoding="utf-8")
    declared.write_text(text.replace("  best:\n", "  best:\n    on_request: true\n"))
    repository = build_definitions(replace(Places(), networks=declared)).get_repository_def()
    selected = {
        name: {
            key.to_user_string() for key in repository.get_job(name).asset_layer.selected_asset_keys
        }
        for name in ("retrain", "everything", "study", "whole")
    }
    of_best = {"networks/best", "evaluation/best", "evaluation/best_robustness", "study/best"}
    for name in ("retrain", "everything", "study"):
        assert not selected[name] & of_best
        assert "preparation/split" in selected[name] or name == "retrain"
    assert selected["whole"] >= of_best | {"evaluation/comparison", "study/comparison"}
    assert "study/comparison" in selected["study"]
    nightly = repository.get_schedule_def("retrain_nightly")
    with dg.build_schedule_context(scheduled_execution_time=TICK) as context:
        (request,) = nightly.evaluate_tick(context).run_requests
    assert set(request.run_config["ops"]) == {"networks__given", "networks__simplest"}


def test_all_is_off_until_switched_on(repository):
    stopped = [*repository.schedule_defs, *repository.sensor_defs]
    assert {definition.name for definition in stopped} >= {
        "retrain_nightly",
        "rebuild_weekly",
        "failed_runs",
        "follow_changes",
        "inbox",
    }
    assert all(definition.default_status.value == "STOPPED" for definition in stopped)


def test_schedules_are_switched_on_and_moved_by_settings():
    settings = read_settings().schedules.model_copy(
        update={"running": True, "nightly": "30 1 * * *", "time_zone": "Europe/Paris"}
    )
    nightly, weekly = schedules.schedules(["best"], settings)
    assert nightly.default_status == weekly.default_status == dg.DefaultScheduleStatus.RUNNING
    assert nightly.cron_schedule == "30 1 * * *"
    assert nightly.execution_timezone == "Europe/Paris"


@pytest.mark.parametrize("name", ["nightly", "weekly", "observe", "retention"])
def test_what_is_no_cron_expression_is_named(tmp_path, name):
    content = yaml.safe_load(SETTINGS_FILE.read_text())
    content["schedules"][name] = "99 2 * * *"
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    places = replace(Places.from_environment(), settings=path)
    with pytest.raises(InputError, match=rf"mine.yaml: schedules.{name}: found '99 2 \* "):
        build_definitions(places)


def test_a_failed_run_is_told_to_the_declared_command(instance, tmp_path):
    told = tmp_path / "told"
    script = f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read())"
    sensor = schedules.failure_sensor(
        read_settings().schedules, Notification(command=(sys.executable, "-c", script))
    )

    @dg.op
    def fails():
        raise ValueError("on purpose")

    @dg.job
    def failing():
        fails()

    result = failing.execute_in_process(instance=instance, raise_on_error=False)
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_runs",
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        dagster_event=result.get_run_failure_event(),
    ).for_run_failure()
    sensor(context)
    assert told.read_text().startswith(f"Run {result.dagster_run.run_id} failed: ")


class Chain:
    """source -> a -> b, each with the project's automation condition."""

    def __init__(self):
        self.code, self.value = "1", "x"

    def definitions(self):
        condition = follow_changes()

        @dg.asset(code_version="1", automation_condition=condition)
        def a():
            return dg.MaterializeResult(data_version=dg.DataVersion(self.value))

        @dg.asset(deps=[a], code_version=self.code, automation_condition=condition)
        def b():
            return dg.MaterializeResult(data_version=dg.DataVersion("b"))

        return dg.Definitions([a, b])


@pytest.mark.filterwarnings("ignore:Parameter `include_sources`")  # Dagster's own call
def test_automation_follows_changed_content_and_code_and_nothing_else(instance):
    chain = Chain()

    def requested(cursor=None):
        result = dg.evaluate_automation_conditions(chain.definitions(), instance, cursor=cursor)
        names = {"a", "b"}
        return {n for n in names if result.get_num_requested(dg.AssetKey(n))}, result.cursor

    def materialize(*names):
        assets = chain.definitions().assets
        dg.materialize(assets, instance=instance, selection=list(names))

    materialize("a", "b")
    _, cursor = requested()
    assert requested(cursor)[0] == set(), "nothing changed"
    materialize("a")
    names, cursor = requested(cursor)
    assert names == set(), "made again with the same content"
    chain.value = "y"
    materialize("a")
    names, cursor = requested(cursor)
    assert names == {"b"}, "an input's content changed"
    materialize("b")
    names, cursor = requested(cursor)
    assert names == set()
    chain.code = "2"
    names, cursor = requested(cursor)
    assert names == {"b"}, "its own code changed"


def test_networks_and_champion_become_overdue(repository):
    graph = repository.asset_graph
    for key in (["networks", "best"], ["champion", "model"]):
        policy = graph.get(dg.AssetKey(key)).freshness_policy
        assert policy.fail_window.to_timedelta().days == 14
    assert graph.get(dg.AssetKey(["exploration", "summary"])).freshness_policy is None
