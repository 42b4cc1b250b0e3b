"""ITM with negatives of the batch: each image with the text most like it, each text with the image most like it.

ALBEF draws them by their likeness, GRIT-VLP takes the most alike. What is alike is what the network compares
(`Output.image_BE`, `Output.text_BE`). Legend: N rows asked, P = 3 x N pairs: own ones, images with a text that is not
theirs, texts with an image that is not theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from model.batch import Batch, Output
from model.contrast import ask_images, compare, is_same_image
from model.exercise import Asked, Shown
from model.facts import Facts
from model.judging import AccuracyJudge, Judge, Parts
from model.matching import Matching
from model.objectives import Objective
from model.plugins import choose, read_options
from model.specs import Network, Options

_PAIRS_PER_ROW = 3


@dataclass(frozen=True, kw_only=True)
class InBatchSettings:
    """`choice`: the most alike (`argmax`, GRIT-VLP), or one drawn by likeness (`multinomial`, ALBEF).

    `same_image`: whether another text of the same image may be taken for a negative (`negative`, the published code) or
    not (`ignored`). `form`: see `model.matching`.
    """

    choice: str = "argmax"
    same_image: str = "ignored"
    form: str = "two_way"


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """A linear layer on the pooled state."""
    settings = read_options(InBatchSettings, options, where="itm_in_batch")
    return ItmInBatch(
        network.hidden_size,
        settings.form,
        pick=choose(_CHOICES, settings.choice, where="itm_in_batch, choice"),
        may_be_same_image=choose(_SAME_IMAGE, settings.same_image, where="itm_in_batch, same_image"),
    )


class ItmInBatch(Matching):
    """The mean over all pairs. A row that has no negative in the batch has its own pair alone."""

    needs_whole_batch: ClassVar[bool] = True

    def __init__(self, width: int, form: str, *, pick: Callable[[Tensor], Tensor], may_be_same_image: bool) -> None:
        super().__init__(width, form, where="itm_in_batch")
        self._pick = pick
        self._may_be_same_image = may_be_same_image

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """Each row, by the number of its image."""
        return ask_images(batch)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: the mean over the pairs of each row."""
        pooled_PD, has_negative_N = self._pairs(asked[0], output)
        num_rows = len(has_negative_N)
        is_match_P = torch.arange(len(pooled_PD), device=pooled_PD.device) < num_rows
        own_N, texts_N, images_N = self.match_losses(pooled_PD, is_match_P).view(_PAIRS_PER_ROW, num_rows)
        return ((own_N + (texts_N + images_N) * has_negative_N) / _PAIRS_PER_ROW,)

    def judge(self) -> Judge:
        """By accuracy over all pairs, against the majority, which is "no"."""
        return AccuracyJudge(answers=lambda asked: _answers(len(asked[0].places_N)), answered=self._answered)

    def _answered(self, asked: tuple[Asked, ...], output: Output) -> tuple[Tensor, Tensor]:
        pooled_PD, has_negative_N = self._pairs(asked[0], output)
        is_there_P = torch.cat([torch.ones_like(has_negative_N), has_negative_N, has_negative_N])
        answers_P = _answers(len(has_negative_N)).to(pooled_PD.device)
        return self.match_scores(pooled_PD)[is_there_P], answers_P[is_there_P]

    def _pairs(self, asked: Asked, output: Output) -> tuple[Tensor, Tensor]:
        """The pooled states of all pairs, (P, D), and which rows have negatives, (N,)."""
        with torch.no_grad():
            alike = compare(asked, output, ignores_same_image=False, stops_gradient=False)
            is_own_NN = torch.eye(len(asked.places_N), dtype=torch.bool, device=asked.places_N.device)
            is_no_negative_NN = is_own_NN if self._may_be_same_image else is_same_image(asked)
            text_of_image_N = self._pick(alike.image_to_text_NN.masked_fill(is_no_negative_NN, -torch.inf))
            image_of_text_N = self._pick(alike.text_to_image_NN.masked_fill(is_no_negative_NN, -torch.inf))
        own_N = asked.places_N
        wrong_PD = output.pool_pairs(
            torch.cat([own_N[text_of_image_N], own_N]), torch.cat([own_N, own_N[image_of_text_N]])
        )
        return torch.cat([output.pooled_BD[own_N], wrong_PD]), ~is_no_negative_NN.all(1)


def _answers(num_rows: int) -> Tensor:
    return torch.arange(_PAIRS_PER_ROW * num_rows) < num_rows


def _drawn(logits_NN: Tensor) -> Tensor:
    """One of each row with the chances of its softmax, (N,), without making the host wait (Gumbel's way)."""
    noise_NN = torch.empty_like(logits_NN).exponential_().log()
    return (logits_NN - noise_NN).argmax(1)


_CHOICES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "argmax": lambda logits_NN: logits_NN.argmax(1),
    "multinomial": _drawn,
}
_SAME_IMAGE: Mapping[str, bool] = {"ignored": False, "negative": True}
