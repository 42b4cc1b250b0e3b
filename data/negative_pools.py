"""What is compared with what when hard negatives are sought, and in which order it lies on the disk.

Legend: N images, M of one split and pool, Q sought for, K neighbours, F dimensions.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from data import nearest
from data.images import ImageTable
from data.nearest import Among, Nearest
from data.row_ranges import RowFile

Pool = Literal["cosine", "captions", "vilbert", "given"]
"""`cosine` of mean features; that of the words of `captions`; `vilbert`: Euclidean, itself first, duplicates and all;
`given`: as the user's files list them (data/given_negatives.py).

ViLBERT's is the published pool: https://github.com/facebookresearch/vilbert-multi-task (script/generate_pool.py).
"""
SearchOn = Literal["cpu", "gpu"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The images of the region store, and in which order their vectors lie in a file: by split and pool, then by id.

    So the vectors that are compared are one piece of that file, and so are those of them that are in one shard.
    `pieces` are these; `place_N` is where in the file the vector of an image lies, `row_N` whose vector lies where.
    Images of one split and pool have the same `kind_N`, those that are never each other's negatives the same `group_N`
    or `photo_N`.
    """

    image_ids: NDArray[np.str_]
    row_N: NDArray[np.intp]
    place_N: NDArray[np.intp]
    pieces: tuple[range, ...]
    kind_N: NDArray[np.intp]
    group_N: NDArray[np.intp]
    photo_N: NDArray[np.intp]


def plan_of(image_ids: list[str], table: ImageTable) -> Plan:
    """The plan for the images of a region store."""
    kinds = [f"{table.pool[image_id]} {table.split[image_id]}" for image_id in image_ids]
    _, kind_N = np.unique(kinds, return_inverse=True)
    row_N = np.argsort(kind_N, kind="stable")
    place_N = np.empty_like(row_N)
    place_N[row_N] = np.arange(len(row_N))
    bounds = np.searchsorted(kind_N[row_N], np.arange(kind_N.max(initial=-1) + 2)).tolist()
    photos = [table.photo[image_id] or image_id for image_id in image_ids]
    return Plan(
        image_ids=np.array(image_ids),
        row_N=row_N,
        place_N=place_N,
        pieces=tuple(range(*bound) for bound in itertools.pairwise(bounds)),
        kind_N=kind_N,
        group_N=np.unique([table.group[image_id] for image_id in image_ids], return_inverse=True)[1],
        photo_N=np.unique(photos, return_inverse=True)[1],
    )


class Search(Protocol):
    """How the neighbours of images are found; sent to workers."""

    def neighbours(self, rows: range, *, num_kept: int) -> Nearest:
        """The neighbours of some images of the store, as its rows; -1 where there are too few."""
        ...


@dataclass(frozen=True, kw_only=True)
class PoolSearch:
    """The search for the neighbours of images, sent to workers; `vectors` is the file in the order of the plan."""

    plan: Plan
    vectors: RowFile
    pool: Pool
    search_on: SearchOn

    def neighbours(self, rows: range, *, num_kept: int) -> Nearest:
        """The neighbours of some images of the store, as its rows; -1 (score 0) where there are too few."""
        found = Nearest(
            places_QK=np.full((len(rows), num_kept), -1, np.int32),
            scores_QK=np.zeros((len(rows), num_kept)),
        )
        vectors_NF: NDArray[np.float32] = np.asarray(self.vectors.read("vectors"))
        places_Q = self.plan.place_N[rows.start : rows.stop]
        for piece in self.plan.pieces:
            here = np.flatnonzero((places_Q >= piece.start) & (places_Q < piece.stop))
            if len(here):
                sought = range(int(places_Q[here[0]]) - piece.start, int(places_Q[here[-1]]) + 1 - piece.start)
                own = self._within(vectors_NF[piece.start : piece.stop], piece, sought, num_kept)
                found.places_QK[here], found.scores_QK[here] = own.places_QK, own.scores_QK
        return found

    def _within(self, vectors_MF: NDArray[np.float32], piece: range, sought: range, num_kept: int) -> Nearest:
        """The neighbours of consecutive images of one split and pool, as rows of the store."""
        rows_M = self.plan.row_N[piece.start : piece.stop]
        has_itself = self.pool == "vilbert"
        labels = (np.arange(len(piece)),) if has_itself else (self.plan.group_N[rows_M], self.plan.photo_N[rows_M])
        among = Among(
            vectors_MF=vectors_MF,
            labels=labels,
            measure="euclidean" if has_itself else "cosine",
            num_kept=num_kept - has_itself,
        )
        found = nearest.search(among, sought, self._sieve(among))
        rows_QK = np.where(found.places_QK >= 0, rows_M[found.places_QK], -1).astype(np.int32)
        if not has_itself:
            return Nearest(places_QK=rows_QK, scores_QK=found.scores_QK)
        own_Q1 = rows_M[sought.start : sought.stop, None].astype(np.int32)
        return Nearest(
            places_QK=np.hstack([own_Q1, rows_QK]),
            scores_QK=np.hstack([np.zeros(own_Q1.shape), found.scores_QK]),
        )

    def _sieve(self, among: Among) -> nearest.Sieve:
        if self.search_on == "cpu":
            return nearest.ProductSieve(among)
        from data.nearest_on_gpu import TorchSieve  # torch, which a worker alone may load

        return TorchSieve(among)
