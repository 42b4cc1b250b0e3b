"""Small batches for worked examples. Legend: B rows, L word pieces, R regions, F features, S regions of the store."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data import draws
from model.batch import HIDDEN, NOT_ASKED, Batch, Output, own_sources
from model.exercise import Exercise, dress
from model.objectives import Objective
from model.regions import Features
from model.rows import Rows


class Table(Features):
    """Features that a test wrote down, in the order of their sources."""

    def __init__(self, features_SF: Tensor) -> None:
        self.device = torch.device("cpu")
        self._features_SF = features_SF

    def take(self, sources: Tensor) -> Tensor:
        return torch.where((sources == HIDDEN)[..., None], 0.0, self._features_SF[sources.clamp(min=0)])


def uncompared(num_rows: int) -> dict[str, Any]:
    """What an output needs where nothing compares the rows of a batch."""

    def pool_pairs(texts_P: Tensor, images_P: Tensor) -> Tensor:
        raise AssertionError("no pairs are asked for")

    nothing_BE = torch.zeros(num_rows, 1)
    nothing_BRD = torch.zeros(num_rows, 1, 1)
    return {
        "embedded_BRD": nothing_BRD,
        "alone": lambda: (nothing_BE, nothing_BE),
        "temperature": torch.ones(()),
        "pool_pairs": pool_pairs,
    }


def small_batch(
    *, num_rows: int = 1, length: int = 3, num_regions: int = 3, vocabulary_size: int = 5, **set_: Any
) -> Batch:
    """A batch of random content with nothing hidden and nothing asked, row i of image i; `set_` replaces columns."""
    random = torch.Generator().manual_seed(7)
    text_BL = torch.randint(0, vocabulary_size, (num_rows, length), generator=random)
    zeros_BR = torch.zeros(num_rows, num_regions)
    batch = Batch(
        rows_B=np.arange(num_rows),
        keys_B=draws.row_keys(f"row {number}" for number in range(num_rows)),
        images_B=torch.arange(num_rows),
        text_BL=text_BL,
        text_mask_BL=torch.ones_like(text_BL, dtype=torch.bool),
        true_text_BL=text_BL,
        num_pieces=num_regions,
        places_BR=torch.arange(num_regions).expand(num_rows, num_regions),
        sources_BR=own_sources(torch.arange(num_rows), num_regions),
        boxes_BR4=torch.rand(num_rows, num_regions, 4, generator=random),
        object_ids_BR=zeros_BR.long(),
        object_conf_BR=zeros_BR + 0.5,
        attribute_ids_BR=zeros_BR.long(),
        attribute_conf_BR=zeros_BR + 0.25,
        masked_words_BL=torch.zeros_like(text_BL, dtype=torch.bool),
        masked_regions_BR=zeros_BR.bool(),
        triplets_BR=torch.full_like(zeros_BR, NOT_ASKED, dtype=torch.int64),
        matched_B=torch.ones(num_rows, dtype=torch.bool),
        asked_B=torch.ones(num_rows, dtype=torch.bool),
    )
    return dataclasses.replace(batch, **set_)


def small_rows(*images: int, texts: Sequence[Sequence[int]] | None = None) -> Rows:
    """The rows of a split, one for each image given; without `texts` each is [CLS] [SEP] of the tiny vocabulary."""
    token_ids = [[2, 3]] * len(images) if texts is None else texts
    row_ids = [f"row {number}" for number in range(len(images))]
    return Rows(
        row_ids=row_ids,
        keys_N=draws.row_keys(row_ids),
        images_N=np.array(images, np.int64),
        token_ids_T=np.array(list(itertools.chain(*token_ids)), np.int64),
        ends_N=np.cumsum(np.array([len(text) for text in token_ids], np.int64)),
    )


def small_exercise(
    batch: Batch, *heads: Objective, features_SF: Tensor | None = None, num_features: int = 2
) -> Exercise:
    """The batch with what `heads` ask, named by their place, on random features unless some are given."""
    if features_SF is None:
        num_sources = int(batch.true_sources().max()) + 1
        features_SF = torch.randn(num_sources, num_features, generator=torch.Generator().manual_seed(8))
    return dress(batch, {str(place): head.ask(batch) for place, head in enumerate(heads)}, Table(features_SF))


def small_output(batch: Batch, *, width: int = 3, vocabulary_size: int = 5, **set_: Any) -> Output:
    """Hidden states of zeros, with gradients; `set_` replaces some."""
    num_rows, length = batch.text_BL.shape
    output = Output(
        text_BLD=torch.zeros(num_rows, length, width, requires_grad=True),
        regions_BRD=torch.zeros(*batch.sources_BR.shape, width, requires_grad=True),
        pooled_BD=torch.zeros(num_rows, width, requires_grad=True),
        words_VD=torch.zeros(vocabulary_size, width, requires_grad=True),
        **uncompared(num_rows),
    )
    return dataclasses.replace(output, **set_)
