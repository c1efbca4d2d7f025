"""How a run's steps are run: in two processes where that can be, else by Dagster's own executors.

`executor.py` chooses, `limits.py` says when to hand over, `dispatch.py` hands steps to two
processes, `worker.py` is such a process. This is all that others use of it.
"""

from mnist_assets.orchestration.executor.dispatch import INTERRUPTED, NEEDS_TENSORFLOW, PRIORITY
from mnist_assets.orchestration.executor.executor import local_executor

__all__ = ["INTERRUPTED", "NEEDS_TENSORFLOW", "PRIORITY", "local_executor"]
