"""The three stages at the paper's size on one GPU, on generated rows of all 1.08 million pairs' shapes.

`python -m speed.training --gpu`: every way to compute a step beside the others, then the quickest for thousands of real
steps (rows, corruptions, copies, features from the device's memory) and with larger batches. What is not quick enough
for the time given is left out, and said. A way that fails is named with its error, and the others go on.
"""

from __future__ import annotations

import copy
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from data.schema import FEATURE_SIZE, NUM_REGIONS
from model import arithmetic, fast, flop, optimizers
from model.batch import Batch
from model.curricula.msp import PAPER, curriculum
from model.exercise import Asks, Exercise
from model.facts import Facts
from model.feed import Exercises, Feed
from model.learner import Learner
from model.regions import Features, Resident
from model.specs import Device, Network, Stage
from model.supply import Supply
from speed import training_set
from speed.run import Run
from speed.training_set import Grain, TrainingSet
from speed.variants import Variant

NUM_EPOCHS = {"token": 10, "phrase": 20, "sentence": 20}
PLAIN = Variant()
TRIED = (
    Variant(precision="float32", is_exact=True),
    Variant(precision="float32"),
    Variant(is_exact=True),
    PLAIN,
    Variant(is_recorded=True),
    Variant(compiled="layers"),
    Variant(compiled="layers", is_recorded=True),
    Variant(compiled="layers and heads", is_recorded=True),
    Variant(compiled="layers", is_recorded=True, parts=("bfloat16 between",)),
    Variant(compiled="layers", is_recorded=True, parts=("attention written out",)),
    Variant(compiled="layers", is_recorded=True, parts=("joined projections",)),
    Variant(
        compiled="layers",
        is_recorded=True,
        parts=("bfloat16 between", "attention written out", "joined projections"),
    ),
)
BESIDE = (Variant(precision="float32", is_exact=True), Variant(is_exact=True), PLAIN)
"""What the winner is set beside in every stage."""

_ROWS_COUNTED = 64

Step = Callable[[Exercise], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything: the paper's, or as much as a test bears."""

    network: Network = PAPER.network
    grains: Mapping[str, Grain] = field(default_factory=lambda: training_set.PAPER)
    num_images: int = training_set.NUM_PAPER_IMAGES
    batch_sizes: Mapping[str, int] = field(default_factory=lambda: {"token": 64, "phrase": 128, "sentence": 128})
    larger: tuple[int, ...] = (512, 1024)
    num_steps: int = 30  # of a way, measured
    num_real_steps: int = 2000
    roof_width: int = 8192
    minutes: float = 5.5


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One stage with one batch size: its feed, its learner, and the features that it is fed."""

    stage: Stage
    feed: Feed
    base: Learner
    features: Features

    @property
    def batch_size(self) -> int:
        """Rows of a batch."""
        return self.stage.streams[0].batch_size

    def exercises(self, variant: Variant) -> Exercises:
        """Its batches as a way wants them: padded where the step is recorded."""
        if not variant.is_recorded:
            return Exercises(self.feed, self.base.ask, self.features)
        sizes = fast.sizes(self.feed.batches(0), self.base.ask)

        def ask(batch: Batch) -> Asks:
            return fast.padded(self.base.ask(batch), sizes)

        return Exercises(self.feed, ask, self.features)


def run(size: Size, device: Device) -> None:
    """Measure and print everything."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # for what is exact
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    this = Run(device, size.minutes)
    this.say(f"torch {torch.__version__} on {torch.cuda.get_device_name() if device == 'cuda' else 'the processor'}")
    torch._dynamo.config.recompile_limit = 64
    roof = _roof(this, size.roof_width)
    with tempfile.TemporaryDirectory() as folder:
        made = training_set.make(Path(folder), num_images=size.num_images, grains=size.grains, with_features=False)
        facts = made.facts()
        features = Resident(_table(size.num_images, device))
        this.say(
            f"{sum(grain.num_rows for grain in size.grains.values()):,} rows, {size.num_images:,} images are there"
        )
        fed = _Fed(made=made, facts=facts, features=features)
        benches = {name: _bench(this, size, fed, name, size.batch_sizes[name]) for name in size.grains}
        winner = _try_all(this, size, benches["phrase"], roof)
        _beside(this, size, benches, roof, winner)
        _really(this, size, benches, winner)
        _larger(this, size, benches, fed, roof, winner)
    _report(this, size, roof, winner)


def _roof(this: Run, width: int) -> float:
    """The best product of two square bfloat16 matrices, in FLOP a second."""
    left, right = (torch.randn(width, width, device=this.device).bfloat16() for _ in range(2))
    seconds = []
    for _ in range(20):
        this.wait()
        started = time.perf_counter()
        left @ right
        this.wait()
        seconds.append(time.perf_counter() - started)
    roof = 2 * width**3 / min(seconds)
    this.keep(roof_tflops=roof / 1e12)
    return roof


def _table(num_images: int, device: Device) -> torch.Tensor:
    """Features of all regions, drawn on the device, and a row of zeros."""
    table_TF = torch.empty((num_images * NUM_REGIONS + 1, FEATURE_SIZE), dtype=torch.float16, device=device)
    for rows_NF in torch.split(table_TF, 1 << 18):
        rows_NF.uniform_()
    table_TF[-1] = 0.0
    return table_TF


@dataclass(frozen=True, kw_only=True)
class _Fed:
    """What every stage reads."""

    made: TrainingSet
    facts: Facts
    features: Features


def _bench(this: Run, size: Size, fed: _Fed, name: str, batch_size: int, base: Learner | None = None) -> Bench:
    """A stage with one batch size; `base` is its learner if there is one already."""
    (stage,) = (s for s in curriculum(replace(PAPER, network=size.network), seed=1).stages if s.name == name)
    stream = replace(stage.streams[0], batch_size=batch_size)
    feed = Feed(stream, corpus=fed.made.corpus(name), split="train", facts=fed.facts, seed=1)
    learner = base or Learner(size.network, stream.objectives, fed.facts, seed=1)
    bench = Bench(
        stage=replace(stage, streams=(stream,)), feed=feed, base=learner.to(this.device), features=fed.features
    )
    started = time.perf_counter()
    for _ in itertools.islice(bench.exercises(PLAIN).batches(0), 10):
        pass
    this.wait()
    this.keep(stage=name, batch=batch_size, feed_alone_ms=(time.perf_counter() - started) * 100)
    return bench


def _step(bench: Bench, variant: Variant, device: Device, first: Exercise) -> Step:
    """One whole update in one way; its losses may be overwritten by the next. Call it while the way is active."""
    learner = copy.deepcopy(bench.base).train()
    optimizer = optimizers.build(PAPER.optimizer, learner.parameters())
    shares = torch.tensor([objective.weight for objective in bench.stage.streams[0].objectives], device=device)
    variant.compile(learner)
    precision = partial(arithmetic.precision_of, device, variant.precision)
    recorded = None
    if variant.is_recorded:
        recorded = fast.RecordedStep(learner, shares, precision=precision, like=first)

    def step(exercise: Exercise) -> torch.Tensor:
        if recorded is not None:
            losses = recorded(exercise)
        else:
            optimizer.zero_grad()
            with precision(), _stance(exercise.size < bench.batch_size):
                losses = learner.losses(exercise)
            (losses * shares).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return losses.detach()

    return step


def _stance(is_small: bool) -> AbstractContextManager[object]:
    """The smaller batch at the end of an epoch is not worth compiling for."""
    return torch.compiler.set_stance("force_eager") if is_small else nullcontext()


def _measure(this: Run, bench: Bench, variant: Variant, roof: float, num_steps: int) -> float | None:
    """The seconds of a step on batches that are already there; None where it failed."""
    found = None
    with this.attempt(f"{bench.stage.name}, {bench.batch_size} rows, {variant.name}"), variant.active():
        num_operations = _flop(bench)
        exercises = list(itertools.islice(bench.exercises(variant).batches(1), 4))
        this.peak_gib()
        prepared = time.perf_counter()
        step = _step(bench, variant, this.device, exercises[0])
        losses = step(exercises[0]).clone()
        for exercise in exercises:
            step(exercise)
        this.wait()
        started = time.perf_counter()
        for number in range(num_steps):
            step(exercises[number % len(exercises)])
        this.wait()
        found = (time.perf_counter() - started) / num_steps
        this.keep(
            stage=bench.stage.name,
            batch=bench.batch_size,
            way=variant.name,
            ms=found * 1e3,
            samples_per_s=bench.batch_size / found,
            utilisation=num_operations / found / roof,
            peak_gib=this.peak_gib(),
            preparing_s=started - prepared,
            first_losses=[round(loss, 4) for loss in losses.tolist()],
        )
    return found


def _flop(bench: Bench) -> float:
    """The operations of the matrix products of a step, without what padding adds; counted on some of its rows."""
    some = next(bench.exercises(PLAIN).batches(1)).part(slice(0, _ROWS_COUNTED))
    return flop.of_step(lambda: bench.base.losses(some)) / some.size * bench.batch_size


def _try_all(this: Run, size: Size, bench: Bench, roof: float) -> Variant:
    """Every way on one stage; returns the quickest."""
    seconds: dict[Variant, float] = {}
    for variant in TRIED:
        if this.is_late(0.45):
            this.keep(left_out=variant.name, why="no time")
            continue
        slow = variant.precision == "float32"
        found = _measure(this, bench, variant, roof, max(size.num_steps // 3, 1) if slow else size.num_steps)
        if found is not None:
            seconds[variant] = found
    winner = min(seconds, key=lambda variant: seconds[variant])
    this.keep(winner=winner.name)
    return winner


def _beside(this: Run, size: Size, benches: Mapping[str, Bench], roof: float, winner: Variant) -> None:
    for name, bench in benches.items():
        if name != "phrase":
            for variant in (*BESIDE, winner):
                _measure(this, bench, variant, roof, max(size.num_steps // 3, 1))


def _really(this: Run, size: Size, benches: Mapping[str, Bench], winner: Variant) -> None:
    """Thousands of steps of each stage as a training does them, and what the paper's number of steps would take."""
    for name, bench in benches.items():
        with this.attempt(f"{name}, real steps, {winner.name}"), winner.active():
            exercises = bench.exercises(winner)
            step = _step(bench, winner, this.device, next(exercises.batches(0)))
            batches = itertools.chain.from_iterable(exercises.batches(epoch) for epoch in itertools.count())
            losses = []
            with Supply(batches, device=this.device) as supply:
                for exercise in itertools.islice(supply, 10):
                    step(exercise)
                this.wait()
                waited, started = supply.starved_seconds, time.perf_counter()
                for number, exercise in enumerate(itertools.islice(supply, size.num_real_steps)):
                    found = step(exercise)
                    if number % max(size.num_real_steps // 4, 1) == 0:
                        losses.append(found.sum().clone())
                this.wait()
                seconds = (time.perf_counter() - started) / size.num_real_steps
            paper_steps = NUM_EPOCHS[name] * bench.feed.num_batches()
            this.keep(
                stage=name,
                real_steps=size.num_real_steps,
                ms=seconds * 1e3,
                waited_ms=(supply.starved_seconds - waited) / size.num_real_steps * 1e3,
                paper_steps=paper_steps,
                paper_minutes=paper_steps * seconds / 60,
                losses=[round(float(loss), 3) for loss in losses],
            )


def _larger(this: Run, size: Size, benches: Mapping[str, Bench], fed: _Fed, roof: float, winner: Variant) -> None:
    """The winner on larger batches."""
    for batch_size, (name, bench) in itertools.product(size.larger, benches.items()):
        if this.is_late(0.95):
            this.keep(left_out=f"{name}, {batch_size} rows", why="no time")
            continue
        larger = _bench(this, size, fed, name, batch_size, bench.base)
        _measure(this, larger, winner, roof, max(size.num_steps // 3, 1))


def _report(this: Run, size: Size, roof: float, winner: Variant) -> None:
    """The table, last."""
    columns = ("stage", "batch", "way", "ms", "samples_per_s", "utilisation", "peak_gib")
    print(
        f"\nroof {roof / 1e12:.0f} TFLOP/s; winner: {winner.name}\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}"
    )
    for result in this.results:
        if "way" in result:
            cells = (result[column] for column in columns)
            print(f"| {' | '.join(f'{cell:.3g}' if isinstance(cell, float) else str(cell) for cell in cells)} |")
    real = [result for result in this.results if "real_steps" in result]
    for result in real:
        print(
            f"{result['stage']}: {result['real_steps']:,} real steps of {result['ms']:.2f} ms, of which"
            f" {result['waited_ms']:.2f} ms waiting for the feed; the paper's {result['paper_steps']:,} take"
            f" {result['paper_minutes']:.1f} minutes"
        )
    print(f"the whole pre-training: {sum(result['paper_minutes'] for result in real):.1f} minutes", flush=True)
    for batch_size in size.larger:
        rates = {r["stage"]: r["samples_per_s"] for r in this.results if r.get("batch") == batch_size and "way" in r}
        if set(rates) == set(size.grains):
            seconds = sum(NUM_EPOCHS[name] * size.grains[name].num_rows / rate for name, rate in rates.items())
            print(f"the same samples in batches of {batch_size}: {seconds / 60:.1f} minutes", flush=True)
    for result in this.results:
        if "failed" in result or "left_out" in result:
            print(f"not measured: {result}", flush=True)
