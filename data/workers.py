"""Work on many items in spawned processes: results in the order of the items, memory that stays flat.

Spawned, since a forked child would meet locks that other threads of its parent hold; on one thread each, since the
processes are the parallelism.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_WAITING_PER_WORKER = 16


def in_order(function: Callable[[Item], Result], items: Iterable[Item], *, num_workers: int) -> Iterator[Result]:
    """`function` of each item, in this process where `num_workers` is 1; only a few results a worker ever wait."""
    if num_workers <= 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    context = multiprocessing.get_context("spawn")
    with _environment(_ONE_THREAD), ProcessPoolExecutor(num_workers, mp_context=context) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= _WAITING_PER_WORKER * num_workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Variables for processes started inside: libraries read them once, when they are loaded."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
