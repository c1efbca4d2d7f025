"""Trainings side by side, in processes of their own.

A training that has all cores to itself leaves them waiting much of the time, as products of small
matrices and the steps between them keep few busy. In a process for each core, on one thread, every
run takes somewhat longer and all together half as long (on 2 cores); the weights are the same to
the byte, but for the last bits of convolutions (`docs/networks.md`). Threads of one process would
share TensorFlow's one pool of threads.
"""

from __future__ import annotations

import multiprocessing
import signal
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, TypeVar

from mnist_assets.networks.training import import_keras
from mnist_assets.process import count_cores, end_with_parent, processes_with_keras
from mnist_assets.study.digits import Digits
from mnist_assets.study.training import Run, Seeds, Study, train_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Workers:
    """Processes that train, started when there is more than one run to train."""

    def __init__(self, processes: int) -> None:
        """Train side by side.

        Args:
            processes: At most so many at a time, and at most one a core; one, where this process
                may start none, as those of Celery's workers.
        """
        self._cores = count_cores()
        may_start_others = not multiprocessing.current_process().daemon
        self._processes = min(processes, self._cores) if may_start_others else 1
        self._pool: Executor | None = None

    def close(self) -> None:
        """Let the processes finish the run they are at, and end them."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def train(self, digits: Digits, study: Study, todo: Sequence[Seeds]) -> Iterator[Run]:
        """Train a network with each of the seeds; runs come in the order they finish."""
        return self.each(partial(train_run, digits, study), todo)

    def each(self, train: Callable[[_Item], _Result], todo: Sequence[_Item]) -> Iterator[_Result]:
        """Call a function with each item; what it returns comes in the order it finishes."""
        if self._processes == 1 or len(todo) == 1:
            yield from map(train, todo)
            return
        futures = [self._started_pool().submit(train, item) for item in todo]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def _started_pool(self) -> Executor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes,
                processes_with_keras(),
                initializer=begin_worker,
                initargs=(self._cores // self._processes,),
            )
            # A process that was started by another waits, when it ends, for those it started: they
            # have to be told before, and before their queues close, which have priority 10.
            Finalize(self, self.close, exitpriority=100)
        return self._pool


def begin_worker(threads: int) -> None:
    """What a process does before its first run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for its parent, which ends it
    end_with_parent()
    import_keras()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
