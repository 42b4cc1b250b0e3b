"""Exact nearest neighbours beside faiss's exact index and beside the matrix product that both rest on.

`python -m speed.hard_negatives` (with `pip install -e ".[speed]"`). Each side has the same number of threads: here and
the product as many processes of one thread. Legend: M vectors, F dimensions, K neighbours, B of a block.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data import shards, workers
from data.nearest import Among, Nearest, comparable, search
from speed.measuring import Row, Target, Work, interleaved, table

NUM_KEPT = 100
_BLOCK = 256  # rows of the bare product at a time, in a buffer that is used again
_NUM_CENTRES = 200  # of the clusters that the vectors are drawn around
_PER_SHARD = 1024
_AGAINST_FAISS = Target(limit="at most", ratio=1.3)
_AGAINST_PRODUCT = Target(limit="at least", ratio=0.65)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many vectors of how many dimensions."""

    num_vectors: int
    num_dimensions: int

    @property
    def name(self) -> str:
        """The size in words."""
        return f"{self.num_vectors:,} x {self.num_dimensions:,}"

    def share(self, share: float) -> Size:
        """The same with that share of the vectors, enough for the neighbours that are sought."""
        return Size(num_vectors=max(int(share * self.num_vectors), 2 * NUM_KEPT), num_dimensions=self.num_dimensions)


SIZES = (Size(num_vectors=30_000, num_dimensions=256), Size(num_vectors=20_000, num_dimensions=2048))
COCO = Size(num_vectors=123_287, num_dimensions=256)
"""All images of COCO's train2014 and val2014."""


def measure(sizes: Sequence[Size] = SIZES, *, num_workers: int = 2, num_rounds: int = 3) -> list[Row]:
    """Two rows for each size: against faiss and against the product, in one run, interleaved."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, workers.spawned(num_workers) as executor:
        for size in sizes:
            path = Path(folder) / f"{size.num_vectors}x{size.num_dimensions}.npy"
            np.save(path, _clustered(size))
            rows += _rows(size, path, executor, num_workers=num_workers, num_rounds=num_rounds)
            path.unlink()
    return rows


def _rows(size: Size, path: Path, executor: Executor, *, num_workers: int, num_rounds: int) -> list[Row]:
    spans = list(shards.ranges(size.num_vectors, _PER_SHARD).values())
    ways: dict[str, Work] = {
        "here": lambda: list(executor.map(partial(_search, path), spans)),
        "faiss IndexFlatIP": partial(_faiss, np.load(path), num_threads=num_workers),
        "the matrix product alone": lambda: list(executor.map(partial(_multiply, path), spans)),
    }
    taken = interleaved(ways, num_rounds=num_rounds)
    notes = {"agreement": f"{_agreement(path, spans[0]):.4f}"}
    work = f"exact top {NUM_KEPT} of {size.name}"
    targets = {"faiss IndexFlatIP": _AGAINST_FAISS, "the matrix product alone": _AGAINST_PRODUCT}
    return [
        Row(
            work=work,
            against=against,
            ours=taken["here"],
            theirs=taken[against],
            target=target,
            notes=notes if target is _AGAINST_FAISS else {},
        )
        for against, target in targets.items()
    ]


def _clustered(size: Size) -> NDArray[np.float32]:
    """Unit vectors around some centres, as those of pictures lie."""
    generator = np.random.default_rng(size.num_vectors)
    shape = (size.num_vectors, size.num_dimensions)
    centres = generator.normal(size=(_NUM_CENTRES, size.num_dimensions))
    return comparable(2 * centres[generator.integers(0, _NUM_CENTRES, size.num_vectors)] + generator.normal(size=shape))


def _search(path: Path, span: range) -> int:
    return len(_neighbours(path, span).places_QK)


def _neighbours(path: Path, span: range) -> Nearest:
    vectors_MF = np.asarray(np.load(path, mmap_mode="r"))
    labels = (np.arange(len(vectors_MF)),)
    among = Among(vectors_MF=vectors_MF, labels=labels, measure="cosine", num_kept=NUM_KEPT)
    return search(among, span)


def _multiply(path: Path, span: range) -> int:
    vectors_MF = np.asarray(np.load(path, mmap_mode="r"))
    products_BM = np.empty((_BLOCK, len(vectors_MF)), np.float32)
    for start in range(span.start, span.stop, _BLOCK):
        rows_BF = vectors_MF[start : min(start + _BLOCK, span.stop)]
        np.matmul(rows_BF, vectors_MF.T, out=products_BM[: len(rows_BF)])
    return len(span)


def _faiss(vectors_MF: NDArray[np.float32], *, num_threads: int, num_sought: int | None = None) -> NDArray[np.int64]:
    """The neighbours by faiss: one more than are kept, since each vector finds itself."""
    import faiss

    faiss.omp_set_num_threads(num_threads)
    index = faiss.IndexFlatIP(vectors_MF.shape[1])
    index.add(vectors_MF)
    _, places = index.search(vectors_MF[:num_sought], NUM_KEPT + 1)
    found: NDArray[np.int64] = places
    return found


def _agreement(path: Path, span: range) -> float:
    """The share of neighbours of the first vectors that faiss finds too; near ties it may order otherwise."""
    theirs = _faiss(np.load(path), num_threads=1, num_sought=min(span.stop, _BLOCK))
    ours = _neighbours(path, range(len(theirs))).places_QK
    return float(np.mean([np.isin(mine, other).mean() for mine, other in zip(ours, theirs, strict=True)]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coco", action="store_true", help=f"{COCO.name} too, in one round")
    parser.add_argument("--share", type=float, default=1.0, help="of the vectors of each size, for a quick look")
    parser.add_argument("--num-workers", type=int, default=2)
    parser.add_argument("--num-rounds", type=int, default=3)
    given = parser.parse_args()
    sizes = [size.share(given.share) for size in SIZES]
    rows = measure(sizes, num_workers=given.num_workers, num_rounds=given.num_rounds)
    if given.coco:
        rows += measure([COCO], num_workers=given.num_workers, num_rounds=1)
    print(table(rows))


if __name__ == "__main__":
    main()
