"""Work in spawned processes, which end with their parent: results in the order of the items, memory that stays flat.

Spawned, since a forked child would meet locks that other threads of its parent hold; on one thread each, since the
processes are the parallelism.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import ParamSpec, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_WAITING_PER_WORKER = 16
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def in_order(function: Callable[[Item], Result], items: Iterable[Item], *, num_workers: int) -> Iterator[Result]:
    """`function` of each item, in this process where `num_workers` is 1; only a few results a worker ever wait."""
    if num_workers <= 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    with spawned(num_workers) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= _WAITING_PER_WORKER * num_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def spawned(num_workers: int) -> ProcessPoolExecutor:
    """A pool of spawned processes that end with this one."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(num_workers, mp_context=context, initializer=_begin)


class Inline(Executor):
    """An executor without workers: what is submitted is done at once, here."""

    def submit(
        self, function: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Do it; what it raises is raised when its result is asked for."""
        future: Future[Result] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def executor(num_workers: int) -> Executor:
    """This process itself for one worker, spawned processes for more."""
    if num_workers <= 1:
        return Inline()
    return spawned(num_workers)


def end_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies, so that nothing is left behind (Linux alone can).

    A pool's workers do not notice by themselves: each holds both ends of the pipe that it waits on.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died in between
        sys.exit(1)


def _begin() -> None:
    """What a worker does first: before numpy is loaded, which reads these variables once."""
    os.environ.update(_ONE_THREAD)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal: the parent decides
    end_with_parent()
