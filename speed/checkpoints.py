"""A training of the miniature's size with checkpoints at the default interval, beside one with none before its end.

`python -m speed.checkpoints [STEPS [ROUNDS]]`. The steps should take a minute or more, so that there are checkpoints.
"""

from __future__ import annotations

import math
import sys
import tempfile
from functools import partial
from pathlib import Path

import torch

from data.progress import silent
from model.checkpoint import Checkpoints
from model.curricula.msp import MINIATURE, curriculum
from model.facts import Facts
from model.feed import Exercises, Feed
from model.learner import Learner
from model.loop import Loop
from model.mixings.single import Single
from model.regions import features
from model.specs import Stage
from model.updates import Lane, Updates
from speed import training_set
from speed.measuring import Row, Target, interleaved, table
from speed.training_set import Grain, TrainingSet

NUM_STEPS = 1000
_EVERY_S = 20.0  # as tasks.training has it
_GRAIN = Grain(num_rows=5000, lengths=(10, 20))
_TARGET = Target(limit="at most", ratio=1.02)


def measure(num_steps: int = NUM_STEPS, *, num_rounds: int = 3) -> Row:
    """The sentence stage of the miniature's network on generated rows."""
    (stage,) = (stage for stage in curriculum(MINIATURE, seed=1).stages if stage.name == "sentence")
    torch.set_num_threads(stage.budget.num_threads)
    with tempfile.TemporaryDirectory() as folder:
        made = training_set.make(Path(folder), num_images=1000, grains={"sentence": _GRAIN})
        facts = made.facts()
        ways = {
            name: partial(_train, stage, made, facts, num_steps=num_steps, every_s=every_s)
            for name, every_s in (("with", _EVERY_S), ("without", math.inf))
        }
        taken = interleaved(ways, num_rounds=num_rounds)
    return Row(
        work=f"{num_steps:,} steps of the miniature, a checkpoint each {_EVERY_S:.0f} s",
        against="one checkpoint, at the end",
        ours=taken["with"],
        theirs=taken["without"],
        target=_TARGET,
    )


def _train(stage: Stage, made: TrainingSet, facts: Facts, *, num_steps: int, every_s: float) -> None:
    stream, budget = stage.streams[0], stage.budget
    learner = Learner(MINIATURE.network, stream.all_objectives(), facts, seed=1)
    feed = Feed(stream, corpus=made.corpus("sentence"), split="train", facts=facts, seed=1)
    lane = Lane(
        feed=Exercises(feed, learner.ask, features(facts.store, "cpu")),
        weights={objective.name: objective.weight for objective in stream.all_objectives()},
    )
    budget = type(budget)(optimizer=budget.optimizer, seed=1, num_steps=num_steps, num_threads=budget.num_threads)
    loop = Loop(learner, Updates({"sentence": lane}, Single(stream="sentence")), name="speed", budget=budget)
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = Checkpoints(folder=Path(folder) / "checkpoints", digest="speed")
        loop.run(checkpoints, record=Path(folder) / "record", checkpoint_every_s=every_s, progress=silent)


if __name__ == "__main__":
    sizes = list(map(int, sys.argv[1:]))
    print(table([measure(*sizes[:1], num_rounds=sizes[1] if sizes[1:] else 3)]))
