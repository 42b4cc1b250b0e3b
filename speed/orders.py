"""Grouping rows by a walk, beside the way that GRIT-VLP's published code goes: `python -m speed.orders`.

The published way (torch, on the processor) takes the softmax of both matrices, sets row and column of every visited
pair to zero in both, and asks the tensor for each next place; it is written here anew. Both give the same rows in the
same sequence: `agreement`. `--quick` takes small search spaces, to see that all runs.

Legend: N rows, M rows of a search space, E width of features.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.nearest import comparable
from model.grouping import Floats, Tables, walk
from model.orders import Ordered
from model.orders.grit import build
from speed.measuring import Row, Taken, Target, Work, interleaved, table

SPACES = (1_920, 4_800)
BATCH_SIZE = 64
WIDTH = 256
TEMPERATURE = 0.07
NUM_ROWS = 96_000
QUEUE = 48_000
MILLION = 1_000_000
MAX_SECONDS, MAX_MIB = 90.0, 100e6 / 2**20  # for a million rows
# Of the sentence stage (docs/performance.md); so many microseconds a row are as many seconds a million rows.
STEP_US_PER_ROW = {"LXMERT-S, two cores": 95_000.0, "LXMERT-S, an H200": 105.0}
_NUM_CLUSTERS = 200
_AT_LEAST = Target(limit="at least", ratio=6.0)


def measure(spaces: Sequence[int] = SPACES, *, num_rows: int = NUM_ROWS, queue: int = QUEUE) -> list[Row]:
    """A row for each search space beside the published way, and one for a whole epoch of a million rows."""
    return [*(_space(space) for space in spaces), _epoch(spaces[0], num_rows=num_rows, queue=queue)]


def _space(num_rows: int, *, num_rounds: int = 3) -> Row:
    image_ME, text_ME = _clustered(num_rows)
    given = torch.from_numpy(image_ME), torch.from_numpy(text_ME)
    ours = walk(image_ME, text_ME, batch_size=BATCH_SIZE)
    agreement = float(np.mean(ours == published(*given)))
    ways: dict[str, Work] = {
        "here": partial(walk, image_ME, text_ME, batch_size=BATCH_SIZE, tables=Tables()),
        "published": partial(published, *given),
    }
    taken = interleaved(ways, num_rounds=num_rounds)
    return Row(
        work=f"a walk through {num_rows:,} rows",
        against="softmax of both, zeros, in torch",
        ours=taken["here"],
        theirs=taken["published"],
        target=_AT_LEAST if num_rows == SPACES[-1] else None,
        notes={"agreement": f"{agreement:.4f}"},
    )


def published(image_ME: Tensor, text_ME: Tensor) -> NDArray[np.int64]:
    """The walk by softmax, begun at place 0."""
    similar_MM = image_ME @ text_ME.T / TEMPERATURE
    tables = similar_MM.softmax(1), similar_MM.T.softmax(1)
    for table_MM in tables:
        table_MM.fill_diagonal_(0)
    here, order = 0, [0]
    for step in range(len(similar_MM) - 1):
        for table_MM in tables:
            table_MM[:, here] = 0
        there = int(tables[step % 2][here].argmax())
        for table_MM in tables:
            table_MM[here] = 0
        here = there
        order.append(here)
    return np.array(order, np.int64)


def _epoch(space: int, *, num_rows: int, queue: int) -> Row:
    """All that the order does in an epoch, collecting features included, scaled up to a million rows."""
    once = partial(_order_of_an_epoch, space, queue)
    seconds = interleaved({"here": partial(once, num_rows)}, num_rounds=1)["here"].seconds * MILLION / num_rows
    grown_bytes = _peak_bytes(partial(once, num_rows)) - _peak_bytes(partial(once, num_rows // 2))
    shares = {
        f"of an epoch, {name}": f"{seconds / (seconds + step_us):.1%}" for name, step_us in STEP_US_PER_ROW.items()
    }
    return Row(
        work=f"an epoch of a million rows, search space {space:,}",
        against="what it may take",
        ours=Taken(seconds=seconds, peak_mib=grown_bytes / (num_rows - num_rows // 2) * MILLION / 2**20),
        theirs=Taken(seconds=MAX_SECONDS, peak_mib=MAX_MIB),
        target=Target(limit="at most", ratio=1.0),
        notes={"scaled up from": f"{num_rows:,} rows", **shares},
    )


def _order_of_an_epoch(space: int, queue: int, num_rows: int) -> None:
    generator = np.random.default_rng(num_rows)
    options = {"queue": queue, "search_space": space}
    order = build(options, rows=_rows(num_rows), batch_size=BATCH_SIZE, seed=1)
    some_NE = _clustered(10 * BATCH_SIZE)
    for rows_B in order.batches(0):
        image_BE, text_BE = (each[generator.integers(0, len(each), len(rows_B))] for each in some_NE)
        order.observe(rows_B, image_BE, text_BE, for_epoch=1, rank=0)
    order.take(1, order.finish(1, num_ranks=1))


def _rows(num_rows: int) -> Ordered:
    """Five texts an image."""
    numbers_N = np.arange(num_rows)
    lengths_N = np.full(num_rows, 20)
    return Ordered(keys_N=numbers_N.astype(np.uint64), images_N=numbers_N // 5, lengths_N=lengths_N)


def _peak_bytes(work: Work) -> int:
    """The most that was allocated at once. Of two sizes, so that queue and search space, of one size, drop out."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _clustered(num_rows: int) -> tuple[Floats, Floats]:
    """Unit vectors of images and of their texts, around some centres."""
    generator = np.random.default_rng(num_rows)
    centres_NE = generator.normal(size=(_NUM_CLUSTERS, WIDTH))[generator.integers(0, _NUM_CLUSTERS, num_rows)]
    image_NE, text_NE = (centres_NE + generator.normal(size=centres_NE.shape) for _ in range(2))
    return comparable(image_NE), comparable(text_NE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small search spaces")
    parser.add_argument("--num-threads", type=int, default=2, help="of torch; numpy has those of OMP_NUM_THREADS")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.num_threads)
    rows = measure((256, 640), num_rows=5_120, queue=2_560) if given.quick else measure()
    print(table(rows))


if __name__ == "__main__":
    main()
