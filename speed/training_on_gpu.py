"""The three stages at the paper's size on one GPU, on generated rows of all 1.08 million pairs' shapes.

`python -m speed.training --gpu`: every way to compute a step beside the others, then the quickest for thousands of real
steps (rows, corruptions, copies, features from the device's memory) and with larger batches. What is not quick enough
for the time given is left out, and said. A way that fails is named with its error, and the others go on.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from data.schema import FEATURE_SIZE, NUM_REGIONS
from model import arithmetic, fast
from model.curricula.msp import PAPER
from model.learner import Learner
from model.regions import Resident
from model.specs import Device
from model.supply import Supply
from speed import training_set
from speed.run import Run
from speed.stages import PLAIN, Bench, Fed, Size, bench_of, num_operations, step_of
from speed.variants import Variant

NUM_EPOCHS = {"token": 10, "phrase": 20, "sentence": 20}
_ALL_PARTS = ("bfloat16 between", "attention written out", "joined projections")
TRIED = (
    Variant(precision="float32", is_exact=True),
    Variant(precision="float32"),
    Variant(is_exact=True),
    PLAIN,
    Variant(is_recorded=True),
    Variant(compiled="layers", is_recorded=True),
    Variant(compiled="layers"),
    Variant(compiled="layers", is_recorded=True, parts=_ALL_PARTS),
    Variant(compiled="layers and heads", is_recorded=True, parts=_ALL_PARTS),
    *(Variant(compiled="layers", is_recorded=True, parts=(part,)) for part in _ALL_PARTS),
)
"""What is tried on the phrase stage, the most telling first."""

BESIDE = (Variant(precision="float32", is_exact=True), Variant(is_exact=True), PLAIN)
"""What the winner is set beside in every stage."""

_SMALL = replace(PAPER.network, hidden_size=96, num_layers=2, num_heads=4, intermediate_size=192, dropout_rate=0.0)


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
        fed = Fed(made=made, facts=facts, features=features)
        benches = {name: bench_of(this, size, fed, name, size.batch_sizes[name]) for name in size.grains}
        _check_recording(this, size, fed)
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


def _measure(this: Run, bench: Bench, variant: Variant, roof: float, num_steps: int) -> float | None:
    """The seconds of a step on batches that are already there; None where it failed."""
    with this.attempt(f"{bench.stage.name}, {bench.batch_size} rows, {variant.name}"), variant.active():
        operations = num_operations(bench)
        this.peak_gib()
        prepared = time.perf_counter()
        taken = _timed(this, bench, variant, num_steps)
        this.keep(
            stage=bench.stage.name,
            batch=bench.batch_size,
            way=variant.name,
            ms=taken.seconds * 1e3,
            samples_per_s=bench.batch_size / taken.seconds,
            utilisation=operations / taken.seconds / roof,
            peak_gib=this.peak_gib(),
            preparing_s=time.perf_counter() - prepared - num_steps * taken.seconds,
            first_losses=taken.first_losses,
        )
        return taken.seconds
    return None


@dataclass(frozen=True, kw_only=True)
class _Timed:
    seconds: float
    first_losses: list[float]


def _timed(this: Run, bench: Bench, variant: Variant, num_steps: int) -> _Timed:
    """The mean of some steps. What it takes is let go of when it returns."""
    exercises = list(itertools.islice(bench.exercises(variant).batches(1), 4))
    step = step_of(bench, variant, this.device, exercises[0])
    losses = step(exercises[0]).clone()
    for exercise in exercises:
        step(exercise)
    this.wait()
    started = time.perf_counter()
    for number in range(num_steps):
        step(exercises[number % len(exercises)])
    this.wait()
    seconds = (time.perf_counter() - started) / num_steps
    return _Timed(seconds=seconds, first_losses=[round(loss, 4) for loss in losses.tolist()])


def _check_recording(this: Run, size: Size, fed: Fed) -> None:
    """That a recorded step leaves the losses and gradients of an ordinary one, of two batches in turn."""
    with this.attempt("recorded against ordinary"):
        bench = bench_of(this, replace(size, network=_SMALL), fed, "sentence", 16)
        padded = list(itertools.islice(bench.exercises(Variant(is_recorded=True)).batches(1), 2))
        precision = partial(arithmetic.precision_of, this.device, "float32")
        shares = torch.ones(len(bench.base.heads), device=this.device)
        recorded = fast.RecordedStep(bench.base, shares, precision=precision, like=padded[0])
        found = []
        for exercise in (padded[1], padded[0], padded[1]):
            recorded(exercise)
            found.append(_gradients(bench.base))
        bench.base.zero_grad(set_to_none=True)
        bench.base.losses(padded[1]).sum().backward()  # type: ignore[no-untyped-call]
        ordinary = _gradients(bench.base)
        difference = max(float((each - ordinary).norm() / ordinary.norm()) for each in (found[0], found[2]))
        this.keep(recorded_gradients_differ_by=difference, is_right=difference < 1e-3)


def _gradients(learner: Learner) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in learner.parameters() if p.grad is not None])


def _try_all(this: Run, size: Size, bench: Bench, roof: float) -> Variant:
    """Every way on one stage; returns the quickest."""
    seconds: dict[Variant, float] = {}
    for variant in TRIED:
        if this.is_late(0.4):
            this.keep(left_out=variant.name, why="no time")
            continue
        slow = variant.precision == "float32"
        found = _measure(this, bench, variant, roof, max(size.num_steps // 3, 1) if slow else size.num_steps)
        if found is not None:
            seconds[variant] = found
    winner = min(seconds, key=lambda variant: seconds[variant], default=PLAIN)
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
            seconds, waited = _trained(this, bench, winner, size.num_real_steps)
            paper_steps = NUM_EPOCHS[name] * bench.feed.num_batches()
            this.keep(
                stage=name,
                real_steps=size.num_real_steps,
                real_ms=seconds * 1e3,
                waited_ms=waited * 1e3,
                paper_steps=paper_steps,
                paper_minutes=paper_steps * seconds / 60,
            )


def _trained(this: Run, bench: Bench, variant: Variant, num_steps: int) -> tuple[float, float]:
    """The seconds of a step, rows and corruptions and copies included, and those of them spent waiting for these."""
    exercises = bench.exercises(variant)
    step = step_of(bench, variant, this.device, next(exercises.batches(0)))
    batches = itertools.chain.from_iterable(exercises.batches(epoch) for epoch in itertools.count())
    with Supply(batches, device=this.device) as supply:
        for exercise in itertools.islice(supply, 10):
            losses = step(exercise)
        this.say(f"{bench.stage.name}: losses {[round(loss, 3) for loss in losses.tolist()]} at first")
        starved, started = supply.starved_seconds, time.perf_counter()
        for exercise in itertools.islice(supply, num_steps):
            losses = step(exercise)
        this.wait()
        seconds = time.perf_counter() - started
        starved = supply.starved_seconds - starved
    this.say(f"{bench.stage.name}: losses {[round(loss, 3) for loss in losses.tolist()]} at last")
    return seconds / num_steps, starved / num_steps


def _larger(this: Run, size: Size, benches: Mapping[str, Bench], fed: Fed, roof: float, winner: Variant) -> None:
    """The winner on larger batches."""
    for batch_size, (name, bench) in itertools.product(size.larger, benches.items()):
        if this.is_late(0.95):
            this.keep(left_out=f"{name}, {batch_size} rows", why="no time")
            continue
        larger = bench_of(this, size, fed, name, batch_size, bench.base)
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
            f"{result['stage']}: {result['real_steps']:,} real steps of {result['real_ms']:.2f} ms, of which"
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
