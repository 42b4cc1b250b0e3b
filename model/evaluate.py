"""`python -m model.evaluate JOB.json`: judges a network on the test rows of a benchmark (docs/formats.md, "Evaluate").

With dropout off, always. The network is the one that the weights were trained in.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.errors import UserError
from data.progress import Progress
from data.schema import PREDICTIONS
from data.writers import write_json, write_parquet
from model import arithmetic, exams, job, job_facts, learner, protocol, questions, respondent
from model.best_epoch import EPOCHS_FILE
from model.exams import CORPUS, Exam
from model.forms import Outcome
from model.job import Job
from model.respondent import Respondent
from model.scored import Scratch
from model.specs import Evaluation, Network, check_length

_SHARE_OF_JUDGING = 0.95  # of the progress shown; the rest is measuring and writing


def evaluate(path: str, progress: Progress) -> None:
    """Do the job in the file `path`. Raises UserError."""
    this = job.read(Path(path))
    spec = this.read_spec(Evaluation, this.spec)
    arithmetic.set_up(spec.device, num_threads=spec.num_threads, seed=0, mode=spec.mode)
    known = job_facts.read(this)
    folder = this.corpus(CORPUS)
    exam = exams.read(spec.benchmark, folder, facts=known, max_length=spec.max_length, sees=spec.sees)
    pupil = _respondent(this, spec, exam).to(spec.device).eval()
    this.result.mkdir(parents=True, exist_ok=True)
    this.record.mkdir(parents=True, exist_ok=True)
    with arithmetic.precision_of(spec.device, spec.precision):
        outcome = pupil.heads.evaluate(
            pupil.encoder,
            exam,
            into=this.result,
            scratch=Scratch(folder=this.checkpoints, digest=this.digest(), every_s=this.checkpoint_every_s),
            progress=lambda share, message: progress(share * _SHARE_OF_JUDGING, message),
        )
    write_json(this.result / "scores.json", _scores(spec, exam, outcome))
    predictions = sorted(outcome.predictions, key=lambda row: row["row_id"])
    write_parquet(this.result / "predictions.parquet", pa.Table.from_pylist(predictions, PREDICTIONS), PREDICTIONS)
    if (this.folder("weights") / EPOCHS_FILE).exists():
        shutil.copyfile(this.folder("weights") / EPOCHS_FILE, this.result / EPOCHS_FILE)
    progress(1.0, spec.benchmark)


def _respondent(this: Job, spec: Evaluation, exam: Exam) -> Respondent:
    """The network of the job's weights, with the form that the benchmark is answered in."""
    folder = this.folder("weights")
    digests = {"vocabulary": learner.digests(exam.facts)["vocabulary"]}
    weights, description = learner.read(folder, same_words=digests)
    network = this.read_spec(Network, description["network"])
    check_length(spec.max_length, network, where=f"max_length of evaluating {spec.benchmark}")
    pupil = Respondent(network, spec.form, exam, trained=respondent.head_options(description), seed=0)
    respondent.load(pupil, weights, where=folder)
    _check_answers(folder, exam)
    return pupil


def _check_answers(folder: Path, exam: Exam) -> None:
    """The possible answers that were learnt are those that are judged, in the same order."""
    if (folder / questions.ANSWERS_FILE).exists() and questions.read_answers(folder) != exam.answers:
        raise UserError(
            expected="the possible answers that the network was fine-tuned on",
            found=f"others, {len(exam.answers):,} of them",
            where=str(exam.folder / questions.ANSWERS_FILE),
            way_out="fine-tune on these very rows",
        )


def _scores(spec: Evaluation, exam: Exam, outcome: Outcome) -> dict[str, Any]:
    """What goes into scores.json."""
    benchmark = exam.benchmark
    return {
        "benchmark": spec.benchmark,
        "title": benchmark.title,
        "about": benchmark.about,
        "address": benchmark.address,
        "protocol": benchmark.protocol,
        "split": "test",
        "data": list(spec.sources),
        "sees": spec.sees,
        "is_zero_shot": spec.is_zero_shot,
        "sizes": {"rows": outcome.num_rows, "images": outcome.num_images, "possible answers": len(exam.answers)},
        "main": list(benchmark.main),
        "scores": outcome.scores,
        "baselines": outcome.baselines,
        "by_kind": outcome.by_kind,
        "published": benchmark.published,
    }


if __name__ == "__main__":
    protocol.main(evaluate)
