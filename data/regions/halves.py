"""The 36 regions' features of an image as float16, rounded to the nearest and ties to even.

By torch where that pays, else by NumPy, the same bytes: NumPy takes some fifty times as long, and torch a second to be
imported. Legend: R regions that are kept (36), F features of a region.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from data.records import RegionRecord
from data.regions.detected import kept
from data.schema import FEATURE_SIZE, NUM_REGIONS
from data.sources.fields import RecordError

FLOAT16_MAX = 65504.0
Halve = Callable[[NDArray[np.float32], NDArray[np.float16]], None]
_LARGEST = 0x7BFF  # the bits of FLOAT16_MAX; those of infinity and NaN are above
_SIGN = 0x8000


def by_numpy(values: NDArray[np.float32], into: NDArray[np.float16]) -> None:
    """Write the halves of `values` into `into`."""
    with np.errstate(over="ignore"):
        into[...] = values


def torch_halver() -> Halve:
    """What does the same. For workers alone: the parent process of this project never loads torch."""
    import torch

    def by_torch(values: NDArray[np.float32], into: NDArray[np.float16]) -> None:
        writeable = values if values.flags.writeable else values.copy()  # torch warns of what is not
        torch.from_numpy(into).copy_(torch.from_numpy(writeable))

    return by_torch


def put_features(record: RegionRecord, into_RF: NDArray[np.float16], halve: Halve = by_numpy) -> None:
    """Write the features of a record into `into_RF`. Raises RecordError where they cannot be used."""
    features_RF = record.features()
    if len(features_RF) != NUM_REGIONS:
        features_RF = features_RF[kept(record)]
    halve(features_RF, into_RF)
    # What is a little too large is rounded to the largest: only where that is met are the values themselves looked at.
    if _has_largest(into_RF) and np.abs(features_RF).max() > FLOAT16_MAX:
        raise RecordError("features", "feature too large for float16")


def _has_largest(halves_RF: NDArray[np.float16]) -> bool:
    """Whether one is as large as float16 can be, or infinite; by their bits, which NumPy compares far faster."""
    positive, negative = halves_RF.view(np.int16).max(), halves_RF.view(np.uint16).max()
    return bool(positive >= _LARGEST or negative >= _LARGEST | _SIGN)


def reason_of_features(record: RegionRecord) -> RecordError | None:
    """Why the features of a record cannot be used; None where they can."""
    try:
        put_features(record, np.empty((NUM_REGIONS, FEATURE_SIZE), np.float16))
    except RecordError as bad:
        return bad
    return None
