"""Comparing every image of a batch with every text: what contrastive objectives and in-batch negatives rest on.

Legend: N rows asked, E width in which image and text are compared.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from data.errors import UserError
from model.batch import Batch, Output
from model.exercise import Asked, Shown, of_rows
from model.judging import Blind, Judge, LossJudge, Parts
from model.objectives import Objective
from model.plugins import choose, read_options
from model.specs import Options

_SAME_IMAGE: Mapping[str, bool] = {"ignored": True, "negative": False}


@dataclass(frozen=True, kw_only=True)
class ContrastSettings:
    """`same_image`: another text of the same image is no mismatch and is left out (`ignored`), or it is one
    (`negative`: the published code, whose labels are rows). `stops_gradient`: each direction teaches the tower that it
    starts from alone.
    """

    same_image: str = "ignored"
    stops_gradient: bool = True


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Logits of images (rows) with texts, and of texts (rows) with images, (N, N); own pairs on the diagonal.

    Minus infinity where a pair is left out.
    """

    image_to_text_NN: Tensor
    text_to_image_NN: Tensor


def compare(asked: Asked, output: Output, *, ignores_same_image: bool, stops_gradient: bool) -> Comparison:
    """The rows that are asked with each other; their targets are the numbers of their images."""
    image_NE = output.image_BE.index_select(0, asked.places_N)
    text_NE = output.text_BE.index_select(0, asked.places_N)
    texts_NE, images_NE = (text_NE.detach(), image_NE.detach()) if stops_gradient else (text_NE, image_NE)
    image_to_text_NN = (image_NE @ texts_NE.T / output.temperature).float()
    text_to_image_NN = (text_NE @ images_NE.T / output.temperature).float()
    if ignores_same_image:
        left_out_NN = is_same_image(asked) & ~torch.eye(len(image_NE), dtype=torch.bool, device=image_NE.device)
        image_to_text_NN = image_to_text_NN.masked_fill(left_out_NN, -torch.inf)
        text_to_image_NN = text_to_image_NN.masked_fill(left_out_NN, -torch.inf)
    return Comparison(image_to_text_NN=image_to_text_NN, text_to_image_NN=text_to_image_NN)


def is_same_image(asked: Asked) -> Tensor:
    """True where two rows are of one image, (N, N)."""
    return asked.targets_N[:, None] == asked.targets_N[None, :]


def ask_images(batch: Batch) -> tuple[Asked, ...]:
    """The number of each row's image. Raises UserError where pairs were swapped: all are to match."""
    if not batch.matched_B.all():
        raise UserError(
            expected="pairs that match, where every other pair of the batch is taken for one that does not",
            found="swapped ones",
            where="the corruptions of a stream with a contrastive objective",
            way_out="leave swap_image and swap_sentence out, or the objective",
        )
    return (of_rows(batch.images_B),)


class Contrastive(Objective):
    """An objective that compares a batch with itself. It has no weights: all that is learnt is the network's."""

    needs_whole_batch: ClassVar[bool] = True

    def __init__(self, options: Options, *, where: str) -> None:
        super().__init__()
        settings = read_options(ContrastSettings, options, where=where)
        self._ignores_same_image = choose(_SAME_IMAGE, settings.same_image, where=f"{where}, same_image")
        self._stops_gradient = settings.stops_gradient

    @abstractmethod
    def row_losses(self, compared: Comparison) -> Tensor:
        """The loss of each row, (N,)."""

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """Each row, by the number of its image."""
        return ask_images(batch)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: each row."""
        compared = compare(
            asked[0],
            output,
            ignores_same_image=self._ignores_same_image,
            stops_gradient=self._stops_gradient,
        )
        return (self.row_losses(compared),)

    def judge(self) -> Judge:
        """By the loss, against taking all texts of the batch for equally likely."""
        return LossJudge(self.losses, {"uniform": _Uniform()})


class _Uniform(Blind):
    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        num_rows = len(asked[0].places_N)
        return (torch.full((num_rows,), math.log(max(num_rows, 1))),)
