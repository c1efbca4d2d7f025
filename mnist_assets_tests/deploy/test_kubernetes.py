"""The graph on a cluster that is none: its jobs are validated, and run in this process.

What would be submitted is made by dagster-k8s itself, for the run launcher that deploy/values.yaml
asks the chart for.
"""

import json
from types import SimpleNamespace

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner
from dagster._cli import create_dagster_cli

from mnist_assets.declarations.settings import read_settings
from mnist_assets.orchestration.executor.needs import tags_of
from mnist_assets.orchestration.history import DATA_VERSION
from mnist_assets_tests.cli.command import command, worked_on
from mnist_assets_tests.deploy.files import read_yaml

dagster_k8s = pytest.importorskip("dagster_k8s", reason="the extra [kubernetes] is not installed")
kubernetes = pytest.importorskip("kubernetes")

pytestmark = pytest.mark.slow

NAMESPACE = "graphs"


def run_launcher():
    """The run launcher's part of dagster.yaml that the chart makes of the values."""
    values = read_yaml("values.yaml")
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    chosen = values["runLauncher"]["config"]["k8sRunLauncher"]
    more = chosen["runK8sConfig"]
    config = {
        "load_incluster_config": True,
        "job_namespace": NAMESPACE,
        "image_pull_policy": chosen["imagePullPolicy"],
        "service_account_name": "dagster",
        "dagster_home": "/opt/dagster/dagster_home",
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": values["global"]["postgresqlSecretName"],
        "security_context": chosen["securityContext"],
        "run_k8s_config": {
            "pod_spec_config": more["podSpecConfig"],
            "job_spec_config": more["jobSpecConfig"],
        },
        # What a deployment's runs get from it.
        "job_image": "{repository}:{tag}".format(**deployment["image"]),
        "env_vars": ["{name}={value}".format(**each) for each in deployment["env"]],
        "env_secrets": [each["name"] for each in deployment["envSecrets"]],
        "resources": deployment["resources"],
    }
    return {"run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": config}}


class Cluster:
    """Keeps the jobs that it is given, and runs each at once, in this process."""

    def __init__(self):
        self.jobs = []

    def create_namespaced_job_with_retries(self, body, namespace):
        assert namespace == NAMESPACE
        self.jobs.append(body)
        (container,) = body.spec.template.spec.containers
        entry_point, *arguments = container.args
        assert entry_point == "dagster"
        told = {each.name: each.value for each in container.env}
        step = {
            "DAGSTER_COMPRESSED_EXECUTE_STEP_ARGS": told["DAGSTER_COMPRESSED_EXECUTE_STEP_ARGS"]
        }
        CliRunner().invoke(create_dagster_cli(), arguments, env=step, catch_exceptions=False)

    def get_job_status(self, job_name, namespace):
        return kubernetes.client.V1JobStatus(active=1)


@pytest.fixture(scope="module")
def made(materialized, tmp_path_factory):
    """A project, of which a network and what it is made of were made again by jobs; and these."""
    cluster = Cluster()
    copy = materialized[0].copy(tmp_path_factory.mktemp("cluster") / "copy")
    with worked_on(copy) as project, pytest.MonkeyPatch.context() as patch:
        instance = project.folder / "history" / "dagster.yaml"
        instance.write_text(instance.read_text() + yaml.safe_dump(run_launcher()))
        patch.setenv("MNIST_ASSETS_EXECUTOR", "kubernetes")
        patch.setattr(kubernetes.config, "load_incluster_config", lambda: None)
        client = "dagster_k8s.client.DagsterKubernetesClient.production_client"
        patch.setattr(client, lambda **_: cluster)
        result = command("materialize", "--force", "--select", '+key:"networks/small"')
    assert result.exit_code == 0, result.output
    return project, {job.metadata.labels["dagster/op"]: job for job in cluster.jobs}


def container_of(job):
    return job.spec.template.spec.containers[0]


def test_each_step_is_a_job_that_the_official_client_takes_for_one(made):
    _, jobs = made
    assert {"dataset", "networks__small"} <= set(jobs)
    client = kubernetes.client.ApiClient()
    for job in jobs.values():
        body = client.sanitize_for_serialization(job)
        again = client.deserialize(SimpleNamespace(data=json.dumps(body)), "V1Job")
        assert client.sanitize_for_serialization(again) == body
        assert (body["apiVersion"], body["kind"]) == ("batch/v1", "Job")


@pytest.mark.parametrize("version", ["1.30", "1.34", "1.37"])
def test_each_step_is_a_job_by_the_published_schema(made, version):
    validator = pytest.importorskip("kubernetes_validate")
    client = kubernetes.client.ApiClient()
    for job in made[1].values():
        body = client.sanitize_for_serialization(job)
        validator.validate(body, version, strict=True)
        body["spec"]["template"]["spec"]["containers"][0]["resource"] = {}
        with pytest.raises(validator.ValidationError):
            validator.validate(body, version, strict=True)


def test_a_step_that_trains_gets_what_it_needs_and_another_what_all_get(made):
    _, jobs = made
    (deployment,) = read_yaml("values.yaml")["dagster-user-deployments"]["deployments"]
    assert container_of(jobs["dataset"]).resources.to_dict()["limits"] == {"memory": "3000Mi"}
    assert deployment["resources"]["limits"] == {"memory": "3000Mi"}
    training = container_of(jobs["networks__small"]).resources
    assert training.requests == {"cpu": "2", "memory": "4000M"}
    assert training.limits == {"memory": "4000M"}


def test_gpus_are_among_the_resources(made):
    """Rendered from the tag alone, as no step of the project asks for any."""
    needs = read_settings().training.needs.model_copy(update={"gpus": 2})
    config = dagster_k8s.job.get_user_defined_k8s_config(tags_of(needs))
    resources = kubernetes.client.V1ResourceRequirements(**config.container_config["resources"])
    assert resources.limits["nvidia.com/gpu"] == resources.requests["nvidia.com/gpu"] == "2"


def test_no_job_has_a_secret_in_it_or_is_root(made):
    _, jobs = made
    for job in jobs.values():
        container = container_of(job)
        secret = {each.name: each.value_from for each in container.env}["DAGSTER_PG_PASSWORD"]
        assert secret.secret_key_ref.name == "mnist-assets-postgres"
        assert [each.secret_ref.name for each in container.env_from] == ["mnist-assets-store"]
        assert job.spec.template.spec.security_context.run_as_non_root
        assert container.security_context.capabilities.drop == ["ALL"]


def test_values_are_those_that_this_machine_makes(made, materialized):
    project, _ = made
    with project.instance() as there, materialized[0].instance() as here:
        for name in ("train_images", "test_labels"):
            key = dg.AssetKey(["dataset", name])
            assert version(there, key) == version(here, key)
        network = dg.AssetKey(["networks", "small"])
        assert version(there, network) == version(here, network)
        assert there.get_latest_materialization_event(network).run_id != (
            here.get_latest_materialization_event(network).run_id
        )


def version(instance, key):
    return instance.get_latest_materialization_event(key).asset_materialization.tags[DATA_VERSION]
