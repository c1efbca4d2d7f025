"""What a step needs of whoever runs it, as the tags that Dagster's executors read.

Celery takes the queue, Kubernetes the rest; a local executor takes no notice.
"""

import json

from mnist_assets.declarations.settings import Needs

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
