"""`python -m model.train JOB.json`: trains one stage as docs/formats.md says, "A training job"."""

from __future__ import annotations

from pathlib import Path

from data.errors import UserError
from data.progress import Progress
from data.writers import write_json
from model import exact, held_out, job, learner, protocol, regions, runs
from model.feed import Exercises, Feed
from model.initialise import copy_matching
from model.learner import Learner
from model.loop import Loop
from model.specs import Network, Stage, Stream, check_lengths


def train(path: str, progress: Progress) -> None:
    """Do the job in the file `path`. Raises UserError."""
    this = job.read(Path(path))
    stage, network = this.read_spec(Stage, this.spec), this.read_spec(Network, this.network)
    stream, budget = only_stream(stage), stage.budget
    check_lengths(stage, network)
    exact.make_exact(budget.device, num_threads=budget.num_threads, seed=budget.seed)
    known = runs.read_facts(this)
    pupil = Learner(network, stream.objectives, known, seed=budget.seed)
    weights, _ = runs.read_start(this, known)
    origin = copy_matching(pupil, weights)
    pupil.to(budget.device)
    feeds = {
        split: Feed(stream, corpus=this.corpus(stream.corpus), split=split, facts=known, seed=budget.seed)
        for split in ("train", "validation")
    }
    shares = {objective.name: objective.weight for objective in stream.objectives}
    features = regions.features(known.store, budget.device)
    exercises = Exercises(feeds["train"], pupil.ask, features)
    loop = Loop(pupil, exercises, name=f"stage {stage.name}", budget=budget, weights=shares)
    timed = runs.run(loop, this, progress)
    judged = held_out.judge(
        pupil, train=feeds["train"], validation=feeds["validation"], store=known.store, features=features
    )
    description = {**learner.describe(network, stream.objectives, known), "start": origin}
    runs.write(this, pupil, timed, description=description, batch_size=stream.batch_size)
    write_json(this.result / "held_out.json", judged)
    progress(1.0, f"{stage.name}: {loop.num_steps:,} steps")


def only_stream(stage: Stage) -> Stream:
    """The stream of a stage whose mixing is `single`. Raises UserError where there are more or none."""
    if len(stage.streams) != 1:
        raise UserError(
            expected="one stream, as its mixing is 'single'",
            found=str(len(stage.streams)),
            where=f"stage {stage.name}",
            way_out="give the stage one stream",
        )
    return stage.streams[0]


if __name__ == "__main__":
    protocol.main(train)
