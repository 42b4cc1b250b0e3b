"""Swap the sentence: half of the images get a text of another image, as LXMERT has it; the MSP paper swaps the image.

All that is asked speaks of what is shown: words of the new text, regions of the row's own image, topics of the two.
Source: src/pretrain/lxmert_data.py of https://github.com/airsplay/lxmert. Legend: B rows, N rows of the split,
L word pieces.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.batch import Batch, Draws
from model.corruptions import SWAPPED_TARGETS, Corruption
from model.facts import Facts
from model.plugins import choose, read_options
from model.rows import Rows
from model.specs import Modality, Options

NEEDS: tuple[Modality, ...] = ("text", "images")


@dataclass(frozen=True, kw_only=True)
class SwapSentence:
    """`rate` of the rows get the text of another row of the split, any that is not of the same image.

    `swapped_targets` says what else is asked of these pairs: everything about what they show, or nothing (`none`).
    """

    rate: float = 0.5
    swapped_targets: str = "shown"


def build(options: Options, *, facts: Facts, rows: Rows) -> Corruption:
    """Must come before the corruptions that hide words or swap images."""
    settings = read_options(SwapSentence, options, where="swap_sentence")
    have_targets = choose(SWAPPED_TARGETS, settings.swapped_targets, where="swap_sentence, swapped_targets")
    others = _OtherRows(rows.images_N)

    def corrupt(batch: Batch, draws: Draws) -> Batch:
        assert not batch.masked_words_BL.any(), "swap_sentence comes before mask_words"
        assert batch.matched_B.all(), "swap_sentence comes before swap_image"
        other_B, has_other_B = others.draw(batch, draws)
        swapped_B = draws.uniform(batch, "swap_sentence.swapped", 1)[:, 0] < settings.rate
        swapped_B &= torch.from_numpy(has_other_B)
        texts_BL = rows.tokens(other_B, max_length=batch.text_BL.shape[1], pad_id=facts.pad_id)
        shown = show(batch, swapped_B, torch.from_numpy(texts_BL), facts)
        return shown.mismatched(swapped_B, have_targets=have_targets)

    return corrupt


def show(batch: Batch, swapped_B: Tensor, texts_BL: Tensor, facts: Facts) -> Batch:
    """The batch with `texts_BL` shown where `swapped_B`, and the truth about words following it."""
    text_BL = torch.where(swapped_B[:, None], texts_BL, batch.text_BL)
    return dataclasses.replace(batch, text_BL=text_BL, true_text_BL=text_BL, text_mask_BL=text_BL != facts.pad_id)


class _OtherRows:
    """Draws rows of other images, each equally often: rows by image, so that those of an image are one run."""

    def __init__(self, images_N: NDArray[np.int64]) -> None:
        self._rows_N = np.argsort(images_N, kind="stable")
        self._images_N = images_N[self._rows_N]

    def draw(self, batch: Batch, draws: Draws) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """A row for each row of the batch, (B,), and whether there is one of another image at all, (B,)."""
        own_B = batch.images_B.numpy()
        first_B = np.searchsorted(self._images_N, own_B, side="left")
        num_own_B = np.searchsorted(self._images_N, own_B, side="right") - first_B
        num_others_B = len(self._rows_N) - num_own_B
        drawn_B = draws.integers(batch, "swap_sentence.row", num_others_B[:, None])[:, 0].numpy()
        places_B = drawn_B + np.where(drawn_B >= first_B, num_own_B, 0)
        return self._rows_N[np.minimum(places_B, len(self._rows_N) - 1)], num_others_B > 0
