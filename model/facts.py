"""What a training or an evaluation reads besides its corpus: regions, vocabulary, hard negatives.

Legend: N images of the store, K neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data import hard_negatives, vocabulary
from data.regions.store import FILE_NAME, RegionStore
from data.vocabulary import Vocabulary
from model.regions import ImageStore


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Read-only facts that corruptions and objectives are built from."""

    store: ImageStore
    tokens: tuple[str, ...]  # the vocabulary's entries
    pad_id: int
    mask_id: int
    special_ids: tuple[int, ...]  # [PAD], [UNK], [CLS], [SEP], [MASK]: never masked, never drawn as a replacement
    neighbours_NK: NDArray[np.int64] | None  # rows of the store, most similar first, -1 at the end; None: not given

    @property
    def sep_id(self) -> int:
        """The word piece at the end of a text, and between two."""
        return self.special_ids[3]

    @property
    def vocabulary_size(self) -> int:
        """How many word pieces there are."""
        return len(self.tokens)

    @property
    def num_objects(self) -> int:
        """How many object labels there are."""
        return len(self.store.object_names)

    @property
    def num_attributes(self) -> int:
        """How many attribute labels there are."""
        return len(self.store.attribute_names)


def read(*, regions: Path, words: Path, negatives: Path | None) -> Facts:
    """The facts in the `result/` folders of RegionFeatures, Vocabulary and HardNegatives."""
    return of(RegionStore.open(regions / FILE_NAME), vocabulary.load(words), negatives=negatives)


def of(store: ImageStore, entries: Vocabulary, *, negatives: Path | None) -> Facts:
    """The facts about these images and words."""
    specials = (entries.pad_id, entries.unknown_id, entries.cls_id, entries.sep_id, entries.mask_id)
    return Facts(
        store=store,
        tokens=tuple(entries.tokens),
        pad_id=entries.pad_id,
        mask_id=entries.mask_id,
        special_ids=specials,
        neighbours_NK=None if negatives is None else _neighbours_in_store(store, negatives),
    )


def _neighbours_in_store(store: ImageStore, negatives: Path) -> NDArray[np.int64]:
    """The neighbours by rows of the store: the file numbers its own images. Images it lacks have no neighbours."""
    found = hard_negatives.load(negatives)
    row_of_image = [store.row_of.get(str(image_id), -1) for image_id in found.image_ids]
    store_rows_M = np.asarray([*row_of_image, -1], np.int64)  # the last entry is where -1 points to
    neighbours_NK = np.full((len(store.image_ids), found.neighbours_NK.shape[1]), -1, np.int64)
    known = store_rows_M[:-1] >= 0
    neighbours_NK[store_rows_M[:-1][known]] = store_rows_M[found.neighbours_NK[known]]
    neighbours_NK[neighbours_NK == np.arange(len(neighbours_NK))[:, None]] = -1  # ViLBERT's pool begins with the image
    order_NK = np.argsort(neighbours_NK < 0, axis=1, kind="stable")  # -1 to the end, the order otherwise kept
    return np.take_along_axis(neighbours_NK, order_NK, axis=1)
