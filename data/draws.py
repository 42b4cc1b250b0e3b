"""Random numbers for data as a hash of (seed, epoch, row, slot): no state, so any order or number of workers agrees.

The hash is SplitMix64's finaliser (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195) over a running
mix of the four counters. Legend: B rows, N draws of a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def row_keys(row_ids: Iterable[str]) -> NDArray[np.uint64]:
    """A 64-bit key for each row id, (B,): the first eight bytes of its BLAKE2b hash."""
    keys = [int.from_bytes(hashlib.blake2b(row_id.encode(), digest_size=8).digest(), "little") for row_id in row_ids]
    return np.asarray(keys, dtype=np.uint64)


def slot_number(name: str) -> int:
    """The number of a named slot: every use of randomness has a name of its own, so that draws never collide."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest(), "little")


def bits(seed: int, epoch: int, keys_B: NDArray[np.uint64], slot: str, num_draws: int) -> NDArray[np.uint64]:
    """`num_draws` 64-bit numbers for each row, (B, N)."""
    with np.errstate(over="ignore"):
        counter = _mix(np.uint64(seed) * _GOLDEN + np.uint64(epoch))
        counter = _mix(counter + np.uint64(slot_number(slot)) * _GOLDEN)
        base_B1 = _mix(keys_B + counter)[:, None]
        steps_N = (np.arange(num_draws, dtype=np.uint64) + np.uint64(1)) * _GOLDEN
        return _mix(base_B1 + steps_N[None, :])


def uniform(seed: int, epoch: int, keys_B: NDArray[np.uint64], slot: str, num_draws: int = 1) -> NDArray[np.float64]:
    """`num_draws` numbers in [0, 1) for each row, (B, N): the upper 53 bits of the hash."""
    return (bits(seed, epoch, keys_B, slot, num_draws) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integers(
    seed: int, epoch: int, keys_B: NDArray[np.uint64], slot: str, high: int | NDArray[np.int64], num_draws: int = 1
) -> NDArray[np.int64]:
    """`num_draws` integers in [0, high) for each row, (B, N); `high` may differ by row, shape (B, 1)."""
    return np.floor(uniform(seed, epoch, keys_B, slot, num_draws) * high).astype(np.int64)


def _mix(x: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * _MIX_1
        x = (x ^ (x >> np.uint64(27))) * _MIX_2
        return x ^ (x >> np.uint64(31))  # type: ignore[return-value]
