"""The rows of a corpus in memory: token ids end to end, and which image each row speaks of.

Those of a corpus are all of one kind: texts of images, texts alone, or images alone.

Legend: N rows, T all word pieces of all rows, B rows of a batch, L word pieces of a row, S images of the split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data import draws, tables
from data.errors import ContractError, SourceError
from model.regions import ImageStore

FOLDER = "corpus"
NO_IMAGE = -1


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of some rows, their token ids end to end, with what every draw for a row rests on: its id's key."""

    row_ids: Sequence[str]
    keys_N: NDArray[np.uint64]
    token_ids_T: NDArray[np.int64]
    ends_N: NDArray[np.int64]  # where each row's token ids end in `token_ids_T`

    @property
    def num_rows(self) -> int:
        """How many rows."""
        return len(self.row_ids)

    @property
    def has_texts(self) -> bool:
        """Whether they have any word piece."""
        return len(self.token_ids_T) > 0

    def lengths(self, rows_B: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many word pieces some rows have, (B,)."""
        starts_B = np.where(rows_B > 0, self.ends_N[rows_B - 1], 0)
        lengths_B: NDArray[np.int64] = self.ends_N[rows_B] - starts_B
        return lengths_B

    def tokens(self, rows_B: NDArray[np.int64], *, max_length: int, pad_id: int) -> NDArray[np.int64]:
        """The token ids of some rows, (B, max_length), padded at the end.

        A longer row is cut, its last piece ([SEP]) kept: the length is the stream's, not the corpus's. Where no row has
        a text, there is no place either: (B, 0).
        """
        if not self.has_texts:
            return np.empty((len(rows_B), 0), np.int64)
        ends_B = self.ends_N[rows_B]
        full_B = self.lengths(rows_B)
        starts_B, lengths_B = ends_B - full_B, np.minimum(full_B, max_length)
        places_L = np.arange(max_length)
        sources_BL = np.minimum(starts_B[:, None] + places_L, ends_B[:, None] - 1)
        tokens_BL = self.token_ids_T[sources_BL]
        tokens_BL[np.arange(len(rows_B)), lengths_B - 1] = self.token_ids_T[ends_B - 1]
        return np.where(places_L < lengths_B[:, None], tokens_BL, pad_id)


@dataclass(frozen=True, kw_only=True)
class Rows(Texts):
    """The rows of one split, in the corpus's order."""

    images_N: NDArray[np.int64]  # rows of the region store, NO_IMAGE where the rows are texts alone

    @property
    def has_images(self) -> bool:
        """Whether they speak of images."""
        return bool((self.images_N != NO_IMAGE).any())

    def images(self) -> NDArray[np.int64]:
        """The images of the split, ascending, (S,)."""
        return np.unique(self.images_N[self.images_N != NO_IMAGE])


def read(folder: Path, *, split: str, store: ImageStore) -> Rows:
    """The rows of one split of a corpus. Raises SourceError on a file that is no corpus, ContractError on bad rows."""
    path = folder / FOLDER
    try:
        columns = ("row_id", "image_id", "token_ids")
        table = tables.read(path, columns, where=pc.field("split") == split).combine_chunks()
    except (OSError, ValueError) as error:
        raise SourceError(
            expected="a corpus (docs/formats.md)", found=str(error)[:300], where=str(path), way_out="build it again"
        ) from error
    row_ids, image_ids = table["row_id"].to_pylist(), table["image_id"].to_pylist()
    token_ids_T, lengths_N = end_to_end(table["token_ids"])
    _check(row_ids, image_ids, lengths_N, split=split, store=store, where=str(path))
    return Rows(
        row_ids=row_ids,
        keys_N=draws.row_keys(row_ids),
        images_N=np.asarray([store.row_of.get(image_id, NO_IMAGE) for image_id in image_ids], np.int64),
        token_ids_T=token_ids_T.astype(np.int64),
        ends_N=np.cumsum(lengths_N),
    )


def end_to_end(lists: pa.ChunkedArray) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The items of a column of lists end to end, and the length of each list, (N,)."""
    joined = lists.combine_chunks()
    lengths_N = joined.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    return joined.flatten().to_numpy(zero_copy_only=False), lengths_N


def _check(
    row_ids: Sequence[str],
    image_ids: Sequence[str],
    lengths_N: NDArray[np.int64],
    *,
    split: str,
    store: ImageStore,
    where: str,
) -> None:
    if not row_ids:
        raise ContractError(
            expected=f"rows of the split {split!r}", found="none", where=where, way_out="check how images are split"
        )
    kind = (bool(image_ids[0]), bool(lengths_N[0]))
    for row_id, image_id, length in zip(row_ids, image_ids, lengths_N.tolist(), strict=True):
        found = _found_wrong(image_id, length, kind, store)
        if found:
            raise ContractError(
                expected="an image of the region store, or at least [CLS] and [SEP], or both, as the first row has",
                found=found,
                where=f"{where}, row {row_id}",
                way_out="build the corpus and the region store from the same images",
            )


def _found_wrong(image_id: str, length: int, kind: tuple[bool, bool], store: ImageStore) -> str:
    """What is wrong with a row of a corpus whose rows (have an image, have a text); nothing: an empty string."""
    has_image, has_text = kind
    if image_id and image_id not in store.row_of:
        return f"the image {image_id}, which has no regions"
    if length == 1 or has_text != bool(length) or not (length or image_id):
        return f"{length} token ids"
    return "" if has_image == bool(image_id) else f"the image {image_id!r}"
