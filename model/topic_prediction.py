"""Predicting the topics of a pair from its pooled state: what TITP and TITS have in common (MSP, equations 2 and 4).

Legend: B rows, L word pieces, D width, V vocabulary, C candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.batch import Batch, Output
from model.exercise import Asked, Shown, of_rows
from model.facts import Facts
from model.heads import LAYER_NORM_EPS, TiedDecoder
from model.judging import Judge, Parts, PrecisionJudge
from model.objectives import Objective
from model.plugins import choose, read_options
from model.specs import Network, Options
from model.topics import TopicRule, TopicWords


@dataclass(frozen=True, kw_only=True)
class TopicSettings:
    """`linear` is the paper's head; `tied` decodes with the word table, without which a short training learns little;
    `bounded` is the MSP authors' code: linear, GELU, and a layer norm over the vocabulary.

    `bias` starts a tied head near the rarity of topics: at 0 it would first spend hundreds of steps on saying "no".
    `unit`, `form` and `labels` say which words are topics (`TopicRule`).
    """

    head: str = "linear"
    bias: float = -3.0
    unit: str = TopicRule.unit
    form: str = TopicRule.form
    labels: str = TopicRule.labels


class TopicPrediction(Objective):
    """Binary cross-entropy over the whole vocabulary, a mean over word pieces and rows."""

    def __init__(self, options: Options, network: Network, facts: Facts) -> None:
        super().__init__()
        settings = read_options(TopicSettings, options, where="topics")
        self.decoder = choose(_HEADS, settings.head, where="topics, head")(
            network.hidden_size, facts.vocabulary_size, settings.bias
        )
        self._num_words = facts.vocabulary_size
        rule = TopicRule(unit=settings.unit, form=settings.form, labels=settings.labels)
        self._topics = TopicWords.of(facts.tokens, facts.store.object_names, rule)
        self._candidates_C = torch.tensor(self._topics.piece_ids, dtype=torch.int64)

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """The topics of each row, (B, L): the word pieces that are some, and one past the vocabulary elsewhere.

        They are those of the text and the image that are shown, whatever was swapped.
        """
        is_topic_BL = self._topics.mark(batch.true_text_BL, batch.object_ids_BR)
        return (of_rows(torch.where(is_topic_BL, batch.true_text_BL, self._num_words)),)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: the mean over the vocabulary, of each row."""
        targets_BV = self._targets(asked)
        losses_BV = functional.binary_cross_entropy_with_logits(
            self._logits(asked, output).float(), targets_BV, reduction="none"
        )
        return (losses_BV.mean(1),)

    def judge(self) -> Judge:
        """By average precision among the pieces that object labels have: nothing else can be a topic."""
        return PrecisionJudge(
            scores=lambda asked, output: self._logits(asked, output)[:, self._candidates_C],
            targets=lambda asked: self._targets(asked)[:, self._candidates_C],
            num_candidates=len(self._candidates_C),
        )

    def _logits(self, asked: tuple[Asked, ...], output: Output) -> Tensor:
        """Of the rows that are asked, (B, V)."""
        pooled_BD = output.pooled_BD.index_select(0, asked[0].places_N)
        logits_BV: Tensor = self.decoder(pooled_BD, output.words_VD)
        return logits_BV

    def _targets(self, asked: tuple[Asked, ...]) -> Tensor:
        """1 for every topic of a row, (B, V)."""
        topics_BL = asked[0].targets_N
        targets_BW = torch.zeros(len(topics_BL), self._num_words + 1, device=topics_BL.device)
        return targets_BW.scatter_(1, topics_BL, 1.0)[:, : self._num_words]


class _LinearHead(nn.Module):
    def __init__(self, width: int, num_words: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, num_words)

    def forward(self, pooled_BD: Tensor, words_VD: Tensor) -> Tensor:
        logits_BV: Tensor = self.linear(pooled_BD)
        return logits_BV


class _BoundedHead(nn.Module):
    """The norm holds the logits of a row together, so that none goes far below the others, as almost all should."""

    def __init__(self, width: int, num_words: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, num_words)
        self.norm = nn.LayerNorm(num_words, eps=LAYER_NORM_EPS)

    def forward(self, pooled_BD: Tensor, words_VD: Tensor) -> Tensor:
        logits_BV: Tensor = self.norm(functional.gelu(self.linear(pooled_BD)))
        return logits_BV


_HEADS: Mapping[str, Callable[[int, int, float], nn.Module]] = {
    "linear": lambda width, num_words, bias: _LinearHead(width, num_words),
    "bounded": lambda width, num_words, bias: _BoundedHead(width, num_words),
    "tied": lambda width, num_words, bias: TiedDecoder(width, num_words, bias=bias),
}
