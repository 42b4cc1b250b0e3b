"""Makes the mini-batches of a stream: rows by number, corruptions, what is asked; any batch can be made at once.

Legend: B rows, L word pieces, R regions.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model import plugins, regions, rows
from model.batch import NOT_ASKED, Batch, Draws, own_sources
from model.corruptions import Corruption
from model.exercise import Asks, Exercise, dress
from model.facts import Facts
from model.orders import Order, Ordered
from model.orders.shuffle import Shuffle
from model.regions import Features
from model.specs import Stream


class Feed:
    """One stream over one split. The same (seed, epoch, batch number) is the same batch, whatever came before."""

    def __init__(self, stream: Stream, *, corpus: Path, split: str, facts: Facts, seed: int) -> None:
        self.rows = rows.read(corpus, split=split, store=facts.store)
        self._max_length = stream.max_length
        self._facts = facts
        self._seed = seed
        self._view = regions.training_view(facts.store, stream.view) if self.rows.has_images else None
        self._showings = stream.showings()
        self._corruptions: list[list[Corruption]] = [
            [
                plugins.load("corruptions", corruption.name).build(corruption.options, facts=facts, rows=self.rows)
                for corruption in showing.corruptions
            ]
            for showing in self._showings
        ]
        self.order: Order = plugins.load("orders", stream.order.name).build(
            stream.order.options, rows=self._ordered(), batch_size=stream.batch_size, seed=seed
        )
        self._shuffle = Shuffle(num_rows=self.rows.num_rows, batch_size=stream.batch_size, seed=seed)

    def num_batches(self) -> int:
        """How many batches an epoch has."""
        return self.order.num_batches()

    def batches(self, epoch: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from number `start` on, corrupted."""
        return self._made(self.order, epoch, start)

    def shuffled(self, epoch: int) -> Iterator[Batch]:
        """As `batches`, in shuffled order whatever the stream's is: a sample of the rows, to judge by."""
        return self._made(self._shuffle, epoch, 0)

    def row_ids(self, rows_B: NDArray[np.int64]) -> Sequence[str]:
        """The ids of some rows, for messages."""
        return [self.rows.row_ids[number] for number in rows_B.tolist()]

    def fingerprint(self) -> str:
        """A digest of the rows: their ids, their texts, and their sequence."""
        digest = hashlib.sha256()
        for column in (self.rows.keys_N, self.rows.ends_N, self.rows.token_ids_T):
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    def _made(self, order: Order, epoch: int, start: int) -> Iterator[Batch]:
        draws = Draws(seed=self._seed, epoch=epoch)
        for rows_B in order.batches(epoch)[start:]:
            yield self.corrupted(self.clean(rows_B), draws)

    def _ordered(self) -> Ordered:
        lengths_N = np.minimum(self.rows.lengths(np.arange(self.rows.num_rows)), self._max_length)
        return Ordered(keys_N=self.rows.keys_N, images_N=self.rows.images_N, lengths_N=lengths_N)

    def corrupted(self, batch: Batch, draws: Draws) -> Batch:
        """The batch after all corruptions of the stream, in their order; with further showings of it."""
        first, *more = (
            dataclasses.replace(
                self._shown(batch, corruptions, draws),
                view=self._view,
                draws=draws,
                objectives=tuple(each.name for each in showing.objectives),
            )
            for showing, corruptions in zip(self._showings, self._corruptions, strict=True)
        )
        return dataclasses.replace(first, more=tuple(more))

    @staticmethod
    def _shown(batch: Batch, corruptions: Sequence[Corruption], draws: Draws) -> Batch:
        for corruption in corruptions:
            batch = corruption(batch, draws)
        return batch

    def clean(self, rows_B: NDArray[np.int64]) -> Batch:
        """Some rows as they are: nothing hidden, nothing asked."""
        pad_id = self._facts.pad_id
        text_BL = torch.from_numpy(self.rows.tokens(rows_B, max_length=self._max_length, pad_id=pad_id))
        images_B = torch.from_numpy(self.rows.images_N[rows_B])
        has_images = self.rows.has_images
        shown = regions.labels(self._facts.store, images_B) if has_images else regions.no_labels(len(rows_B))
        nothing_BR = torch.zeros(shown.object_ids_BR.shape, dtype=torch.bool)
        num_pieces = nothing_BR.shape[1]
        return Batch(
            rows_B=rows_B,
            keys_B=self.rows.keys_N[rows_B],
            images_B=images_B,
            text_BL=text_BL,
            text_mask_BL=text_BL != pad_id,
            true_text_BL=text_BL,
            num_pieces=num_pieces,
            places_BR=torch.arange(num_pieces).expand_as(nothing_BR),
            sources_BR=own_sources(images_B, num_pieces),
            boxes_BR4=shown.boxes_BR4,
            object_ids_BR=shown.object_ids_BR,
            object_conf_BR=shown.object_conf_BR,
            attribute_ids_BR=shown.attribute_ids_BR,
            attribute_conf_BR=shown.attribute_conf_BR,
            masked_words_BL=torch.zeros(text_BL.shape, dtype=torch.bool),
            masked_regions_BR=nothing_BR,
            triplets_BR=torch.full_like(shown.object_ids_BR, NOT_ASKED),
            matched_B=torch.ones(len(rows_B), dtype=torch.bool),
            asked_B=torch.ones(len(rows_B), dtype=torch.bool),
        )


class Exercises:
    """The batches of a feed with what a learner asks of them, on the device of `features`.

    `is_trimmed`: without words that are padding in all rows of a batch, so that batches differ in shape.
    """

    def __init__(
        self, feed: Feed, ask: Callable[[Batch], Asks], features: Features, *, is_trimmed: bool = False
    ) -> None:
        self._is_trimmed = is_trimmed
        self._ask = ask
        self._feed = feed
        self._features = features
        self.num_batches = feed.num_batches
        self.row_ids = feed.row_ids

    def batches(self, epoch: int, *, start: int = 0) -> Iterator[Exercise]:
        """Those of an epoch, from number `start` on."""
        for batch in self._feed.batches(epoch, start=start):
            shown = batch.trimmed() if self._is_trimmed else batch
            yield dress(shown, self._ask(shown), self._features)
