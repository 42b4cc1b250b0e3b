"""Match: which image belongs to which caption, by the matching head of pre-training.

A row's options are its own pair, two random ones and a hard one: its caption with a random other image, with an image
that looks much like its own, and its image with a random other caption (ViLBERT's and the MSP authors' proportions).
Legend: B rows, P = 4 x B pairs, A the four options, T texts, I images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.progress import Progress
from data.writers import write_json
from model import arithmetic, ranking
from model.benchmarks import Benchmark, Ranked
from model.exams import Exam
from model.facts import Facts
from model.forms import Ask, Form, Outcome
from model.losses import BINARY, CROSS_ENTROPY, RowLoss
from model.matching import Matching
from model.negatives import NegativeSampler
from model.networks import Encoder
from model.objectives import itm_hs, itm_in_batch
from model.pairs import Pairs
from model.plugins import choose, read_options
from model.questions import Questions
from model.scored import Scored, Scratch
from model.specs import Network, Objective, Options

HEAD = "itm_hs"
_OWN_FIRST = np.array([1.0, 0.0, 0.0, 0.0], np.float32)


@dataclass(frozen=True, kw_only=True)
class MatchSettings:
    """`binary` asks of each option whether it is a match (the MSP authors); `four_way` which of them is (ViLBERT).

    `shortlists`: a network that compares texts and images by themselves scores only the pairs that are most alike, and
    ranks all others behind them (ALBEF). Only pre-training teaches that, so it is for zero-shot retrieval.
    """

    loss: str = "binary"
    shortlists: bool = False


def build(
    options: Options,
    *,
    network: Network,
    facts: Facts,
    num_images: int,
    num_answers: int,
    trained: Mapping[str, Options],
) -> Form:
    """The head of the matching objective that was pre-trained, whichever it was; a new one where none was."""
    settings = read_options(MatchSettings, options, where="form match")
    name = next((name for name in trained if name in _HEADS), HEAD)
    objective = Objective(name=name, options=dict(trained.get(name, {})))
    head = _HEADS[name](objective.options, network=network, facts=facts)
    assert isinstance(head, Matching)
    row_loss = choose(_LOSSES, settings.loss, where="form match, loss")
    return Match(objective, head, row_loss, shortlists=settings.shortlists)


class Match(Form):
    """Retrieval by the log-odds that a text and an image belong together."""

    def __init__(self, objective: Objective, head: Matching, row_loss: RowLoss, *, shortlists: bool) -> None:
        super().__init__()
        self.add_module(objective.name, head)
        self._head = (head,)  # a tuple, so that it is not registered twice
        self.objectives = (objective,)
        self.row_loss = row_loss
        self._shortlists = shortlists

    def asks(self, exam: Exam, questions: Questions, *, seed: int) -> Ask:
        """Each row's four options, its own first."""
        sampler = NegativeSampler(questions, exam.facts.neighbours_NK, seed=seed)

        def ask(rows_B: NDArray[np.int64], epoch: int) -> Pairs:
            wrong, own_B = sampler.draw(rows_B, epoch), questions.images_NM[rows_B, 0]
            return exam.pairs(
                questions,
                epoch=epoch,
                rows_B=rows_B,
                texts_P=np.stack([rows_B, rows_B, rows_B, wrong.captions_B], axis=1).ravel(),
                images_P=np.stack([own_B, wrong.random_images_B, wrong.hard_images_B, own_B], axis=1).ravel(),
                targets_BA=np.tile(_OWN_FIRST, (len(rows_B), 1)),
                num_asked=len(rows_B),
            )

        return ask

    def logits(self, encoder: Encoder, pairs: Pairs) -> Tensor:
        """The log-odds of each option, (B, A)."""
        return self._scores(pairs.pool(encoder)).view(len(pairs.rows_B), -1)

    def _scores(self, pooled_PD: Tensor) -> Tensor:
        """The log-odds of each pair, (P,)."""
        with arithmetic.full_precision(pooled_PD):
            return self._head[0].match_scores(pooled_PD.float())

    def metric(self, benchmark: Benchmark) -> tuple[str, str]:
        """Ranking all images would cost as much as an epoch, so an epoch is chosen by the options of its rows."""
        return ("options", "own pair first")

    def judge(self, logits: Iterable[Tensor], exam: Exam, questions: Questions) -> float:
        """The share of rows whose own pair scores above all their other options; a tie counts against it."""
        is_first_N = torch.cat([logits_BA[:, 0] > logits_BA[:, 1:].amax(1) for logits_BA in logits])
        return 100.0 * float(is_first_N.double().mean())

    def evaluate(self, encoder: Encoder, exam: Exam, *, into: Path, scratch: Scratch, progress: Progress) -> Outcome:
        """Rank all test images for each test text and the other way round; write the scores and their ids."""
        test = exam.questions("test")
        shown = ranking.candidates(test, max_texts=exam.benchmark.max_texts)
        scored = Scored(scratch, num_texts=len(shown.rows_T), num_images=len(shown.images_I))
        most = encoder.num_candidates if self._shortlists else 0
        ranking.score_all(encoder, self._scores, exam, test, ranked=shown, most=most, into=scored, progress=progress)
        scored.copy(into / "similarities.safetensors")
        ranked = Ranked(scores_TI=scored.scores_TI, image_of_text_T=shown.image_of_text_T)
        image_ids, texts = exam.image_ids(shown.images_I), test.column("text")
        write_json(into / "ids.json", {"texts": [test.row_ids[row] for row in shown.rows_T], "images": image_ids})
        chance = exam.benchmark.chance
        return Outcome(
            scores=exam.benchmark.measure(ranked),
            baselines={} if chance is None else {"chance": chance(ranked)},
            predictions=ranking.predictions(ranked, [texts[row] for row in shown.rows_T], image_ids),
            num_rows=len(shown.rows_T),
            num_images=len(image_ids),
        )


_HEADS: Mapping[str, Callable[..., object]] = {"itm_hs": itm_hs.build, "itm_in_batch": itm_in_batch.build}
"""The objectives that learn matching."""
_LOSSES: Mapping[str, RowLoss] = {"binary": BINARY, "four_way": CROSS_ENTROPY}
