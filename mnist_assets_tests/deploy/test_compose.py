"""The compose project, which no container runs here: each part against what reads it."""

import json
import re
from importlib.resources import files
from importlib.util import find_spec

import dagster as dg
import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from dagster._cli import create_dagster_cli
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import dagster_webserver

from mnist_assets.declarations.settings import read_settings
from mnist_assets_tests.deploy.files import CHECKOUT, read, read_yaml

# What reads a variable, beside this package and deploy/dagster.yaml, which are searched for it.
READ_BY_LIBRARIES = {
    "AWS_ENDPOINT_URL",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
}


@pytest.fixture(scope="module")
def project():
    return read_yaml("compose.yaml")


def graph_services(project):
    return {
        name: service
        for name, service in project["services"].items()
        if service["image"].startswith("mnist-assets")
    }


@pytest.mark.skipif(not find_spec("check_jsonschema"), reason="check-jsonschema is not installed")
def test_it_is_what_the_specification_allows(project):
    """The schema is that of the compose specification, as check-jsonschema brings it."""
    schema = files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json")
    jsonschema.validate(project, json.loads(schema.read_text(encoding="utf-8")))


def test_services_wait_for_services_that_there_are_and_that_tell_how_they_are(project):
    services = project["services"]
    for service in services.values():
        for other, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[other], other
            else:
                assert "restart" not in services[other], "it would never be complete"


def test_what_is_mounted_is_declared(project):
    for service in project["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in project["volumes"] or (CHECKOUT / "deploy" / source).exists()


def test_ports_are_open_to_this_machine_alone_unless_asked(project):
    opened = {name: each["ports"] for name, each in project["services"].items() if "ports" in each}
    assert set(opened) == {"web", "proxy"}
    for port in [port for ports in opened.values() for port in ports]:
        assert port.startswith(("127.0.0.1:", "${PROXY_BIND:-127.0.0.1}:"))


def test_images_are_named_by_version(project):
    for service in project["services"].values():
        assert re.search(r":(\d+\.\d+|RELEASE\.\d{4})", service["image"]), service["image"]


def test_every_variable_is_one_that_something_reads(project):
    sources = [path.read_text() for path in (CHECKOUT / "mnist_assets").rglob("*.py")]
    own = re.findall(r"\b(?:MNIST_ASSETS|DAGSTER)_\w+", "\n".join([*sources, read("dagster.yaml")]))
    for service in graph_services(project).values():
        assert set(service["environment"]) <= READ_BY_LIBRARIES | set(own)


def test_the_instance_finds_every_variable_that_it_asks_for(project):
    asked = set(re.findall(r"env: (\w+)", read("dagster.yaml")))
    for name, service in graph_services(project).items():
        assert asked <= set(service["environment"]), name


def test_nothing_starts_with_a_password_that_nobody_chose(project):
    example = dict(
        line.split("=", 1) for line in read(".env.example").splitlines() if line[:1].isupper()
    )
    secret = {name for name in example if "PASSWORD" in name}
    assert not any(example[name] for name in secret)
    used = re.findall(r"\$\{(\w+)(:?[?-]?)", read("compose.yaml"))
    assert {name for name, _ in used} == set(example)
    for name, unless in used:
        # Caddy refuses to start without a hash; whoever has no proxy needs none.
        required = name in secret and not name.endswith("_HASH")
        assert unless == (":?" if required or name == "MINIO_ROOT_USER" else ":-"), name
    assert "deploy/.env" in read("../.gitignore")
    assert not re.search(r"(?i)(password|secret)\w*: (?!\$\{)\S", read("compose.yaml"))


def test_the_queues_of_steps_have_workers(project):
    queues = []
    for name, service in project["services"].items():
        command = service.get("command", [])
        if "celery" in command:
            queues += command[command.index("-Q") + 1].split(",")
            assert command[command.index("-n") + 1] == f"{name}@%h"
            assert f"{name}@$$HOSTNAME" in service["healthcheck"]["test"][1]
    assert sorted(queues) == sorted(["dagster", read_settings().training.needs.queue])


def test_dagster_s_commands_take_their_options(project):
    """Help is asked for after the options, which are parsed before it is given."""
    programs = {
        "dagster": create_dagster_cli(),
        "dagster-daemon": create_dagster_daemon_cli(),
        "dagster-webserver": dagster_webserver,
    }
    (image,) = re.findall(r"^CMD (\[(?:.|\n)*?\])", read("Dockerfile"), re.MULTILINE)
    commands = [json.loads(image.replace("\\\n", ""))]
    for service in graph_services(project).values():
        commands.append(service.get("command", commands[0]))
        commands.append(service["healthcheck"]["test"][1:])
    told = [command for command in commands if command[0] in programs]
    assert {command[0] for command in told} == set(programs)
    for program, *arguments in told:
        result = CliRunner().invoke(programs[program], [*arguments, "--help"])
        assert result.exit_code == 0, result.output


def test_who_may_only_look_is_sent_where_nothing_can_be_changed(project):
    caddy = read("Caddyfile")
    viewer = project["services"]["viewer"]
    assert "--read-only" in viewer["command"]
    for block in re.findall(r"handle [^{]*\{(.*?)\n\t\}", caddy, re.DOTALL):
        assert "basic_auth" in block
        (to,) = re.findall(r"reverse_proxy (\w+):3000", block)
        assert ("VIEWER" in block) == (to == "viewer")
    named = set(re.findall(r"\{\$(\w+)\}", caddy))
    assert named == set(project["services"]["proxy"]["environment"])


def test_it_is_one_document_without_repeated_keys():
    """YAML takes the last of two keys, and says nothing."""

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [key.value for key, _ in node.value if key.value != "<<"]
            assert len(keys) == len(set(keys)), keys
            return super().construct_mapping(node, deep)

    for name in ("compose.yaml", "dagster.yaml", "values.yaml"):
        assert yaml.load(read(name), Strict)  # noqa: S506 - it is a safe loader


def test_a_web_server_that_is_read_only_permits_nothing(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        permitted = {}
        for read_only in (True, False):
            with WorkspaceProcessContext(
                instance, EmptyWorkspaceTarget(), version="", read_only=read_only
            ) as context:
                permissions = context.create_request_context().permissions
            permitted[read_only] = {name for name, each in permissions.items() if each.enabled}
    assert not permitted[True]
    assert {"launch_pipeline_execution", "wipe_assets"} <= permitted[False]
