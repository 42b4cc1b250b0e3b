"""What is made of given answers: scores beside the majority and beside withheld images, and rows to look at.

Legend: N rows, M images of a row, C best answers of a row, A possible answers, I images.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import draws
from data.errors import UserError
from model import blind
from model.benchmarks import Answered, Benchmark
from model.exams import Exam
from model.forms import Outcome
from model.questions import Questions

MAX_KINDS = 40
OTHER = "other"
SUBMISSION_FOLDER = "submission"


@dataclass(frozen=True, kw_only=True)
class Given:
    """The best answers of every row, best first, by their place among the possible ones, and how sure they are."""

    ids_NC: NDArray[np.int64]
    probabilities_NC: NDArray[np.float32]


def main_metric(benchmark: Benchmark, answered: Sequence[Answered]) -> float:
    """The benchmark's main metric, in per cent."""
    group, metric = benchmark.main
    return benchmark.measure(answered)[group][metric]


def outcome(exam: Exam, test: Questions, own: Given, *, withheld: Given, train: Questions) -> Outcome:
    """The scores of the first answers, beside those of the same network that was shown other images."""
    rows = {
        "model": test.answered(own.ids_NC[:, 0], exam.answers),
        "majority": test.answered(np.full(test.num_rows, majority(train, len(exam.answers))), exam.answers),
        "image withheld": test.answered(withheld.ids_NC[:, 0], exam.answers),
    }
    scores = {name: exam.benchmark.measure(answered) for name, answered in rows.items()}
    return Outcome(
        scores=scores["model"],
        baselines={name: scores[name] for name in ("majority", "image withheld")},
        predictions=_predictions(exam, test, own, rows["model"]),
        num_rows=test.num_rows,
        num_images=len(np.unique(test.images_NM)),
        by_kind=by_kind(exam.benchmark, rows),
    )


def alone(exam: Exam, test: Questions, own: Given) -> Outcome:
    """As `outcome`, of texts alone or images alone: beside what sees less of them."""
    train = exam.questions("train")
    rows = {
        "model": test.answered(own.ids_NC[:, 0], exam.answers),
        "majority": test.answered(np.full(test.num_rows, majority(train, len(exam.answers))), exam.answers),
        **{name: test.answered(ids_N, exam.answers) for name, ids_N in blind.answers(exam, train=train, test=test)},
    }
    scores = {name: exam.benchmark.measure(answered) for name, answered in rows.items()}
    return Outcome(
        scores=scores["model"],
        baselines={name: scores[name] for name in rows if name != "model"},
        predictions=_predictions(exam, test, own, rows["model"]),
        num_rows=test.num_rows,
        num_images=len(np.unique(test.images_NM)),
        by_kind=by_kind(exam.benchmark, rows),
    )


def submit(exam: Exam, questions: Questions, given: Given, *, into: Path) -> None:
    """Write what the benchmark's server takes."""
    folder = into / SUBMISSION_FOLDER
    folder.mkdir(exist_ok=True)
    assert exam.benchmark.submission is not None
    exam.benchmark.submission(questions.answered(given.ids_NC[:, 0], exam.answers), folder)


def majority(train: Questions, num_answers: int) -> int:
    """The possible answer with the largest sum of scores over the training rows, the first of equal ones."""
    return int(np.bincount(train.target_ids_K, weights=train.target_scores_K, minlength=num_answers).argmax())


def by_kind(benchmark: Benchmark, rows: Mapping[str, Sequence[Answered]]) -> dict[str, dict[str, float]]:
    """The main metric of each kind of row, for each of `rows`; the rarest kinds together where there are many.

    Rows that have no kind are among the others; nothing where no row has one.
    """
    counts = Counter(row.kind for row in rows["model"])
    if set(counts) <= {""}:
        return {}
    named = sorted(set(counts) - {"", OTHER}, key=lambda kind: (-counts[kind], kind))
    fits = len(named) + (len(named) < len(counts)) <= MAX_KINDS
    shown = set(named if fits else named[: MAX_KINDS - 1])
    members: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows["model"]):
        members[row.kind if row.kind in shown else OTHER].append(place)
    return {
        kind: {
            "num_rows": len(places),
            **{name: main_metric(benchmark, [answered[place] for place in places]) for name, answered in rows.items()},
        }
        for kind, places in members.items()
    }


def withhold(questions: Questions, exam: Exam) -> Questions:
    """The same rows with other images: each image is replaced by the same other one wherever it is shown.

    Images come in an order that their ids draw, and each is replaced by the next that shares no row and no set with
    it, if there is one (else by the next): statements of one set speak of related images. Raises UserError.
    """
    images_I, place_J = np.unique(questions.images_NM, return_inverse=True)
    if len(images_I) < 2:
        raise UserError(
            expected="at least two images to evaluate on, so that one can be shown in place of the other",
            found=str(len(images_I)),
            where=str(exam.folder),
            way_out="evaluate on more images",
        )
    related = _related(questions, place_J.reshape(questions.images_NM.shape))
    keys_I = draws.row_keys(exam.image_ids(images_I))
    order_I = np.argsort(draws.bits(0, 0, keys_I, "image withheld", 1)[:, 0], kind="stable").tolist()
    other_I = np.empty(len(images_I), np.int64)
    for position, image in enumerate(order_I):
        following = (order_I[(position + step) % len(order_I)] for step in range(1, len(order_I)))
        unrelated = (other for other in following if related[image].isdisjoint(related[other]))
        other_I[image] = next(unrelated, order_I[(position + 1) % len(order_I)])
    images_NM = images_I[other_I[place_J]].reshape(questions.images_NM.shape)
    return dataclasses.replace(questions, images_NM=images_NM)


def _related(questions: Questions, places_NM: NDArray[np.int64]) -> list[set[str]]:
    """For each image what it is part of: sets, and rows that are in none."""
    related: list[set[str]] = [set() for _ in range(int(places_NM.max()) + 1)]
    for row_id, set_id, places in zip(questions.row_ids, questions.column("set_id"), places_NM.tolist(), strict=True):
        for place in places:
            related[place].add(set_id or row_id)
    return related


def _predictions(exam: Exam, test: Questions, given: Given, rows: Sequence[Answered]) -> list[dict[str, Any]]:
    """A row of predictions.parquet for each test row."""
    return [
        {
            "row_id": row.row_id,
            "image_ids": exam.image_ids(images),
            "text": text,
            "kind": row.kind,
            "truth": _truth(row),
            "answers": [exam.answers[answer] for answer in ids],
            "probabilities": probabilities,
            "credit": main_metric(exam.benchmark, [row]) / 100.0,
        }
        for row, images, text, ids, probabilities in zip(
            rows,
            test.images_NM,
            test.column("text"),
            given.ids_NC.tolist(),
            given.probabilities_NC.tolist(),
            strict=True,
        )
    ]


def _truth(row: Answered) -> list[str]:
    """The right answers, best first; where none of them is a possible one, those that were published."""
    right = sorted(row.targets, key=lambda answer: (-row.targets[answer], answer))
    return right or list(dict.fromkeys(row.published))
