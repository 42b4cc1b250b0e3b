"""A pre-training step at the paper's size, beside `transformers`' LXMERT and beside what the processor can multiply.

`python -m speed.training` (with `pip install -e ".[dev]"`); `--gpu` measures a GPU instead (speed/training_on_gpu.py).
Both sides learn masked words and matching on the same rows, with the same weights at the start, in a process as it
comes: without what a training does to its memory (model/allocator.py), by which either would gain.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from model import arithmetic, flop, optimizers
from model.curricula.msp import PAPER, curriculum
from model.exercise import Exercise
from model.facts import Facts
from model.feed import Exercises, Feed
from model.learner import Learner
from model.regions import features
from model.specs import Network, Objective, Precision
from speed import peer_lxmert, training_set
from speed.measuring import Row, Taken, Target, Work, interleaved, table
from speed.training_set import TrainingSet

HEADS = (Objective(name="mlm"), Objective(name="itm_hs"))
Clock = Callable[[], float]
_PRODUCT = (1024, 768, 3072)  # rows, inputs and outputs of the product that the processor is judged by
_NUM_PRODUCTS = 10
_NUM_FED = 10  # batches, when the feed is measured alone


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What is to be reached with so many rows at a precision: speed over each of the peer's ways, share of the roof."""

    num_rows: int
    precision: Precision
    over_default: float
    over_fused: float | None
    share_of_roof: float | None


AIMS = (
    Aim(num_rows=32, precision="bfloat16", over_default=3.5, over_fused=1.25, share_of_roof=0.55),
    Aim(num_rows=32, precision="float32", over_default=1.1, over_fused=None, share_of_roof=0.75),
    Aim(num_rows=8, precision="float32", over_default=1.25, over_fused=None, share_of_roof=None),
)
DEFAULT, FUSED = "transformers, float32, default AdamW", "transformers, bfloat16, fused AdamW"


def measure(
    network: Network = PAPER.network,
    *,
    batch_sizes: tuple[int, ...] = (32, 8),
    num_images: int = 1000,
    num_rows: int = 4000,
    num_rounds: int = 3,
    clock: Clock = time.perf_counter,
) -> list[Row]:
    """The rows of the table: all ways of a batch size interleaved in one run, by one clock."""
    with tempfile.TemporaryDirectory() as folder:
        grain = replace(training_set.PAPER["sentence"], num_rows=num_rows)
        made = training_set.make(Path(folder), num_images=num_images, grains={"sentence": grain})
        facts = made.facts()
        rows = []
        for batch_size in batch_sizes:
            rows += _beside_peer(network, made, facts, batch_size=batch_size, num_rounds=num_rounds, clock=clock)
        rows.append(_feed_alone(network, made, facts, batch_size=batch_sizes[0], num_rounds=num_rounds, clock=clock))
    return rows


def _beside_peer(
    network: Network, made: TrainingSet, facts: Facts, *, batch_size: int, num_rounds: int, clock: Clock
) -> list[Row]:
    learner, exercises = _prepared(network, made, facts, HEADS, batch_size)
    exercise = next(exercises.batches(0))
    given = peer_lxmert.inputs(exercise)
    default, fused = (peer_lxmert.build(learner, network, vocabulary_size=facts.vocabulary_size) for _ in range(2))
    notes = _losses(learner.eval(), default.eval(), exercise)
    aims = [aim for aim in AIMS if aim.num_rows == batch_size]
    ways: dict[str, Work] = {aim.precision: step_of(learner, exercise, aim.precision) for aim in aims}
    ways[DEFAULT] = _peer_step(default, given, torch.optim.AdamW(default.parameters(), lr=1e-5), "float32")
    ways[FUSED] = _peer_step(fused, given, torch.optim.AdamW(fused.parameters(), lr=1e-5, fused=True), "bfloat16")
    roofs = {aim.precision: Roof(aim.precision, clock) for aim in aims}
    ways |= {f"product, {precision}": roof for precision, roof in roofs.items()}
    taken = interleaved(ways, num_rounds=num_rounds, clock=clock)
    num_operations = flop.of_step(lambda: learner.losses(exercise))
    return [row for aim in aims for row in _rows(aim, taken, num_operations, roofs[aim.precision].best(), notes)]


def _rows(
    aim: Aim, taken: Mapping[str, Taken], num_operations: float, roof: float, notes: Mapping[str, str]
) -> list[Row]:
    work = f"a step of {aim.num_rows} rows, {aim.precision}"
    ours = taken[aim.precision]
    rows = [
        Row(work=work, against=against, ours=ours, theirs=taken[against], target=_at_least(least), notes=notes)
        for against, least in ((DEFAULT, aim.over_default), (FUSED, aim.over_fused))
    ]
    at_best = Taken(seconds=num_operations / roof)
    share = {"GFLOP": f"{num_operations / 1e9:.0f}", "GFLOP/s at best": f"{roof / 1e9:.0f}"}
    against = "its products at the best speed measured"
    return [
        *rows,
        Row(work=work, against=against, ours=ours, theirs=at_best, target=_at_least(aim.share_of_roof), notes=share),
    ]


def _feed_alone(
    network: Network, made: TrainingSet, facts: Facts, *, batch_size: int, num_rounds: int, clock: Clock
) -> Row:
    """Making the batches of the whole sentence stage beside what its step takes."""
    (stage,) = (s for s in curriculum(replace(PAPER, network=network), seed=1).stages if s.name == "sentence")
    learner, exercises = _prepared(network, made, facts, stage.streams[0].objectives, batch_size)
    batches = itertools.chain.from_iterable(exercises.batches(epoch) for epoch in itertools.count())
    ways: dict[str, Work] = {
        "feed": lambda: list(itertools.islice(batches, _NUM_FED)),
        "step": step_of(learner, next(batches), "bfloat16"),
    }
    taken = interleaved(ways, num_rounds=num_rounds, clock=clock)
    return Row(
        work=f"feed of {batch_size} rows alone",
        against="the step, bfloat16",
        ours=Taken(seconds=taken["feed"].seconds / _NUM_FED),
        theirs=taken["step"],
        target=_at_least(5.0),
        notes={"milliseconds": f"{taken['feed'].seconds / _NUM_FED * 1e3:.1f}"},
    )


def _prepared(
    network: Network, made: TrainingSet, facts: Facts, heads: tuple[Objective, ...], batch_size: int
) -> tuple[Learner, Exercises]:
    """A learner, and the batches of the sentence stage with what it asks of them."""
    (stage,) = (s for s in curriculum(PAPER, seed=1).stages if s.name == "sentence")
    stream = replace(stage.streams[0], batch_size=batch_size, objectives=heads)
    feed = Feed(stream, corpus=made.corpus("sentence"), split="train", facts=facts, seed=1)
    learner = Learner(network, heads, facts, seed=1).train()
    return learner, Exercises(feed, learner.ask, features(facts.store, "cpu"))


def step_of(learner: Learner, exercise: Exercise, precision: Precision) -> Work:
    """A whole update as the loop makes it."""
    optimizer = optimizers.build(PAPER.optimizer, learner.parameters())

    def step() -> None:
        learner.train()
        with arithmetic.precision_of("cpu", precision):
            losses = learner.losses(exercise)
        _update(losses.sum(), optimizer)

    return step


def _peer_step(
    peer: nn.Module, given: Mapping[str, Tensor], optimizer: torch.optim.Optimizer, precision: Precision
) -> Work:
    def step() -> None:
        peer.train()
        with arithmetic.precision_of("cpu", precision):
            total = peer_lxmert.loss(peer, given)
        _update(total, optimizer)

    return step


def _update(total: Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    total.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _losses(learner: Learner, peer: nn.Module, exercise: Exercise) -> dict[str, str]:
    """The sum of both losses on either side, without dropout."""
    with torch.no_grad():
        ours = float(learner.losses(exercise).sum())
        theirs = float(peer_lxmert.loss(peer, peer_lxmert.inputs(exercise)))
    return {"loss": f"{ours:.6f}", "theirs": f"{theirs:.6f}"}


class Roof:
    """Matrix products, and the best speed at which one of them was done."""

    def __init__(self, precision: Precision, clock: Clock) -> None:
        self._clock = clock
        kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
        num_rows, num_inputs, num_outputs = _PRODUCT
        self._left, self._right = (
            torch.randn(num_rows, num_inputs).to(kind),
            torch.randn(num_inputs, num_outputs).to(kind),
        )
        self._seconds: list[float] = []

    def __call__(self) -> None:
        """Some of them."""
        for _ in range(_NUM_PRODUCTS):
            started = self._clock()
            torch.mm(self._left, self._right)
            self._seconds.append(self._clock() - started)

    def best(self) -> float:
        """In FLOP a second."""
        num_rows, num_inputs, num_outputs = _PRODUCT
        return 2.0 * num_rows * num_inputs * num_outputs / min(self._seconds)


def _at_least(ratio: float | None) -> Target | None:
    return None if ratio is None else Target(limit="at least", ratio=ratio)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpu", action="store_true", help="the three stages on a GPU, in about six minutes")
    parser.add_argument("--num-rounds", type=int, default=3)
    parser.add_argument("--num-threads", type=int, default=2)
    parser.add_argument(
        "--busy",
        action="store_true",
        help="for a machine that others use too: the processor's time on one thread, not that which passes",
    )
    given = parser.parse_args()
    if given.gpu:
        from speed import stages, training_on_gpu

        training_on_gpu.run(stages.Size(), "cuda")
        return
    torch.set_num_threads(1 if given.busy else given.num_threads)
    clock = time.process_time if given.busy else time.perf_counter
    print(table(measure(num_rounds=given.num_rounds, clock=clock)))


if __name__ == "__main__":
    main()
