"""What a step needs of whoever runs it, as tags.

Celery takes the queue, Kubernetes the rest; the local executor looks for what trains, and for what
needs TensorFlow.
"""

import json

from mnist_assets.declarations.operation import Needs
from mnist_assets.orchestration.dagster_internals import ExecutionStep

NEEDS_TENSORFLOW = {"mnist_assets/needs": "tensorflow"}  # tags of an op that does
PRIORITY = "dagster/priority"
CELERY_PRIORITY = "dagster-celery/priority"  # 0 to 10
QUEUE = "dagster-celery/queue"
POD = "dagster-k8s/config"


def priority_tags(priority: int) -> dict[str, str]:
    """The tags of a step that is more urgent than others, or less if below 0: -5 to 5."""
    return {PRIORITY: str(priority), CELERY_PRIORITY: str(5 + priority)}


def tags_of(needs: Needs) -> dict[str, str]:
    """The tags of a step that needs this."""
    memory = f"{round(needs.memory_gigabytes * 1000)}M"
    gpus = {"nvidia.com/gpu": str(needs.gpus)} if needs.gpus else {}
    resources = {
        "requests": {"cpu": f"{needs.cpus:g}", "memory": memory, **gpus},
        "limits": {"memory": memory, **gpus},
    }
    return {QUEUE: needs.queue, POD: json.dumps({"container_config": {"resources": resources}})}


def needs_tensorflow(step: ExecutionStep) -> bool:
    """Whether a step imports TensorFlow, as its op says."""
    return NEEDS_TENSORFLOW.items() <= step.tags.items()


def trains(step: ExecutionStep) -> bool:
    """Whether a step trains a network, and so needs more than others do."""
    return QUEUE in step.tags
