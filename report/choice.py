"""Which rows a page shows: a few, spread over all, the same each time."""

from __future__ import annotations

import numpy as np

from data import draws

_SEED = 0


def spread(num_rows: int, num_wanted: int, *, of: str) -> list[int]:
    """`num_wanted` different row numbers, ascending: one drawn from each of as many equal parts; all, if no more.

    `of` names what is drawn from, so that two tables of one length do not show the same places.
    """
    if num_rows <= num_wanted:
        return list(range(num_rows))
    edges = np.linspace(0, num_rows, num_wanted + 1).astype(np.int64)
    widths = np.diff(edges)
    shares = draws.uniform(_SEED, 0, draws.row_keys([of]), "report.rows", num_wanted)[0]
    return [int(row) for row in edges[:-1] + np.floor(shares * widths).astype(np.int64)]
