"""Spawned processes for the taggers: one to train in, several to tag in; their number does not change the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from data.progress import Progress
from data.taggers import TaggedText

_CHUNK = 2000  # texts; fixed, since what shares a batch may change the last bit of a score

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def call(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """`function` in a process of its own, which starts from nothing and ends with the call."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def tag_chunks(
    function: Callable[[list[str], str], list[TaggedText]],
    texts: Sequence[str],
    model: str,
    *,
    num_workers: int,
    progress: Progress,
) -> Iterator[list[TaggedText]]:
    """`function(texts, model)` over chunks of `texts` in `num_workers` processes, in the order of `texts`."""
    chunks = [list(texts[start : start + _CHUNK]) for start in range(0, len(texts), _CHUNK)]
    if not chunks:
        return
    with ProcessPoolExecutor(min(num_workers, len(chunks)), mp_context=get_context("spawn")) as pool:
        for number, tagged in enumerate(pool.map(function, chunks, [model] * len(chunks)), start=1):
            progress(number / len(chunks), f"{min(number * _CHUNK, len(texts)):,} of {len(texts):,} phrases tagged")
            yield tagged
