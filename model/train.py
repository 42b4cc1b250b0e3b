"""`python -m model.train JOB.json`: trains one stage as docs/formats.md says, "A training job"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

import model.ranks
from data.progress import Progress, silent
from data.writers import write_json
from model import arithmetic, fast, held_out, job, job_facts, learner, order_files, plugins, protocol, regions, runs
from model.exercise import Exercise
from model.facts import Facts
from model.feed import Exercises, Feed
from model.huggingface import vision
from model.huggingface import weights as huggingface
from model.huggingface.kinds import PARTS
from model.initialise import copy_matching
from model.job import Job
from model.learner import Learner
from model.loop import Loop
from model.needs import hold_needs
from model.observer import Observer
from model.order_files import OrderFiles
from model.orders import ObservingOrder
from model.ranks import Ranks
from model.regions import Features
from model.specs import Network, Stage, Stream, check_lengths
from model.teacher import Teacher
from model.updates import Lane, Updates


def train(path: str, progress: Progress) -> None:
    """Do the job in the file `path`. Raises UserError."""
    this = job.read(Path(path))
    stage, network = this.read_spec(Stage, this.spec), this.read_spec(Network, this.network)
    budget = stage.budget
    check_lengths(stage, network)
    arithmetic.set_up(budget.device, num_threads=budget.num_threads, seed=budget.seed, mode=budget.mode)
    ranks = model.ranks.join(budget.device)
    known = job_facts.read(this)
    pupil = Learner(network, stage.objectives(), known, seed=budget.seed)
    origin = copy_matching(pupil, _start(this, pupil, known, network))
    pupil.to(budget.device)
    feeds = _feeds(stage, this, known, split="train")
    validation = _feeds(stage, this, known, split="validation")  # a split without rows is said before any work
    for stream in stage.streams:
        hold_needs(stream, feeds[stream.label], pupil)
    features = regions.features(known.store, budget.device)
    rows_recorded = _rows_recorded(stage, ranks)
    pupil.teacher = _teacher(stage, pupil, ranks)  # before layers are compiled: it has the same, as they are
    if fast.is_recorded(budget):
        fast.compile_layers(pupil.encoder)
    observers = _observers(stage, this, feeds, ranks)
    updates = _updates(stage, pupil, feeds, features, ranks, observers)
    if pupil.teacher is not None:
        pupil.teacher.num_ramp_updates = updates.num_updates(1)
    name = f"stage {stage.name}"
    loop = Loop(
        pupil,
        updates,
        name=name,
        budget=budget,
        ranks=ranks,
        rows_recorded=rows_recorded,
        update_end=pupil.teacher,
    )
    timed = runs.run(loop, this, progress if ranks.is_first else silent)
    pupil.teacher = None
    model.ranks.leave()
    if not ranks.is_first:
        return
    description = {**learner.describe(network, stage.objectives(), known), "start": origin}
    runs.write(this, pupil, timed, description=description)
    for observer in observers.values():
        observer.copy_orders(this.result / order_files.FOLDER)
    with fast.uncompiled(budget):
        judged = _judged(stage, pupil, feeds, validation, known, features)
    write_json(this.result / "held_out.json", judged)
    progress(1.0, f"{stage.name}: {loop.num_steps:,} steps")


def _start(this: Job, pupil: Learner, known: Facts, network: Network) -> dict[str, Tensor]:
    """The weights to start from: of the stage before, of somebody else, or none."""
    given = {part: this.inputs[part] for part in PARTS if part in this.inputs}
    if given:
        return huggingface.read(given, network=network, tokens=known.tokens, own=pupil.state_dict())
    weights, _ = runs.read_start(this, known)
    return vision.fitted(weights, pupil.state_dict(), where=this.path)


def _teacher(stage: Stage, pupil: Learner, ranks: Ranks) -> Teacher | None:
    """The one that an objective of the stage rests on, if there is any. Raises UserError."""
    for name in pupil.heads:
        momentum = pupil.head(name).momentum
        if momentum is not None:
            batch_size = max(stream.batch_size for stream in stage.streams)
            return Teacher(pupil.encoder, momentum, batch_size=batch_size, ranks=ranks)
    return None


def _feeds(stage: Stage, this: Job, known: Facts, *, split: str) -> dict[str, Feed]:
    """The rows of one split for each stream. Raises UserError where there are none."""
    return {
        stream.label: Feed(stream, corpus=this.corpus(stream.corpus), split=split, facts=known, seed=stage.budget.seed)
        for stream in stage.streams
    }


def _updates(
    stage: Stage,
    pupil: Learner,
    feeds: Mapping[str, Feed],
    features: Features,
    ranks: Ranks,
    observers: Mapping[str, Observer],
) -> Updates[Exercise]:
    """The streams as the stage mixes them."""
    lanes = {
        stream.label: _lane(
            stream,
            pupil,
            feeds[stream.label],
            features,
            is_padded=_rows_recorded(stage, ranks) is not None,
            observer=observers.get(stream.label),
        )
        for stream in stage.streams
    }
    mixing = stage.mixing
    mixed = plugins.load("mixings", mixing.name).build(mixing.options, streams=tuple(lanes), seed=stage.budget.seed)
    return Updates(lanes, mixed, clock=mixing.clock, exhausted=mixing.exhausted, ranks=ranks)


def _rows_recorded(stage: Stage, ranks: Ranks) -> int | None:
    """How many rows a pass has whose step is recorded; None where an update may have several passes, or parts."""
    first, *others = stage.streams
    is_one_pass = not others and ranks.number == 1 and first.batches_per_update == 1 and first.micro_batch_size is None
    return first.batch_size if fast.is_recorded(stage.budget) and is_one_pass else None


def _observers(stage: Stage, this: Job, feeds: Mapping[str, Feed], ranks: Ranks) -> dict[str, Observer]:
    """One for each stream whose order observes; its files lie beside the checkpoints, since they survive a kill."""
    found = {}
    for name, feed in feeds.items():
        order = feed.order
        if isinstance(order, ObservingOrder):
            files = OrderFiles(
                folder=this.checkpoints / order_files.FOLDER,
                row_ids=feed.rows.row_ids,
                decided_by={**order.decided_by(), "corpus": feed.fingerprint()},
                prefix=f"{name}_" if len(feeds) > 1 else "",
            )
            found[name] = Observer(order, label=name, files=files, ranks=ranks, device=stage.budget.device)
    return found


def _lane(
    stream: Stream, pupil: Learner, feed: Feed, features: Features, *, is_padded: bool, observer: Observer | None
) -> Lane[Exercise]:
    weights = {objective.name: objective.weight for objective in stream.all_objectives()}
    needs_whole_batch = any(pupil.head(name).needs_whole_batch for name in weights)
    ask = partial(pupil.ask, names=tuple(weights))
    return Lane(
        feed=Exercises(
            feed,
            fast.padding(feed.batches(0), ask) if is_padded else ask,
            features,
            is_trimmed=feed.order.has_like_lengths and not is_padded,
        ),
        weights=weights,
        batches_per_update=stream.batches_per_update,
        micro_batch_size=stream.micro_batch_size,
        is_whole=feed.order.is_grouped or needs_whole_batch,
        observer=observer,
        is_taught=any(pupil.head(name).momentum is not None for name in weights),
    )


def _judged(
    stage: Stage,
    pupil: Learner,
    train: Mapping[str, Feed],
    validation: Mapping[str, Feed],
    known: Facts,
    features: Features,
) -> dict[str, Mapping[str, Any]]:
    """Every objective on validation rows; with the stream's name where there are several streams."""
    found: dict[str, Mapping[str, Any]] = {}
    for stream in stage.streams:
        judged = held_out.judge(
            pupil,
            [objective.name for objective in stream.all_objectives()],
            train=train[stream.label],
            validation=validation[stream.label],
            store=known.store,
            features=features,
        )
        prefix = f"{stream.label}_" if len(stage.streams) > 1 else ""
        found |= {f"{prefix}{name}": result for name, result in judged.items()}
    return found


if __name__ == "__main__":
    protocol.main(train)
