"""Exact nearest neighbours among vectors: the same to the last bit in whatever blocks, and wherever, they are sought.

A product in float32 says, with a bound on its rounding, which vectors can be among the nearest; these are scored in
float64. Legend: M vectors, Q of them sought for, B of a block, F dimensions, K neighbours kept, C candidates of one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

MIN_CANDIDATES = 128
"""At least so many vectors (where there are) are scored in float64, and all that rounding could have kept out."""
CHUNKS = 64  # vectors, of which the nearest alone is looked at to find out where the candidates begin
LEAST = np.finfo(np.float32).min  # what is left out is below it: minus infinity
_BLOCK_SIZE = 2**23  # products at a time: 32 MiB
_MAX_BLOCK = 256  # rows, more of which make the product no faster
_PIECE = 4096  # candidates that are scored at a time
_STEPS_OF_ONE = 2.0**26

Measure = Literal["cosine", "euclidean"]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Pairs of a row of a block, from 0, and a place among the vectors."""

    rows: NDArray[np.intp]
    places: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Among:
    """The vectors among which neighbours are sought; for cosines they have been made `comparable`.

    Vectors of one label, in any of `labels`, are duplicates and never each other's neighbours.
    """

    vectors_MF: NDArray[np.float32]
    labels: tuple[NDArray[np.integer], ...]
    measure: Measure
    num_kept: int

    @property
    def num_candidates(self) -> int:
        """How many vectors are candidates however the products were rounded."""
        return max(self.num_kept, MIN_CANDIDATES)

    @property
    def block_size(self) -> int:
        """How many vectors are sought for at a time."""
        return max(1, min(_MAX_BLOCK, _BLOCK_SIZE // max(len(self.vectors_MF), 1)))

    @cached_property
    def _places_by_label(self) -> list[NDArray[np.intp]]:
        return [np.argsort(labels_M, kind="stable") for labels_M in self.labels]

    def duplicates(self, block: range) -> Pairs:
        """The pairs of a row of the block and a vector that are duplicates, each vector its own; in no order."""
        pairs = [_equal(*given, block) for given in zip(self.labels, self._places_by_label, strict=True)]
        return Pairs(
            rows=np.concatenate([pair.rows for pair in pairs]), places=np.concatenate([pair.places for pair in pairs])
        )


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """Neighbours by their place among the vectors, best score first, ties by place; -1 (score 0) where there are none.

    A score is the cosine, or the distance with a minus.
    """

    places_QK: NDArray[np.int32]
    scores_QK: NDArray[np.float64]


class Sieve(Protocol):
    """Where the product is made. Any sieve will do that lets all pass that can be among the nearest."""

    def __call__(self, block: range) -> Pairs:
        """The candidates of some vectors, by row, then place."""
        ...


def comparable(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    """The vectors at length 1 (zero stays zero) and in steps of 2^-26, so that their products add up exactly.

    All that is ever summed of a product of two is a multiple of 2^-52 and hardly above 1, which float64 holds: no order
    of summing, no number of threads and no processor changes a bit. Float16, which features come in, has steps of 2^-11
    just below 1.
    """
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit = vectors / np.where(length > 0, length, 1)
    return (np.round(unit * _STEPS_OF_ONE) / _STEPS_OF_ONE).astype(np.float32)


def search(among: Among, sought: range, sieve: Sieve | None = None) -> Nearest:
    """The nearest of each of the vectors `sought`, which are places among the vectors too."""
    sieve = sieve or ProductSieve(among)
    found = Nearest(
        places_QK=np.full((len(sought), among.num_kept), -1, np.int32),
        scores_QK=np.zeros((len(sought), among.num_kept)),
    )
    for start in range(sought.start, sought.stop, among.block_size):
        block = range(start, min(start + among.block_size, sought.stop))
        candidates = sieve(block)
        bounds = np.searchsorted(candidates.rows, np.arange(len(block) + 1)).tolist()
        for place, (first, last) in zip(block, itertools.pairwise(bounds), strict=True):
            _keep_best(among, candidates.places[first:last], place, place - sought.start, found)
    return found


class ProductSieve:
    """Products by numpy's BLAS, in one buffer that is used again for every block."""

    def __init__(self, among: Among) -> None:
        self._among = among
        self._half_squares_M = half_squares(among)
        self._slack = slack(among)
        num_vectors = len(among.vectors_MF)
        width = -(-num_vectors // CHUNKS) * CHUNKS
        self._rough_BM = np.full((min(among.block_size, max(num_vectors, 1)), width), -np.inf, np.float32)

    def __call__(self, block: range) -> Pairs:
        """All vectors whose product is not below a floor that enough products reach."""
        vectors_MF = self._among.vectors_MF
        whole_BM = self._rough_BM[: len(block)]
        rough_BM = whole_BM[:, : len(vectors_MF)]
        np.matmul(vectors_MF[block.start : block.stop], vectors_MF.T, out=rough_BM)
        if self._half_squares_M is not None:
            rough_BM -= self._half_squares_M
        duplicates = self._among.duplicates(block)
        rough_BM[duplicates.rows, duplicates.places] = -np.inf
        floor_B1 = np.maximum(self._floor(whole_BM) - self._slack, LEAST)
        rows, places = np.divmod(np.flatnonzero(whole_BM >= floor_B1), max(whole_BM.shape[1], 1))
        return Pairs(rows=rows, places=places)

    def _floor(self, whole_BM: NDArray[np.float32]) -> NDArray[np.float32]:
        """What at least `num_candidates` of each row reach; minus infinity where there are no more than these.

        Taken from the best of each of many chunks: as many products as chunks reach what so many chunks' best do.
        """
        wanted = self._among.num_candidates
        best_BW = whole_BM
        if whole_BM.shape[1] >= 2 * CHUNKS * wanted:
            best_BW = whole_BM.reshape(len(whole_BM), CHUNKS, -1).max(axis=1)
        if best_BW.shape[1] < wanted:
            return np.full((len(whole_BM), 1), -np.inf, np.float32)
        return np.partition(best_BW, -wanted, axis=1)[:, -wanted, None]


def half_squares(among: Among) -> NDArray[np.float32] | None:
    """Half the squared length of each vector: a.b minus that of b falls as the distance of b from a grows.

    None for cosines, of which a.b itself is one.
    """
    if among.measure == "cosine":
        return None
    return (_squares(among.vectors_MF) / 2).astype(np.float32)


def slack(among: Among) -> np.float32:
    """Twice the largest error of what a sieve compares, in whatever order its machine sums in float32.

    A product of F terms errs by at most F 2^-24 times the lengths of both vectors (first order); half squares and their
    subtraction by no more than 3 further units; one more covers the second order.
    """
    longest = 1.001 if among.measure == "cosine" else float(_squares(among.vectors_MF).max(initial=0))
    return np.float32(2 * (among.vectors_MF.shape[1] + 4) * 2.0**-24 * longest)


def _squares(vectors_MF: NDArray[np.float32]) -> NDArray[np.float64]:
    squares_M: NDArray[np.float64] = np.einsum("mf,mf->m", vectors_MF, vectors_MF, dtype=np.float64)
    return squares_M


def _equal(labels_M: NDArray[np.integer], order_M: NDArray[np.intp], block: range) -> Pairs:
    """The pairs of a row of the block and a vector of the same label; `order_M` sorts the labels."""
    sorted_M = labels_M[order_M]
    own_B = labels_M[block.start : block.stop]
    first_B = np.searchsorted(sorted_M, own_B, side="left")
    num_B = np.searchsorted(sorted_M, own_B, side="right") - first_B
    rows = np.repeat(np.arange(len(block)), num_B)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(num_B) - num_B, num_B)  # of the vectors of its label
    return Pairs(rows=rows, places=order_M[np.repeat(first_B, num_B) + nth])


def _keep_best(among: Among, places_C: NDArray[np.intp], place: int, row: int, found: Nearest) -> None:
    """Score the candidates of one vector and keep the best."""
    score = _SCORES[among.measure]
    wanted_F = among.vectors_MF[place].astype(np.float64)
    pieces = (places_C[start : start + _PIECE] for start in range(0, len(places_C), _PIECE))
    scores = [score(among.vectors_MF.take(piece, axis=0).astype(np.float64), wanted_F) for piece in pieces]
    scores_C = np.concatenate([np.empty(0), *scores])
    best = np.argsort(-scores_C, kind="stable")[: among.num_kept]  # stable: ties stay in the order of places
    found.places_QK[row, : len(best)] = places_C[best]
    found.scores_QK[row, : len(best)] = scores_C[best]


def _cosines(candidates_CF: NDArray[np.float64], wanted_F: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exact, since the vectors are `comparable`."""
    cosines_C: NDArray[np.float64] = candidates_CF @ wanted_F
    return cosines_C


def _distances(candidates_CF: NDArray[np.float64], wanted_F: NDArray[np.float64]) -> NDArray[np.float64]:
    """With a minus; summed by numpy itself, in an order of its own, and not by the machine's BLAS."""
    candidates_CF -= wanted_F
    distances_C: NDArray[np.float64] = 0 - np.sqrt(np.square(candidates_CF, out=candidates_CF).sum(axis=1))
    return distances_C


_SCORES: dict[Measure, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]] = {
    "cosine": _cosines,
    "euclidean": _distances,
}
