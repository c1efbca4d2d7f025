"""How a run's steps are run: here in two processes where that can be, else by Dagster's executors.

`choice.py` is the one setting; `executor.py` the local one, of which `limits.py` says when to hand
over, `dispatch.py` hands steps to two processes and a twin of one, `worker.py` is such a process.
This is all that others use of it.
"""

from mnist_assets.orchestration.executor.choice import chosen_executor
from mnist_assets.orchestration.executor.dispatch import INTERRUPTED
from mnist_assets.orchestration.executor.executor import local_executor
from mnist_assets.orchestration.executor.needs import NEEDS_TENSORFLOW, PRIORITY

__all__ = ["INTERRUPTED", "NEEDS_TENSORFLOW", "PRIORITY", "chosen_executor", "local_executor"]
