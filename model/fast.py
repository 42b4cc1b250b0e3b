"""The fast mode: layers compiled, and on a GPU the whole of forward and backward recorded once and played again.

What is learnt stays the same; sums may be taken in another order, and not in the same one twice. Shapes must not
change for that, so what is asked is padded to a size that hardly any batch goes beyond; one that does, and the smaller
batch at the end of an epoch, take the ordinary way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from model.batch import Batch, each_tensor
from model.exercise import Asks, Exercise
from model.learner import Outcome
from model.networks import Encoder
from model.specs import Budget

Sizes = Mapping[str, tuple[int, ...]]
"""How many things each part of each objective is padded to."""

_SPARE = 1.1  # of the most that was asked in some batches
_MULTIPLE = 64  # sizes that suit matrix products
_NUM_WARM_UPS = 3


def sizes(batches: Iterable[Batch], ask: Callable[[Batch], Asks], *, num_batches: int = 16) -> Sizes:
    """Sizes that hold what the first batches ask, and some more."""
    seen = [ask(batch) for batch in itertools.islice(batches, num_batches)]
    return {
        name: tuple(_room(max(len(asks[name][part].places_N) for asks in seen)) for part in range(len(parts)))
        for name, parts in seen[0].items()
    }


def padded(asks: Asks, to: Sizes) -> Asks:
    """What is asked, each part padded to its size."""
    return {
        name: tuple(asked.padded(size) for asked, size in zip(parts, to[name], strict=True))
        for name, parts in asks.items()
    }


def padding(batches: Iterable[Batch], ask: Callable[[Batch], Asks]) -> Callable[[Batch], Asks]:
    """`ask`, each part padded to a size that holds what the first of these batches ask, and some more."""
    to = sizes(batches, ask)
    return lambda batch: padded(ask(batch), to)


def is_recorded(budget: Budget) -> bool:
    """Whether steps are compiled and recorded: on a processor neither was quicker."""
    return budget.mode == "fast" and budget.device == "cuda"


def uncompiled(budget: Budget) -> AbstractContextManager[object]:
    """Within it what was compiled is computed the ordinary way: it is not worth compiling for what is done once."""
    return torch.compiler.set_stance("force_eager") if is_recorded(budget) else nullcontext()


def compile_layers(encoder: Encoder) -> None:
    """Compile each of the repeated layers: those of a kind are one code, which is compiled once for each shape."""
    for layer in encoder.repeated():
        layer.compile(dynamic=False)


class RecordedStep:
    """Losses and gradients of exercises of one shape by a CUDA graph; of any other the ordinary way.

    Gradients are left in the parameters, and take the place of those that were there: the memory stays the same, so do
    not set them to None. `precision` makes the context in which losses are computed.
    """

    def __init__(
        self,
        learner: nn.Module,
        shares: Tensor,
        *,
        precision: Callable[[], AbstractContextManager[object]],
        like: Exercise,
        has_features: bool = False,
    ) -> None:
        self._learner = learner
        self._names = tuple(like.asks)
        self._shares = shares
        self._has_features = has_features
        self._precision = precision
        self._static = each_tensor(like, torch.clone)
        self._warm_up()
        self._graph = torch.cuda.CUDAGraph()
        self._learner.zero_grad(set_to_none=True)
        # Another thread may be making the next batches; what it asks of CUDA is no business of this recording.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._outcome = self._teach(self._static)

    def __call__(self, exercise: Exercise) -> Outcome:
        """The loss of each objective, unweighted, and the features; the next call overwrites them."""
        given, static = _tensors(exercise), _tensors(self._static)
        if [tensor.shape for tensor in given] != [tensor.shape for tensor in static]:
            self._learner.zero_grad(set_to_none=False)
            with torch.compiler.set_stance("force_eager"):  # it is not worth compiling for
                return self._teach(exercise)
        for mine, other in zip(static, given, strict=True):
            mine.copy_(other, non_blocking=True)
        self._graph.replay()
        return self._outcome

    def _teach(self, exercise: Exercise) -> Outcome:
        with self._precision():
            outcome: Outcome = self._learner.outcome(  # type: ignore[operator]
                exercise, self._names, has_features=self._has_features
            )
        (outcome.losses_N * self._shares).sum().backward()  # type: ignore[no-untyped-call]
        return each_tensor(outcome, torch.Tensor.detach)

    def _warm_up(self) -> None:
        """On another stream: what libraries set up at their first call must not be recorded."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_NUM_WARM_UPS):
                self._teach(self._static)
        torch.cuda.current_stream().wait_stream(stream)


def _tensors(exercise: Exercise) -> list[Tensor]:
    found: list[Tensor] = []
    each_tensor(exercise, found.append)
    return found


def _room(most: int) -> int:
    return -(-int(most * _SPARE) // _MULTIPLE) * _MULTIPLE
