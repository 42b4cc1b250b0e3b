"""MLM, masked language modelling: the true word piece at every position that was masked (Devlin et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch.nn import functional

from model.batch import Batch, Output
from model.exercise import Asked, Shown, where
from model.facts import Facts
from model.heads import TiedDecoder, at
from model.judging import Blind, Frequencies, Judge, LossJudge, Parts
from model.objectives import Objective
from model.plugins import read_options
from model.specs import Modality, Network, Options


@dataclass(frozen=True, kw_only=True)
class MlmSettings:
    """MLM has no options."""


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """Transform and decoder tied to the word table."""
    read_options(MlmSettings, options, where="mlm")
    return Mlm(network.hidden_size, facts.vocabulary_size)


class Mlm(Objective):
    """Logits are computed at masked positions only."""

    needs: ClassVar[tuple[Modality, ...]] = ("text",)

    def __init__(self, width: int, num_words: int) -> None:
        super().__init__()
        self.decoder = TiedDecoder(width, num_words)
        self._num_words = num_words

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """The true piece at every masked position."""
        return (where(batch.masked_words_BL, batch.true_text_BL),)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: the cross-entropy of each masked position."""
        (words,) = asked
        logits_NV = self.decoder(at(output.text_BLD, words), output.words_VD)
        return (functional.cross_entropy(logits_NV.float(), words.targets_N, reduction="none"),)

    def judge(self) -> Judge:
        """By the loss, against how often each piece was masked in training."""
        return LossJudge(self.losses, {"unigrams": _Unigrams(self._num_words)})


class _Unigrams(Blind):
    def __init__(self, num_words: int) -> None:
        self._frequencies = Frequencies(num_words)

    def learn(self, asked: tuple[Asked, ...]) -> None:
        self._frequencies.add(asked[0].targets_N)

    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        return (self._frequencies.losses(asked[0].targets_N),)
