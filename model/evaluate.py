"""`python -m model.evaluate JOB.json`: judges a trained network on a benchmark (docs/formats.md, "A training job")."""

from __future__ import annotations

from pathlib import Path

import torch

from data.errors import UserError
from data.progress import Progress
from model import facts, job, learner, plugins, protocol
from model.benchmarks import Evaluate, Trial
from model.facts import Facts
from model.job import Job
from model.learner import Learner
from model.specs import Benchmark, Network
from model.specs import Objective as ObjectiveSpec


def evaluate(path: str, progress: Progress) -> None:
    """Do the job in the file `path`. Raises UserError."""
    this = job.read(Path(path))
    benchmark = this.read_spec(Benchmark, this.spec)
    torch.use_deterministic_algorithms(True)
    known = facts.read(regions=this.folder("regions"), words=this.folder("vocabulary"), negatives=None)
    module = plugins.load("benchmarks", benchmark.name)
    needed: tuple[str, ...] = module.OBJECTIVES
    run: Evaluate = module.evaluate
    this.result.mkdir(parents=True, exist_ok=True)
    this.record.mkdir(parents=True, exist_ok=True)
    run(benchmark.options, _trial(this, known, needed, progress))
    progress(1.0, benchmark.name)


def _trial(this: Job, known: Facts, needed: tuple[str, ...], progress: Progress) -> Trial:
    """The network of the job's weights, with those of its heads that the benchmark needs."""
    folder = this.folder("weights")
    weights, description = learner.read(folder, same_words={"vocabulary": learner.digests(known)["vocabulary"]})
    network = this.read_spec(Network, description["network"])
    heads = {head["name"]: this.read_spec(ObjectiveSpec, head) for head in description["heads"]}
    missing = [name for name in needed if name not in heads]
    if missing:
        raise UserError(
            expected=f"weights with the heads {', '.join(needed)}",
            found=f"heads {', '.join(heads)}",
            where=str(folder),
            way_out=f"end the curriculum with a stage that learns {', '.join(missing)}",
        )
    pupil = Learner(network, [heads[name] for name in needed], known, seed=0)
    own = pupil.state_dict()
    pupil.load_state_dict({name: tensor for name, tensor in weights.items() if name in own})
    return Trial(learner=pupil, network=network, facts=known, corpus=this.corpus, into=this.result, progress=progress)


if __name__ == "__main__":
    protocol.main(evaluate)
