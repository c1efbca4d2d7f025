"""The Helm values: what the chart knows, and what agrees with the image and the instance.

`helm` itself validates values with the chart's schema, and is not here; this is what that schema
says of the keys that are used.
"""

from importlib import import_module
from pathlib import Path

import pytest

from mnist_assets.declarations.places import Places
from mnist_assets_tests.deploy.files import read, read_yaml

IMAGE = {"repository": str, "tag": str, "pullPolicy": str}
NAMES = [{"name": str}]
# What Kubernetes defines, by its name in the official client.
RESOURCES, POD, CONTAINER = "V1ResourceRequirements", "V1PodSecurityContext", "V1SecurityContext"
PODS = {"resources": RESOURCES, "podSecurityContext": POD, "securityContext": CONTAINER}
CHART = {
    "global": {"postgresqlSecretName": str},
    "generatePostgresqlPasswordSecret": bool,
    "postgresql": {
        "enabled": bool,
        "postgresqlHost": str,
        "postgresqlUsername": str,
        "postgresqlDatabase": str,
        "postgresqlPassword": str,
        "postgresqlScheme": str,
        "postgresqlParams": dict,
        "service": {"port": int},
    },
    "dagster-user-deployments": {
        "enabled": bool,
        "deployments": [
            {
                "name": str,
                "image": IMAGE,
                "dagsterApiGrpcArgs": [str],
                "port": int,
                "includeConfigInLaunchedRuns": {"enabled": bool},
                "env": [{"name": str, "value": str}],
                "envSecrets": NAMES,
                **PODS,
            }
        ],
    },
    "runLauncher": {
        "type": str,
        "config": {
            "k8sRunLauncher": {
                "imagePullPolicy": str,
                "securityContext": CONTAINER,
                "runK8sConfig": {
                    "podSpecConfig": {"securityContext": POD},
                    "jobSpecConfig": {"ttlSecondsAfterFinished": int},
                },
            }
        },
    },
    "dagsterWebserver": {
        "image": IMAGE,
        "enableReadOnly": bool,
        "service": {"type": str, "port": int},
        "readinessProbe": "V1Probe",
        "envSecrets": NAMES,
        **PODS,
    },
    "dagsterDaemon": {
        "image": IMAGE,
        "runCoordinator": {
            "enabled": bool,
            "type": str,
            "config": {"queuedRunCoordinator": {"maxConcurrentRuns": int}},
        },
        "runMonitoring": {
            "enabled": bool,
            "startTimeoutSeconds": int,
            "pollIntervalSeconds": int,
        },
        **PODS,
    },
    "computeLogManager": {
        "type": str,
        "config": {"s3ComputeLogManager": {"bucket": str, "prefix": str, "skipEmptyFiles": bool}},
    },
    "pythonLogs": {"pythonLogLevel": str},
    "retention": {
        "enabled": bool,
        "schedule": {"purgeAfterDays": int},
        "sensor": {
            "purgeAfterDays": {"skipped": int, "started": int, "success": int, "failure": int}
        },
    },
    "ingress": {"enabled": bool},
    "telemetry": {"enabled": bool},
}


@pytest.fixture(scope="module")
def values():
    return read_yaml("values.yaml")


def leaves(value, known, place=""):
    """Each place in the values with what is there and what the chart takes there."""
    if isinstance(known, dict):
        assert isinstance(value, dict), place
        for key, item in value.items():
            assert key in known, f"the chart has no {place}.{key}"
            yield from leaves(item, known[key], f"{place}.{key}")
    elif isinstance(known, list):
        assert isinstance(value, list), place
        for item in value:
            yield from leaves(item, known[0], f"{place}[]")
    else:
        yield place, value, known


def test_the_chart_knows_every_key_and_takes_its_value(values):
    for place, value, known in leaves(values, CHART):
        if isinstance(known, type):
            assert type(value) is known, place
    assert values["runLauncher"]["type"] == "K8sRunLauncher"
    assert values["dagsterDaemon"]["runCoordinator"]["type"] == "QueuedRunCoordinator"


def test_kubernetes_knows_the_rest(values):
    client = pytest.importorskip("kubernetes").client
    api = client.ApiClient()
    checked = 0
    for place, value, known in leaves(values, CHART):
        if isinstance(known, str):
            model = api._ApiClient__deserialize_model(value, getattr(client, known))
            assert api.sanitize_for_serialization(model) == value, place
            checked += 1
    assert checked == 12


def test_all_pods_are_of_one_image_and_no_root(values):
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    pods = [deployment, values["dagsterWebserver"], values["dagsterDaemon"]]
    assert [pod["image"] for pod in pods] == [deployment["image"]] * 3
    assert "{repository}:{tag}".format(**deployment["image"]) in read("compose.yaml")
    user = next(int(line.split()[1]) for line in read("Dockerfile").splitlines() if "USER" in line)
    launched = values["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]["podSpecConfig"]
    for context in [launched["securityContext"], *(pod["podSecurityContext"] for pod in pods)]:
        assert context["runAsUser"] == user
        assert context["runAsNonRoot"]


def test_it_sets_what_the_package_reads(values, monkeypatch):
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    for each in deployment["env"]:
        monkeypatch.setenv(each["name"], each["value"])
    places = Places.from_environment()
    assert places.executor == "kubernetes"
    assert places.assets.startswith("s3://")
    assert places.inbox.startswith("s3://")
    assert {each["name"] for each in deployment["env"]} <= {
        f"MNIST_ASSETS_{name}" for name in ("DATA", "INBOX", "EXECUTOR", "CACHE_GB")
    }
    module = deployment["dagsterApiGrpcArgs"][1]
    assert Path(import_module(module).__file__).name == "definitions.py"


def test_it_agrees_with_the_instance_of_a_deployment(values):
    instance = read_yaml("dagster.yaml")
    storage = instance["storage"]["postgres"]["postgres_db"]
    postgres = values["postgresql"]
    assert postgres["postgresqlScheme"] == storage["scheme"]
    assert postgres["postgresqlParams"] == storage["params"]
    limit = values["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert limit["maxConcurrentRuns"] == instance["concurrency"]["runs"]["max_concurrent_runs"]
    kept = {name: each["purgeAfterDays"] for name, each in list(values["retention"].items())[1:]}
    assert kept == {name: each["purge_after_days"] for name, each in instance["retention"].items()}
    assert not values["telemetry"]["enabled"]


def test_no_secret_is_in_it_and_nothing_is_open_to_all(values):
    assert not values["postgresql"]["postgresqlPassword"]
    assert not values["generatePostgresqlPasswordSecret"]
    assert not values["ingress"]["enabled"]
    assert values["dagsterWebserver"]["service"]["type"] == "ClusterIP"
