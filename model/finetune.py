"""`python -m model.finetune JOB.json`: fine-tunes a network on a benchmark (docs/formats.md, "A training job").

The best epoch is chosen on validation rows; test rows are not read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import model.ranks
from data.errors import UserError
from data.progress import Progress, silent
from data.writers import write_json
from model import arithmetic, exams, job, job_facts, learner, protocol, respondent, runs
from model.best_epoch import EPOCHS_FILE, BestEpoch
from model.exams import CORPUS, Exam
from model.forms import Ask
from model.initialise import copy_matching
from model.job import Job
from model.loop import Loop
from model.mixings.single import Single
from model.orders.shuffle import Shuffle
from model.pairs import Pairs
from model.questions import ANSWERS_FILE, Questions
from model.respondent import Respondent
from model.spec_json import to_plain
from model.specs import Budget, FineTuning, Network, check_length
from model.updates import Lane, Updates


class Lessons:
    """Training rows in mini-batches, shuffled anew each epoch; a batch rests on (seed, epoch, number) alone."""

    def __init__(self, questions: Questions, ask: Ask, *, batch_size: int, budget: Budget) -> None:
        self._questions = questions
        self._ask = ask
        self._device = budget.device
        self._order = Shuffle(num_rows=questions.num_rows, batch_size=batch_size, seed=budget.seed)

    def num_batches(self) -> int:
        """How many batches an epoch has."""
        return self._order.num_batches()

    def batches(self, epoch: int, *, start: int = 0) -> Iterator[Pairs]:
        """The batches of an epoch, from number `start` on."""
        return (self._ask(rows_B, epoch).to(self._device) for rows_B in self._order.batches(epoch)[start:])

    def row_ids(self, rows_B: NDArray[np.int64]) -> Sequence[str]:
        """The ids of some rows, for messages."""
        return [self._questions.row_ids[row] for row in rows_B.tolist()]


def finetune(path: str, progress: Progress) -> None:
    """Do the job in the file `path`. Raises UserError."""
    this = job.read(Path(path))
    spec, network = this.read_spec(FineTuning, this.spec), this.read_spec(Network, this.network)
    budget = spec.budget
    _check(spec, network)
    arithmetic.set_up(budget.device, num_threads=budget.num_threads, seed=budget.seed, mode=budget.mode)
    ranks = model.ranks.join(budget.device)
    exam = exams.read(
        spec.benchmark,
        this.corpus(CORPUS),
        facts=job_facts.read(this),
        max_length=spec.max_length,
        sees=spec.sees,
    )
    pupil, origin = _pupil(this, spec, network, exam)
    train, form = exam.questions("train"), pupil.heads
    learnt_from = exam.for_training(spec.view, seed=budget.seed)
    lessons = Lessons(train, form.asks(learnt_from, train, seed=budget.seed), batch_size=spec.batch_size, budget=budget)
    best = _best_epoch(pupil, exam, seed=budget.seed)
    name = f"fine-tuning on {spec.benchmark}"
    lane = Lane(feed=lessons, weights={spec.form.name: 1.0}, micro_batch_size=spec.micro_batch_size)
    updates = Updates({spec.benchmark: lane}, Single(stream=spec.benchmark), ranks=ranks)
    loop = Loop(pupil, updates, name=name, budget=budget, ranks=ranks, epoch_end=best)
    timed = runs.run(loop, this, progress if ranks.is_first else silent)
    model.ranks.leave()
    if not ranks.is_first:
        return
    best.load_best()
    description = {
        **learner.describe(network, form.objectives, exam.facts),
        "fine_tuning": to_plain(spec),
        "start": origin,
    }
    runs.write(this, pupil, timed, description=description)
    write_json(this.result / EPOCHS_FILE, {"metric": list(form.metric(exam.benchmark)), **best.history()})
    write_json(this.result / ANSWERS_FILE, list(exam.answers))
    progress(1.0, f"{spec.benchmark}: {loop.num_steps:,} steps, best epoch {best.history()['best']}")


def _check(spec: FineTuning, network: Network) -> None:
    check_length(spec.max_length, network, where=f"max_length of fine-tuning on {spec.benchmark}")
    if spec.budget.num_epochs is None:
        raise UserError(
            expected="a number of epochs, the best of which is kept",
            found=f"num_steps {spec.budget.num_steps}",
            where=f"the budget of fine-tuning on {spec.benchmark}",
            way_out="set num_epochs instead",
        )


def _pupil(this: Job, spec: FineTuning, network: Network, exam: Exam) -> tuple[Respondent, dict[str, list[str]]]:
    """The network with its form at the start, and what it took from the stage before. Raises UserError."""
    weights, description = runs.read_start(this, exam.facts)
    trained = respondent.head_options(description)
    pupil = Respondent(network, spec.form, exam, trained=trained, seed=spec.budget.seed)
    origin = copy_matching(pupil, weights)
    lacking = [name for name in origin["new"] if name.startswith("encoder.")]
    if weights and lacking:
        raise UserError(
            expected=f"weights of the network that is fine-tuned, with {lacking[0]}",
            found="none of that name and shape",
            where=str(this.folder("start")),
            way_out="fine-tune the network that the stage trained, or train the stage again",
        )
    return pupil.to(spec.budget.device), origin


def _best_epoch(pupil: Respondent, exam: Exam, *, seed: int) -> BestEpoch:
    """Judges all validation rows in eval mode, with the same draws after every epoch."""
    validation, form = exam.questions("validation"), pupil.heads
    ask = form.asks(exam, validation, seed=seed)

    def judge() -> float:
        pupil.eval()
        passes = form.passes(pupil.encoder, ask, num_rows=validation.num_rows)
        return form.judge(passes, exam, validation)

    return BestEpoch(pupil, judge)


if __name__ == "__main__":
    protocol.main(finetune)
