"""Work on many items in spawned processes, with results in the order of the items and memory that stays flat."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_BATCH_SIZE = 256
_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def in_order(function: Callable[[Item], Result], items: Iterable[Item], *, num_workers: int) -> Iterator[Result]:
    """`function` of each item, in this process where `num_workers` is 1; at most 256 results wait to be taken."""
    if num_workers <= 1:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")  # a forked child would meet locks that another thread holds
    with _one_thread_in_children(), ProcessPoolExecutor(num_workers, mp_context=context) as pool:
        waiting = iter(items)
        while batch := list(itertools.islice(waiting, _BATCH_SIZE)):
            yield from pool.map(function, batch, chunksize=8)


@contextmanager
def _one_thread_in_children() -> Iterator[None]:
    """Workers are the parallelism: without this each would start a thread per core for its small products."""
    before = {name: os.environ.get(name) for name in _THREAD_SETTINGS}
    os.environ.update(dict.fromkeys(_THREAD_SETTINGS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
