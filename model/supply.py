"""The next batches, made in a thread of their own while the step works on the last one."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import torch

from model.batch import each_tensor

Item = TypeVar("Item")
_NUM_AHEAD = 2


@dataclass(frozen=True, kw_only=True)
class _Made(Generic[Item]):
    """An item, and what tells that its tensors are on the GPU; or why there are no more (None: they are all out)."""

    item: Item | None = None
    ready: torch.cuda.Event | None = None
    error: BaseException | None = None


class Supply(Generic[Item]):
    """Takes `items` in a thread and gives them on, a few ahead: the same items in the same order.

    What it takes to make one, copies to a GPU included (on a stream of their own), goes on beside the step. An
    exception in the thread comes out here. The thread lives as long as the `with` block.
    """

    def __init__(self, items: Iterator[Item], *, device: torch.device | str) -> None:
        self.starved_seconds = 0.0  # how long the step has waited for items
        self._items = items
        self._stream = torch.cuda.Stream() if torch.device(device).type == "cuda" else None  # type: ignore[no-untyped-call]
        self._made: queue.Queue[_Made[Item]] = queue.Queue(_NUM_AHEAD)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._make, name="supply", daemon=True)

    def __enter__(self) -> Self:
        if self._stream is not None:
            self._stream.wait_stream(torch.cuda.current_stream())  # what the items are made of is there by then
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over.set()
        while self._thread.is_alive():
            self._drop()  # the thread may be waiting for room
            self._thread.join(timeout=0.01)

    def __iter__(self) -> Iterator[Item]:
        while (made := self._next()).item is not None:
            yield _received(made.item, made.ready)
        if made.error is not None:
            raise made.error

    def _next(self) -> _Made[Item]:
        started = time.perf_counter()
        made = self._made.get()
        self.starved_seconds += time.perf_counter() - started
        return made

    def _make(self) -> None:
        try:
            with nullcontext() if self._stream is None else torch.cuda.stream(self._stream):
                for item in self._items:
                    self._made.put(
                        _Made(item=item, ready=None if self._stream is None else self._stream.record_event())
                    )
                    if self._is_over.is_set():
                        return
        except BaseException as error:
            self._made.put(_Made(error=error))
        else:
            self._made.put(_Made())

    def _drop(self) -> None:
        try:
            self._made.get_nowait()
        except queue.Empty:
            return


def _received(item: Item, ready: torch.cuda.Event | None) -> Item:
    """The item, for use on the current stream: which waits for it, while the host does not."""
    if ready is None:
        return item
    stream = torch.cuda.current_stream()
    stream.wait_event(ready)

    def mark(tensor: torch.Tensor) -> Any:
        if tensor.is_cuda:
            tensor.record_stream(stream)
        return tensor

    return each_tensor(item, mark)
